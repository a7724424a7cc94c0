/** Every indicator of one symbol and time frame, fed one closed candle at a time. Works they share are done once. */
import type { Candle } from '../domain/candle.ts'
import { type Bar, barOf, orNull } from './bar.ts'
import { Adx } from './indicators/adx.ts'
import { Atr, trueRange } from './indicators/atr.ts'
import { Bollinger, type BollingerReading } from './indicators/bollinger.ts'
import { Choppiness } from './indicators/choppiness.ts'
import { isSqueezed, type KeltnerReading, keltnerBands } from './indicators/keltner.ts'
import { Macd, type MacdReading } from './indicators/macd.ts'
import { Ema, Sma } from './indicators/moving-average.ts'
import { Obv } from './indicators/obv.ts'
import { Roc } from './indicators/roc.ts'
import { Rsi } from './indicators/rsi.ts'
import { StochasticRsi, type StochasticRsiReading } from './indicators/stochastic-rsi.ts'
import { Supertrend, type SupertrendReading } from './indicators/supertrend.ts'
import { Vwap } from './indicators/vwap.ts'

/** What snapshots, prompts, the API and the command line show; null while warming up. Keys are the owner's. */
export interface IndicatorReading {
  readonly ema_9: number | null
  readonly ema_21: number | null
  readonly ema_50: number | null
  readonly ema_200: number | null
  readonly sma_20: number | null
  readonly sma_50: number | null
  readonly sma_200: number | null
  readonly rsi_14: number | null
  readonly macd: MacdReading | null
  readonly atr_14: number | null
  readonly adx_14: number | null
  readonly bollinger_bands: BollingerReading | null
  readonly keltner: KeltnerReading | null
  readonly squeeze_detected: boolean | null
  readonly obv: number | null
  readonly vwap: number | null
  readonly choppiness_14: number | null
  readonly supertrend: SupertrendReading | null
  readonly stochastic_rsi: StochasticRsiReading | null
  readonly roc_10: number | null
  readonly volume_sma_20: number | null
  readonly volume_vs_avg: number | null
}

export class IndicatorSet {
  /** Candles taken so far. */
  count = 0
  private readonly ema9 = new Ema(9)
  private readonly ema20 = new Ema(20)
  private readonly ema21 = new Ema(21)
  private readonly ema50 = new Ema(50)
  private readonly ema200 = new Ema(200)
  private readonly sma50 = new Sma(50)
  private readonly sma200 = new Sma(200)
  private readonly rsi = new Rsi(14)
  private readonly macd = new Macd(12, 26, 9)
  private readonly atr14 = new Atr(14)
  private readonly atr10 = new Atr(10)
  private readonly adx = new Adx(14)
  private readonly bollinger = new Bollinger(20, 2)
  private readonly obv = new Obv()
  private readonly vwap = new Vwap()
  private readonly choppiness = new Choppiness(14)
  private readonly supertrend = new Supertrend(10, 3)
  private readonly stochasticRsi = new StochasticRsi(14, 14, 3, 3)
  private readonly roc = new Roc(10)
  private readonly volumeSma = new Sma(20)
  private previousClose = Number.NaN
  private volume = Number.NaN
  private reading: IndicatorReading | null = null

  /** Takes one closed, checked candle. */
  update(candle: Candle): void {
    this.push(barOf(candle))
  }

  /** The same for a caller that has the figures as floats already. */
  push(bar: Bar): void {
    const { close, volume } = bar
    const range = trueRange(bar, this.previousClose)
    this.previousClose = close
    this.volume = volume
    this.reading = null
    this.count++
    this.ema9.push(close)
    this.ema20.push(close)
    this.ema21.push(close)
    this.ema50.push(close)
    this.ema200.push(close)
    this.sma50.push(close)
    this.sma200.push(close)
    this.rsi.push(close)
    this.stochasticRsi.pushRsi(this.rsi.value)
    this.macd.push(close)
    this.bollinger.push(close)
    this.roc.push(close)
    this.atr14.pushRange(range)
    this.atr10.pushRange(range)
    this.adx.pushRange(bar, range)
    this.choppiness.pushRange(bar, range)
    this.supertrend.pushAtr(bar, this.atr10.value)
    this.obv.push(close, volume)
    this.vwap.push(bar)
    this.volumeSma.push(volume)
  }

  /** ATR 14 after the last candle, without building a reading; NaN while warming up. */
  get atr(): number {
    return this.atr14.value
  }

  /** The reading after the last candle. Built when asked for, the same object until the next candle. */
  read(): IndicatorReading {
    this.reading ??= this.build()
    return this.reading
  }

  private build(): IndicatorReading {
    const average = this.volumeSma.value
    const atr10 = this.atr10.value
    return {
      ema_9: orNull(this.ema9.value),
      ema_21: orNull(this.ema21.value),
      ema_50: orNull(this.ema50.value),
      ema_200: orNull(this.ema200.value),
      sma_20: orNull(this.bollinger.middle),
      sma_50: orNull(this.sma50.value),
      sma_200: orNull(this.sma200.value),
      rsi_14: orNull(this.rsi.value),
      macd: this.macd.read(),
      atr_14: orNull(this.atr14.value),
      adx_14: orNull(this.adx.value),
      bollinger_bands: this.bollinger.read(),
      keltner: keltnerBands(this.ema20.value, atr10),
      squeeze_detected: isSqueezed(this.bollinger, this.ema20.value, atr10),
      obv: this.count === 0 ? null : this.obv.value,
      vwap: orNull(this.vwap.value),
      choppiness_14: orNull(this.choppiness.value),
      supertrend: this.supertrend.read(),
      stochastic_rsi: this.stochasticRsi.read(),
      roc_10: orNull(this.roc.value),
      volume_sma_20: orNull(average),
      volume_vs_avg: average > 0 ? this.volume / average : null,
    }
  }
}

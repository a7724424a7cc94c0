/** A candle in the making: texts for the candle, floats for comparing, reused for every bar of its time frame. */
import type { Candle, Timeframe } from '../domain/candle.ts'
import type { Pair } from '../domain/ids.ts'
import type { Numeric } from '../domain/units.ts'
import type { Bar } from './bar.ts'
import { VolumeSum } from './volume-sum.ts'

export class CandleBucket {
  running = false
  startAt = 0
  endAt = 0
  private readonly volume = new VolumeSum()
  /** The sum as text where it is known already. */
  private volumeText: Numeric | null = null
  private openText: Numeric = '0'
  private highText: Numeric = '0'
  private lowText: Numeric = '0'
  private closeText: Numeric = '0'
  private open = 0
  private high = 0
  private low = 0
  private close = 0

  /** Takes one candle's figures; names what is wrong with them. */
  read(candle: Candle): 'malformed' | 'insane' | null {
    const open = Number(candle.open)
    const high = Number(candle.high)
    const low = Number(candle.low)
    const close = Number(candle.close)
    // NaN and the infinities make the sum no finite number.
    if (!Number.isFinite(open + high + low + close) || !this.volume.set(candle.volume)) return 'malformed'
    if (low <= 0 || high < low || open > high || open < low || close > high || close < low) return 'insane'
    this.startAt = candle.openAt
    this.volumeText = candle.volume
    this.openText = candle.open
    this.highText = candle.high
    this.lowText = candle.low
    this.closeText = candle.close
    this.open = open
    this.high = high
    this.low = low
    this.close = close
    return null
  }

  /** Starts a coarser candle with its first part. */
  begin(part: CandleBucket, startAt: number, intervalMs: number): void {
    this.running = true
    this.startAt = startAt
    this.endAt = startAt + intervalMs
    this.volume.setTo(part.volume)
    this.volumeText = null
    this.openText = part.openText
    this.highText = part.highText
    this.lowText = part.lowText
    this.closeText = part.closeText
    this.open = part.open
    this.high = part.high
    this.low = part.low
    this.close = part.close
  }

  merge(part: CandleBucket): void {
    if (part.high > this.high) {
      this.high = part.high
      this.highText = part.highText
    }
    if (part.low < this.low) {
      this.low = part.low
      this.lowText = part.lowText
    }
    this.close = part.close
    this.closeText = part.closeText
    this.volume.add(part.volume)
    this.volumeText = null
  }

  candle(symbol: Pair, timeframe: Timeframe): Candle {
    return {
      symbol,
      timeframe,
      openAt: this.startAt,
      open: this.openText,
      high: this.highText,
      low: this.lowText,
      close: this.closeText,
      volume: this.volumeNumeric(),
    }
  }

  bar(): Bar {
    return {
      openAt: this.startAt,
      open: this.open,
      high: this.high,
      low: this.low,
      close: this.close,
      volume: Number(this.volumeNumeric()),
    }
  }

  private volumeNumeric(): Numeric {
    this.volumeText ??= this.volume.text()
    return this.volumeText
  }
}

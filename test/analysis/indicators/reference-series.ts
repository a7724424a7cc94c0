/** Our indicators over a file of bars, by the names of the reference values. */
import type { Bar } from '../../../src/analysis/bar.ts'
import { Adx } from '../../../src/analysis/indicators/adx.ts'
import { Atr, trueRange } from '../../../src/analysis/indicators/atr.ts'
import { Bollinger } from '../../../src/analysis/indicators/bollinger.ts'
import { Choppiness } from '../../../src/analysis/indicators/choppiness.ts'
import { Keltner } from '../../../src/analysis/indicators/keltner.ts'
import { Macd } from '../../../src/analysis/indicators/macd.ts'
import { Ema, Sma, WilderAverage } from '../../../src/analysis/indicators/moving-average.ts'
import { Obv } from '../../../src/analysis/indicators/obv.ts'
import { Roc } from '../../../src/analysis/indicators/roc.ts'
import { Rsi } from '../../../src/analysis/indicators/rsi.ts'
import { StochasticRsi } from '../../../src/analysis/indicators/stochastic-rsi.ts'
import { Supertrend } from '../../../src/analysis/indicators/supertrend.ts'
import { Vwap } from '../../../src/analysis/indicators/vwap.ts'

export interface Wanted {
  readonly indicator: string
  readonly params: Readonly<Record<string, number | string>>
  readonly output: string
  readonly input_file: string
}
export interface Expectation extends Wanted {
  readonly index_or_date: number | string
  readonly expected: number
  readonly tolerance: number
  readonly note?: string
}

const OF_OURS = 'EMA SMA RMA RSI MACD ATR NATR ADX BollingerBands OBV VWAP StochRSI Supertrend Choppiness Keltner ROC'

/** Why a row is not ours to meet; null when it is. */
export function skipReason({ indicator, params, note, input_file }: Expectation): string | null {
  if (!OF_OURS.split(' ').includes(indicator)) return `of indicators we do not have (${indicator})`
  if (params.box === 'true-range') return 'with the true-range box'
  if (params.center === 'ema(typical)') return 'with a Keltner channel around the typical price'
  // TA-Lib's own seeding of MACD and ADX, noted at the first row of each and the same for its whole file.
  if (input_file.includes('talib_sref') && (indicator === 'MACD' || indicator === 'ADX')) return 'with TA-Lib seeding'
  if (note?.includes('TA-Lib seeds') === true) return 'with TA-Lib seeding'
  return null
}

type Step = (bar: Bar, at: number) => number | null | undefined

/** The wanted output for every bar; null while warming up. */
export function seriesOf(wanted: Wanted, bars: readonly Bar[]): (number | null)[] {
  const number = (key: string): number => Number(wanted.params[key])
  const step = stepOf(wanted, number)
  return bars.map((bar, at) => step(bar, at) ?? null)
}

function stepOf({ indicator, params, output }: Wanted, number: (key: string) => number): Step {
  const period = number('period')
  const pick = (values: object | null): number | null => {
    const value = values === null ? null : new Map(Object.entries(values)).get(output)
    return typeof value === 'number' && !Number.isNaN(value) ? value : null
  }
  switch (indicator) {
    case 'EMA':
      return by(new Ema(period))
    case 'SMA':
      return params.source === 'volume' ? volumeBy(new Sma(period)) : by(new Sma(period))
    case 'RMA':
      return by(new WilderAverage(period))
    case 'RSI':
      return by(new Rsi(period))
    case 'ROC':
      return by(new Roc(period))
    case 'MACD': {
      const macd = new Macd(number('fast'), number('slow'), number('signal'))
      return ({ close }) => {
        const read = macd.update(close)
        return pick(read === null ? null : { macd: read.line, signal: read.signal, histogram: read.histogram })
      }
    }
    case 'StochRSI': {
      const stochastic = new StochasticRsi(number('rsi'), number('stoch'), number('k'), number('d'))
      return ({ close }) => pick(stochastic.update(close))
    }
    case 'ATR':
      return output === 'tr' ? trueRanges() : bars(new Atr(period))
    case 'NATR': {
      const atr = new Atr(period)
      return (bar) => {
        const value = atr.update(bar)
        return value === null ? null : (100 * value) / bar.close
      }
    }
    case 'ADX': {
      const adx = new Adx(period)
      return (bar) => {
        adx.push(bar)
        return pick({ adx: adx.value, pdi: adx.plusDi, mdi: adx.minusDi, dx: adx.dx })
      }
    }
    case 'BollingerBands': {
      const bands = new Bollinger(period, number('stdDev'))
      return ({ close }) => {
        const read = bands.update(close)
        return pick(read === null ? null : { ...read, percentB: read.position })
      }
    }
    case 'Keltner': {
      const channel = new Keltner(number('emaPeriod'), number('atrPeriod'), number('multiplier'))
      return (bar) => pick(channel.update(bar))
    }
    case 'Supertrend': {
      const trend = new Supertrend(period, number('multiplier'))
      return (bar) => {
        const read = trend.update(bar)
        return output === 'line' ? read?.value : read?.direction
      }
    }
    case 'Choppiness':
      return bars(new Choppiness(period))
    case 'OBV': {
      const obv = new Obv()
      return ({ close, volume }) => obv.update(close, volume)
    }
    case 'VWAP': {
      // The files' sessions begin where the anchor says, so every bar is put into the same UTC day.
      const vwap = new Vwap()
      const anchor = Number(params.anchorIndex ?? 0)
      return (bar, at) => (at < anchor ? null : vwap.update({ ...bar, openAt: 0 }))
    }
    default:
      throw new Error(`no such indicator: ${indicator}`)
  }
}

const by =
  (indicator: { update(value: number): number | null }): Step =>
  ({ close }) =>
    indicator.update(close)
const volumeBy =
  (indicator: { update(value: number): number | null }): Step =>
  ({ volume }) =>
    indicator.update(volume)
const bars =
  (indicator: { update(bar: Bar): number | null }): Step =>
  (bar) =>
    indicator.update(bar)
const trueRanges = (): Step => {
  let previous = Number.NaN
  return (bar) => {
    const range = trueRange(bar, previous)
    previous = bar.close
    return Number.isNaN(range) ? null : range
  }
}

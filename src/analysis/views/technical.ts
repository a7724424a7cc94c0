/** Technical analysis by rule: RSI and MACD histogram of the primary time frame decide, the rest describes. */
import { roundConfidence } from '../../domain/risk-limits.ts'
import type { Bias, TechnicalView } from '../../domain/views.ts'
import { clampToUnit } from '../bar.ts'
import type { IndicatorReading } from '../indicator-set.ts'
import { freshReading, PRIMARY_TIMEFRAME, type Snapshot, type TimeframeReading } from '../snapshot.ts'
import { rulesOutput, type ViewStamp } from './stamp.ts'

const LONG_RSI = 60
const SHORT_RSI = 40
const OVERBOUGHT = 70
const OVERSOLD = 30
const FALLBACK_CONFIDENCE = 0.25
/** An ADX of 50 and more is as strong as a trend gets. */
const STRONGEST_ADX = 50
/** RSI points from 50, and histogram in ATR, that count as full momentum. */
const FULL_RSI_DISTANCE = 20
const FULL_HISTOGRAM_ATR = 0.5
const SPIKE = 2.5
const NONE: readonly never[] = Object.freeze([])

/**
 * The rules' opinion. RSI(14) above 60 with a positive histogram is long, below 40 with a negative one short. Confidence
 * .40 + .50·|score| as a mode of its own, .25 as a fallback; neutral with 0 where RSI or histogram cannot be computed.
 *
 * @param snapshot null where none could be taken.
 */
export function technicalView(snapshot: Snapshot | null, stamp: ViewStamp): TechnicalView {
  const reading = snapshot === null ? null : freshReading(snapshot, PRIMARY_TIMEFRAME)
  const rsi = reading?.indicators.rsi_14 ?? null
  const histogram = reading?.indicators.macd?.histogram ?? null
  if (snapshot === null || reading === null || rsi === null || histogram === null)
    return nothingComputable(snapshot, reading, rsi, histogram, stamp)
  const bias = biasOf(rsi, histogram)
  const score = momentumScore(rsi, histogram, reading.indicators.atr_14)
  const confidence = stamp.mode === 'rules' ? roundConfidence(0.4 + 0.5 * Math.abs(score)) : FALLBACK_CONFIDENCE
  const direction = directionOf(snapshot.trend.alignment)
  return {
    ...rulesOutput('technical_analysis', stamp, confidence, reasoningOf(bias, rsi, histogram, direction)),
    bias,
    trend: trendOf(snapshot, reading.indicators),
    momentum: { score, rsiSignal: rsiSignalOf(rsi), macdSignal: macdSignalOf(histogram) },
    levels: levelsOf(snapshot, reading),
    signals: {
      primary: PRIMARY_SIGNALS[bias],
      secondary: secondaryOf(reading.indicators),
      warnings: warningsOf(bias, rsi, snapshot.trend.alignment, reading.indicators),
    },
  }
}

function biasOf(rsi: number, histogram: number): Bias {
  if (rsi > LONG_RSI && histogram > 0) return 'long'
  if (rsi < SHORT_RSI && histogram < 0) return 'short'
  return 'neutral'
}

/** −1…1: the mean of the RSI's distance from 50 and the histogram's size in ATR. */
function momentumScore(rsi: number, histogram: number, atr: number | null): number {
  const fromRsi = clampToUnit((rsi - 50) / FULL_RSI_DISTANCE)
  const fromMacd =
    atr === null || atr === 0 ? Math.sign(histogram) : clampToUnit(histogram / (FULL_HISTOGRAM_ATR * atr))
  return (fromRsi + fromMacd) / 2
}

const directionOf = (alignment: number): 'bullish' | 'bearish' | 'neutral' => {
  if (alignment === 0) return 'neutral'
  return alignment > 0 ? 'bullish' : 'bearish'
}
const rsiSignalOf = (rsi: number): 'overbought' | 'oversold' | 'neutral' => {
  if (rsi >= OVERBOUGHT) return 'overbought'
  return rsi <= OVERSOLD ? 'oversold' : 'neutral'
}
const macdSignalOf = (histogram: number): 'bullish' | 'bearish' | 'neutral' => directionOf(histogram)

const trendOf = (snapshot: Snapshot, { adx_14 }: IndicatorReading): TechnicalView['trend'] => ({
  direction: directionOf(snapshot.trend.alignment),
  strength: adx_14 === null ? Math.abs(snapshot.trend.alignment) : Math.min(1, adx_14 / STRONGEST_ADX),
  alignment: snapshot.trend.directions,
})

/** The primary time frame's recent range, and where the last price stands in it (0 support, 1 resistance). */
function levelsOf(snapshot: Snapshot | null, reading: TimeframeReading | null): TechnicalView['levels'] {
  const range = reading?.range ?? null
  if (snapshot === null || range === null) return { resistance: null, support: null, position: null }
  const support = Number(range.lowest)
  const height = Number(range.highest) - support
  const position = height > 0 ? (Number(snapshot.lastPrice) - support) / height : null
  return { resistance: range.highest, support: range.lowest, position }
}

const PRIMARY_SIGNALS: Readonly<Record<Bias, string>> = {
  long: 'RSI above 60 with a positive MACD histogram',
  short: 'RSI below 40 with a negative MACD histogram',
  neutral: 'RSI and MACD histogram do not agree on a side',
}

function secondaryOf({ supertrend, adx_14, volume_vs_avg }: IndicatorReading): readonly string[] {
  const found: string[] = []
  if (supertrend !== null) found.push(supertrend.direction === 1 ? 'price above Supertrend' : 'price below Supertrend')
  if (adx_14 !== null && adx_14 > 25) found.push('ADX shows a trend')
  if (volume_vs_avg !== null && volume_vs_avg >= SPIKE) found.push('volume spike')
  return found
}

function warningsOf(bias: Bias, rsi: number, alignment: number, indicators: IndicatorReading): readonly string[] {
  let found: string[] | null = null
  const warn = (warning: string): void => {
    found ??= []
    found.push(warning)
  }
  if (bias === 'long' && rsi >= OVERBOUGHT) warn('long while overbought')
  if (bias === 'short' && rsi <= OVERSOLD) warn('short while oversold')
  if ((bias === 'long' && alignment < 0) || (bias === 'short' && alignment > 0)) warn('against the time frames')
  if (indicators.squeeze_detected === true) warn('squeeze: volatility is compressed')
  if (indicators.ema_200 === null) warn('EMA 200 is warming up')
  return found ?? NONE
}

const reasoningOf = (bias: Bias, rsi: number, histogram: number, direction: string): string =>
  `${bias}: RSI ${Math.round(rsi)}, MACD histogram ${macdSignalOf(histogram)}, time frames ${direction}`

function nothingComputable(
  snapshot: Snapshot | null,
  reading: TimeframeReading | null,
  rsi: number | null,
  histogram: number | null,
  stamp: ViewStamp,
): TechnicalView {
  const why = 'neutral: RSI or MACD of the primary time frame cannot be computed'
  return {
    ...rulesOutput('technical_analysis', stamp, 0, why),
    bias: 'neutral',
    trend: {
      direction: directionOf(snapshot?.trend.alignment ?? 0),
      strength: Math.abs(snapshot?.trend.alignment ?? 0),
      alignment: snapshot?.trend.directions ?? {},
    },
    momentum: {
      score: 0,
      rsiSignal: rsi === null ? null : rsiSignalOf(rsi),
      macdSignal: histogram === null ? null : macdSignalOf(histogram),
    },
    levels: levelsOf(snapshot, reading),
    signals: { primary: 'not enough data', secondary: NONE, warnings: NONE },
  }
}

/** The market's regime by rule: ADX, then choppiness, of the primary time frame. */
import { REGIME_RULES } from '../../domain/regime.ts'
import { roundConfidence } from '../../domain/risk-limits.ts'
import type { Regime, RegimeView } from '../../domain/views.ts'
import type { IndicatorReading } from '../indicator-set.ts'
import { type HeldRegime, transitionProbabilities } from '../regime-hysteresis.ts'
import { freshReading, PRIMARY_TIMEFRAME, type Snapshot, type TimeframeReading } from '../snapshot.ts'
import { rulesOutput, type ViewStamp } from './stamp.ts'

const TREND_ADX = 25
const CHOPPY = 60
const FALLBACK_CONFIDENCE = 0.4
const STRONGEST_ADX = 50

/** One look at the market, before it is weighed against what was held. */
export interface RegimeDetection {
  readonly regime: Regime
  /** 0: nothing could be computed. */
  readonly confidence: number
  readonly volatility: RegimeView['volatility']
  readonly trendStrength: number
  readonly volumeProfile: RegimeView['volumeProfile']
  readonly choppiness: number | null
  readonly adx: number | null
  readonly because: string
}

/**
 * ADX > 25 is a trend, up or down by RSI against 50; else choppiness > 60 is choppy; else ranging. Confidence
 * .60 + .35·m as a mode of its own, m being the deciding indicator's relative distance from its threshold (ADX decides
 * trend and range, choppiness chop); .4 as a fallback. Choppy with 0 where neither can be computed; a range is not claimed
 * without ADX, since nothing then says that it is no trend.
 *
 * @param snapshot null where none could be taken.
 */
export function detectRegime(snapshot: Snapshot | null, mode: ViewStamp['mode']): RegimeDetection {
  const reading = snapshot === null ? null : freshReading(snapshot, PRIMARY_TIMEFRAME)
  if (reading === null) return NOTHING_DETECTED
  const { rsi_14: rsi, adx_14: adx, choppiness_14: choppiness } = reading.indicators
  const found = classify(adx, rsi, choppiness)
  const described = {
    volatility: volatilityOf(reading),
    trendStrength: adx === null ? 0 : Math.min(1, adx / STRONGEST_ADX),
    volumeProfile: volumeProfileOf(reading.indicators),
    choppiness,
    adx,
  }
  if (found === null) return { ...NOTHING_DETECTED, ...described }
  const confidence = mode === 'rules' ? roundConfidence(0.6 + 0.35 * found.margin) : FALLBACK_CONFIDENCE
  return { regime: found.regime, confidence, ...described, because: found.because }
}

interface Classified {
  readonly regime: Regime
  /** 0–1. */
  readonly margin: number
  readonly because: string
}

function classify(adx: number | null, rsi: number | null, choppiness: number | null): Classified | null {
  if (adx !== null && adx > TREND_ADX && rsi !== null && rsi !== 50) {
    const regime = rsi > 50 ? 'trending_bull' : 'trending_bear'
    return { regime, margin: marginOf(adx, TREND_ADX), because: `ADX ${Math.round(adx)}, RSI ${Math.round(rsi)}` }
  }
  if (choppiness !== null && choppiness > CHOPPY)
    return {
      regime: 'choppy',
      margin: marginOf(choppiness, CHOPPY),
      because: `choppiness ${Math.round(choppiness)}`,
    }
  if (adx === null) return null
  return { regime: 'ranging', margin: marginOf(adx, TREND_ADX), because: `ADX ${Math.round(adx)}: no trend` }
}

const marginOf = (value: number, threshold: number): number => Math.min(1, Math.abs(value - threshold) / threshold)

/** By ATR in per cent of the price. */
function volatilityOf({ close, indicators }: TimeframeReading): RegimeView['volatility'] {
  if (indicators.atr_14 === null) return null
  const pct = (100 * indicators.atr_14) / close
  if (pct < 1) return 'low'
  if (pct < 3) return 'normal'
  return pct < 5 ? 'high' : 'extreme'
}

/** By the last candle's volume against its 20-candle mean: under .7, up to 1.3, under 2.5, from there a spike. */
function volumeProfileOf({ volume_vs_avg: ratio }: IndicatorReading): RegimeView['volumeProfile'] {
  if (ratio === null) return null
  if (ratio < 0.7) return 'decreasing'
  if (ratio <= 1.3) return 'stable'
  return ratio < 2.5 ? 'increasing' : 'spike'
}

const NOTHING_DETECTED: RegimeDetection = {
  regime: 'choppy',
  confidence: 0,
  volatility: null,
  trendStrength: 0,
  volumeProfile: null,
  choppiness: null,
  adx: null,
  because: 'ADX and choppiness of the primary time frame cannot be computed',
}

/**
 * What is published: the regime that is held after this detection (see `observeRegime`), with the confidence of the
 * last detection that found it. A detection of nothing is choppy with 0, whatever was held.
 */
export function regimeView(detection: RegimeDetection, held: HeldRegime, stamp: ViewStamp): RegimeView {
  const blind = detection.confidence === 0 || held.regime === null
  const regime = held.regime === null || blind ? 'choppy' : held.regime
  const { sizeMultiplier, stopMultiplier, targetMultiplier, strictness } = REGIME_RULES[regime]
  const dissent = blind || regime === detection.regime ? '' : `, held against one look of ${detection.regime}`
  const { volatility, trendStrength, volumeProfile, choppiness, adx, because } = detection
  return {
    ...rulesOutput('regime_detection', stamp, blind ? 0 : held.confidence, `${regime}: ${because}${dissent}`),
    regime,
    volatility,
    trendStrength,
    volumeProfile,
    choppiness,
    adx,
    startedAt: blind ? stamp.timestamp : held.startedAt,
    periods: blind ? 0 : held.periods,
    transitionProbabilities: transitionProbabilities(held),
    sizeMultiplier,
    stopMultiplier,
    targetMultiplier,
    strictness,
  }
}

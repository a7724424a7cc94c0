/** How far the other agents agree with a trading signal, and what that does to its confidence. */
import { FAVOURS_BUY, FAVOURS_SELL } from './regime.ts'
import {
  baseConfidenceFloor,
  confidenceFloor,
  DEFAULT_RISK_LIMITS,
  type RiskLimits,
  roundConfidence,
} from './risk-limits.ts'
import type { AgentOutput, Regime, RegimeView, SentimentView, TechnicalView } from './views.ts'

/** The latest view of each agent on one symbol; null where there is none. */
export interface Views {
  readonly technical: TechnicalView | null
  readonly regime: RegimeView | null
  readonly sentiment: SentimentView | null
}

export interface ConsensusConstants {
  /** Ratio from which agreement raises the confidence: 1 + (r − pivot) · slope. */
  readonly boostFrom: number
  readonly boostPivot: number
  readonly boostSlope: number
  /** Ratio from which it leaves the confidence alone; below, it falls in a line towards `leastMultiplier` at 0. */
  readonly neutralFrom: number
  readonly leastMultiplier: number
  readonly technicalMaxAgeMs: number
  readonly regimeMaxAgeMs: number
  readonly sentimentMaxAgeMs: number
  /** A view below this confidence is not present. */
  readonly leastConfidence: number
}

export const DEFAULT_CONSENSUS: ConsensusConstants = {
  boostFrom: 0.66,
  boostPivot: 0.5,
  boostSlope: 0.6,
  neutralFrom: 0.33,
  leastMultiplier: 0.85,
  technicalMaxAgeMs: 120_000,
  regimeMaxAgeMs: 600_000,
  sentimentMaxAgeMs: 3_600_000,
  leastConfidence: 0.3,
}

/** A neutral view is present and does not agree. */
export type Stance = 'agrees' | 'neutral' | 'opposes' | 'absent'
export interface Consensus {
  readonly agreeing: number
  readonly present: number
  /** agreeing ÷ present; null when nobody is present. */
  readonly ratio: number | null
  readonly multiplier: number
  readonly raw: number
  /** raw × multiplier, at most 1. */
  readonly boosted: number
  readonly stances: { readonly technical: Stance; readonly regime: Stance; readonly sentiment: Stance }
}

/** Whether a view counts: fresh, no fallback after a failure, and not below the least confidence. */
export const isPresent = (view: AgentOutput, now: number, maxAgeMs: number, constants: ConsensusConstants): boolean =>
  now - view.timestamp <= maxAgeMs && !view.usedFallback && view.confidence >= constants.leastConfidence

/** The views that count at `now`; the others are null. */
export function presentViews(views: Views, now: number, constants: ConsensusConstants = DEFAULT_CONSENSUS): Views {
  const keep = <V extends AgentOutput>(view: V | null, maxAgeMs: number): V | null =>
    view !== null && isPresent(view, now, maxAgeMs, constants) ? view : null
  return {
    technical: keep(views.technical, constants.technicalMaxAgeMs),
    regime: keep(views.regime, constants.regimeMaxAgeMs),
    sentiment: keep(views.sentiment, constants.sentimentMaxAgeMs),
  }
}

/** Which way a view points. */
export type Direction = 'long' | 'short' | 'neutral'
export const technicalDirection = (view: TechnicalView): Direction => view.bias
export const sentimentDirection = (view: SentimentView): Direction => {
  if (view.label === 'bullish' || view.label === 'very_bullish') return 'long'
  return view.label === 'neutral' ? 'neutral' : 'short'
}

const stanceOf = (direction: Direction, wanted: Direction): Stance => {
  if (direction === 'neutral') return 'neutral'
  return direction === wanted ? 'agrees' : 'opposes'
}

function regimeStance(regime: Regime, action: 'BUY' | 'SELL'): Stance {
  const [favours, favoursOther] = action === 'BUY' ? [FAVOURS_BUY, FAVOURS_SELL] : [FAVOURS_SELL, FAVOURS_BUY]
  if (favours.includes(regime)) return 'agrees'
  return favoursOther.includes(regime) ? 'opposes' : 'neutral'
}

/**
 * The factor on confidence for an agreement of `ratio` (agreeing ÷ present), per requirements §6: 1.096–1.3 from .66,
 * 1 from .33, .85–1 below; 1 when nobody is present.
 */
export function consensusMultiplier(ratio: number | null, constants: ConsensusConstants = DEFAULT_CONSENSUS): number {
  if (ratio === null) return 1
  const { boostFrom, boostPivot, boostSlope, neutralFrom, leastMultiplier } = constants
  if (ratio >= boostFrom) return 1 + (ratio - boostPivot) * boostSlope
  if (ratio >= neutralFrom) return 1
  return leastMultiplier + (ratio * (1 - leastMultiplier)) / neutralFrom
}

/** Counts who agrees with the signal among the views that are present at `now`. */
export function buildConsensus(
  signal: { readonly action: 'BUY' | 'SELL'; readonly confidence: number },
  views: Views,
  now: number,
  constants: ConsensusConstants = DEFAULT_CONSENSUS,
): Consensus {
  const { technical, regime, sentiment } = presentViews(views, now, constants)
  const wanted = signal.action === 'BUY' ? 'long' : 'short'
  const stances = {
    technical: technical === null ? 'absent' : stanceOf(technicalDirection(technical), wanted),
    regime: regime === null ? 'absent' : regimeStance(regime.regime, signal.action),
    sentiment: sentiment === null ? 'absent' : stanceOf(sentimentDirection(sentiment), wanted),
  } as const
  const all: readonly Stance[] = Object.values(stances)
  const agreeing = all.filter((stance) => stance === 'agrees').length
  const present = all.filter((stance) => stance !== 'absent').length
  const ratio = present === 0 ? null : agreeing / present
  const multiplier = consensusMultiplier(ratio, constants)
  const boosted = roundConfidence(Math.min(1, signal.confidence * multiplier))
  return { agreeing, present, ratio, multiplier, raw: signal.confidence, boosted, stances }
}

/** Whether both floors are reached: the regime's base by the raw confidence, the whole floor by the boosted one. */
export function reachesFloors(
  consensus: Pick<Consensus, 'raw' | 'boosted'>,
  regime: Regime,
  lossStreak: number,
  limits: Pick<RiskLimits, 'floorByLosses'> = DEFAULT_RISK_LIMITS,
): { readonly ok: boolean; readonly baseFloor: number; readonly wholeFloor: number } {
  const baseFloor = baseConfidenceFloor(regime)
  const wholeFloor = confidenceFloor(regime, lossStreak, limits)
  const ok = roundConfidence(consensus.raw) >= baseFloor && consensus.boosted >= wholeFloor
  return { ok, baseFloor, wholeFloor }
}

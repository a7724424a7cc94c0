/** Where agents contradict each other, and what a resolution of that may change: only ever towards less risk. */
import { sentimentDirection, technicalDirection, type Views } from './consensus.ts'
import { roundConfidence } from './risk-limits.ts'
import { amount, price, text } from './units.ts'
import type { Proposal } from './views.ts'

export type ConflictKind = 'ta_vs_sentiment' | 'choppy_regime' | 'opposite_sides'
export interface Conflict {
  readonly kind: ConflictKind
  /** Who contradicts whom. */
  readonly between: readonly [string, string]
  /** How far their confidences are apart; null where that does not matter. */
  readonly apart: number | null
  /** False where the conflict is recorded and nobody is asked. */
  readonly callsModel: boolean
  readonly detail: string
}

export const DEFAULT_INVOKE_LLM_THRESHOLD = 0.2
/** A resolution less sure than this means wait. */
export const LEAST_RESOLUTION_CONFIDENCE = 0.3

interface Opinion {
  readonly who: 'trading_decision' | 'technical_analysis' | 'sentiment_analysis'
  readonly direction: 'long' | 'short' | 'neutral'
  readonly confidence: number
}

function opinionsOf(signal: { readonly action: 'BUY' | 'SELL'; readonly confidence: number }, views: Views): Opinion[] {
  const direction = signal.action === 'BUY' ? 'long' : 'short'
  const opinions: Opinion[] = [{ who: 'trading_decision', direction, confidence: signal.confidence }]
  const { technical, sentiment } = views
  if (technical !== null)
    opinions.push({
      who: 'technical_analysis',
      direction: technicalDirection(technical),
      confidence: technical.confidence,
    })
  if (sentiment !== null)
    opinions.push({
      who: 'sentiment_analysis',
      direction: sentimentDirection(sentiment),
      confidence: sentiment.confidence,
    })
  return opinions
}

const areOpposite = (a: Opinion, b: Opinion): boolean =>
  a.direction !== b.direction && a.direction !== 'neutral' && b.direction !== 'neutral'

function betweenOpinions(a: Opinion, b: Opinion, invokeLlmThreshold: number): Conflict {
  const isAgents = a.who !== 'trading_decision'
  const apart = roundConfidence(Math.abs(a.confidence - b.confidence))
  return {
    kind: isAgents ? 'ta_vs_sentiment' : 'opposite_sides',
    between: [a.who, b.who],
    apart,
    callsModel: isAgents || apart < invokeLlmThreshold,
    detail: `${a.who} is ${a.direction} at ${a.confidence}, ${b.who} ${b.direction} at ${b.confidence}`,
  }
}

/**
 * Conflicts of a signal with the views that are present (see `presentViews`): technical analysis against sentiment, a
 * choppy regime, and the signal against a view of the opposite side. That last one calls for a model only while the
 * confidences are less than `invokeLlmThreshold` apart.
 */
export function detectConflicts(
  signal: { readonly action: 'BUY' | 'SELL'; readonly confidence: number },
  present: Views,
  invokeLlmThreshold: number = DEFAULT_INVOKE_LLM_THRESHOLD,
): readonly Conflict[] {
  const opinions = opinionsOf(signal, present)
  const conflicts: Conflict[] = []
  for (const [index, a] of opinions.entries()) {
    for (const b of opinions.slice(index + 1)) {
      if (areOpposite(a, b)) conflicts.push(betweenOpinions(a, b, invokeLlmThreshold))
    }
  }
  if (present.regime?.regime === 'choppy')
    conflicts.push({
      kind: 'choppy_regime',
      between: ['trading_decision', 'regime_detection'],
      apart: null,
      callsModel: true,
      detail: `${signal.action} in a choppy market`,
    })
  return conflicts
}

export const needsResolution = (conflicts: readonly Conflict[]): boolean => conflicts.some((one) => one.callsModel)

/** What a resolution may change; absent means unchanged. */
export interface Modifications {
  /** At most the present one. */
  readonly leverage?: number
  /** 0–100. */
  readonly sizeReductionPct?: number
  /** Within ±1 per cent of the entry, and never across the stop. */
  readonly entryAdjustmentPct?: number
}
export const RESOLUTION_ACTIONS = ['proceed', 'wait', 'modify', 'abort'] as const
export type ResolutionAction = (typeof RESOLUTION_ACTIONS)[number]

export interface ConflictResolution {
  readonly action: ResolutionAction
  readonly confidence: number
  readonly reasoning: string
  readonly modifications: Modifications | null
}

/** The answer when no model gave one in time. */
export const waitBecause = (reasoning: string): ConflictResolution => ({
  action: 'wait',
  confidence: 0,
  reasoning,
  modifications: null,
})

/** A resolution that is not sure enough, or whose confidence is no number, is to wait. */
export function settledResolution(resolution: ConflictResolution): ConflictResolution {
  if (resolution.confidence >= LEAST_RESOLUTION_CONFIDENCE && resolution.confidence <= 1) return resolution
  return { ...resolution, action: 'wait', modifications: null }
}

export type ModifiableProposal = Pick<Proposal, 'entryPrice' | 'stopLoss' | 'sizePct' | 'leverage'>
export type Modified<P> =
  | { readonly kind: 'modified'; readonly proposal: P }
  | { readonly kind: 'refused'; readonly problem: string }

const MOST_ENTRY_ADJUSTMENT_PCT = 1
/** A model's numbers carry float noise; sizes are cut at nine decimals, downwards. */
const cutSize = (value: number): number => Math.floor(value * 1e9) / 1e9

function modificationProblem(proposal: ModifiableProposal, changes: Modifications): string | null {
  const { leverage = proposal.leverage, sizeReductionPct = 0, entryAdjustmentPct = 0 } = changes
  if (!(Number.isInteger(leverage) && leverage >= 1)) return `leverage ${leverage} is no whole number from 1`
  if (!(leverage <= proposal.leverage)) return `leverage ${leverage} is above ${proposal.leverage}`
  if (!(sizeReductionPct >= 0 && sizeReductionPct <= 100))
    return `size reduction ${sizeReductionPct} is not within 0–100`
  if (!(Math.abs(entryAdjustmentPct) <= MOST_ENTRY_ADJUSTMENT_PCT))
    return `entry adjustment ${entryAdjustmentPct} is not within ±${MOST_ENTRY_ADJUSTMENT_PCT}`
  return null
}

/**
 * Applies a resolution's modifications to a proposal, or refuses them whole. They may only reduce risk: leverage and
 * size never grow, the stop is not touched, and an entry that is moved away from its stop shrinks the size so that
 * what the stop would cost does not grow. A reduction by 100 % leaves nothing and is refused as such.
 */
export function applyModifications<P extends ModifiableProposal>(proposal: P, changes: Modifications): Modified<P> {
  const problem = modificationProblem(proposal, changes)
  if (problem !== null) return { kind: 'refused', problem }
  const { leverage = proposal.leverage, sizeReductionPct = 0, entryAdjustmentPct = 0 } = changes
  let sizePct = sizeReductionPct === 0 ? proposal.sizePct : cutSize(proposal.sizePct * (1 - sizeReductionPct / 100))
  let entryPrice = proposal.entryPrice
  if (entryAdjustmentPct !== 0) {
    if (proposal.entryPrice === null || proposal.stopLoss === null)
      return { kind: 'refused', problem: 'an entry adjustment needs an entry and a stop' }
    const before = price(proposal.entryPrice)
    const stop = price(proposal.stopLoss)
    const after = before.times(amount(100).plus(amount(entryAdjustmentPct))).div(100)
    const distance = before.minus(stop)
    const moved = after.minus(stop)
    if (distance.isZero() || moved.isZero() || distance.isNegative() !== moved.isNegative())
      return { kind: 'refused', problem: 'the entry would cross its stop' }
    const shrink = distance.div(before).div(moved.div(after)).abs()
    if (shrink.lt(1)) sizePct = cutSize(shrink.times(sizePct).toNumber())
    entryPrice = text(after)
  }
  if (!(sizePct > 0)) return { kind: 'refused', problem: 'nothing is left of the size' }
  return { kind: 'modified', proposal: { ...proposal, entryPrice, leverage, sizePct } }
}

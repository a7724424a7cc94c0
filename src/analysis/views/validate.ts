/** What a view must be before anyone hears it, whoever made it: rules today, a model's text at any time. */
import { type Amount, amount, type Numeric } from '../../domain/units.ts'
import {
  type AgentOutput,
  type Proposal,
  REGIMES,
  type Regime,
  type RegimeView,
  type TechnicalView,
} from '../../domain/views.ts'

/** The bounds of a regime's multipliers. */
const SIZE = [0.25, 1.5] as const
const STOP = [0.5, 2] as const
const TARGET = [0.5, 3] as const
const KNOWN_REGIMES: ReadonlySet<string> = new Set(REGIMES)
const ACTIONS: ReadonlySet<string> = new Set(['BUY', 'SELL', 'HOLD', 'CLOSE_LONG', 'CLOSE_SHORT'])
const BIASES: ReadonlySet<string> = new Set(['long', 'short', 'neutral'])

/** NaN lies between nothing. */
const isWithin = (value: number, least: number, most: number): boolean => value >= least && value <= most
const isShare = (value: number): boolean => isWithin(value, 0, 1)
const isNotNegative = (value: number): boolean => isWithin(value, 0, Number.MAX_VALUE)
const isNullOrFinite = (value: number | null): boolean => value === null || Number.isFinite(value)
const isNullOrPrice = (value: Numeric | null): boolean => value === null || isWithin(Number(value), 1e-40, 1e40)

/**
 * The first thing that is wrong with a view, in a line; null when nothing is. Confidence and shares lie in 0–1, scores
 * are finite and within their range, prices are positive, a proposal's stop and target stand on the right sides.
 */
export function viewProblem(view: TechnicalView | RegimeView | Proposal): string | null {
  return outputProblem(view) ?? ownProblem(view)
}

function ownProblem(view: TechnicalView | RegimeView | Proposal): string | null {
  switch (view.agent) {
    case 'technical_analysis':
      return technicalProblem(view)
    case 'regime_detection':
      return regimeProblem(view)
    case 'trading_decision':
      return proposalProblem(view)
  }
}

function outputProblem(view: AgentOutput): string | null {
  if (!isShare(view.confidence)) return `confidence ${view.confidence} is not within 0 and 1`
  if (!isNotNegative(view.timestamp)) return `timestamp ${view.timestamp} is not a time`
  if (!isNotNegative(view.latencyMs)) return `latency ${view.latencyMs} ms is not a duration`
  if (!isNotNegative(view.tokens) || !isNotNegative(view.costUsd))
    return `${view.tokens} tokens for ${view.costUsd} USD is not a cost`
  return view.snapshotHash === '' ? 'no snapshot is named' : null
}

function technicalProblem({ bias, trend, momentum, levels }: TechnicalView): string | null {
  if (!BIASES.has(bias)) return `bias ${bias} is unknown`
  if (!isShare(trend.strength)) return `trend strength ${trend.strength} is not within 0 and 1`
  if (!isWithin(momentum.score, -1, 1)) return `momentum ${momentum.score} is not within -1 and 1`
  if (!isNullOrPrice(levels.resistance)) return `resistance ${levels.resistance} is not a price`
  if (!isNullOrPrice(levels.support)) return `support ${levels.support} is not a price`
  if (!isNullOrFinite(levels.position)) return `position ${levels.position} between the levels is not finite`
  for (const timeframe in trend.alignment) {
    const direction = trend.alignment[timeframe as keyof typeof trend.alignment]
    if (direction === undefined || !isWithin(direction, -1, 1)) return `alignment of ${timeframe} is ${direction}`
  }
  return null
}

function regimeProblem(view: RegimeView): string | null {
  if (!KNOWN_REGIMES.has(view.regime)) return `regime ${view.regime} is unknown`
  if (!isShare(view.trendStrength)) return `trend strength ${view.trendStrength} is not within 0 and 1`
  if (!isNullOrFinite(view.choppiness) || !isNullOrFinite(view.adx))
    return `choppiness ${view.choppiness} or ADX ${view.adx} is not finite`
  if (!isNotNegative(view.startedAt) || !isNotNegative(view.periods))
    return `a regime since ${view.startedAt} for ${view.periods} detections`
  if (!isWithin(view.sizeMultiplier, ...SIZE)) return `size × ${view.sizeMultiplier} is out of bounds`
  if (!isWithin(view.stopMultiplier, ...STOP)) return `stop × ${view.stopMultiplier} is out of bounds`
  if (!isWithin(view.targetMultiplier, ...TARGET)) return `target × ${view.targetMultiplier} is out of bounds`
  for (const regime in view.transitionProbabilities) {
    const probability = view.transitionProbabilities[regime as Regime]
    if (probability === undefined || !isShare(probability)) return `a change to ${regime} with ${probability}`
  }
  return null
}

function proposalProblem(proposal: Proposal): string | null {
  const { action, entryPrice, stopLoss, takeProfit, sizePct, leverage } = proposal
  if (!ACTIONS.has(action)) return `action ${action} is unknown`
  if (proposal.proposalId === '') return 'the proposal has no id'
  if (!isWithin(sizePct, 0, 100)) return `a size of ${sizePct} % is not within 0 and 100`
  if (!Number.isInteger(leverage) || leverage < 1) return `leverage ${leverage} is not a whole number from 1`
  for (const given of [entryPrice, stopLoss, takeProfit]) if (!isNullOrPrice(given)) return `${given} is not a price`
  if (action !== 'BUY' && action !== 'SELL') return null
  if (entryPrice === null || stopLoss === null) return `${action} without entry or stop`
  const [entry, stop] = [amount(entryPrice), amount(stopLoss)]
  const target = takeProfit === null ? null : amount(takeProfit)
  const isOrdered = action === 'BUY' ? areAscending(stop, entry, target) : areAscending(target, entry, stop)
  return isOrdered ? null : `${action} at ${entryPrice} with stop ${stopLoss} and target ${takeProfit}`
}

/** Least first; what is null is left out. */
const areAscending = (low: Amount | null, middle: Amount, high: Amount | null): boolean =>
  (low === null || low.lt(middle)) && (high === null || middle.lt(high))

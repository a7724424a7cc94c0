/**
 * How large a position may be. Three steps, in order, each of which only takes off: size (the factors of regime and losses,
 * then collateral, risk and open risk), volatility, leverage. Factors are applied once, however often the list is repeated.
 */
import { roundDownToLot, sizeProblem } from './instrument.ts'
import { REGIME_RULES } from './regime.ts'
import type { Finding, Terms } from './risk-checks.ts'
import { type RiskLimits, stepped } from './risk-limits.ts'
import type { Exposure, ProposalForRisk, RiskState } from './risk-state.ts'
import type { RiskWarning } from './risk-verdict.ts'
import { type Amount, amount, maxOf, minOf, price, type Quantity, sumOf, ZERO } from './units.ts'

/** A proposal on its way through the list. */
export interface Draft {
  /** USD. */
  readonly collateral: Amount
  readonly leverage: number
  /** Applied once and never again. */
  readonly hasSizeFactors: boolean
  readonly hasVolatilityFactor: boolean
  /** What may still be lost today is what bounds it. */
  readonly isBoundByOpenRisk: boolean
  readonly warnings: readonly RiskWarning[]
}

/** A size in lots, and what it comes to in USD. */
export interface Sized {
  readonly quantity: Quantity
  readonly leverage: number
  readonly notional: Amount
  readonly collateral: Amount
  readonly risk: Amount
}

export const share = (equity: Amount, pct: number): Amount => equity.times(amount(pct)).div(100)
/** Positions and pending entries. */
export const bookOf = (state: RiskState): readonly Exposure[] => [...(state.positions ?? []), ...state.pendingEntries]
const rulesOf = (request: ProposalForRisk, state: RiskState) => REGIME_RULES[state.regimes[request.symbol] ?? 'unknown']
const warned = ({ warnings }: Draft, more: readonly RiskWarning[]): readonly RiskWarning[] => [
  ...new Set([...warnings, ...more]),
]

/** The proposal as it was asked for. */
export const draftOf = (request: ProposalForRisk, equity: Amount): Draft => ({
  collateral: share(equity, request.sizePct),
  leverage: request.leverage,
  ...{ hasSizeFactors: false, hasVolatilityFactor: false, isBoundByOpenRisk: false, warnings: [] },
})

/** The least of the general, regime, drawdown and streak caps and the asked leverage, then the highest that the pair lists. */
export function leverageCap(request: ProposalForRisk, asked: number, state: RiskState, limits: RiskLimits): number {
  if (!limits.margin.enabled) return 1
  const cap = Math.min(
    limits.maxLeverage,
    rulesOf(request, state).maxLeverage,
    stepped(limits.leverageByDrawdown, amount(state.drawdownPct).toNumber(), limits.maxLeverage),
    stepped(limits.leverageByLosses, state.lossStreak, limits.maxLeverage),
    asked,
  )
  return Math.max(1, ...request.instrument.leverages.filter((listed) => listed <= cap))
}

/** What may still be put at risk today, USD; never negative. */
export function openRiskRoom(state: RiskState, limits: RiskLimits, equity: Amount): Amount {
  const lost = maxOf(ZERO, amount(state.day.lossUsd))
  const open = sumOf(bookOf(state).map((held) => amount(held.riskUsd)))
  return maxOf(ZERO, share(equity, limits.maxOpenRiskPct).minus(lost).minus(open))
}

/** Factors of regime and losses, once; then the least of what collateral, risk and open risk allow at this leverage. */
export function sizeStep(
  draft: Draft,
  request: ProposalForRisk,
  terms: Terms,
  state: RiskState,
  limits: RiskLimits,
): Draft {
  const regime = draft.hasSizeFactors ? 1 : rulesOf(request, state).sizeMultiplier
  const losses = draft.hasSizeFactors ? 1 : stepped(limits.sizeByLosses, state.lossStreak, 1)
  const wanted = draft.collateral.times(amount(regime)).times(amount(losses))
  const riskOfEach = terms.riskShare.times(draft.leverage)
  const byOpenRisk = openRiskRoom(state, limits, terms.equity).div(riskOfEach)
  const most = minOf(
    share(terms.equity, limits.maxCollateralPct),
    share(terms.equity, limits.maxRiskPct).div(riskOfEach),
    byOpenRisk,
  )
  const isOver = wanted.gt(most)
  const collateral = isOver ? most : wanted
  if (collateral.eq(draft.collateral)) return draft
  const warnings = warned(draft, [
    ...(isOver || regime < 1 ? (['SIZE_REDUCED'] as const) : []),
    ...(losses < 1 ? (['SIZE_REDUCED_LOSSES'] as const) : []),
  ])
  const isBoundByOpenRisk = draft.isBoundByOpenRisk || (isOver && byOpenRisk.eq(most))
  return { ...draft, collateral, hasSizeFactors: true, isBoundByOpenRisk, warnings }
}

/** A spike of volatility cuts the size, once. */
export function volatilityStep(draft: Draft, request: ProposalForRisk, state: RiskState, limits: RiskLimits): Draft {
  if (draft.hasVolatilityFactor || !state.volatilitySpikes.includes(request.symbol)) return draft
  const collateral = draft.collateral.times(amount(limits.volatilitySpike.size))
  return { ...draft, collateral, hasVolatilityFactor: true, warnings: warned(draft, ['VOLATILITY_SPIKE']) }
}

/** Less leverage leaves the collateral as it is: the position becomes smaller, never another risk. */
export function leverageStep(draft: Draft, request: ProposalForRisk, state: RiskState, limits: RiskLimits): Draft {
  const leverage = leverageCap(request, draft.leverage, state, limits)
  return leverage < draft.leverage ? { ...draft, leverage, warnings: warned(draft, ['LEVERAGE_REDUCED']) } : draft
}

/** In lots, rounded down. */
export function inLots(draft: Draft, request: ProposalForRisk, terms: Terms): Sized {
  const unit = terms.entry.times(terms.quoteUsd)
  const quantity = roundDownToLot(draft.collateral.times(draft.leverage).div(unit), request.instrument)
  const notional = quantity.times(unit)
  return {
    quantity,
    leverage: draft.leverage,
    notional,
    collateral: notional.div(draft.leverage),
    risk: notional.times(terms.riskShare),
  }
}

/** The entry and each exit that will follow it must be orders that the venue takes. */
export function minimumFindings(request: ProposalForRisk, sized: Sized, terms: Terms): Finding[] {
  const lowest = minOf(terms.entry, terms.stop, ...(terms.target === null ? [] : [terms.target]))
  const problem = sizeProblem(request.instrument, sized.quantity, price(lowest))
  return problem === null ? [] : [{ code: 'BELOW_MINIMUM', detail: problem }]
}

/**
 * The risk engine: the only maker of approved orders. Deterministic, total, and closed on failure: whatever goes wrong
 * inside is a denial.
 */
import { type Approved, stampApproved } from './approved.ts'
import { sentLeverage } from './margin-lots.ts'
import type { OrderRequest } from './order.ts'
import type { PositionSide } from './position.ts'
import { isSpotEntry } from './risk-book.ts'
import type { Finding, Terms } from './risk-checks.ts'
import { type Settled, settle } from './risk-fixpoint.ts'
import type { RiskLimits } from './risk-limits.ts'
import { type RebalanceGate, type RebalanceRefusal, rebalanceProblem } from './risk-rebalance.ts'
import { type HeldPosition, type LiveExit, type ReductionRefusal, reductionProblem } from './risk-reduction.ts'
import type { Sized } from './risk-size.ts'
import type { ProposalForRisk, RiskState } from './risk-state.ts'
import type { RiskCode, RiskFigures, RiskWarning } from './risk-verdict.ts'
import { guarded } from './slippage.ts'
import { type Amount, amount, type Numeric, roundDownTo, text, ZERO } from './units.ts'

/** What the position will be: its protection is fixed before its entry leaves. */
export interface EntryPlan {
  readonly side: PositionSide
  readonly entryPrice: Numeric
  readonly stopLoss: Numeric
  readonly takeProfit: Numeric | null
  /** Exchange volume, in lots. */
  readonly quantity: Numeric
  /** The position's own; a short at 1 is sent to the venue at 2 and reserves its full collateral. */
  readonly leverage: number
  readonly notionalUsd: Numeric
  readonly riskUsd: Numeric
  /** Quote units with fee that a spot entry takes; 0 on margin. */
  readonly costQuote: Numeric
}

/**
 * Journaled with the answer that carries it. In rows of older code an approval has neither `modified` nor `codes`, a denial
 * no `figures`: the coordinator, which replays them, reads order and plan alone.
 */
export type RiskVerdict =
  | (RiskFigures & {
      readonly kind: 'approved'
      readonly order: Approved<OrderRequest>
      readonly plan: EntryPlan
      /** Limits with a code of their own that took something off: OPEN_RISK alone. */
      readonly codes: readonly RiskCode[]
      readonly warnings: readonly RiskWarning[]
    })
  | {
      readonly kind: 'denied'
      readonly codes: readonly RiskCode[]
      readonly warnings: readonly RiskWarning[]
      /** One line with figures for each finding. */
      readonly reasons: readonly string[]
      /** Null where it was denied before any size was worked out. */
      readonly figures: RiskFigures | null
    }

function denied(
  findings: readonly Finding[],
  warnings: readonly RiskWarning[] = [],
  figures: RiskFigures | null = null,
): RiskVerdict {
  return {
    kind: 'denied',
    codes: [...new Set(findings.map((finding) => finding.code))],
    warnings,
    reasons: findings.map((finding) => `${finding.code}: ${finding.detail}`),
    figures,
  }
}

/** Per cent of equity; 0 without equity, where nothing is approved. */
const percent = (part: Amount, equity: Amount): Amount => (equity.gt(0) ? part.times(100).div(equity) : ZERO)

function figuresOf(request: ProposalForRisk, { sized, terms, exposure }: Settled): RiskFigures {
  const { equity, entry, side, stop, target } = terms
  return {
    modified: {
      ...{ symbol: request.symbol, action: side === 'buy' ? 'BUY' : 'SELL', leverage: sized.leverage },
      sizePct: text(roundDownTo(percent(sized.collateral, equity), 6)),
      entryPrice: text(entry),
      stopLoss: text(stop),
      takeProfit: target === null ? null : text(target),
    },
    riskPct: text(percent(sized.risk, equity).toDecimalPlaces(6)),
    exposurePct: text(percent(exposure, equity).toDecimalPlaces(6)),
    margin: text(sized.collateral),
  }
}

function entryOrder(
  request: ProposalForRisk,
  sized: Sized,
  terms: Terms,
  now: number,
  limits: RiskLimits,
): OrderRequest {
  const isLimit = limits.entry.type === 'limit'
  const order: OrderRequest = {
    key: `${request.positionId}/entry/1`,
    symbol: request.symbol,
    side: terms.side,
    type: limits.entry.type,
    quantity: text(sized.quantity),
    limitPrice: isLimit ? text(terms.entry) : null,
    triggerPrice: null,
    timeInForce: isLimit ? 'GTD' : 'GTC',
    expiresAt: isLimit ? now + limits.entry.lifeMs : null,
    postOnly: false,
    reduceOnly: false,
    leverage: sentLeverage(terms.side === 'buy' ? 'long' : 'short', sized.leverage),
    intent: 'open',
    purpose: 'entry',
    book: 'trading',
    positionId: request.positionId,
    planId: null,
  }
  return guarded(order, terms.worst)
}

function entryPlan(sized: Sized, terms: Terms, state: RiskState): EntryPlan {
  const cost = sized.quantity.times(terms.worst)
  return {
    side: terms.side === 'buy' ? 'long' : 'short',
    entryPrice: text(terms.entry),
    stopLoss: text(terms.stop),
    takeProfit: terms.target === null ? null : text(terms.target),
    quantity: text(sized.quantity),
    leverage: sized.leverage,
    notionalUsd: text(sized.notional),
    riskUsd: text(sized.risk),
    costQuote: isSpotEntry(sized, terms) ? text(cost.plus(cost.times(amount(state.fees.entry)))) : text(ZERO),
  }
}

function judge(request: ProposalForRisk, state: RiskState, limits: RiskLimits): RiskVerdict {
  const settled = settle(request, state, limits)
  if (settled.terms === null) return denied(settled.findings)
  const { draft, findings, sized, terms, warnings } = settled
  const figures = figuresOf(request, settled)
  if (findings.length > 0) return denied(findings, warnings, figures)
  return {
    kind: 'approved',
    order: stampApproved(entryOrder(request, sized, terms, state.now, limits)),
    plan: entryPlan(sized, terms, state),
    codes: draft.isBoundByOpenRisk ? ['OPEN_RISK'] : [],
    warnings,
    ...figures,
  }
}

const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * Judges a proposal that opens risk. Sizes and leverage are reduced until every reducing limit is kept, the reduced
 * proposal judged from the beginning each time; the other limits deny. How long it took is for the caller to measure:
 * the verdict is journaled, and a replay must find the same one. Never throws: what cannot be calculated is denied as INVALID_PROPOSAL.
 */
export function assess(request: ProposalForRisk, state: RiskState, limits: RiskLimits): RiskVerdict {
  try {
    return judge(request, state, limits)
  } catch (error) {
    return denied([{ code: 'INVALID_PROPOSAL', detail: problemOf(error) }])
  }
}

export type { RebalanceGate, RebalanceRefusal } from './risk-rebalance.ts'
export type { HeldPosition, LiveExit, ReductionRefusal } from './risk-reduction.ts'

/** An order approved outside the gate for new risk, or why not. */
export type Permit<Code extends string> =
  | { readonly kind: 'approved'; readonly order: Approved<OrderRequest> }
  | { readonly kind: 'refused'; readonly code: Code; readonly message: string }

/**
 * Approves an exit: always, unless it is none, exceeds what is held and not promised to other live exits, or the
 * position has another exit whose state is unknown; the other leg of its pair is none of these.
 */
export function approveReduction(
  request: OrderRequest,
  held: HeldPosition,
  liveExits: readonly LiveExit[],
): Permit<ReductionRefusal> {
  try {
    const problem = reductionProblem(request, held, liveExits)
    if (problem !== null) return { kind: 'refused', ...problem }
    return { kind: 'approved', order: stampApproved(request) }
  } catch (error) {
    return { kind: 'refused', code: 'INVALID_ORDER', message: problemOf(error) }
  }
}

/**
 * Approves a trade of the core book, a rebalance plan's or a hodl bag's purchase. It skips size, exposure, correlation and
 * stop; it obeys pause, halt, reconciliation, free balance and the slippage guard, which its limit may not pass.
 */
export function approveRebalance(
  request: OrderRequest,
  gate: RebalanceGate,
  limits: RiskLimits,
): Permit<RebalanceRefusal> {
  try {
    const problem = rebalanceProblem(request, gate, limits)
    if (problem !== null) return { kind: 'refused', ...problem }
    return { kind: 'approved', order: stampApproved(request) }
  } catch (error) {
    return { kind: 'refused', code: 'INVALID_ORDER', message: problemOf(error) }
  }
}

/**
 * What a trade of the core book must obey, a plan's or a hodl bag's purchase: permission, a fresh mark, the slippage guard,
 * the free balance. Size, exposure, correlation and stop are not asked: the core book has none of them.
 */
import { baseOf, quoteOf } from './ids.ts'
import type { OrderRequest } from './order.ts'
import type { RiskLimits } from './risk-limits.ts'
import { amount, type Numeric, quantity } from './units.ts'
import { freshPrice, type Marks } from './valuation.ts'

export type RebalanceRefusal =
  | 'NOT_A_REBALANCE'
  | 'TRADING_HALTED'
  | 'PAUSED'
  | 'RECONCILING'
  | 'UNKNOWN_ORDER_ON_SYMBOL'
  | 'STALE_DATA'
  | 'SLIPPAGE'
  | 'INSUFFICIENT_BALANCE'
  | 'INVALID_ORDER'

export interface RebalanceGate {
  readonly now: number
  readonly paused: boolean
  readonly halted: boolean
  readonly reconciling: boolean
  readonly unknownOrderSymbols: readonly string[]
  readonly marks: Marks
  /** Of the asset given up: quote units for a buy, core base units for a sell. Not held by other orders. */
  readonly freeBalance: Numeric
  /** Share of the cost. */
  readonly feeRate: Numeric
}

/** Why a rebalance trade may not pass; null when it may. @throws NotANumberError for bad numbers. */
export function rebalanceProblem(
  request: OrderRequest,
  gate: RebalanceGate,
  limits: RiskLimits,
): { readonly code: RebalanceRefusal; readonly message: string } | null {
  const { book, planId, purpose, side } = request
  const isOfPlan = purpose === 'rebalance' && planId !== null
  const isOfBag = purpose === 'hodl' && planId === null && side === 'buy'
  const isSpotCore = book === 'core' && request.positionId === null && request.leverage === 1 && !request.reduceOnly
  if (!isSpotCore || !(isOfPlan || isOfBag))
    return { code: 'NOT_A_REBALANCE', message: 'only spot orders of a plan or a hodl bag trade the core book' }
  if (request.type !== 'limit' || request.limitPrice === null)
    return { code: 'NOT_A_REBALANCE', message: `a ${request.type} order without a limit does not rebalance` }
  if (gate.halted !== false) return { code: 'TRADING_HALTED', message: 'trading is halted' }
  if (gate.paused !== false) return { code: 'PAUSED', message: 'trading is paused' }
  if (gate.reconciling !== false) return { code: 'RECONCILING', message: 'not reconciled with the venue yet' }
  if (gate.unknownOrderSymbols.includes(request.symbol))
    return { code: 'UNKNOWN_ORDER_ON_SYMBOL', message: `an order on ${request.symbol} has no known state` }
  const mark = freshPrice(gate.marks, request.symbol, gate.now, limits.markMaxAgeMs)
  if (mark === null) return { code: 'STALE_DATA', message: `no fresh price of ${request.symbol}` }

  const isBuy = side === 'buy'
  const guard = mark.times(amount(limits.slippageGuardPct)).div(100)
  const worst = isBuy ? mark.plus(guard) : mark.minus(guard)
  const limit = amount(request.limitPrice)
  if (isBuy ? limit.gt(worst) : limit.lt(worst))
    return { code: 'SLIPPAGE', message: `limit ${limit} is past ${worst}, ${limits.slippageGuardPct} % from the mark` }
  const wanted = quantity(request.quantity)
  if (wanted.lte(0)) return { code: 'INVALID_ORDER', message: 'quantity must be above zero' }
  const cost = wanted.times(limit)
  const needed = isBuy ? cost.plus(cost.times(amount(gate.feeRate))) : wanted
  const free = amount(gate.freeBalance)
  if (needed.lte(free)) return null
  const given = isBuy ? quoteOf(request.symbol) : baseOf(request.symbol)
  return { code: 'INSUFFICIENT_BALANCE', message: `${needed} ${given} needed, ${free} free` }
}

/** Counting executions: once per trade id, whatever order or how often they arrive. */
import type { Fill } from './order.ts'
import { amount, type Numeric, text } from './units.ts'

export interface FillTotals {
  readonly fills: readonly Fill[]
  /** Base units. */
  readonly filled: Numeric
  /** Σ price × quantity, quote units. */
  readonly cost: Numeric
  readonly fees: Numeric
}

export const NO_FILLS: FillTotals = { fills: [], filled: '0', cost: '0', fees: '0' }

/** Those of `fills` that have not been counted yet, oldest first. */
export function newFills(totals: FillTotals, fills: readonly Fill[]): readonly Fill[] {
  const known = new Set(totals.fills.map((fill) => fill.tradeId))
  const fresh: Fill[] = []
  for (const fill of fills) {
    if (known.has(fill.tradeId)) continue
    known.add(fill.tradeId)
    fresh.push(fill)
  }
  return fresh.sort((a, b) => a.at - b.at)
}

/** The totals after counting `fills`; those already counted change nothing. */
export function countFills(totals: FillTotals, fills: readonly Fill[]): FillTotals {
  const fresh = newFills(totals, fills)
  if (fresh.length === 0) return totals
  let filled = amount(totals.filled)
  let cost = amount(totals.cost)
  let fees = amount(totals.fees)
  for (const fill of fresh) {
    const quantity = amount(fill.quantity)
    filled = filled.plus(quantity)
    cost = cost.plus(quantity.times(amount(fill.price)))
    fees = fees.plus(amount(fill.fee))
  }
  return { fills: [...totals.fills, ...fresh], filled: text(filled), cost: text(cost), fees: text(fees) }
}

export const isComplete = (filled: Numeric, quantity: Numeric): boolean => amount(filled).gte(amount(quantity))
export const isOverfilled = (filled: Numeric, quantity: Numeric): boolean => amount(filled).gt(amount(quantity))

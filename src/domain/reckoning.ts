/** Balances by our own reckoning: what the account began with, and what every fill did to it. The venue's are the proof. */
import { type Asset, asset, baseOf, quoteOf } from './ids.ts'
import type { Fill, OrderRequest, OrderView } from './order.ts'
import type { Balance } from './portfolio.ts'
import { type Amount, amount, maxOf, type Numeric, text, ZERO } from './units.ts'

export type Totals = Readonly<Record<string, Numeric>>

export const totalsOf = (balances: readonly Balance[]): Totals =>
  Object.fromEntries(balances.map((balance) => [balance.asset, balance.total]))

/** The totals after one fill on spot; the fee is taken in the quote currency. */
export function afterFill(totals: Totals, { symbol, side }: Pick<OrderRequest, 'symbol' | 'side'>, fill: Fill): Totals {
  const base = baseOf(symbol)
  const quote = quoteOf(symbol)
  const cost = amount(fill.price).times(amount(fill.quantity))
  const sign = side === 'buy' ? 1 : -1
  const change = (of: Asset, by: Amount): Numeric => text(amount(totals[of] ?? ZERO).plus(by))
  return {
    ...totals,
    [base]: change(base, amount(fill.quantity).times(sign)),
    [quote]: change(quote, cost.times(-sign).minus(amount(fill.fee))),
  }
}

/** The totals after something that is no fill: a deposit, a withdrawal, what somebody else's order traded. */
export const afterMove = (totals: Totals, of: Asset, by: Numeric): Totals => ({
  ...totals,
  [of]: text(amount(totals[of] ?? ZERO).plus(amount(by))),
})

/** What an order holds follows from these. */
export type Holder = Pick<OrderView, 'request' | 'quantity' | 'filled' | 'limitPrice'>

/**
 * What live orders hold: a sell its base, a buy its cost and fee at the price that it may pay; on margin both sides their
 * collateral and fee in the quote, and nothing where they only reduce. `leverageOf`: how much of the cost is collateral,
 * which is the position's own leverage where that is not the venue's.
 */
export function holdsOf(
  live: readonly Holder[],
  feeRate: Numeric,
  priceOf: (order: Holder) => Amount | null,
  leverageOf: (order: Holder) => number = ({ request }) => request.leverage,
): Totals {
  const holds: Record<string, Amount> = {}
  for (const order of live) {
    const remaining = maxOf(amount(order.quantity).minus(amount(order.filled)), ZERO)
    const { side, symbol, leverage, reduceOnly } = order.request
    if (leverage > 1 && reduceOnly) continue
    if (side === 'sell' && leverage === 1) {
      holds[baseOf(symbol)] = (holds[baseOf(symbol)] ?? ZERO).plus(remaining)
      continue
    }
    const price = order.limitPrice === null ? priceOf(order) : amount(order.limitPrice)
    const share = amount(1).div(leverage > 1 ? leverageOf(order) : 1)
    const cost = price === null ? ZERO : remaining.times(price).times(amount(feeRate).plus(share))
    holds[quoteOf(symbol)] = (holds[quoteOf(symbol)] ?? ZERO).plus(cost)
  }
  return Object.fromEntries(Object.entries(holds).map(([of, held]) => [of, text(held)]))
}

/** Totals and holds as balances, by asset name. */
export const balancesOf = (totals: Totals, holds: Totals): readonly Balance[] =>
  Object.keys(totals)
    .sort()
    .map((of) => ({ asset: asset(of), total: totals[of] ?? '0', held: holds[of] ?? '0' }))

/** What is free to be promised; never below zero. */
export const freeOf = (balances: readonly Balance[], of: Asset): Amount => {
  const balance = balances.find((one) => one.asset === of)
  return balance === undefined ? ZERO : maxOf(amount(balance.total).minus(amount(balance.held)), ZERO)
}

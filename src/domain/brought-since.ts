/** What trading has brought since a moment that nobody looked at: a day or week may begin while the process is away. */
import { type Pair, quoteOf } from './ids.ts'
import type { OrderView } from './order.ts'
import { type Amount, amount, ZERO } from './units.ts'
import { type PriceOf, usdRate, type ValuedPosition } from './valuation.ts'

export interface Since {
  /** Milliseconds UTC. */
  readonly at: number
  readonly orders: Iterable<Pick<OrderView, 'request' | 'fills'>>
  /** What the trading book holds now: a long or a short, on spot or on margin. */
  readonly held: readonly Pick<ValuedPosition, 'symbol' | 'side' | 'quantity'>[]
  readonly priceOf: PriceOf
  readonly priceThen: PriceOf
}

/** Base units, below zero short; cash in the quote. */
interface Traded {
  readonly held: Amount
  readonly bought: Amount
  readonly cash: Amount
}
const NOTHING: Traded = { held: ZERO, bought: ZERO, cash: ZERO }

/**
 * Cash of the fills since then, and what is held at its price now, less what was held then at the price of then. USD; null
 * where a price is not known. The charges of margin are left out: they are small, and counted in the whole result.
 */
export function broughtSince({ at, orders, held, priceOf, priceThen }: Since): Amount | null {
  const all = new Map<Pair, Traded>()
  const of = (symbol: Pair): Traded => all.get(symbol) ?? NOTHING
  for (const { symbol, side, quantity } of held) {
    const signed = amount(quantity).times(side === 'long' ? 1 : -1)
    all.set(symbol, { ...of(symbol), held: of(symbol).held.plus(signed) })
  }
  for (const { request, fills } of orders)
    for (const fill of request.book === 'trading' ? fills : []) {
      if (fill.at < at) continue
      const signed = amount(fill.quantity).times(request.side === 'buy' ? 1 : -1)
      const { held: now, bought, cash } = of(request.symbol)
      const left = cash.minus(signed.times(amount(fill.price))).minus(amount(fill.fee))
      all.set(request.symbol, { held: now, bought: bought.plus(signed), cash: left })
    }
  let total: Amount = ZERO
  for (const [symbol, traded] of all) {
    const quoteUsd = usdRate(quoteOf(symbol), priceOf)
    const now = worth(traded.held, symbol, priceOf)
    const then = worth(traded.held.minus(traded.bought), symbol, priceThen)
    if (quoteUsd === null || now === null || then === null) return null
    total = total.plus(traded.cash.plus(now).minus(then).times(quoteUsd))
  }
  return total
}

/** In the quote; nothing is worth nothing at any price. */
function worth(base: Amount, symbol: Pair, priceOf: PriceOf): Amount | null {
  if (base.isZero()) return ZERO
  const price = priceOf(symbol)
  return price === null ? null : base.times(price)
}

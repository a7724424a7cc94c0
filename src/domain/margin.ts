/**
 * The account's margin by our own books: what is tied up, and what new positions may still tie up. Collateral is the quote
 * asset alone. Kraken counts other coins too, at a discount; what is never promised is never missing.
 */
import { type Asset, asset, quoteOf } from './ids.ts'
import { isOnMargin } from './margin-lots.ts'
import type { OrderView } from './order.ts'
import { type Amount, amount, maxOf, minOf, type Numeric, text, ZERO } from './units.ts'
import { isSpot, type PriceOf, usdRate, type ValuedPosition } from './valuation.ts'

const CASH = asset('USDT')

/** USD. */
export interface MarginFigures {
  /** Collateral of open positions and of entries that work at the venue. */
  readonly usedUsd: Numeric
  /** What may still be tied up: losses that are not realised are spoken for, profits are not yet there. Never below zero. */
  readonly freeUsd: Numeric
}

/** Collateral of open positions by quote asset: entry value ÷ the position's own leverage, so that a short at 1 reserves all of it. */
export function collateralHeld(positions: readonly ValuedPosition[]): Readonly<Record<string, Amount>> {
  const held: Record<string, Amount> = {}
  for (const position of positions.filter((one) => !isSpot(one))) {
    const quote = quoteOf(position.symbol)
    const collateral = amount(position.quantity).times(amount(position.entryPrice)).div(position.leverage)
    held[quote] = (held[quote] ?? ZERO).plus(collateral)
  }
  return held
}

export interface MarginInput {
  readonly positions: readonly ValuedPosition[]
  readonly liveOrders: readonly OrderView[]
  /** How much of an order's cost is collateral: its position's own leverage. */
  readonly leverageOf: (order: OrderView) => number
  readonly priceOf: PriceOf
  /** Cash that neither orders nor collateral hold. */
  readonly freeCash: Amount
  /** Unrealised profit of all that is open on margin, USD; null without a price. */
  readonly unrealisedUsd: Amount | null
}

const worth = (of: Asset, held: Amount, priceOf: PriceOf): Amount => held.times(usdRate(of, priceOf) ?? ZERO)

export function marginFigures(input: MarginInput): MarginFigures {
  const { liveOrders, leverageOf, priceOf, unrealisedUsd } = input
  let used: Amount = ZERO
  for (const [quote, held] of Object.entries(collateralHeld(input.positions)))
    used = used.plus(worth(asset(quote), held, priceOf))
  for (const order of liveOrders) {
    const { request } = order
    if (!isOnMargin(request) || request.reduceOnly) continue
    const price = order.limitPrice === null ? (priceOf(request.symbol) ?? ZERO) : amount(order.limitPrice)
    const cost = maxOf(amount(order.quantity).minus(amount(order.filled)), ZERO).times(price)
    used = used.plus(worth(quoteOf(request.symbol), cost.div(leverageOf(order)), priceOf))
  }
  const cash = worth(CASH, input.freeCash, priceOf)
  const free = unrealisedUsd === null ? ZERO : maxOf(cash.plus(minOf(unrealisedUsd, ZERO)), ZERO)
  return { usedUsd: text(used), freeUsd: text(free) }
}

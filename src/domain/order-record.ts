/** Orders and fills as they are remembered: what history, exports and tax returns are made of. */

import type { Origin } from './facts.ts'
import { type Asset, type OrderId, type Pair, type PlanId, type PositionId, quoteOf, type VenueOrderId } from './ids.ts'
import type { Book, Fill, OrderPhase, OrderStatus, OrderView, Purpose, Side } from './order.ts'
import { averagePrice } from './position.ts'
import { amount, type Numeric, roundDownTo, sumOf, text } from './units.ts'

/** The last that is known of an order. */
export interface OrderRecord extends OrderView {
  /** When it ended: filled, cancelled, expired or failed; null while it lives. Milliseconds UTC. */
  readonly closedAt: number | null
}

/** One execution with the order that it belongs to. */
export interface FillRecord extends Fill {
  readonly orderId: OrderId
  readonly venueOrderId: VenueOrderId | null
  readonly symbol: Pair
  readonly side: Side
  /** Price × quantity, quote units. */
  readonly cost: Numeric
  readonly feeAsset: Asset
  /** What the fill brought, a fee in quote units taken off; below zero for a buy. Quote units. */
  readonly netProceeds: Numeric
  /** Seen as it happened, or found later by comparing with the venue. */
  readonly origin: Origin
  readonly book: Book
  readonly purpose: Purpose
  readonly positionId: PositionId | null
  readonly planId: PlanId | null
}

/** One step of an order's life. */
export interface StatusChange {
  readonly at: number
  /** Null for the first. */
  readonly from: OrderStatus | null
  readonly status: OrderStatus
  readonly phase: OrderPhase
  /** Base units filled by then. */
  readonly filled: Numeric
  readonly averagePrice: Numeric | null
  readonly reason: string | null
}

/** Quote units, exact. */
export const costOf = ({ price, quantity }: Pick<Fill, 'price' | 'quantity'>): Numeric =>
  text(amount(price).times(amount(quantity)))

/** As many as the database keeps. */
const PRICE_DECIMALS = 18

/** What a base unit cost on average, quote units, cut off where the database would; null while nothing is filled. */
export function averagePriceOf({ cost, fills }: Pick<OrderView, 'cost' | 'fills'>): Numeric | null {
  // Not `filled`: of an order that is not ours it may count what was filled before the account was opened.
  const counted = sumOf(fills.map(({ quantity }) => amount(quantity)))
  return counted.isZero() ? null : text(roundDownTo(averagePrice(amount(cost), counted), PRICE_DECIMALS))
}

/** Fees are asked for in the quote currency, on either side. */
export const feeAssetOf = (symbol: Pair): Asset => quoteOf(symbol)

/**
 * What trading so much brought, quote units: below zero for a buy, which costs price and fee. A fee in another asset is
 * not part of it.
 */
export function netProceedsOf(symbol: Pair, side: Side, cost: Numeric, fee: Numeric, feeAsset: Asset): Numeric {
  const gross = side === 'sell' ? amount(cost) : amount(cost).negated()
  return text(feeAsset === quoteOf(symbol) ? gross.minus(amount(fee)) : gross)
}

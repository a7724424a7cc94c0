/**
 * Orders at the venue that are not ours: placed by hand or by another tool. They are watched until they end and never
 * touched; what they trade is a flow of the core book.
 */
import type { VenueTrade } from './account-history.ts'
import { type Asset, baseOf, type OrderId, orderId, type Pair, quoteOf, type VenueOrderId } from './ids.ts'
import { isOnMargin } from './margin-lots.ts'
import type { Fill, OrderType, OrderView, Side } from './order.ts'
import { amount, type Numeric, sumOf, text } from './units.ts'

/** One as we last saw it. Plain JSON. */
export interface ExternalOrder {
  readonly venueOrderId: VenueOrderId
  /** Whatever client id the other tool gave it. */
  readonly clientOrderId: OrderId | null
  readonly symbol: Pair
  readonly side: Side
  /** The venue's name of the type, which may be one that we never send. */
  readonly type: string
  readonly quantity: Numeric
  readonly limitPrice: Numeric | null
  readonly triggerPrice: Numeric | null
  readonly status: 'OPEN' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELLED'
  /** Base units by the venue's word; may exceed its fills, those from before the account was opened. */
  readonly filled: Numeric
  /** Those that moved balances of ours. */
  readonly fills: readonly Fill[]
  readonly openedAt: number
  readonly updatedAt: number
}

export const isEnded = ({ status }: Pick<ExternalOrder, 'status'>): boolean =>
  status === 'FILLED' || status === 'CANCELLED'

/** A change of one balance, signed. */
export interface Move {
  readonly asset: Asset
  readonly amount: Numeric
}
/** With what one unit was worth when it was booked, USD. */
export interface ValuedMove extends Move {
  readonly usdRate: Numeric
}

/**
 * What a trade does to balances: base against quote, and the fee in its own asset. On margin nothing but the fee: what
 * closing realises is the business of what it closes.
 */
export function movesOf({
  symbol,
  side,
  leverage = 1,
  fill,
  feeAsset,
}: Pick<VenueTrade, 'symbol' | 'side' | 'fill' | 'feeAsset'> & Partial<Pick<VenueTrade, 'leverage'>>): readonly Move[] {
  const paid = { asset: feeAsset, amount: text(amount(fill.fee).negated()) }
  if (isOnMargin({ leverage })) return [paid]
  const cost = amount(fill.price).times(amount(fill.quantity))
  const sign = side === 'buy' ? 1 : -1
  return [
    { asset: baseOf(symbol), amount: text(amount(fill.quantity).times(sign)) },
    { asset: quoteOf(symbol), amount: text(cost.times(-sign)) },
    paid,
  ]
}

/** In the form of our own orders, for those who list them: purpose `external`, known by the venue's id. */
export function externalView(external: ExternalOrder): OrderView {
  const { venueOrderId, symbol, side, quantity, limitPrice, triggerPrice, status, filled, fills } = external
  const phase = isEnded(external) ? 'done' : status === 'OPEN' ? 'open' : 'partiallyFilled'
  const cost = sumOf(fills.map((fill) => amount(fill.price).times(amount(fill.quantity))))
  return {
    orderId: orderId(venueOrderId),
    request: {
      ...{ key: `external/${venueOrderId}`, symbol, side, type: external.type as OrderType, quantity },
      ...{ limitPrice, triggerPrice, timeInForce: 'GTC', expiresAt: null, postOnly: false, reduceOnly: false },
      ...{ leverage: 1, intent: side === 'buy' ? 'increase' : 'reduce', purpose: 'external', book: 'core' },
      ...{ positionId: null, planId: null },
    },
    ...{ status, phase, venueOrderId, quantity, limitPrice, triggerPrice, filled, cost: text(cost), fills },
    fees: text(sumOf(fills.map((fill) => amount(fill.fee)))),
    ...{ reason: null, createdAt: external.openedAt, updatedAt: external.updatedAt },
  }
}

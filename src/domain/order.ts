/** An order as the outside sees it, and the request it began with. */
import type { OrderId, Pair, PlanId, PositionId, TradeId, VenueOrderId } from './ids.ts'
import type { Numeric } from './units.ts'

export type Side = 'buy' | 'sell'
export type OrderType =
  | 'market'
  | 'limit'
  | 'stop-loss'
  | 'take-profit'
  | 'stop-loss-limit'
  | 'take-profit-limit'
  | 'trailing-stop'
export type TimeInForce = 'GTC' | 'IOC' | 'GTD'
/** What the order may do to a position. A reduce or close can never open the other side. */
export type Intent = 'open' | 'increase' | 'reduce' | 'close'
/**
 * `target`: a take-profit that rests at the venue, on margin alone. `hodl`: buys what profits have set aside.
 * `external`: not ours; placed by hand or by another tool.
 */
export type Purpose = 'entry' | 'stop' | 'target' | 'exit' | 'rebalance' | 'hodl' | 'external'
/** Trading: positions and their entries. Core: the holdings that the rebalancer keeps at target. */
export type Book = 'trading' | 'core'

/** How far a trailing stop stays behind the best price since it was taken: quote units, or per cent of that price. */
export interface TrailingOffset {
  readonly offset: Numeric
  readonly isPercent: boolean
}

/** All that is needed to place an order; immutable once intended. */
export interface OrderRequest {
  /** Names the intention, e.g. `<position>/stop/1`: asked twice, it is placed once. */
  readonly key: string
  readonly symbol: Pair
  readonly side: Side
  readonly type: OrderType
  /** Base units, in lots. */
  readonly quantity: Numeric
  readonly limitPrice: Numeric | null
  readonly triggerPrice: Numeric | null
  /** Of a trailing stop alone, which has no trigger price of its own: the venue moves it. */
  readonly trailing?: TrailingOffset
  readonly timeInForce: TimeInForce
  /** GTD: milliseconds UTC. */
  readonly expiresAt: number | null
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  /** 1 is spot. */
  readonly leverage: number
  readonly intent: Intent
  readonly purpose: Purpose
  readonly book: Book
  readonly positionId: PositionId | null
  readonly planId: PlanId | null
}

/** Which orders are meant: those of these symbols, of this book; of all without. */
export interface OrderScope {
  readonly symbols?: readonly Pair[]
  readonly book?: Book
}

/** One execution. Amounts in quote units unless said. */
export interface Fill {
  readonly tradeId: TradeId
  readonly price: Numeric
  /** Base units. */
  readonly quantity: Numeric
  readonly fee: Numeric
  readonly liquidity: 'maker' | 'taker'
  /** Venue time, milliseconds UTC. */
  readonly at: number
}

/** The owner's outward states. */
export type OrderStatus = 'PENDING' | 'OPEN' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELLED' | 'EXPIRED' | 'ERROR'
/** The machine's own states; the API shows them as `phase`. */
export type OrderPhase =
  | 'intended'
  | 'submitting'
  | 'retrying'
  | 'unknown'
  | 'open'
  | 'partiallyFilled'
  | 'cancelling'
  | 'settling'
  | 'done'

/** The whole of an order at one moment; carried by every order fact, so that a reader needs no history. */
export interface OrderView {
  readonly orderId: OrderId
  readonly request: OrderRequest
  readonly status: OrderStatus
  readonly phase: OrderPhase
  readonly venueOrderId: VenueOrderId | null
  /** Present quantity and prices: the request's, or as last amended. */
  readonly quantity: Numeric
  readonly limitPrice: Numeric | null
  readonly triggerPrice: Numeric | null
  /** Base units filled so far. */
  readonly filled: Numeric
  /** Σ price × quantity of the fills. */
  readonly cost: Numeric
  readonly fees: Numeric
  readonly fills: readonly Fill[]
  /** Why it was refused, cancelled or failed. */
  readonly reason: string | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** What takes a position out of the market, at once or when a price is reached: no entry goes before it. */
export const isWayOut = ({ purpose }: Pick<OrderRequest, 'purpose'>): boolean =>
  purpose === 'stop' || purpose === 'target' || purpose === 'exit'

/** Of two orders of ours that would meet, which the venue cancels. */
export type SelfTrade = 'cancel-newest' | 'cancel-oldest'
/** A way out is never cancelled for an entry of ours that rests in its way: the entry goes. */
export const selfTradeOf = (request: Pick<OrderRequest, 'purpose'>): SelfTrade =>
  isWayOut(request) ? 'cancel-oldest' : 'cancel-newest'

const FINAL: readonly OrderStatus[] = ['FILLED', 'CANCELLED', 'EXPIRED', 'ERROR']
export const isFinal = (status: OrderStatus): boolean => FINAL.includes(status)
export const isLive = (order: OrderView): boolean => !isFinal(order.status)

/**
 * The order once a start has begun to look it up: nobody knows it until the venue was heard. One that waits to be sent again
 * is known not to be there.
 */
export const asDoubted = (order: OrderView): OrderView =>
  isLive(order) && order.phase !== 'retrying' ? { ...order, status: 'PENDING', phase: 'unknown' } : order

/** What a venue writes into an account's history besides its orders: flows, and trades whoever ordered them. */
import type { Asset, OrderId, Pair, TradeId, VenueOrderId } from './ids.ts'
import type { Fill, Side } from './order.ts'
import type { PositionSide } from './position.ts'
import type { Numeric } from './units.ts'

/** What moved a balance and is no trade. */
export interface Flow {
  readonly flowId: string
  /** `financing`: what the venue charges for a position on margin, when it opens and again and again while it is open. */
  readonly kind: 'deposit' | 'withdrawal' | 'financing' | 'other'
  /** Of financing: the trade that opened the position. */
  readonly tradeId?: TradeId
  readonly asset: Asset
  /** Signed change of the balance, fee included. */
  readonly amount: Numeric
  readonly fee: Numeric
  /** Milliseconds UTC. */
  readonly at: number
}

/** What is open of a pair on margin, whoever opened it: the venue nets a pair to one side. */
export interface OpenOnMargin {
  readonly symbol: Pair
  readonly side: PositionSide
  /** Base units. */
  readonly quantity: Numeric
}

/** One execution of the account, of an order of ours or of somebody else's. */
export interface VenueTrade {
  readonly venueOrderId: VenueOrderId
  /** The order's client id where the venue tells it with its trades. */
  readonly clientOrderId: OrderId | null
  readonly symbol: Pair
  readonly side: Side
  /** The venue's name of the order's type, e.g. `market`. */
  readonly orderType: string
  /** 1 is spot. */
  readonly leverage: number
  /** Its `fee` in units of `feeAsset`. */
  readonly fill: Fill
  readonly feeAsset: Asset
}

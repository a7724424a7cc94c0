/** What happens at the venue, and the rows it leaves: trades, movements of balances. Plain JSON all of it. */
import type { Asset, Pair, TradeId, VenueOrderId } from '../../../domain/ids.ts'
import type { Fill, Side } from '../../../domain/order.ts'
import type { Numeric } from '../../../domain/units.ts'
import type { OrderRow, VenueOrderType } from './venue-order.ts'

/** One execution of one of our orders. */
export interface TradeRow {
  readonly tradeId: TradeId
  readonly venueOrderId: VenueOrderId
  /** The margin position that it opened or closed; null for spot. */
  readonly positionId: string | null
  readonly symbol: Pair
  readonly side: Side
  readonly type: VenueOrderType
  readonly price: Numeric
  /** Base units. */
  readonly quantity: Numeric
  /** Quote units. */
  readonly cost: Numeric
  /** In units of `feeAsset`. */
  readonly fee: Numeric
  readonly feeAsset: Asset
  readonly liquidity: Fill['liquidity']
  readonly leverage: number
  /** Quote units that the trade ties up; 0 for spot. */
  readonly margin: Numeric
  /** Ids of its entries in the ledger. */
  readonly ledgers: readonly string[]
  readonly at: number
}

/** One movement of one balance. */
export interface LedgerRow {
  readonly ledgerId: string
  /** What it belongs to: a trade id, a position's, or its own id for deposits and withdrawals. */
  readonly refId: string
  readonly at: number
  /** `margin` is a trade's profit and fee, `rollover` what a position costs when it opens and while it is open. */
  readonly kind: 'trade' | 'margin' | 'rollover' | 'settled' | 'deposit' | 'withdrawal'
  readonly asset: Asset
  /** Signed, before the fee. */
  readonly amount: Numeric
  /** Taken besides `amount`. */
  readonly fee: Numeric
  /** Total of the asset afterwards. */
  readonly balance: Numeric
}

/** Past tense, in order. `order` is the whole order as it was right after. */
export type VenueEvent =
  | {
      readonly kind: 'pending' | 'opened' | 'triggered' | 'amended' | 'restated' | 'expired'
      readonly order: OrderRow
      readonly at: number
    }
  | { readonly kind: 'filled'; readonly order: OrderRow; readonly trade: TradeRow; readonly at: number }
  | { readonly kind: 'cancelled'; readonly order: OrderRow; readonly reason: string; readonly at: number }
  /** After the fill it belongs to. */
  | { readonly kind: 'booked'; readonly entry: LedgerRow; readonly at: number }

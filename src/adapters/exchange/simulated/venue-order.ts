/** An order as the venue keeps it: what was asked, the working copy, and the row that is read and saved. */
import type { Pair, VenueOrderId } from '../../../domain/ids.ts'
import type { Fill, OrderType, Side, TrailingOffset } from '../../../domain/order.ts'
import { type Amount, amount, type Numeric, text, ZERO } from '../../../domain/units.ts'

/** Kraken's order types: those that the system trades, and those that other clients of the venue may ask for. */
export type VenueOrderType = OrderType | 'iceberg' | 'trailing-stop-limit' | 'settle-position'

/** A distance from another price: in quote units, or per cent of that price. */
export type PriceOffset = TrailingOffset

/** The order that every fill of another one spawns on the opposite side (Kraken's `close[...]`). */
export interface CloseTerms {
  readonly type: VenueOrderType
  readonly limitPrice: Numeric | null
  readonly triggerPrice: Numeric | null
  readonly trailing: PriceOffset | null
  readonly limitOffset: PriceOffset | null
}

/** What the engine is asked to work. Prices that the type does not use are ignored. */
export interface NewOrder {
  /** The client's own id, unique among its open orders; null where it gave none. */
  readonly clientOrderId: string | null
  /** The client's own number, which many orders may share. */
  readonly userref: number | null
  readonly symbol: Pair
  readonly side: Side
  readonly type: VenueOrderType
  /** Base units, in lots; quote units where `quantityInQuote`. */
  readonly quantity: Numeric
  /** Market buys only: how much to spend. */
  readonly quantityInQuote: boolean
  readonly limitPrice: Numeric | null
  readonly triggerPrice: Numeric | null
  /** Trailing types: how far behind the best price since acceptance the trigger follows. */
  readonly trailing: PriceOffset | null
  /** Trailing-stop-limit: the limit price lies this far from the trigger, signed. */
  readonly limitOffset: PriceOffset | null
  /** Iceberg: how much of the rest is displayed. */
  readonly displayQuantity: Numeric | null
  /** Which price sets it off; without an index feed, `index` is the last price too, as at Kraken. */
  readonly trigger: 'last' | 'index'
  readonly timeInForce: 'GTC' | 'IOC' | 'GTD' | 'FOK'
  /** When it begins to work, milliseconds UTC; null for at once. */
  readonly startsAt: number | null
  /** GTD: milliseconds UTC. */
  readonly expiresAt: number | null
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  /** 1 is spot. */
  readonly leverage: number
  readonly feeIn: 'quote' | 'base'
  /** What happens when it would trade with an own resting order. */
  readonly selfTrade: 'cancel-newest' | 'cancel-oldest' | 'cancel-both'
  readonly close: CloseTerms | null
  /** It is refused when it takes effect later than this, milliseconds UTC; null for no limit. */
  readonly deadlineAt: number | null
}

/** One order as it stands: plain JSON, for look-ups, events and the saved state. */
export interface OrderRow extends Omit<NewOrder, 'deadlineAt'> {
  readonly venueOrderId: VenueOrderId
  /** Order of acceptance. */
  readonly sequence: number
  /** `pending` waits for its start time. */
  readonly status: 'pending' | 'open' | 'filled' | 'cancelled' | 'expired'
  readonly reason: string | null
  /** Base units. */
  readonly filled: Numeric
  /** Quote units: Σ price × quantity of the fills. */
  readonly cost: Numeric
  /** Quote units, whatever the fee was paid in. */
  readonly fee: Numeric
  /** Quote units per base unit; 0 before the first fill. */
  readonly averagePrice: Numeric
  readonly fills: readonly Fill[]
  /** A stop or take-profit whose trigger price was reached. */
  readonly triggered: boolean
  /** Its terms were changed after acceptance. */
  readonly amended: boolean
  /** Base units of a margin position that it was to close when it was accepted; 0 on spot. */
  readonly closes: Numeric
  /** The venue's own order, which closes a position by force. */
  readonly liquidated: boolean
  /** The order whose fill spawned this one. */
  readonly refId: VenueOrderId | null
  /** Displayed base units before us at our price; null where nobody knows, and then a touch never fills. */
  readonly queueAhead: Numeric | null
  /** Price that a buy's hold is reckoned at; null for sells on spot. */
  readonly holdPrice: Numeric | null
  /** What it keeps from being spent elsewhere: quote units, base units for a sell on spot. Null where that was not kept. */
  readonly held: Numeric | null
  /** The share that the fee of its rest is reckoned at in its hold. */
  readonly holdRate: Numeric
  /** Iceberg: how much of the rest is displayed now. */
  readonly displayed: Numeric | null
  /** Trailing types: the best price since acceptance. */
  readonly best: Numeric | null
  /** When it was accepted. */
  readonly openedAt: number
  readonly closedAt: number | null
  /** Prints older than this cannot fill it. */
  readonly restsSince: number
}

/** Parsed once, because matching reckons with them. */
type Exact =
  | 'quantity'
  | 'limitPrice'
  | 'triggerPrice'
  | 'filled'
  | 'cost'
  | 'fee'
  | 'queueAhead'
  | 'holdPrice'
  | 'displayed'
/** Known of closed orders only, or follows from the rest. */
type Outward = 'status' | 'reason' | 'averagePrice' | 'closedAt' | 'fills' | 'held'

/** The engine's own copy of a live order. */
export type WorkingOrder = {
  -readonly [K in Exclude<keyof OrderRow, Exact | Outward>]: OrderRow[K]
} & {
  quantity: Amount
  limitPrice: Amount | null
  triggerPrice: Amount | null
  filled: Amount
  cost: Amount
  fee: Amount
  queueAhead: Amount | null
  holdPrice: Amount | null
  displayed: Amount | null
  /** It waits for its start time. */
  isPending: boolean
  /** What it keeps from being spent elsewhere. */
  hold: Amount
  fills: Fill[]
}

const AVERAGE_DECIMALS = 10

/** An amount out of a row; null stays null. */
export const parsed = (value: Numeric | null): Amount | null => (value === null ? null : amount(value))
/** Text for a row; null stays null. */
const written = (value: Amount | null): Numeric | null => (value === null ? null : text(value))

/** A live order out of its row; the account still has to take its hold. */
export function workingOrder(row: OrderRow): WorkingOrder {
  const { status, reason: _reason, averagePrice: _averagePrice, closedAt: _closedAt, held, ...rest } = row
  return {
    ...rest,
    quantity: amount(row.quantity),
    limitPrice: parsed(row.limitPrice),
    triggerPrice: parsed(row.triggerPrice),
    filled: amount(row.filled),
    cost: amount(row.cost),
    fee: amount(row.fee),
    queueAhead: parsed(row.queueAhead),
    holdPrice: parsed(row.holdPrice),
    displayed: parsed(row.displayed),
    isPending: status === 'pending',
    hold: parsed(held) ?? ZERO,
    fills: [...row.fills],
  }
}

/** How an order ended. */
export interface Ending {
  readonly status: 'filled' | 'cancelled' | 'expired'
  readonly reason: string | null
  readonly at: number
}

/** The row of an order as it stands, or as it ended; shares nothing that still changes. */
export function rowOf(order: WorkingOrder, ending: Ending | null = null): OrderRow {
  const { hold, isPending, ...rest } = order
  return {
    ...rest,
    quantity: text(order.quantity),
    limitPrice: written(order.limitPrice),
    triggerPrice: written(order.triggerPrice),
    filled: text(order.filled),
    cost: text(order.cost),
    fee: text(order.fee),
    averagePrice: order.filled.isZero() ? '0' : text(order.cost.div(order.filled).toDecimalPlaces(AVERAGE_DECIMALS)),
    queueAhead: written(order.queueAhead),
    holdPrice: written(order.holdPrice),
    held: text(hold),
    displayed: written(order.displayed),
    fills: [...order.fills],
    status: ending?.status ?? (isPending ? 'pending' : 'open'),
    reason: ending?.reason ?? null,
    closedAt: ending?.at ?? null,
  }
}

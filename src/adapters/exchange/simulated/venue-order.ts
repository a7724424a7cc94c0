/** An order as the paper venue keeps it: what was asked, the working copy, and the row that is saved. */
import type { OrderId, VenueOrderId } from '../../../domain/ids.ts'
import type { Fill, OrderRequest } from '../../../domain/order.ts'
import type { VenueOrder } from '../../../domain/reports.ts'
import { type Amount, amount, type Numeric, text, ZERO } from '../../../domain/units.ts'
import type { PlaceRequest, VenueOrderRow } from '../../../ports/exchange.ts'

/** What the engine is asked to work. */
export interface NewOrder
  extends Pick<
    OrderRequest,
    | 'symbol'
    | 'side'
    | 'type'
    | 'quantity'
    | 'limitPrice'
    | 'triggerPrice'
    | 'timeInForce'
    | 'expiresAt'
    | 'postOnly'
    | 'leverage'
  > {
  readonly clientOrderId: OrderId
  /** The order is refused when it takes effect later than this, milliseconds UTC; null for no limit. */
  readonly deadlineAt: number | null
}

/** One order in the saved state: plain JSON. */
export interface OrderRow extends Omit<NewOrder, 'deadlineAt' | 'leverage'> {
  readonly venueOrderId: VenueOrderId
  /** Order of acceptance. */
  readonly sequence: number
  readonly status: 'open' | 'filled' | 'cancelled' | 'expired'
  readonly reason: string | null
  readonly filled: Numeric
  readonly fills: readonly Fill[]
  /** A stop or take-profit whose trigger price was reached. */
  readonly triggered: boolean
  /** Displayed base units before us at our price; null where nobody knows, and then a touch never fills. */
  readonly queueAhead: Numeric | null
  /** Price that a buy's hold is reckoned at; null for sells. */
  readonly holdPrice: Numeric | null
  readonly openedAt: number
  /** Prints older than this cannot fill it. */
  readonly restsSince: number
}

/** The engine's order out of the port's request; what the venue has no use for is left behind. */
export const newOrderOf = ({ clientOrderId, request, deadlineAt }: PlaceRequest): NewOrder => {
  const { symbol, side, type, quantity, limitPrice, triggerPrice } = request
  const { timeInForce, expiresAt, postOnly, leverage } = request
  const prices = { quantity, limitPrice, triggerPrice }
  return { clientOrderId, symbol, side, type, ...prices, timeInForce, expiresAt, postOnly, leverage, deadlineAt }
}

type Exact = 'quantity' | 'limitPrice' | 'triggerPrice' | 'filled' | 'queueAhead' | 'holdPrice' | 'fills'

/** The engine's own copy of a live order: amounts parsed once. */
export type WorkingOrder = {
  -readonly [K in Exclude<keyof OrderRow, Exact | 'status' | 'reason'>]: OrderRow[K]
} & {
  quantity: Amount
  limitPrice: Amount | null
  triggerPrice: Amount | null
  filled: Amount
  queueAhead: Amount | null
  holdPrice: Amount | null
  /** Quote units for a buy, base units for a sell; follows from the rest, so it is not saved. */
  hold: Amount
  fills: Fill[]
}

const parsed = (value: Numeric | null): Amount | null => (value === null ? null : amount(value))
/** Text for a row; null stays null. */
export const written = (value: Amount | null): Numeric | null => (value === null ? null : text(value))

/** A live order out of its row; its hold is still to be taken. */
export function workingOrder(row: OrderRow): WorkingOrder {
  const { status: _status, reason: _reason, ...rest } = row
  return {
    ...rest,
    quantity: amount(row.quantity),
    limitPrice: parsed(row.limitPrice),
    triggerPrice: parsed(row.triggerPrice),
    filled: amount(row.filled),
    queueAhead: parsed(row.queueAhead),
    holdPrice: parsed(row.holdPrice),
    hold: ZERO,
    fills: [...row.fills],
  }
}

/** The row of an order as it stands; shares nothing that still changes. */
export function rowOf(order: WorkingOrder, status: OrderRow['status'], reason: string | null): OrderRow {
  const { hold: _hold, ...rest } = order
  return {
    ...rest,
    quantity: text(order.quantity),
    limitPrice: written(order.limitPrice),
    triggerPrice: written(order.triggerPrice),
    filled: text(order.filled),
    queueAhead: written(order.queueAhead),
    holdPrice: written(order.holdPrice),
    fills: [...order.fills],
    status,
    reason,
  }
}

/** What a look-up answers. */
export const venueOrderOf = (row: OrderRow): VenueOrder => ({
  venueOrderId: row.venueOrderId,
  status: row.status,
  quantity: row.quantity,
  limitPrice: row.limitPrice,
  triggerPrice: row.triggerPrice,
  filled: row.filled,
  fills: row.fills,
  reason: row.reason,
})

export const venueOrderRowOf = (row: OrderRow): VenueOrderRow => ({
  ...venueOrderOf(row),
  clientOrderId: row.clientOrderId,
  symbol: row.symbol,
  side: row.side,
})

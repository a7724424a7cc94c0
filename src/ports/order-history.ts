/** Orders and fills as far back as the database goes. */
import type { OrderId, Pair } from '../domain/ids.ts'
import type { Book, OrderStatus, Side } from '../domain/order.ts'
import type { FillRecord, OrderRecord, StatusChange } from '../domain/order-record.ts'

/** All of it must be so; null where anything may be. */
export interface FillFilter {
  readonly symbol: Pair | null
  readonly side: Side | null
  readonly book: Book | null
  /** Milliseconds UTC, inclusive: when a fill happened, when an order was created. */
  readonly from: number | null
  /** Exclusive. */
  readonly to: number | null
}
export interface OrderFilter extends FillFilter {
  /** Any of these; null for all. */
  readonly statuses: readonly OrderStatus[] | null
}

/** At most `limit` rows after the one that `cursor` names, as the page before told it; null for the first page. */
export interface PageAsk {
  readonly limit: number
  readonly cursor: string | null
}

export interface HistoryPage<T> {
  readonly rows: readonly T[]
  /** Null on the last page. */
  readonly nextCursor: string | null
}

export interface OrderStory {
  readonly order: OrderRecord
  /** Oldest first. */
  readonly fills: readonly FillRecord[]
  /** Oldest first. */
  readonly statusLog: readonly StatusChange[]
}

/**
 * Everything newest first: orders by when they were created, fills by when they happened. What is durable in the
 * journal is here.
 * @throws HistoryAwayError from every method; UnknownCursorError from those that take a cursor.
 */
export interface OrderHistory {
  orders(filter: OrderFilter, page: PageAsk): Promise<HistoryPage<OrderRecord>>
  /** Null for an id that is no order. */
  order(orderId: OrderId): Promise<OrderStory | null>
  fills(filter: FillFilter, page: PageAsk): Promise<HistoryPage<FillRecord>>
}

/** The database does not answer, or not in time. */
export class HistoryAwayError extends Error {
  override readonly name = 'HistoryAwayError'
}

/** No page told this cursor. */
export class UnknownCursorError extends Error {
  override readonly name = 'UnknownCursorError'
}

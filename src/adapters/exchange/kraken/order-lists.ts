/**
 * Reading orders with all their executions: open orders, closed orders, trades. Kraken filters its two lists by our client
 * id; executions are listed apart, by time.
 */
import type { OrderId, VenueOrderId } from '../../../domain/ids.ts'
import type { Fill } from '../../../domain/order.ts'
import type { VenueOrder } from '../../../domain/reports.ts'
import { type Amount, amount, sumOf, text } from '../../../domain/units.ts'
import type { VenueAnswer } from '../../../ports/exchange.ts'
import type { Wire } from '../../kraken/exact-json.ts'
import { lost, reading } from './answer.ts'
import type { Form, PrivateCalls } from './call.ts'
import { HistoryPages, tradesOf } from './history-pages.ts'
import type { KnownFills } from './known-fills.ts'
import { fieldsIn, type OrderRow, readOrder, readTable, type TradeRow } from './rows.ts'

export interface FilledRow {
  readonly row: OrderRow
  readonly fills: readonly Fill[]
}

const executedOf = (fills: readonly Fill[]): Amount => sumOf(fills.map((fill) => amount(fill.quantity)))

/** Whether every execution that the row counts is there. */
export const isWhole = ({ row, fills }: FilledRow): boolean => executedOf(fills).gte(amount(row.filled))

/** Orders that one QueryOrders takes. */
const MOST_ASKED = 50

/**
 * The order as it stands. An execution that was heard of after the row was written counts: executions are facts, and the
 * row is a picture of them.
 */
export function venueOrderOf({ row, fills }: FilledRow): VenueOrder {
  const { venueOrderId, quantity, limitPrice, triggerPrice, reason } = row
  const executed = executedOf(fills)
  const isNewer = executed.gt(amount(row.filled))
  const filled = isNewer ? text(executed) : row.filled
  const isComplete = isNewer && row.status === 'open' && executed.gte(amount(quantity))
  const status = isComplete ? 'filled' : row.status
  return { venueOrderId, status, quantity, limitPrice, triggerPrice, filled, fills, reason }
}

export class OrderLists {
  readonly #calls: PrivateCalls
  readonly #fills: KnownFills
  /** Read by two: for all of them since a moment, and for those that orders lack. */
  readonly #trades: HistoryPages<TradeRow>
  readonly #missing: HistoryPages<TradeRow>

  constructor(calls: PrivateCalls, fills: KnownFills) {
    this.#calls = calls
    this.#fills = fills
    this.#trades = new HistoryPages(calls, tradesOf)
    this.#missing = new HistoryPages(calls, tradesOf)
  }

  async open(): Promise<VenueAnswer<readonly OrderRow[]>> {
    return this.#orders('OpenOrders', 'open', {})
  }

  /** Orders by the venue's ids; those it does not know are left out. */
  async byVenueId(ids: readonly VenueOrderId[]): Promise<VenueAnswer<readonly OrderRow[]>> {
    const rows: OrderRow[] = []
    for (let from = 0; from < ids.length; from += MOST_ASKED) {
      const txid = ids.slice(from, from + MOST_ASKED).join(',')
      const answer = reading(await this.#ask('QueryOrders', { txid }), (result) =>
        readTable(result, 'QueryOrders', readOrder),
      )
      if (answer.kind !== 'done') return answer
      rows.push(...answer.value)
    }
    return { kind: 'done', value: rows }
  }

  /**
   * The order by our id with all its executions. Null only when open orders, closed orders and the latest trades were all
   * read and none of them has it; a glance leaves the trades unread. `hasEnded`: what a list that still says open is not
   * believed about.
   */
  async find(
    clientOrderId: OrderId,
    hasEnded: (order: VenueOrderId) => boolean,
    isGlance: boolean,
  ): Promise<VenueAnswer<FilledRow | null>> {
    const open = await this.#byClientId('OpenOrders', 'open', clientOrderId)
    if (open.kind !== 'done') return open
    if (open.value !== null && !hasEnded(open.value.venueOrderId)) return this.#whole(open.value)
    // Later than the list of open orders: an order that moves from one to the other meanwhile is seen.
    const closed = await this.#byClientId('ClosedOrders', 'closed', clientOrderId)
    if (closed.kind !== 'done') return closed
    if (closed.value !== null) return this.#whole(closed.value)
    if (open.value !== null) return lost('an order that has ended is not listed as closed yet')
    if (isGlance) return { kind: 'done', value: null }
    const traded = await this.#byTrades(clientOrderId)
    if (traded.kind !== 'done') return traded
    return traded.value === null ? { kind: 'done', value: null } : this.#whole(traded.value)
  }

  /** The rows with all their executions; reads trades only where some are missing. */
  async withFills(rows: readonly OrderRow[]): Promise<VenueAnswer<readonly FilledRow[]>> {
    const isMissing = (row: OrderRow): boolean =>
      amount(row.filled).gt(0) && !this.#fills.comeTo(row.venueOrderId, row.filled)
    const missing = rows.filter(isMissing)
    if (missing.length > 0) {
      const from = Math.min(...missing.map((row) => row.openedAt))
      const read = await this.#missing.since(from, (page) => {
        this.#remember(page)
        return !missing.some(isMissing)
      })
      if (read.kind !== 'done') return read
      this.#missing.forget()
    }
    return { kind: 'done', value: rows.map((row) => ({ row, fills: this.#fills.of(row.venueOrderId) })) }
  }

  async #whole(row: OrderRow): Promise<VenueAnswer<FilledRow>> {
    const answer = await this.withFills([row])
    if (answer.kind !== 'done') return answer
    const found = { row, fills: this.#fills.of(row.venueOrderId) }
    if (!isWhole(found)) return lost(`not all trades of the ${row.filled} that were filled are listed yet`)
    return { kind: 'done', value: found }
  }

  async #byClientId(method: string, list: string, id: OrderId): Promise<VenueAnswer<OrderRow | null>> {
    const answer = await this.#orders(method, list, { cl_ord_id: id })
    if (answer.kind !== 'done') return answer
    const found = answer.value.find((row) => row.clientOrderId === id)
    // A list that was not filtered is one page of many: what it lacks may be on another.
    if (found === undefined && answer.value.length > 0) return lost(`${method} was not filtered by client id`)
    return { kind: 'done', value: found ?? null }
  }

  /** Trades name the venue's order alone: the orders of the latest ones are asked for their client ids. */
  async #byTrades(id: OrderId): Promise<VenueAnswer<OrderRow | null>> {
    const page = await this.#missing.page({ without_count: 'true' })
    if (page.kind !== 'done') return page
    const trades = page.value.map(([, trade]) => trade)
    this.#remember(trades)
    const orders = [...new Set(trades.map((trade) => trade.venueOrderId))]
    if (orders.length === 0) return { kind: 'done', value: null }
    const rows = await this.byVenueId(orders)
    if (rows.kind !== 'done') return rows
    return { kind: 'done', value: rows.value.find((row) => row.clientOrderId === id) ?? null }
  }

  /** Every trade later than `since` (milliseconds UTC), oldest first. They stay known until they are forgotten. */
  async trades(since: number): Promise<VenueAnswer<readonly TradeRow[]>> {
    const answer = await this.#trades.since(since, (page) => {
      this.#remember(page)
      return false
    })
    if (answer.kind !== 'done') return answer
    const later = [...answer.value.values()].filter((trade) => trade.fill.at > since)
    return { kind: 'done', value: later.reverse() }
  }

  /** What `trades` read has been used. */
  forgetTrades(): void {
    this.#trades.forget()
  }

  #remember(page: readonly TradeRow[]): void {
    for (const { venueOrderId, fill } of page.toReversed()) this.#fills.add(venueOrderId, fill)
  }

  async #orders(method: string, list: string, form: Form): Promise<VenueAnswer<readonly OrderRow[]>> {
    const answer = await this.#ask(method, { trades: 'true', ...form })
    return reading(answer, (result) => readTable(fieldsIn(result, method)[list], list, readOrder))
  }

  #ask(method: string, form: Form): Promise<VenueAnswer<Wire>> {
    return this.#calls.ask({ method, rank: 'read', form })
  }
}

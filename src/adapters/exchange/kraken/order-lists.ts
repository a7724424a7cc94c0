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
import type { KnownFills } from './known-fills.ts'
import { fieldsIn, type OrderRow, readOrder, readTable, readTrade, type TradeRow } from './rows.ts'

export interface FilledRow {
  readonly row: OrderRow
  readonly fills: readonly Fill[]
}

const executedOf = (fills: readonly Fill[]): Amount => sumOf(fills.map((fill) => amount(fill.quantity)))

/** Whether every execution that the row counts is there. */
export const isWhole = ({ row, fills }: FilledRow): boolean => executedOf(fills).gte(amount(row.filled))

const PAGE = 50
/** Orders that one QueryOrders takes. */
const MOST_ASKED = 50
/** Pages of trades read for one question: a thousand trades. */
const MOST_PAGES = 20

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

  constructor(calls: PrivateCalls, fills: KnownFills) {
    this.#calls = calls
    this.#fills = fills
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
      const read = await this.#tradesSince(from, () => !missing.some(isMissing))
      if (read.kind !== 'done') return read
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
    const page = await this.#tradesPage({ without_count: 'true' })
    if (page.kind !== 'done') return page
    const orders = [...new Set(page.value.map((trade) => trade.venueOrderId))]
    if (orders.length === 0) return { kind: 'done', value: null }
    const rows = await this.byVenueId(orders)
    if (rows.kind !== 'done') return rows
    return { kind: 'done', value: rows.value.find((row) => row.clientOrderId === id) ?? null }
  }

  /** Every trade later than `since` (milliseconds UTC), oldest first. */
  async trades(since: number): Promise<VenueAnswer<readonly TradeRow[]>> {
    const answer = await this.#tradesSince(since, () => false)
    if (answer.kind !== 'done') return answer
    const later = answer.value.filter((trade) => trade.fill.at > since)
    return { kind: 'done', value: later.reverse() }
  }

  /** Newest first, each once: a trade that comes in between pages pushes others into the next one. */
  async #tradesSince(from: number, isEnough: () => boolean): Promise<VenueAnswer<TradeRow[]>> {
    const start = String(Math.max(0, Math.floor(from / 1000) - 1))
    const trades = new Map<string, TradeRow>()
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = await this.#tradesPage({ start, ofs: String(page * PAGE) })
      if (answer.kind !== 'done') return answer
      for (const trade of answer.value) trades.set(trade.fill.tradeId, trade)
      if (answer.value.length < PAGE || isEnough()) return { kind: 'done', value: [...trades.values()] }
    }
    return lost(`more than ${MOST_PAGES * PAGE} trades since ${new Date(from).toISOString()}`)
  }

  /** One page of TradesHistory, newest first; its executions are remembered. */
  async #tradesPage(form: Form): Promise<VenueAnswer<readonly TradeRow[]>> {
    // Consolidated rows would have other ids than the executions that the socket tells.
    const answer = await this.#ask('TradesHistory', { ...form, consolidate_taker: 'false' })
    return reading(answer, (result) => {
      const trades = readTable(fieldsIn(result, 'TradesHistory').trades, 'trades', readTrade)
      for (const { venueOrderId, fill } of [...trades].reverse()) this.#fills.add(venueOrderId, fill)
      return trades
    })
  }

  async #orders(method: string, list: string, form: Form): Promise<VenueAnswer<readonly OrderRow[]>> {
    const answer = await this.#ask(method, { trades: 'true', ...form })
    return reading(answer, (result) => readTable(fieldsIn(result, method)[list], list, readOrder))
  }

  #ask(method: string, form: Form): Promise<VenueAnswer<Wire>> {
    return this.#calls.ask({ method, rank: 'read', form })
  }
}

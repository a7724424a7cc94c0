/** The venue's orders, live and closed, by its own id and by the client's. */
import type { Pair } from '../../../domain/ids.ts'
import { History } from './history.ts'
import { type Ending, type OrderRow, rowOf, type WorkingOrder } from './venue-order.ts'

/** Orders of one client id or one client number. */
export type Selector = { readonly userref: number } | { readonly clientOrderId: string }

const matches = (order: Pick<OrderRow, 'userref' | 'clientOrderId'>, selector: Selector): boolean =>
  'userref' in selector ? order.userref === selector.userref : order.clientOrderId === selector.clientOrderId

export class Blotter {
  readonly #live = new Map<string, WorkingOrder>()
  readonly #liveByClient = new Map<string, WorkingOrder>()
  readonly #closed: History<OrderRow>
  readonly #closedByClient = new Map<string, OrderRow>()

  constructor(kept: number) {
    this.#closed = new History(kept)
  }

  /** Live orders, oldest first. */
  live(): IterableIterator<WorkingOrder> {
    return this.#live.values()
  }

  get size(): number {
    return this.#live.size
  }

  isLive(order: WorkingOrder): boolean {
    return this.#live.get(order.venueOrderId) === order
  }

  hasClientId(clientOrderId: string): boolean {
    return this.#liveByClient.has(clientOrderId)
  }

  /** How many live orders of this pair there are. */
  countOf(symbol: Pair): number {
    let count = 0
    for (const order of this.#live.values()) if (order.symbol === symbol) count += 1
    return count
  }

  add(order: WorkingOrder): void {
    this.#live.set(order.venueOrderId, order)
    if (order.clientOrderId !== null) this.#liveByClient.set(order.clientOrderId, order)
  }

  /** Takes a live order out, and keeps how it ended. */
  close(order: WorkingOrder, ending: Ending): OrderRow {
    this.#live.delete(order.venueOrderId)
    if (order.clientOrderId !== null) this.#liveByClient.delete(order.clientOrderId)
    const row = rowOf(order, ending)
    this.keepClosed(row)
    return row
  }

  keepClosed(row: OrderRow): void {
    const gone = this.#closed.keep(row.venueOrderId, row)
    if (row.clientOrderId !== null) this.#closedByClient.set(row.clientOrderId, row)
    if (gone === null || gone.clientOrderId === null) return
    if (this.#closedByClient.get(gone.clientOrderId) === gone) this.#closedByClient.delete(gone.clientOrderId)
  }

  /** A live order by the venue's id or the client's. */
  working(id: string): WorkingOrder | undefined {
    return this.#live.get(id) ?? this.#liveByClient.get(id)
  }

  /** The same; where none is live, the newest closed one that is still kept. */
  find(id: string): OrderRow | null {
    const live = this.working(id)
    return live === undefined ? (this.#closed.get(id) ?? this.#closedByClient.get(id) ?? null) : rowOf(live)
  }

  /** Closed ones first, then live ones, each oldest first. */
  findAll(selector: Selector): OrderRow[] {
    return [...this.closedRows(), ...this.openRows()].filter((row) => matches(row, selector))
  }

  openRows(): OrderRow[] {
    return [...this.#live.values()].map((order) => rowOf(order))
  }

  closedRows(): OrderRow[] {
    return this.#closed.rows()
  }
}

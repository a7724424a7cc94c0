/** A past that a test writes itself: keeps what it was asked, and answers in pages. Filtering is the database's. */
import { asset, type OrderId, orderId, pair, tradeId, venueOrderId } from '../../src/domain/ids.ts'
import type { FillRecord, OrderRecord, StatusChange } from '../../src/domain/order-record.ts'
import {
  type FillFilter,
  HistoryAwayError,
  type HistoryPage,
  type OrderFilter,
  type OrderHistory,
  type OrderStory,
  type PageAsk,
  UnknownCursorError,
} from '../../src/ports/order-history.ts'

export const fillRecord = (id: string, at: number, over: Partial<FillRecord> = {}): FillRecord => ({
  ...{ tradeId: tradeId(id), orderId: orderId('o1'), venueOrderId: venueOrderId('OABC-1'), symbol: pair('BTC/USDT') },
  ...{ side: 'buy', price: '40000.1', quantity: '0.0001', cost: '4.00001', fee: '0.03200008' },
  ...{ feeAsset: asset('USDT'), netProceeds: '-4.03201008', liquidity: 'taker' },
  ...{ origin: 'live', book: 'trading', purpose: 'entry', positionId: null, planId: null, at },
  ...over,
})

export class TestHistory implements OrderHistory {
  ordersPast: readonly OrderRecord[] = []
  fillsPast: readonly FillRecord[] = []
  statusLog: readonly StatusChange[] = []
  /** Questions that are still answered before the database is away; none while null. */
  answersLeft: number | null = null
  readonly asked: { readonly filter: FillFilter | OrderFilter; readonly page: PageAsk }[] = []

  async orders(filter: OrderFilter, page: PageAsk): Promise<HistoryPage<OrderRecord>> {
    return this.#page(this.ordersPast, (order) => order.orderId, filter, page)
  }
  async fills(filter: FillFilter, page: PageAsk): Promise<HistoryPage<FillRecord>> {
    return this.#page(this.fillsPast, (fill) => fill.tradeId, filter, page)
  }
  async order(id: OrderId): Promise<OrderStory | null> {
    this.#answer()
    const order = this.ordersPast.find((one) => one.orderId === id)
    if (order === undefined) return null
    return { order, fills: this.fillsPast.filter((fill) => fill.orderId === id), statusLog: this.statusLog }
  }

  #answer(): void {
    if (this.answersLeft === 0) throw new HistoryAwayError('connect ECONNREFUSED 10.0.0.7:5432')
    if (this.answersLeft !== null) this.answersLeft -= 1
  }
  #page<T>(
    rows: readonly T[],
    idOf: (row: T) => string,
    filter: FillFilter | OrderFilter,
    page: PageAsk,
  ): HistoryPage<T> {
    this.asked.push({ filter, page })
    this.#answer()
    const after = page.cursor === null ? -1 : rows.findIndex((row) => idOf(row) === page.cursor)
    if (page.cursor !== null && after < 0) throw new UnknownCursorError(page.cursor)
    const shown = rows.slice(after + 1, after + 1 + page.limit)
    const last = shown.at(-1)
    const isMore = last !== undefined && after + 1 + shown.length < rows.length
    return { rows: shown, nextCursor: isMore ? idOf(last) : null }
  }
}

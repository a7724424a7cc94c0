/** Orders and trades of the account by our names of pairs. Those of pairs that Kraken does not list are left out. */
import { quoteOf, type VenueOrderId } from '../../../domain/ids.ts'
import type { Exchange, VenueAnswer, VenueOrderRow } from '../../../ports/exchange.ts'
import type { Log } from '../../../ports/log.ts'
import type { Wire } from '../../kraken/exact-json.ts'
import type { KrakenNames } from '../../kraken/names.ts'
import { readPaidFees } from './account.ts'
import type { HistoryPages } from './history-pages.ts'
import type { Listings } from './listings.ts'
import { type OrderLists, venueOrderOf } from './order-lists.ts'

const NO_TRADES = { kind: 'done', value: [] } as const

export interface NamedListsParts {
  /** The ledger's entries of trades. */
  readonly fees: HistoryPages<Wire>
  readonly listings: Listings
  readonly lists: OrderLists
  readonly log: Log
}

export class NamedLists {
  readonly #parts: NamedListsParts
  readonly #unlisted = new Set<VenueOrderId>()

  constructor(parts: NamedListsParts) {
    this.#parts = parts
  }

  /** `hasEnded`: what a list that still says open is not believed about. */
  async openOrders(hasEnded: (order: VenueOrderId) => boolean): ReturnType<Exchange['openOrders']> {
    const { lists } = this.#parts
    const open = await lists.open()
    if (open.kind !== 'done') return open
    const whole = await lists.withFills(open.value)
    if (whole.kind !== 'done') return whole
    return this.#named((names) =>
      whole.value.flatMap(({ row, fills }): VenueOrderRow[] => {
        const symbol = names.pairOf(row.pairName)
        if (symbol === null) return this.#leftOut(row.venueOrderId, row.pairName)
        const order = venueOrderOf({ row, fills })
        // An end that was heard of is newer than the list.
        if (order.status === 'filled' || hasEnded(row.venueOrderId)) return []
        const { clientOrderId, side, type, openedAt } = row
        return [{ ...order, clientOrderId, symbol, side, type, openedAt }]
      }),
    )
  }

  async trades(since: number): ReturnType<Exchange['trades']> {
    const { lists, listings } = this.#parts
    const trades = await lists.trades(since)
    if (trades.kind !== 'done') return trades
    if (trades.value.length === 0) {
      lists.forgetTrades()
      return NO_TRADES
    }
    const listed = await listings.names()
    if (listed.kind !== 'done') return listed
    // Somebody else's order may have paid its fee in the base. Where trades are many their entries are too: while these
    // are read, the trades stay known.
    const fees = await readPaidFees(this.#parts.fees, listed.value, since)
    if (fees.kind !== 'done') return fees
    lists.forgetTrades()
    return this.#named((names) =>
      trades.value.flatMap(({ venueOrderId: order, clientOrderId, pairName, side, fill: told, ...trade }) => {
        const { orderType, leverage } = trade
        const symbol = names.pairOf(pairName)
        if (symbol === null) return this.#leftOut(order, pairName)
        const { asset: feeAsset, fee } = fees.value.get(told.tradeId) ?? { asset: quoteOf(symbol), fee: told.fee }
        const fill = { ...told, fee }
        return [{ venueOrderId: order, clientOrderId, symbol, side, orderType, leverage, fill, feeAsset }]
      }),
    )
  }

  async #named<T>(read: (names: KrakenNames) => readonly T[]): Promise<VenueAnswer<readonly T[]>> {
    const names = await this.#parts.listings.names()
    return names.kind === 'done' ? { kind: 'done', value: read(names.value) } : names
  }

  /** Said once an order: lists are read again and again. */
  #leftOut(order: VenueOrderId, pairName: string): [] {
    if (this.#unlisted.has(order)) return []
    this.#unlisted.add(order)
    this.#parts.log.warn('an order of a pair that is not listed was left out', { venueOrderId: order, pairName })
    return []
  }
}

/** Orders that left memory: looked for in the journal, which forgets nothing. Rare, and as long as the journal. */
import type { OrderId, TradeId, VenueOrderId } from '../src/domain/ids.ts'
import type { OrderView } from '../src/domain/order.ts'
import type { Journal } from '../src/ports/journal.ts'

export interface Wanted {
  readonly orderIds: ReadonlySet<OrderId>
  readonly venueOrderIds: ReadonlySet<VenueOrderId>
  readonly tradeIds: ReadonlySet<TradeId>
}

export interface FoundInJournal {
  /** As they were last written down. */
  readonly orders: readonly OrderView[]
  /** Those of the wanted trades that were counted. */
  readonly counted: ReadonlySet<TradeId>
}

export async function searchJournal(journal: Journal, wanted: Wanted): Promise<FoundInJournal> {
  const orders = new Map<OrderId, OrderView>()
  const counted = new Set<TradeId>()
  for await (const { kind, body } of journal.read()) {
    if (kind !== 'fact') continue
    const order = body.order as OrderView | undefined
    const isWanted =
      order !== undefined &&
      (wanted.orderIds.has(order.orderId) ||
        (order.venueOrderId !== null && wanted.venueOrderIds.has(order.venueOrderId)))
    if (isWanted) orders.set(order.orderId, order)
    const tradeId = (body.fill as { readonly tradeId?: TradeId } | undefined)?.tradeId
    if (tradeId !== undefined && wanted.tradeIds.has(tradeId)) counted.add(tradeId)
  }
  return { orders: [...orders.values()], counted }
}

/** The executions channel: what happens to the account's orders, with a sequence from 1 in each subscription. */
import type { VenueEvent } from '../../adapters/exchange/simulated/venue-events.ts'
import type { OrderRow } from '../../adapters/exchange/simulated/venue-order.ts'
import type { Pair } from '../../domain/ids.ts'
import { pairOf } from '../pairs.ts'
import type { SandboxVenue } from '../venue.ts'
import type { JsonFields } from './exact-json.ts'
import {
  changedRow,
  endRow,
  fillRow,
  newRow,
  type RowParts,
  refillRow,
  statusOf,
  totals,
  triggeredRow,
  wholeRow,
} from './execution-rows.ts'
import { microTime, type Stamps } from './stamps.ts'

export interface ExecutionOptions {
  /** Open orders in the snapshot. */
  readonly snapOrders: boolean
  /** The newest fifty fills in the snapshot. */
  readonly snapTrades: boolean
  /** Every change of an order; otherwise only fills, and that it opened or ended. */
  readonly orderStatus: boolean
  /** Adds `ratecount`, the pair's engine counter. */
  readonly rateCounter: boolean
}

export interface PrivateParts {
  readonly venue: SandboxVenue
  readonly stamps: Stamps
  readonly send: (frame: JsonFields, symbol: string | null) => void
}

const FILLS_IN_SNAPSHOT = 50
/** Sent also when only openings and ends are wanted. */
const ALWAYS: ReadonlySet<unknown> = new Set(['new', 'trade', 'filled', 'canceled', 'expired'])

/** Begins with the snapshot where one is wanted. The answer ends it. */
export function executionsFeed(parts: PrivateParts, options: ExecutionOptions): () => void {
  const { venue, stamps, send } = parts
  const rowParts = (symbol: Pair): RowParts => ({ pair: pairOf(symbol), market: venue.market })
  let sequence = 0
  const frame = (type: 'snapshot' | 'update', data: readonly JsonFields[], symbol: Pair | null): void => {
    sequence += 1
    send({ channel: 'executions', type, data, sequence }, symbol)
  }
  const tell = (order: OrderRow, row: JsonFields): void => {
    if (!options.orderStatus && !ALWAYS.has(row.exec_type)) return
    const count = options.rateCounter ? { ratecount: Math.round(venue.rateCounter(order.symbol)) } : {}
    frame('update', [{ ...row, ...count }], order.symbol)
  }
  const snapshot = (): void => {
    const orders = options.snapOrders ? venue.openOrders() : []
    // Newest first, as Kraken has them.
    const trades = options.snapTrades ? venue.trades().slice(-FILLS_IN_SNAPSHOT).reverse() : []
    const rows = orders.map((order) => {
      const execType = order.status === 'pending' ? 'pending_new' : 'new'
      const about = { execType, status: statusOf(order), timestamp: microTime(order.openedAt) }
      return wholeRow(order, rowParts(order.symbol), about)
    })
    const fills = trades.map((trade) => {
      const order = venue.order(trade.venueOrderId)
      return fillRow(trade, order, rowParts(trade.symbol), order === null ? 'filled' : statusOf(order))
    })
    frame('snapshot', [...rows, ...fills], null)
  }
  /** Orders of which a `pending_new` was sent and no `new` yet. */
  const pending = new Set<string>()
  if (options.snapOrders || options.snapTrades) snapshot()
  return venue.onEvent((event) => {
    if (event.kind === 'booked') return
    const about = (execType: string, status: string) => ({ execType, status, timestamp: stamps.next(event.at) })
    const { order } = event
    for (const row of rowsOf(event, rowParts(order.symbol), pending, about)) tell(order, row)
  })
}

type Happening = Exclude<VenueEvent, { kind: 'booked' }>
type AboutOf = (execType: string, status: string) => { execType: string; status: string; timestamp: string }

/** The rows that one event makes, in Kraken's order: pending_new, new; trade, filled. */
function rowsOf(event: Happening, parts: RowParts, pending: Set<string>, about: AboutOf): readonly JsonFields[] {
  const { order } = event
  const id = order.venueOrderId
  switch (event.kind) {
    case 'pending':
      pending.add(id)
      return [wholeRow(order, parts, about('pending_new', 'pending_new'))]
    case 'opened': {
      const first = pending.delete(id) ? [] : [wholeRow(order, parts, about('pending_new', 'pending_new'))]
      return [...first, newRow(order, about('new', 'new'))]
    }
    case 'filled': {
      // A trade never says `filled`, not even the last one: that is a row of its own.
      const fill = { ...fillRow(event.trade, order, parts, 'partially_filled'), ...totals(order, parts) }
      return order.status === 'filled' ? [fill, endRow(order, parts, about('filled', 'filled'), null)] : [fill]
    }
    case 'triggered':
      return [triggeredRow(order, parts, about('status', statusOf(order)))]
    case 'amended':
      return [changedRow(order, parts, about('amended', statusOf(order)), 'User requested')]
    case 'restated':
      return [restated(order, parts, about)]
    case 'expired':
      pending.delete(id)
      return [endRow(order, parts, about('expired', 'expired'), order.reason)]
    case 'cancelled':
      pending.delete(id)
      return [endRow(order, parts, about('canceled', 'canceled'), event.reason)]
  }
}

/** The venue changed the order by itself: an order in quote units is done, an iceberg shows its next part. */
function restated(order: OrderRow, parts: RowParts, about: AboutOf): JsonFields {
  if (order.status === 'filled') return endRow(order, parts, about('filled', 'filled'), null)
  if (order.displayed !== null) return refillRow(order, parts, about('iceberg_refill', statusOf(order)))
  return changedRow(order, parts, about('restated', statusOf(order)), order.reason ?? 'Restated')
}

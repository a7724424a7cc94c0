/**
 * Execution as tables: what the facts of orders and positions in the journal come to. Pure; `execution-tables.ts`
 * writes it.
 */
import { type ExternalOrder, externalView, type Move } from '../../domain/external-order.ts'
import type { Origin } from '../../domain/facts.ts'
import { type Book, type Fill, isFinal, type OrderView } from '../../domain/order.ts'
import { averagePriceOf, costOf, feeAssetOf } from '../../domain/order-record.ts'
import type { Columns, ProjectedRow } from './projection.ts'
import { UPCASTERS, upcast } from './upcasters.ts'

/** Where `movesOf` puts the fee. */
const FEE_MOVE = 2

type ExecutionRows = {
  /** The last state of each order in these rows; `pos` is the row that told it. */
  readonly orders: readonly Columns[]
  readonly fills: readonly Columns[]
  readonly statuses: readonly Columns[]
  readonly events: readonly Columns[]
}

/** Of the journal's types, those that are projected here. */
export const isExecution = ({ kind, type }: Pick<ProjectedRow, 'kind' | 'type'>): boolean =>
  kind === 'fact' && (type.startsWith('order.') || type.startsWith('position.'))

/** What the tables have in columns of their own, or the journal under the same `pos`. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(
  'id type at seenAt causedBy correlationId origin order external position'.split(' '),
)

/** What facts of execution carry, each of them some of it. */
interface Told {
  readonly order?: OrderView
  readonly external?: ExternalOrder
  readonly position?: { readonly positionId: string; readonly symbol: string }
  readonly orderId?: string | null
  readonly positionId?: string | null
  readonly symbol?: string
  readonly fill?: Fill
  /** Of a fill that counts for another book than its order's. */
  readonly book?: Book
  readonly origin?: Origin
  /** Of a fill of somebody else's order: base, quote, fee. */
  readonly moves?: readonly Move[]
}

/** The order that a fact is about, ours or somebody else's in the form of ours. */
const orderIn = ({ order, external }: Told): OrderView | undefined =>
  order ?? (external === undefined ? undefined : externalView(external))

function eventOf(pos: number, body: ProjectedRow['body']): Columns {
  const { position, orderId, positionId, symbol } = body as Told
  const order = orderIn(body as Told)
  const rest = Object.entries(body).filter(([name]) => !TOLD_ELSEWHERE.has(name))
  return {
    pos,
    order_id: order?.orderId ?? orderId ?? null,
    position_id: order?.request.positionId ?? position?.positionId ?? positionId ?? null,
    symbol: order?.request.symbol ?? position?.symbol ?? symbol ?? null,
    origin: body.origin,
    body: Object.fromEntries(rest),
  }
}

function statusOf(pos: number, order: OrderView): Columns {
  const { orderId, request, status, phase, venueOrderId, filled, reason } = order
  return {
    ...{ pos, order_id: orderId, symbol: request.symbol, status, phase, venue_order_id: venueOrderId, filled, reason },
    average_price: averagePriceOf(order),
  }
}

function fillOf(pos: number, order: OrderView, fill: Fill, told: Told): Columns {
  const { origin, book = order.request.book, moves } = told
  const { symbol, side, purpose, positionId, planId } = order.request
  const { tradeId, price, quantity, fee, liquidity, at } = fill
  return {
    ...{ pos, order_id: order.orderId, trade_id: tradeId, symbol, side, price, quantity, cost: costOf(fill), fee },
    ...{ fee_asset: moves?.[FEE_MOVE]?.asset ?? feeAssetOf(symbol), liquidity, origin, at },
    ...{ venue_order_id: order.venueOrderId, position_id: positionId, plan_id: planId, book, purpose },
  }
}

function orderOf(pos: number, order: OrderView, closedAt: number | null): Columns {
  const { orderId, request, status, phase, venueOrderId, quantity, limitPrice, triggerPrice } = order
  const { filled, cost, fees, reason, createdAt, updatedAt } = order
  const { key, symbol, side, type, timeInForce, expiresAt, postOnly, reduceOnly, leverage } = request
  const { intent, purpose, book, positionId, planId } = request
  return {
    ...{ pos, order_id: orderId, key, symbol, side, type, status, phase, venue_order_id: venueOrderId, request },
    ...{ requested_quantity: request.quantity, quantity, limit_price: limitPrice, trigger_price: triggerPrice },
    ...{ filled, cost, fees, time_in_force: timeInForce, expires_at: expiresAt, post_only: postOnly },
    ...{ reduce_only: reduceOnly, leverage, intent, purpose, book, position_id: positionId, plan_id: planId, reason },
    ...{ created_at: createdAt, updated_at: updatedAt, closed_at: closedAt },
  }
}

/**
 * The tables' rows that these rows of one journal come to, whatever their versions, in order of `pos`.
 * @throws NewerEventError
 */
export function projectExecution(rows: Iterable<ProjectedRow>): ExecutionRows {
  const last = new Map<string, { readonly pos: number; readonly order: OrderView; readonly closedAt: number | null }>()
  const fills: Columns[] = []
  const statuses: Columns[] = []
  const events: Columns[] = []
  for (const row of rows) {
    if (!isExecution(row)) continue
    const body = upcast(row.type, row.version, row.body, UPCASTERS)
    events.push(eventOf(row.pos, body))
    const told = body as Told
    const { fill } = told
    const order = orderIn(told)
    if (order === undefined) continue
    statuses.push(statusOf(row.pos, order))
    const closedAt = isFinal(order.status) ? (last.get(order.orderId)?.closedAt ?? row.at) : null
    last.set(order.orderId, { pos: row.pos, order, closedAt })
    if (fill !== undefined) fills.push(fillOf(row.pos, order, fill, told))
  }
  return { orders: [...last.values()].map((one) => orderOf(one.pos, one.order, one.closedAt)), fills, statuses, events }
}

/** Kraken's REST rows of orders and trades, read into our words. Numbers and times may be texts or numbers. */
import { type OrderId, orderId, tradeId, type VenueOrderId, venueOrderId } from '../../../domain/ids.ts'
import type { Fill, Side } from '../../../domain/order.ts'
import type { VenueOrder } from '../../../domain/reports.ts'
import { amount, type Numeric, text } from '../../../domain/units.ts'
import { fieldsOf, textOf, UnreadableError, type Wire } from '../../kraken/exact-json.ts'

export interface OrderRow extends Omit<VenueOrder, 'fills'> {
  readonly clientOrderId: OrderId | null
  /** One of Kraken's names. */
  readonly pairName: string
  readonly side: Side
  readonly type: string
  /** Milliseconds UTC. */
  readonly openedAt: number
  readonly closedAt: number | null
}

export interface TradeRow {
  readonly venueOrderId: VenueOrderId
  readonly clientOrderId: OrderId | null
  readonly pairName: string
  readonly side: Side
  readonly orderType: string
  /** 1 is spot. */
  readonly leverage: number
  readonly fill: Fill
}

type Fields = { readonly [key: string]: Wire }

export function fieldsIn(value: Wire | undefined, what: string): Fields {
  const fields = fieldsOf(value)
  if (fields === null) throw new UnreadableError(`${what} is not an object`)
  return fields
}

/** Our ids are UUIDs; what somebody else calls his orders is no name of ours. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
export const ourId = (value: Wire | undefined): OrderId | null =>
  typeof value === 'string' && UUID.test(value) ? orderId(value) : null

/** Seconds since 1970 with a fraction to whole milliseconds, without going through a float. */
export const secondsOf = (value: Wire | undefined, what: string): number =>
  amount(textOf(value, what)).times(1000).floor().toNumber()

const STATUS: Readonly<Record<string, VenueOrder['status']>> = {
  pending: 'pending',
  open: 'open',
  closed: 'filled',
  canceled: 'cancelled',
  expired: 'expired',
}

export function sideOf(value: Wire | undefined): Side {
  if (value === 'buy' || value === 'sell') return value
  throw new UnreadableError(`${JSON.stringify(value)} is not a side`)
}

/** A price as a number; null for none, for `0`, and for a relative one such as `+5%`. */
function priceOrNull(value: Wire | undefined): Numeric | null {
  if (typeof value !== 'string' || !/^\d/.test(value) || value.endsWith('%')) return null
  const price = text(value)
  return price === '0' ? null : price
}

/** Which of an order's prices is what: see AddOrder. A trailing stop's trigger is where the venue has moved it. */
function pricesOf(type: string, row: Fields, described: Fields): Pick<VenueOrder, 'limitPrice' | 'triggerPrice'> {
  const price = priceOrNull(described.price)
  if (type === 'market') return { limitPrice: null, triggerPrice: null }
  if (type === 'limit' || type === 'iceberg') return { limitPrice: price, triggerPrice: null }
  const limitPrice = type.endsWith('-limit') ? (priceOrNull(described.price2) ?? priceOrNull(row.limitprice)) : null
  return { limitPrice, triggerPrice: price ?? priceOrNull(row.stopprice) }
}

/** One order of OpenOrders, ClosedOrders or QueryOrders. @throws UnreadableError or NotANumberError */
export function readOrder(id: string, value: Wire): OrderRow {
  const row = fieldsIn(value, `order ${id}`)
  const described = fieldsIn(row.descr, `descr of ${id}`)
  const type = textOf(described.ordertype, 'ordertype')
  const status = STATUS[textOf(row.status, 'status')]
  if (status === undefined)
    throw new UnreadableError(`order ${id} has the unknown status ${JSON.stringify(row.status)}`)
  return {
    venueOrderId: venueOrderId(id),
    clientOrderId: ourId(row.cl_ord_id),
    pairName: textOf(described.pair, 'pair'),
    side: sideOf(described.type),
    type,
    status,
    quantity: text(textOf(row.vol, 'vol')),
    ...pricesOf(type, row, described),
    filled: text(textOf(row.vol_exec, 'vol_exec')),
    reason: typeof row.reason === 'string' && row.reason !== '' ? row.reason : null,
    openedAt: secondsOf(row.opentm, 'opentm'),
    closedAt: row.closetm === undefined || row.closetm === null ? null : secondsOf(row.closetm, 'closetm'),
  }
}

/** Kraken writes `0`, or nothing, for spot; a row that ties up a margin without a leverage is on margin at the least. */
function leverageOf({ leverage, margin }: Fields): number {
  const told = leverage === undefined || leverage === null ? 0 : amount(textOf(leverage, 'leverage')).toNumber()
  if (told > 1) return told
  return margin !== undefined && margin !== null && amount(textOf(margin, 'margin')).gt(0) ? 2 : 1
}

/** One row of TradesHistory; its fee is in quote units. @throws UnreadableError or NotANumberError */
export function readTrade(id: string, value: Wire): TradeRow {
  const row = fieldsIn(value, `trade ${id}`)
  return {
    venueOrderId: venueOrderId(textOf(row.ordertxid, 'ordertxid')),
    clientOrderId: ourId(row.cl_ord_id),
    pairName: textOf(row.pair, 'pair'),
    side: sideOf(row.type),
    orderType: textOf(row.ordertype, 'ordertype'),
    leverage: leverageOf(row),
    fill: {
      tradeId: tradeId(id),
      price: text(textOf(row.price, 'price')),
      quantity: text(textOf(row.vol, 'vol')),
      fee: text(textOf(row.fee, 'fee')),
      liquidity: row.maker === true ? 'maker' : 'taker',
      at: secondsOf(row.time, 'time'),
    },
  }
}

/** A table of rows by id. @throws what `read` throws, and UnreadableError when it is no table. */
export function readTable<T>(value: Wire | undefined, what: string, read: (id: string, row: Wire) => T): readonly T[] {
  return Object.entries(fieldsIn(value, what)).map(([id, row]) => read(id, row))
}

/** Whether trades themselves write ledger entries of this type: what they did is told by their own rows. */
export const isOfTrades = (type: string): boolean => ['trade', 'margin', 'settled'].includes(type)
/** The ledger's type for what a position on margin costs when it opens and while it is open; it refers to the trade that opened it. */
export const FINANCING = 'rollover'

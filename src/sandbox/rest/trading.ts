/** The private methods that place, change and cancel orders. */

import type { Amendment } from '../../adapters/exchange/simulated/order-entry.ts'
import type { NewOrder, OrderRow } from '../../adapters/exchange/simulated/venue-order.ts'
import { isoTime } from '../../domain/utc.ts'
import { closeText, orderText } from '../order-text.ts'
import { pairOf } from '../pairs.ts'
import { invalidArgument, KrakenRefusal, UNKNOWN_ORDER } from '../refusal.ts'
import { TOKEN_LIFE_S } from '../socket-tokens.ts'
import type { CancelSelector, Edit, Placed, PlaceOptions } from '../venue.ts'
import { isRefused } from '../venue.ts'
import {
  countField,
  type Fields,
  flagField,
  isFields,
  listField,
  requiredText,
  rowsField,
  textField,
} from './fields.ts'
import { done, type PrivateCall, type PrivateMethod, readingOf } from './method.ts'
import {
  clientIdField,
  deadlineField,
  numericField,
  pairField,
  priceField,
  readFlags,
  readOrder,
  userrefField,
} from './order-fields.ts'

const BATCH_AT_LEAST = 2
const BATCH_AT_MOST = 15
const CANCELS_AT_MOST = 50

const optionsOf = (fields: Fields, { origin }: PrivateCall): PlaceOptions => ({
  ...{ validate: flagField(fields, 'validate'), origin },
})

function description(order: NewOrder): { readonly order: string; readonly close?: string } {
  const pair = pairOf(order.symbol)
  const close = closeText(order.close, pair)
  return { order: orderText(order, pair), ...(close === '' ? {} : { close }) }
}

const addOrder: PrivateMethod = (fields, call) => {
  const order = readOrder(fields, readingOf(call.venue))
  const { venueOrderId } = done(call.venue.place(order, optionsOf(fields, call)))
  return { descr: description(order), ...(venueOrderId === null ? {} : { txid: [venueOrderId] }) }
}

function batchRow(order: NewOrder, placed: Placed): Readonly<Record<string, unknown>> {
  if (isRefused(placed)) return { error: placed.errors.join(', ') }
  const { order: text, close } = description(order)
  return {
    ...(placed.venueOrderId === null ? {} : { txid: placed.venueOrderId }),
    descr: { order: text },
    ...(close === undefined ? {} : { close }),
  }
}

const addOrderBatch: PrivateMethod = (fields, call) => {
  const pair = pairField(fields)
  const rows = rowsField(fields, 'orders')
  if (rows.length < BATCH_AT_LEAST || rows.length > BATCH_AT_MOST) throw invalidArgument('orders')
  const reading = readingOf(call.venue)
  const deadlineAt = deadlineField(fields, reading.now)
  const orders = rows.map((row) => {
    if (!isFields(row)) throw invalidArgument('orders')
    return { ...readOrder(row, reading, pair), ...(deadlineAt === null ? {} : { deadlineAt }) }
  })
  const placed = done(call.venue.placeBatch(orders, optionsOf(fields, call)))
  return {
    orders: orders.map((order, index) => batchRow(order, placed[index] ?? { errors: ['EService:Unavailable'] })),
  }
}

/** The id that a request names its order by. */
function namedOrder(fields: Fields): string {
  const [id, clientId] = [textField(fields, 'txid'), clientIdField(fields)]
  if (id !== null && clientId !== null) throw invalidArgument('cl_ord_id')
  const named = id ?? clientId
  if (named === null) throw invalidArgument('txid')
  return named
}

const amendOrder: PrivateMethod = (fields, { venue, origin }) => {
  const id = namedOrder(fields)
  const order = venue.order(id)
  if (order === null || order.closedAt !== null) throw new KrakenRefusal(UNKNOWN_ORDER)
  const reading = readingOf(venue)
  const quantity = numericField(fields, 'order_qty')
  const displayQuantity = numericField(fields, 'display_qty')
  const about = { pair: pairOf(order.symbol), type: order.type, side: order.side, reading }
  const [limitPrice, triggerPrice] = [
    priceField(fields, 'limit_price', false, about),
    priceField(fields, 'trigger_price', true, about),
  ]
  const change: Amendment = {
    id: order.venueOrderId,
    ...(quantity === null ? {} : { quantity }),
    ...(displayQuantity === null ? {} : { displayQuantity }),
    ...(limitPrice === null ? {} : { limitPrice }),
    ...(triggerPrice === null ? {} : { triggerPrice }),
    ...(textField(fields, 'post_only') === null ? {} : { postOnly: flagField(fields, 'post_only') }),
    deadlineAt: deadlineField(fields, reading.now),
  }
  return { amend_id: done(venue.amend(change, origin)).amendId }
}

const editOrder: PrivateMethod = (fields, call) => {
  const { venue } = call
  const id = requiredText(fields, 'txid')
  const old =
    venue.order(id) ?? venue.ordersOf({ userref: Number(id) }).find((order) => order.closedAt === null) ?? null
  if (old === null || old.closedAt !== null) throw new KrakenRefusal(UNKNOWN_ORDER)
  const pair = pairField(fields)
  if (pair.symbol !== old.symbol) throw invalidArgument('pair')
  const reading = readingOf(venue)
  const [quantity, displayQuantity] = [numericField(fields, 'volume'), numericField(fields, 'displayvol')]
  const flags = textField(fields, 'oflags') === null ? null : readFlags(fields)
  const userref = userrefField(fields)
  const change: Edit = {
    ...(quantity === null ? {} : { quantity }),
    ...(displayQuantity === null ? {} : { displayQuantity }),
    ...editedPrices(fields, old, call),
    ...(flags === null ? {} : { postOnly: flags.has('post'), feeIn: flags.has('fcib') ? 'base' : 'quote' }),
    ...(userref === null ? {} : { userref }),
    deadlineAt: deadlineField(fields, reading.now),
  }
  const edited = done(venue.edit(old.venueOrderId, change, optionsOf(fields, call)))
  const { order, venueOrderId } = edited
  return {
    ...(venueOrderId === null ? {} : { status: 'ok', txid: venueOrderId, originaltxid: old.venueOrderId }),
    volume: order.quantity,
    price: order.limitPrice ?? order.triggerPrice ?? '0',
    orders_cancelled: venueOrderId === null ? 0 : 1,
    descr: description(order),
  }
}

/** What `price` and `price2` change, given the old order's type. */
function editedPrices(fields: Fields, old: OrderRow, { venue }: PrivateCall): Edit {
  const about = { pair: pairOf(old.symbol), type: old.type, side: old.side, reading: readingOf(venue) }
  if (old.trailing !== null) return {}
  const isTriggered = old.triggerPrice !== null
  const [first, second] = [
    priceField(fields, 'price', isTriggered, about),
    isTriggered && old.limitPrice !== null ? priceField(fields, 'price2', false, about) : null,
  ]
  if (!isTriggered) return first === null ? {} : { limitPrice: first }
  return { ...(first === null ? {} : { triggerPrice: first }), ...(second === null ? {} : { limitPrice: second }) }
}

const USERREF = /^-?\d{1,10}$/

const selectorOf = (id: string): CancelSelector => (USERREF.test(id) ? { userref: Number(id) } : { venueOrderId: id })

const cancelOrder: PrivateMethod = (fields, { venue, origin }) => {
  const [id, clientOrderId] = [textField(fields, 'txid'), clientIdField(fields)]
  if (id === null && clientOrderId === null) throw invalidArgument('txid')
  const selector = clientOrderId === null ? selectorOf(id ?? '') : { clientOrderId }
  return { count: done(venue.cancel(selector, origin)).venueOrderIds.length }
}

/** Ids, client numbers or `{txid: …}`, in any mixture. */
function cancelSelectors(fields: Fields): readonly CancelSelector[] {
  const orders = fields.orders === undefined ? [] : rowsField(fields, 'orders')
  return [
    ...orders.map((row) => selectorOf(isFields(row) ? requiredText(row, 'txid') : String(row))),
    ...listField(fields, 'cl_ord_ids').map((clientOrderId) => ({ clientOrderId })),
  ]
}

const cancelOrderBatch: PrivateMethod = (fields, { venue, origin }) => {
  const selectors = cancelSelectors(fields)
  if (selectors.length === 0 || selectors.length > CANCELS_AT_MOST) throw invalidArgument('orders')
  const outcomes = selectors.map((selector) => venue.cancel(selector, origin))
  const count = outcomes.reduce((sum, one) => sum + (isRefused(one) ? 0 : one.venueOrderIds.length), 0)
  const [first] = outcomes
  if (count === 0 && first !== undefined) done(first)
  return { count }
}

const cancelAll: PrivateMethod = (_fields, { venue, origin }) => ({
  count: done(venue.cancelAll(origin)).venueOrderIds.length,
})

/** `2023-03-24T17:41:56Z`: Kraken leaves the parts of a second out here. */
const wholeSeconds = (at: number): string => isoTime(at).replace(/\.\d{3}Z$/, 'Z')

const cancelAllOrdersAfter: PrivateMethod = (fields, { venue, origin }) => {
  requiredText(fields, 'timeout')
  const { now, triggerAt } = done(venue.cancelAllAfter(countField(fields, 'timeout', 0), origin))
  return { currentTime: wholeSeconds(now), triggerTime: triggerAt === null ? '0' : wholeSeconds(triggerAt) }
}

const getWebSocketsToken: PrivateMethod = (_fields, { venue }) => ({ token: venue.tokenFor(), expires: TOKEN_LIFE_S })

export const TRADING: Readonly<Record<string, PrivateMethod>> = {
  AddOrder: addOrder,
  AddOrderBatch: addOrderBatch,
  AmendOrder: amendOrder,
  EditOrder: editOrder,
  CancelOrder: cancelOrder,
  CancelOrderBatch: cancelOrderBatch,
  CancelAll: cancelAll,
  CancelAllOrdersAfter: cancelAllOrdersAfter,
  GetWebSocketsToken: getWebSocketsToken,
}

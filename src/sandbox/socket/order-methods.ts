/** Orders over the socket: each method's answers. Every request ends in one answer, a cancellation in one per id. */
import { KrakenRefusal } from '../refusal.ts'
import { type CancelSelector, isRefused, type Origin, type SandboxVenue } from '../venue.ts'
import { Exact, fieldsOf, type Json, type JsonFields } from './exact-json.ts'
import {
  deadlineParam,
  editParams,
  effectivePrice,
  orderParams,
  refuseOtherFields,
  userrefParam,
} from './order-params.ts'
import {
  choiceParam,
  flagParam,
  integerParam,
  listParam,
  numberParam,
  requiredText,
  sizeParam,
  textParam,
  textsParam,
} from './params.ts'
import { secondTime } from './stamps.ts'

/** The changing part of an answer: a result, or an error. */
export type Answer = { readonly result: Json } | { readonly error: string } | { readonly ordersCancelled: number }

export type OrderMethod = (params: JsonFields, venue: SandboxVenue, now: number) => readonly Answer[]

const ORIGIN: Origin = { via: 'socket', key: null, nonce: null }
const BATCH_AT_LEAST = 2
const BATCH_AT_MOST = 15
const CANCELLED_AT_MOST = 50
const DAY_S = 86_400
const PRICE_TYPES = ['static', 'pct', 'quote'] as const

const invalid = (name: string): KrakenRefusal => new KrakenRefusal(`EGeneral:Invalid arguments:${name}`)
const refusal = ({ errors }: { readonly errors: readonly string[] }): Answer => ({
  error: errors[0] ?? 'EGeneral:Internal error',
})

/** The client's own names of an order, as answers repeat them. */
const ownIds = (params: JsonFields): JsonFields => ({
  cl_ord_id: textParam(params, 'cl_ord_id') ?? undefined,
  order_userref: userrefParam(params) ?? undefined,
})

const addOrder: OrderMethod = (params, venue, now) => {
  refuseOtherFields(params)
  const options = { validate: flagParam(params, 'validate'), origin: ORIGIN }
  const placed = venue.place(orderParams(params, params, venue, now), options)
  if (isRefused(placed)) return [refusal(placed)]
  return [{ result: { order_id: placed.venueOrderId ?? undefined, ...ownIds(params) } }]
}

const batchAdd: OrderMethod = (params, venue, now) => {
  const orders = (listParam(params, 'orders') ?? []).map((order) => {
    const fields = fieldsOf(order)
    if (fields === null) throw invalid('orders')
    return fields
  })
  if (orders.length < BATCH_AT_LEAST || orders.length > BATCH_AT_MOST) throw invalid('orders')
  const options = { validate: flagParam(params, 'validate'), origin: ORIGIN }
  const placed = venue.placeBatch(
    orders.map((order) => orderParams(order, params, venue, now)),
    options,
  )
  if ('errors' in placed) return [refusal(placed)]
  const rows = placed.map((each, index): JsonFields => {
    const ids = ownIds(orders[index] ?? {})
    return isRefused(each) ? { error: each.errors[0], ...ids } : { order_id: each.venueOrderId ?? undefined, ...ids }
  })
  return [{ result: rows }]
}

const amendOrder: OrderMethod = (params, venue, now) => {
  const [orderId, clientId] = [textParam(params, 'order_id'), textParam(params, 'cl_ord_id')]
  const id = orderId ?? clientId
  if (id === null) throw invalid('order_id')
  const order = venue.order(id)
  const pair = venue.instruments.find((each) => each.symbol === order?.symbol)
  if (pair === undefined) throw new KrakenRefusal('EOrder:Unknown order')
  const price = (name: 'limit_price' | 'trigger_price') => {
    const given = numberParam(params, name)
    // How far a trigger follows the price, and a limit the trigger, stays as it was placed.
    if (given !== null && order?.trailing !== null) throw invalid(name)
    const type = choiceParam(params, `${name}_type`, PRICE_TYPES, 'static')
    return given === null ? undefined : effectivePrice(given, type, name, { pair, venue })
  }
  const [quantity, displayQuantity] = [sizeParam(params, 'order_qty'), sizeParam(params, 'display_qty')]
  const [limitPrice, triggerPrice] = [price('limit_price'), price('trigger_price')]
  const change = {
    id,
    ...(quantity === null ? {} : { quantity }),
    ...(displayQuantity === null ? {} : { displayQuantity }),
    ...(limitPrice === undefined ? {} : { limitPrice }),
    ...(triggerPrice === undefined ? {} : { triggerPrice }),
    ...(params.post_only === undefined ? {} : { postOnly: flagParam(params, 'post_only') }),
    deadlineAt: deadlineParam(params, now),
  }
  const amended = venue.amend(change, ORIGIN)
  if (isRefused(amended)) return [refusal(amended)]
  const ids = { order_id: orderId ?? undefined, cl_ord_id: clientId ?? undefined }
  return [{ result: { amend_id: amended.amendId, ...ids } }]
}

const editOrder: OrderMethod = (params, venue, now) => {
  const id = requiredText(params, 'order_id')
  const order = venue.order(id)
  if (order === null) throw new KrakenRefusal('EOrder:Unknown order')
  const options = { validate: flagParam(params, 'validate'), origin: ORIGIN }
  const edited = venue.edit(id, editParams(params, order.type, venue, now), options)
  if (isRefused(edited)) return [refusal(edited)]
  return [{ result: { order_id: edited.venueOrderId ?? undefined, original_order_id: order.venueOrderId } }]
}

/** The ids that a request names, each with what an answer calls it. */
function selectors(params: JsonFields): readonly (readonly [CancelSelector, JsonFields])[] {
  const userrefs = (listParam(params, 'order_userref') ?? []).map((each) => {
    const userref = each instanceof Exact ? Number(each.text) : Number.NaN
    if (!Number.isSafeInteger(userref)) throw invalid('order_userref')
    return userref
  })
  return [
    ...(textsParam(params, 'order_id') ?? []).map((id) => [{ venueOrderId: id }, { order_id: id }] as const),
    ...(textsParam(params, 'cl_ord_id') ?? []).map((id) => [{ clientOrderId: id }, { cl_ord_id: id }] as const),
    ...userrefs.map((userref) => [{ userref }, { order_userref: userref }] as const),
  ]
}

const cancelOrder: OrderMethod = (params, venue) => {
  const wanted = selectors(params)
  if (wanted.length === 0) throw invalid('order_id')
  return wanted.map(([selector, result]) => {
    const cancelled = venue.cancel(selector, ORIGIN)
    return isRefused(cancelled) ? refusal(cancelled) : { result }
  })
}

const batchCancel: OrderMethod = (params, venue) => {
  const orders = (listParam(params, 'orders') ?? []).map((each): CancelSelector => {
    const name = each instanceof Exact ? each.text : each
    if (typeof name !== 'string') throw invalid('orders')
    return /^-?\d+$/.test(name) ? { userref: Number(name) } : { venueOrderId: name }
  })
  const clients = (textsParam(params, 'cl_ord_id') ?? []).map((id) => ({ clientOrderId: id }))
  const wanted = [...orders, ...clients]
  if (wanted.length < BATCH_AT_LEAST || wanted.length > CANCELLED_AT_MOST) throw invalid('orders')
  const outcomes = wanted.map((selector) => venue.cancel(selector, ORIGIN))
  const count = outcomes.reduce((sum, each) => sum + (isRefused(each) ? 0 : each.venueOrderIds.length), 0)
  const [first] = outcomes
  if (count === 0 && first !== undefined && isRefused(first)) return [refusal(first)]
  return [{ ordersCancelled: count }]
}

const cancelAll: OrderMethod = (_params, venue) => {
  const cancelled = venue.cancelAll(ORIGIN)
  return [isRefused(cancelled) ? refusal(cancelled) : { result: { count: cancelled.venueOrderIds.length } }]
}

const cancelAllOrdersAfter: OrderMethod = (params, venue) => {
  const seconds = integerParam(params, 'timeout')
  if (seconds === null || seconds < 0 || seconds > DAY_S) throw invalid('timeout')
  const switched = venue.cancelAllAfter(seconds, ORIGIN)
  if (isRefused(switched)) return [refusal(switched)]
  const { now, triggerAt } = switched
  return [{ result: { currentTime: secondTime(now), triggerTime: triggerAt === null ? '0' : secondTime(triggerAt) } }]
}

/** Methods that need a token and touch orders. */
export const ORDER_METHODS: ReadonlyMap<string, OrderMethod> = new Map([
  ['add_order', addOrder],
  ['batch_add', batchAdd],
  ['amend_order', amendOrder],
  ['edit_order', editOrder],
  ['cancel_order', cancelOrder],
  ['batch_cancel', batchCancel],
  ['cancel_all', cancelAll],
  ['cancel_all_orders_after', cancelAllOrdersAfter],
])

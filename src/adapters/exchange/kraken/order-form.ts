/** Our requests as Kraken's form fields. Prices and quantities are passed on as the exact text they came as. */
import { type OrderRequest, selfTradeOf } from '../../../domain/order.ts'
import { text } from '../../../domain/units.ts'
import type { AmendRequest, CheckRequest } from '../../../ports/exchange.ts'
import type { Lease } from '../../../ports/leadership.ts'
import { refused } from './answer.ts'
import type { Call, Form } from './call.ts'

/** `price` is the limit of a limit order and the trigger of a triggered one, whose limit is `price2`. */
function prices({ type, limitPrice, triggerPrice, trailing }: OrderRequest): Form | null {
  const limit = limitPrice === null ? null : text(limitPrice)
  const trigger = triggerPrice === null ? null : text(triggerPrice)
  switch (type) {
    case 'market':
      return {}
    case 'limit':
      return limit === null ? null : { price: limit }
    case 'stop-loss':
    case 'take-profit':
      return trigger === null ? null : { price: trigger, trigger: 'last' }
    case 'stop-loss-limit':
    case 'take-profit-limit':
      return trigger === null || limit === null ? null : { price: trigger, price2: limit, trigger: 'last' }
    case 'trailing-stop':
      return trailing === undefined
        ? null
        : { price: `+${text(trailing.offset)}${trailing.isPercent ? '%' : ''}`, trigger: 'last' }
  }
}

/** Good till cancelled is Kraken's default; its times are whole seconds, and an order never outlives what we asked for. */
function lifetime({ timeInForce, expiresAt }: OrderRequest): Form {
  if (timeInForce !== 'GTD') return timeInForce === 'IOC' ? { timeinforce: 'IOC' } : {}
  return { timeinforce: 'GTD', ...(expiresAt === null ? {} : { expiretm: String(Math.floor(expiresAt / 1000)) }) }
}

/** Leverage and reduce-only exist on margin alone: a spot order is sent without either. */
const margin = ({ leverage, reduceOnly }: OrderRequest): Form =>
  leverage > 1 ? { leverage: String(leverage), ...(reduceOnly ? { reduce_only: 'true' } : {}) } : {}

function orderFields({ clientOrderId, request }: CheckRequest, restName: string): Form | null {
  const priced = prices(request)
  if (priced === null) return null
  return {
    pair: restName,
    type: request.side,
    ordertype: request.type,
    volume: text(request.quantity),
    ...priced,
    ...margin(request),
    // Fees in quote, also of sells: what was bought is then all ours to sell.
    oflags: request.postOnly ? 'fciq,post' : 'fciq',
    ...lifetime(request),
    // Its default is cancel-newest, which would cancel a stop for an entry of ours.
    ...(selfTradeOf(request) === 'cancel-oldest' ? { stptype: 'cancel-oldest' } : {}),
    cl_ord_id: clientOrderId,
  }
}

/**
 * AddOrder. Kraken refuses it after its deadline, which ends before the lease does: what a paused process had signed is
 * void once another may have taken over. One that is already past is refused here, in Kraken's words.
 */
export function addOrder(order: CheckRequest, restName: string, options: { readonly validate: boolean }): Call {
  const form = (lease: Lease, now: number): ReturnType<Extract<Call['form'], (...args: never) => unknown>> => {
    const fields = orderFields(order, restName)
    if (fields === null) return refused('validation', 'EGeneral:Invalid arguments:price')
    const deadlineAt = Math.min(order.deadlineAt, lease.expiresAt)
    if (deadlineAt <= now) return refused('deadline', 'EService:Deadline elapsed')
    return {
      ...fields,
      deadline: new Date(deadlineAt).toISOString(),
      ...(options.validate ? { validate: 'true' } : {}),
    }
  }
  return { method: 'AddOrder', rank: 'order', form }
}

/** How long an amendment may wait for the engine. */
const AMEND_WITHIN_MS = 5_000

/** AmendOrder by our own id: fills and, where possible, the place in the queue are kept. */
export function amendOrder({ clientOrderId, quantity, limitPrice, triggerPrice }: AmendRequest): Call {
  return {
    method: 'AmendOrder',
    rank: 'order',
    form: (lease, now) => ({
      cl_ord_id: clientOrderId,
      ...(quantity === undefined ? {} : { order_qty: text(quantity) }),
      ...(limitPrice === undefined ? {} : { limit_price: text(limitPrice) }),
      ...(triggerPrice === undefined ? {} : { trigger_price: text(triggerPrice) }),
      deadline: new Date(Math.min(now + AMEND_WITHIN_MS, lease.expiresAt)).toISOString(),
    }),
  }
}

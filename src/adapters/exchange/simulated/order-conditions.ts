/** What an order waits for, and what a price does to it. */
import type { Amount } from '../../../domain/units.ts'
import { hasLimit, hasTrigger, triggersBelow } from './order-rules.ts'
import type { WorkingOrder } from './venue-order.ts'

/** Does it stand in the book at its limit, or would it, if nothing crossed it? */
export const worksAsLimit = (order: WorkingOrder): boolean =>
  hasLimit(order.type) && (order.triggered || !hasTrigger(order.type))
/** Does it wait for its trigger price? */
export const awaitsTrigger = (order: WorkingOrder): boolean => hasTrigger(order.type) && !order.triggered
/** Does it take whatever price there is? */
export const awaitsMarket = (order: WorkingOrder): boolean => !worksAsLimit(order) && !awaitsTrigger(order)

/** Does this price set it off? */
export const isReached = (order: WorkingOrder, price: Amount): boolean => {
  if (order.triggerPrice === null) return false
  return triggersBelow(order) ? price.lte(order.triggerPrice) : price.gte(order.triggerPrice)
}

/** Is the print beyond the order's price, and not merely at it? */
export const goesThrough = (order: WorkingOrder, price: Amount): boolean =>
  order.limitPrice !== null && (order.side === 'buy' ? price.lt(order.limitPrice) : price.gt(order.limitPrice))

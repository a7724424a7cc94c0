/** What EditOrder puts in the place of an order. */
import type { NewOrder, OrderRow } from '../adapters/exchange/simulated/venue-order.ts'
import { amount, text } from '../domain/units.ts'
import type { Edit } from './venue.ts'

/** The old order's terms with the changes; without a size, what is left of it. */
export function editedOrder(original: OrderRow, change: Edit): NewOrder {
  const { symbol, side, type, userref, limitPrice, triggerPrice, trailing, limitOffset, displayQuantity } = original
  const { trigger, timeInForce, startsAt, expiresAt, postOnly, reduceOnly, leverage, feeIn, selfTrade, close } =
    original
  const quantity = text(amount(original.quantity).minus(original.filled))
  return {
    ...{ clientOrderId: null, userref, symbol, side, type, quantity, quantityInQuote: false, deadlineAt: null },
    ...{ limitPrice, triggerPrice, trailing, limitOffset, displayQuantity, trigger, timeInForce, startsAt, expiresAt },
    ...{ postOnly, reduceOnly, leverage, feeIn, selfTrade, close },
    ...change,
  }
}

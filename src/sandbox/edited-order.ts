/** What EditOrder puts in the place of an order. */
import type { NewOrder, OrderRow } from '../adapters/exchange/simulated/venue-order.ts'
import { amount, text } from '../domain/units.ts'
import type { Edit } from './venue.ts'

/** Why Kraken does not edit this order so (its EditOrder page); null where it does. */
export function editProblem(original: OrderRow, change: Edit): string | null {
  if (original.triggered || original.close !== null) return 'EGeneral:Invalid arguments:txid'
  const isBelowFilled = change.quantity !== undefined && amount(original.filled).gt(change.quantity)
  return isBelowFilled ? 'EGeneral:Invalid arguments:volume' : null
}

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

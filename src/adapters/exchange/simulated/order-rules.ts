/** Kraken's checks before an order or an amendment reaches the book. */
import { type Amount, amount, NotANumberError, type Numeric } from '../../../domain/units.ts'
import { REFUSED, type Refusal } from './refusals.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { NewOrder, VenueOrderType } from './venue-order.ts'

/** The numbers of an order that passed. */
export interface Checked {
  readonly quantity: Amount
  readonly limitPrice: Amount | null
  readonly triggerPrice: Amount | null
}

const HAS_LIMIT: readonly VenueOrderType[] = ['limit', 'stop-loss-limit', 'take-profit-limit']
const HAS_TRIGGER: readonly VenueOrderType[] = ['stop-loss', 'take-profit', 'stop-loss-limit', 'take-profit-limit']

/** Does this type carry a limit price? */
export const hasLimit = (type: VenueOrderType): boolean => HAS_LIMIT.includes(type)
/** Does this type wait for a trigger price? */
export const hasTrigger = (type: VenueOrderType): boolean => HAS_TRIGGER.includes(type)
/** Does a falling price set it off? Sell stops and buy take-profits. */
export const triggersBelow = (order: { readonly type: VenueOrderType; readonly side: 'buy' | 'sell' }): boolean =>
  (order.type === 'stop-loss' || order.type === 'stop-loss-limit') === (order.side === 'sell')

export const isRefusal = (outcome: Checked | Refusal): outcome is Refusal => 'message' in outcome

function read(value: Numeric): Amount | null {
  try {
    return amount(value)
  } catch (problem) {
    if (problem instanceof NotANumberError) return null
    throw problem
  }
}

function readPrice(value: Numeric | null, market: SymbolMarket): Amount | Refusal {
  const price = value === null ? null : read(value)
  if (price === null || price.lte(0)) return REFUSED.invalidPrice
  return price.mod(market.tick).isZero() ? price : REFUSED.tick
}

/** The flags and times that Kraken would refuse together with this type. */
function flagProblem(order: NewOrder, at: number): Refusal | null {
  if (order.clientOrderId !== null && order.userref !== null) return REFUSED.twoClientIds
  if (order.leverage !== 1) return REFUSED.leverage
  if (order.type !== 'market' && !hasLimit(order.type) && !hasTrigger(order.type)) return REFUSED.orderType
  if (order.quantityInQuote || order.feeIn === 'base') return REFUSED.flags
  if (order.startsAt !== null) return REFUSED.start
  if (order.displayQuantity !== null) return REFUSED.display
  if (order.close !== null) return REFUSED.closeTerms
  if (order.reduceOnly) return REFUSED.reduceOnly
  if (order.timeInForce === 'FOK') return REFUSED.timeInForce
  if (order.postOnly && order.type !== 'limit') return REFUSED.flags
  if (order.postOnly && order.timeInForce === 'IOC') return REFUSED.timeInForce
  if (order.timeInForce === 'GTD' && (order.expiresAt === null || order.expiresAt <= at)) return REFUSED.expiry
  if (hasLimit(order.type) && order.limitPrice === null) return REFUSED.limitMissing
  if (hasTrigger(order.type) && order.triggerPrice === null) return REFUSED.triggerMissing
  return null
}

/**
 * Size and prices against the pair's lot, tick, minimum order and minimum cost. Prices that the type does not use are
 * ignored, as Kraken does. `reference` values an order without a price of its own; null skips the cost check.
 */
export function checkNumbers(
  order: Pick<NewOrder, 'type' | 'quantity' | 'limitPrice' | 'triggerPrice'>,
  market: SymbolMarket,
  reference: Amount | null,
): Checked | Refusal {
  const quantity = read(order.quantity)
  if (quantity === null || quantity.lte(0) || !quantity.mod(market.lot).isZero()) return REFUSED.volume
  const limitPrice = hasLimit(order.type) ? readPrice(order.limitPrice, market) : null
  if (limitPrice !== null && 'message' in limitPrice) return limitPrice
  const triggerPrice = hasTrigger(order.type) ? readPrice(order.triggerPrice, market) : null
  if (triggerPrice !== null && 'message' in triggerPrice) return triggerPrice
  if (quantity.lt(market.instrument.orderMin)) return REFUSED.orderMinimum
  const valuedAt = limitPrice ?? triggerPrice ?? reference
  if (valuedAt !== null && quantity.times(valuedAt).lt(market.instrument.costMin)) return REFUSED.costMinimum
  return { quantity, limitPrice, triggerPrice }
}

/** Everything that can be said about a new order without looking at the account. `at` is when it takes effect. */
export function checkOrder(
  order: NewOrder,
  market: SymbolMarket | undefined,
  at: number,
): { readonly market: SymbolMarket; readonly numbers: Checked } | Refusal {
  if (order.deadlineAt !== null && at > order.deadlineAt) return REFUSED.deadline
  if (market === undefined) return REFUSED.unknownPair
  const flagged = flagProblem(order, at)
  if (flagged !== null) return flagged
  const numbers = checkNumbers(order, market, market.last === null ? null : amount(market.last))
  return isRefusal(numbers) ? numbers : { market, numbers }
}

/** Kraken's checks before an order or an amendment reaches the book. */
import type { Side, TrailingOffset } from '../../../domain/order.ts'
import { type Amount, amount, NotANumberError, type Numeric } from '../../../domain/units.ts'
import { REFUSED, type Refusal } from './refusals.ts'
import type { SymbolMarket } from './symbol-market.ts'
import { trailedTrigger } from './trailing.ts'
import type { NewOrder, VenueOrderType } from './venue-order.ts'

/** The numbers of an order that passed. */
export interface Checked {
  readonly quantity: Amount
  readonly limitPrice: Amount | null
  readonly triggerPrice: Amount | null
}

/** A month. */
const LONGEST_LIFE_MS = 31 * 86_400_000
/** One part in so many of an iceberg must be displayed. */
const LEAST_DISPLAYED = 15

const TRAILING: readonly VenueOrderType[] = ['trailing-stop', 'trailing-stop-limit']
const STOPS: readonly VenueOrderType[] = ['stop-loss', 'stop-loss-limit', ...TRAILING]
const HAS_LIMIT: readonly VenueOrderType[] = [
  'limit',
  'iceberg',
  'stop-loss-limit',
  'take-profit-limit',
  'trailing-stop-limit',
]
const HAS_TRIGGER: readonly VenueOrderType[] = [...STOPS, 'take-profit', 'take-profit-limit']

/** Does this type work at a limit price, now or once it was set off? */
export const hasLimit = (type: VenueOrderType): boolean => HAS_LIMIT.includes(type)
/** Does this type wait for a trigger price? */
export const hasTrigger = (type: VenueOrderType): boolean => HAS_TRIGGER.includes(type)
/** Does its trigger follow the price? */
export const isTrailing = (type: VenueOrderType): boolean => TRAILING.includes(type)
/** Does it limit a loss: does the price set it off by going the wrong way? */
export const isStop = (type: VenueOrderType): boolean => STOPS.includes(type)
/** Does a falling price set it off? Sell stops and buy take-profits. */
export const triggersBelow = (order: { readonly type: VenueOrderType; readonly side: Side }): boolean =>
  isStop(order.type) === (order.side === 'sell')

/** Is it matched with the market? */
const isWorked = (type: VenueOrderType): boolean => type === 'market' || hasLimit(type) || hasTrigger(type)

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

/** The flags that Kraken would refuse together with this type. */
function flagProblem(order: NewOrder, market: SymbolMarket, isMarginOn: boolean): Refusal | null {
  if (order.clientOrderId !== null && order.userref !== null) return REFUSED.twoClientIds
  const isOnMargin = order.leverage !== 1
  if (isOnMargin && !(isMarginOn && market.instrument.leverages.includes(order.leverage))) return REFUSED.leverage
  if (order.type === 'settle-position' ? !isOnMargin || order.startsAt !== null : !isWorked(order.type))
    return REFUSED.orderType
  if (isOnMargin && (order.quantityInQuote || order.feeIn === 'base')) return REFUSED.flags
  if (order.quantityInQuote && (order.type !== 'market' || order.side !== 'buy')) return REFUSED.flags
  if (order.reduceOnly && !isOnMargin) return REFUSED.reduceOnly
  if (order.postOnly && order.type !== 'limit') return REFUSED.flags
  return null
}

/** An iceberg displays a fifteenth of itself at least, in lots; nothing else hides any of itself. */
export function displayProblem(
  order: Pick<NewOrder, 'type' | 'quantity' | 'displayQuantity'>,
  market: SymbolMarket,
): Refusal | null {
  if (order.type !== 'iceberg') return order.displayQuantity === null ? null : REFUSED.display
  const displayed = order.displayQuantity === null ? null : read(order.displayQuantity)
  const quantity = read(order.quantity)
  if (displayed === null || quantity === null || !displayed.mod(market.lot).isZero()) return REFUSED.display
  const isInBounds = displayed.gt(0) && displayed.lte(quantity) && displayed.times(LEAST_DISPLAYED).gte(quantity)
  return isInBounds ? null : REFUSED.display
}

function timeProblem(order: NewOrder, at: number): Refusal | null {
  const isAtOnce = order.timeInForce === 'IOC' || order.timeInForce === 'FOK'
  if (isAtOnce && order.postOnly) return REFUSED.timeInForce
  if (order.timeInForce === 'FOK' && order.type !== 'limit') return REFUSED.timeInForce
  if (isAtOnce && order.type === 'iceberg') return REFUSED.timeInForce
  const startsAt = Math.max(order.startsAt ?? at, at)
  if (order.timeInForce === 'GTD') {
    if (order.expiresAt === null || order.expiresAt <= startsAt) return REFUSED.expiry
    if (order.expiresAt > at + LONGEST_LIFE_MS) return REFUSED.expiry
  }
  return null
}

/** Is the distance one that a price can keep? */
function trailingProblem(order: Priced, market: SymbolMarket): Refusal | null {
  const isOff = (given: TrailingOffset): boolean => {
    const offset = read(given.offset)
    return offset === null || (!given.isPercent && !offset.mod(market.tick).isZero())
  }
  if (order.trailing === null) return REFUSED.triggerMissing
  if (isOff(order.trailing) || amount(order.trailing.offset).lte(0)) return REFUSED.invalidPrice
  if (order.type === 'trailing-stop-limit') {
    if (order.limitOffset === null) return REFUSED.limitMissing
    if (isOff(order.limitOffset)) return REFUSED.invalidPrice
  }
  if (market.last === null) return REFUSED.noMarket
  const trigger = trailedTrigger(order.side, amount(market.last), order.trailing, market.tick)
  return trigger.lte(0) ? REFUSED.invalidPrice : null
}

/** What is wrong with the prices that the type asks for; null where nothing is. */
export function priceProblem(order: Priced, market: SymbolMarket): Refusal | null {
  if (isTrailing(order.type)) return trailingProblem(order, market)
  if (hasLimit(order.type) && order.limitPrice === null) return REFUSED.limitMissing
  if (hasTrigger(order.type) && order.triggerPrice === null) return REFUSED.triggerMissing
  return null
}

type Priced = Pick<NewOrder, 'side' | 'type' | 'limitPrice' | 'triggerPrice' | 'trailing' | 'limitOffset'>
type Sized = Pick<NewOrder, 'type' | 'quantity' | 'quantityInQuote' | 'limitPrice' | 'triggerPrice'>

/** Size in quote units against the minimums, at the price that it is valued at. */
function checkSpending(order: Sized, market: SymbolMarket, reference: Amount | null): Checked | Refusal {
  const quantity = read(order.quantity)
  const { costDecimals, costMin, orderMin } = market.instrument
  if (quantity === null || quantity.lte(0) || quantity.decimalPlaces() > costDecimals) return REFUSED.volume
  if (quantity.lt(costMin)) return REFUSED.costMinimum
  if (reference !== null && quantity.div(reference).lt(orderMin)) return REFUSED.orderMinimum
  return { quantity, limitPrice: null, triggerPrice: null }
}

type Prices = Pick<Checked, 'limitPrice' | 'triggerPrice'>

/**
 * Prices against the pair's tick. Those that the type does not use are ignored, as Kraken does, and so are those that a
 * trailing stop has not set yet (null).
 */
export function checkPrices(
  order: Pick<NewOrder, 'type' | 'limitPrice' | 'triggerPrice'>,
  market: SymbolMarket,
): Prices | Refusal {
  const isUnset = (price: Numeric | null): boolean => isTrailing(order.type) && price === null
  const usesLimit = hasLimit(order.type) && !isUnset(order.limitPrice)
  const limitPrice = usesLimit ? readPrice(order.limitPrice, market) : null
  if (limitPrice !== null && 'message' in limitPrice) return limitPrice
  const usesTrigger = hasTrigger(order.type) && !isUnset(order.triggerPrice)
  const triggerPrice = usesTrigger ? readPrice(order.triggerPrice, market) : null
  if (triggerPrice !== null && 'message' in triggerPrice) return triggerPrice
  return { limitPrice, triggerPrice }
}

/**
 * Size and prices against the pair's lot, tick, minimum order and minimum cost. `reference` values an order without a
 * price of its own; null skips the cost check.
 */
export function checkNumbers(order: Sized, market: SymbolMarket, reference: Amount | null): Checked | Refusal {
  if (order.quantityInQuote) return checkSpending(order, market, reference)
  const quantity = read(order.quantity)
  if (quantity === null || quantity.lt(0) || !quantity.mod(market.lot).isZero()) return REFUSED.volume
  // All that is open, where nothing is said; it is as large as it is.
  if (order.type === 'settle-position') return { quantity, limitPrice: null, triggerPrice: null }
  if (quantity.isZero()) return REFUSED.volume
  const prices = checkPrices(order, market)
  if ('message' in prices) return prices
  if (quantity.lt(market.instrument.orderMin)) return REFUSED.orderMinimum
  const valuedAt = prices.limitPrice ?? prices.triggerPrice ?? reference
  if (valuedAt !== null && quantity.times(valuedAt).lt(market.instrument.costMin)) return REFUSED.costMinimum
  return { quantity, ...prices }
}

/** The first trigger of a trailing stop; other orders stay as they are. */
function withFirstTrigger(order: NewOrder, market: SymbolMarket): NewOrder {
  if (!isTrailing(order.type)) return order
  const { trailing } = order
  const triggerPrice =
    trailing === null || market.last === null
      ? null
      : trailedTrigger(order.side, amount(market.last), trailing, market.tick).toFixed()
  return { ...order, limitPrice: null, triggerPrice }
}

/** Everything that can be said about a new order without looking at the account. `at` is when it takes effect. */
export function checkOrder(
  order: NewOrder,
  market: SymbolMarket | undefined,
  at: number,
  isMarginOn: boolean,
): { readonly market: SymbolMarket; readonly numbers: Checked } | Refusal {
  if (order.deadlineAt !== null && at > order.deadlineAt) return REFUSED.deadline
  if (market === undefined) return REFUSED.unknownPair
  const problem =
    flagProblem(order, market, isMarginOn) ??
    timeProblem(order, at) ??
    displayProblem(order, market) ??
    priceProblem(order, market)
  if (problem !== null) return problem
  const numbers = checkNumbers(
    withFirstTrigger(order, market),
    market,
    market.last === null ? null : amount(market.last),
  )
  return isRefusal(numbers) ? numbers : { market, numbers }
}

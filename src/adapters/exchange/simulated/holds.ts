/** What a live order keeps from being spent elsewhere: pure arithmetic. */
import { type Asset, baseOf, quoteOf } from '../../../domain/ids.ts'
import { type Amount, amount, maxOf, roundDownToStep, ZERO } from '../../../domain/units.ts'
import { feeOf } from './fills.ts'
import type { SymbolMarket } from './symbol-market.ts'
import { limitFrom } from './trailing.ts'
import type { WorkingOrder } from './venue-order.ts'

/** How far an order has come. */
type Progress = Pick<WorkingOrder, 'filled' | 'cost'>

export const holdAssetOf = (order: WorkingOrder): Asset =>
  order.side === 'buy' ? quoteOf(order.symbol) : baseOf(order.symbol)

/** Base units that the order may still trade at this price. */
export function sizeLeft(order: WorkingOrder, price: Amount, lot: Amount): Amount {
  if (!order.quantityInQuote) return order.quantity.minus(order.filled)
  return roundDownToStep(maxOf(order.quantity.minus(order.cost), ZERO).div(price), lot)
}

/** Is nothing left that could be traded after a fill at `price`? */
export function isComplete(order: WorkingOrder, price: Amount, lot: Amount): boolean {
  return order.filled.gt(0) && sizeLeft(order, price, lot).lte(0)
}

/**
 * What the order must hold once it has come as far as `progress`: quote units for a buy, base units for a sell, with the
 * fee at its `holdRate` where that is paid in the same asset.
 */
export function needsOf(order: WorkingOrder, progress: Progress, market: SymbolMarket): Amount {
  const rate = amount(order.holdRate)
  if (order.side === 'sell') {
    const rest = order.quantity.minus(progress.filled)
    return order.feeIn === 'base' ? rest.plus(feeOf(rest, rate, market.lotDecimals)) : rest
  }
  const cost = order.quantityInQuote
    ? order.quantity.minus(progress.cost)
    : order.quantity.minus(progress.filled).times(order.holdPrice ?? ZERO)
  return order.feeIn === 'base' ? cost : cost.plus(feeOf(cost, rate, market.instrument.costDecimals))
}

/**
 * The price that a buy holds for: its limit, else what its trigger is expected to fill at, else what the market asks now.
 * Null for sells, for orders in quote units, and where the market has no price.
 */
export function holdPriceOf(order: WorkingOrder, market: SymbolMarket, at: number): Amount | null {
  if (order.side === 'sell' || order.quantityInQuote) return null
  if (order.limitPrice !== null) return order.limitPrice
  if (order.triggerPrice === null) return market.takerPrice('buy', order.quantity, at)
  if (order.limitOffset !== null) return limitFrom(order.triggerPrice, order.limitOffset, market.tick)
  return market.worsened('buy', order.triggerPrice)
}

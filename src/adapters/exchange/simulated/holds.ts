/** What a live order keeps from being spent elsewhere: pure arithmetic. */
import { type Asset, baseOf, quoteOf } from '../../../domain/ids.ts'
import { type Amount, amount, maxOf, roundDownToStep, roundUpTo, ZERO } from '../../../domain/units.ts'
import { feeOf } from './fills.ts'
import type { SymbolMarket } from './symbol-market.ts'
import { limitFrom } from './trailing.ts'
import type { WorkingOrder } from './venue-order.ts'

/** How far an order has come. */
type Progress = Pick<WorkingOrder, 'filled' | 'cost'>

export const isOnMargin = (order: Pick<WorkingOrder, 'leverage'>): boolean => order.leverage > 1

/** On margin both sides hold collateral, which is the quote asset. */
export const holdAssetOf = (order: WorkingOrder): Asset =>
  order.side === 'buy' || isOnMargin(order) ? quoteOf(order.symbol) : baseOf(order.symbol)

/** Base units that the order may still trade at this price. */
export function sizeLeft(order: WorkingOrder, price: Amount, lot: Amount): Amount {
  if (!order.quantityInQuote) return order.quantity.minus(order.filled)
  return roundDownToStep(maxOf(order.quantity.minus(order.cost), ZERO).div(price), lot)
}

/** Is nothing left that could be traded after a fill at `price`? */
export function isComplete(order: WorkingOrder, price: Amount, lot: Amount): boolean {
  return order.filled.gt(0) && sizeLeft(order, price, lot).lte(0)
}

/** What opens a position holds its margin and fees; what closes one holds nothing. */
function marginNeeds(order: WorkingOrder, { filled }: Progress, market: SymbolMarket): Amount {
  if (order.reduceOnly) return ZERO
  const closing = maxOf(amount(order.closes).minus(filled), ZERO)
  const opening = maxOf(order.quantity.minus(filled).minus(closing), ZERO)
  const cost = opening.times(order.holdPrice ?? ZERO)
  const { costDecimals } = market.instrument
  return roundUpTo(cost.div(order.leverage), costDecimals).plus(feeOf(cost, amount(order.holdRate), costDecimals))
}

/**
 * What the order must hold once it has come as far as `progress`: on spot quote units for a buy and base units for a sell,
 * with the fee at its `holdRate` where that is paid in the same asset; on margin quote units.
 */
export function needsOf(order: WorkingOrder, progress: Progress, market: SymbolMarket): Amount {
  if (isOnMargin(order)) return marginNeeds(order, progress, market)
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
 * The price that a buy, or an order on margin, holds for: its limit, else what its trigger is expected to fill at, else what the market asks now.
 * Null for sells on spot, for orders in quote units, and where the market has no price.
 */
export function holdPriceOf(order: WorkingOrder, market: SymbolMarket, at: number): Amount | null {
  if ((order.side === 'sell' && !isOnMargin(order)) || order.quantityInQuote) return null
  if (order.limitPrice !== null) return order.limitPrice
  if (order.triggerPrice === null) return market.takerPrice(order.side, order.quantity, at)
  if (order.limitOffset !== null) return limitFrom(order.triggerPrice, order.limitOffset, market.tick)
  return market.worsened(order.side, order.triggerPrice)
}

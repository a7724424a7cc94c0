/** What one fill on spot moves, and what the order holds afterwards: pure arithmetic. */
import { baseOf, quoteOf } from '../../../domain/ids.ts'
import { type Amount, amount, minOf, roundUpTo, ZERO } from '../../../domain/units.ts'
import { affordable, buyFill, feeOf } from './fills.ts'
import { needsOf } from './holds.ts'
import type { Movement } from './ledger.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { WorkingOrder } from './venue-order.ts'

export interface Booking {
  readonly movements: readonly Movement[]
  /** What the rest of the order holds from now on. */
  readonly hold: Amount
  /** The fee as it was paid. */
  readonly paid: Amount
  /** The same in quote units. */
  readonly fee: Amount
}

/** One fill to be paid. `budget` is what is free of the asset that the order spends, and what the order holds of it. */
export interface Payment {
  readonly price: Amount
  readonly size: Amount
  /** Share of the cost that goes as fee. */
  readonly rate: Amount
  readonly budget: Amount
}

/**
 * How much of a fill the budget covers: all of it where the hold was reckoned at no better a price and rate, else what
 * cost and fee leave room for.
 */
export function coveredSize(order: WorkingOrder, market: SymbolMarket, payment: Payment): Amount {
  const { price, size, rate, budget } = payment
  const isPriceHeld = order.holdPrice === null || price.lte(order.holdPrice)
  const isHeld = isPriceHeld && rate.lte(order.holdRate) && order.hold.gte(needsOf(order, order, market))
  if (isHeld) return size
  if (order.side === 'buy') {
    const charged = order.feeIn === 'base' ? ZERO : rate
    return minOf(size, affordable(budget, price, charged, market.instrument.costDecimals, market.lot))
  }
  const charged = order.feeIn === 'base' ? rate : ZERO
  return minOf(size, affordable(budget, amount(1), charged, market.lotDecimals, market.lot))
}

export function spotBooking(order: WorkingOrder, market: SymbolMarket, payment: Payment): Booking {
  const { price, size, rate, budget } = payment
  const { costDecimals } = market.instrument
  const [base, quote] = [baseOf(order.symbol), quoteOf(order.symbol)]
  const cost = price.times(size)
  const progress = { filled: order.filled.plus(size), cost: order.cost.plus(cost) }
  const restNeeds = needsOf(order, progress, market)
  const move = (spentFee: Amount, receivedFee: Amount): Movement[] =>
    order.side === 'buy'
      ? [
          { asset: quote, amount: cost.negated(), fee: spentFee },
          { asset: base, amount: size, fee: receivedFee },
        ]
      : [
          { asset: base, amount: size.negated(), fee: spentFee },
          { asset: quote, amount: cost, fee: receivedFee },
        ]
  const isFeeSpent = (order.side === 'buy') === (order.feeIn === 'quote')
  if (isFeeSpent) {
    const [spent, decimals] = order.side === 'buy' ? [cost, costDecimals] : [size, market.lotDecimals]
    const { fee, hold } = buyFill(spent, rate, decimals, budget, restNeeds)
    return { movements: move(fee, ZERO), hold, paid: fee, fee: inQuote(order, fee, price, costDecimals) }
  }
  const [received, decimals] = order.side === 'buy' ? [size, market.lotDecimals] : [cost, costDecimals]
  // A fee is never more than what the trade brings.
  const fee = minOf(feeOf(received, rate, decimals), received)
  const hold = minOf(restNeeds, budget.minus(order.side === 'buy' ? cost : size))
  return { movements: move(ZERO, fee), hold, paid: fee, fee: inQuote(order, fee, price, costDecimals) }
}

const inQuote = (order: WorkingOrder, fee: Amount, price: Amount, costDecimals: number): Amount =>
  order.feeIn === 'quote' ? fee : roundUpTo(fee.times(price), costDecimals)

/** What one fill moves, to the last digit: pure arithmetic, no state. */
import {
  type Amount,
  amount,
  maxOf,
  minOf,
  roundDownTo,
  roundDownToStep,
  roundUpTo,
  ZERO,
} from '../../../domain/units.ts'

/** Shares of the cost, e.g. 0.004. */
export interface FeeRates {
  readonly maker: Amount
  readonly taker: Amount
}

export const feeOf = (cost: Amount, rate: Amount, costDecimals: number): Amount =>
  roundUpTo(cost.times(rate), costDecimals)

/** Largest multiple of `lot` whose cost and fee fit into `budget`. */
export function affordable(budget: Amount, price: Amount, rate: Amount, costDecimals: number, lot: Amount): Amount {
  const guess = roundDownToStep(budget.div(price.times(rate.plus(1))), lot)
  const fits = (size: Amount): boolean =>
    size
      .times(price)
      .plus(feeOf(size.times(price), rate, costDecimals))
      .lte(budget)
  if (guess.lte(0)) return ZERO
  if (fits(guess)) return guess
  // The fee's rounding can cost one more unit of the last decimal: give up as many lots as that unit buys.
  const unit = amount(10).pow(-costDecimals)
  const less = guess.minus(roundDownToStep(unit.div(price), lot).plus(lot))
  return maxOf(less, ZERO)
}

export interface BuyFill {
  readonly fee: Amount
  /** What the rest of the order holds from now on. */
  readonly hold: Amount
}

/**
 * Fee and remaining hold of a buy. `budget` is what the order may spend: its hold and what is free. The fee is the cost
 * times `rate`, rounded up; its last unit is let go where an account spent to the last digit over several fills lacks it.
 */
export function buyFill(cost: Amount, rate: Amount, costDecimals: number, budget: Amount, restNeeds: Amount): BuyFill {
  const due = feeOf(cost, rate, costDecimals)
  const left = budget.minus(cost)
  const spare = left.minus(restNeeds)
  const fee = minOf(due, spare.gte(roundDownTo(cost.times(rate), costDecimals)) ? spare : left)
  return { fee, hold: minOf(restNeeds, left.minus(fee)) }
}

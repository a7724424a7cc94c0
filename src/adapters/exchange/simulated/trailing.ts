/** Where a trailing stop's trigger is, and where its limit lies from it: pure arithmetic. */
import type { Side, TrailingOffset } from '../../../domain/order.ts'
import {
  type Amount,
  amount,
  maxOf,
  roundDownToStep,
  roundToNearestStep,
  roundUpToStep,
} from '../../../domain/units.ts'

const distanceOf = ({ offset, isPercent }: TrailingOffset, from: Amount): Amount =>
  isPercent ? from.times(offset).div(100) : amount(offset)

/** Is `price` better than the best one so far? Higher for a sell, lower for a buy. */
export const improves = (side: Side, best: Amount, price: Amount): boolean =>
  side === 'sell' ? price.gt(best) : price.lt(best)

/** The trigger behind the best price since acceptance, on the tick that is farther away. */
export function trailedTrigger(side: Side, best: Amount, trailing: TrailingOffset, tick: Amount): Amount {
  const distance = distanceOf(trailing, best)
  return side === 'sell' ? roundDownToStep(best.minus(distance), tick) : roundUpToStep(best.plus(distance), tick)
}

/** A limit that lies `offset` (signed) from the trigger, at least one tick. */
export const limitFrom = (trigger: Amount, offset: TrailingOffset, tick: Amount): Amount =>
  maxOf(roundToNearestStep(trigger.plus(distanceOf(offset, trigger)), tick), tick)

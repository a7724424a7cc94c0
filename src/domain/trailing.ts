/**
 * A stop that follows the price: where it begins, where it lies, and where it is looked at next. Pure arithmetic.
 *
 * Of a long the stop is best × (1 − distance), of a short best × (1 + distance), rounded to the tick towards the market:
 * it is never further behind than its distance, and by less than a tick nearer.
 */
import { type Instrument, roundDownToTick, roundUpToTick } from './instrument.ts'
import { type Amount, amount, maxOf, minOf, type Numeric } from './units.ts'

/** How a position's stop follows the price, and how far it has come. */
export interface TrailingStop {
  /** Favourable move from the entry, unlevered, from which on it follows. Per cent. */
  readonly activationPct: Numeric
  /** Behind the best price. Per cent of that price. */
  readonly distancePct: Numeric
  /** The best price since it began to follow; null before. Quote units. */
  readonly bestPrice: Numeric | null
}

export type TrailingTerms = Omit<TrailingStop, 'bestPrice'>

/** The owner's, where nothing else is configured. */
export const DEFAULT_ACTIVATION_PCT: Numeric = '1'
export const DEFAULT_DISTANCE_PCT: Numeric = '1.5'

/** A position's side. */
type Direction = 'long' | 'short'
interface Market {
  readonly side: Direction
  readonly instrument: Instrument
}

/** The price moved by so many per cent: for the position where that is above zero, else against it. */
const moved = (side: Direction, from: Amount, pct: Amount): Amount =>
  from.times(amount(1).plus(pct.times(side === 'long' ? 1 : -1).div(100)))

/** To the tick, on the side that is better for the position. */
const roundedAhead = ({ side, instrument }: Market, value: Amount): Amount =>
  side === 'long' ? roundUpToTick(value, instrument) : roundDownToTick(value, instrument)

/** The better price of two for the position; for a stop, the tighter. */
export const aheadOf = (side: Direction, a: Amount, b: Amount): Amount => (side === 'long' ? maxOf(a, b) : minOf(a, b))

/** Whether a price is better for the position than another; a stop, tighter. */
export const isAhead = (side: Direction, a: Amount, b: Amount): boolean => (side === 'long' ? a.gt(b) : a.lt(b))

/** From this price on it follows: the whole of the move from the average entry, and not a tick less. */
export const activationPrice = (market: Market, entry: Amount, activationPct: Numeric): Amount =>
  roundedAhead(market, moved(market.side, entry, amount(activationPct)))

/** The stop behind the best price. A distance of less than a tick is one tick. */
export function stopBehind(market: Market, best: Amount, distancePct: Numeric): Amount {
  const { side, instrument } = market
  const behind = roundedAhead(market, moved(side, best, amount(distancePct).negated()))
  const tick = amount(instrument.tick)
  return side === 'long' ? minOf(behind, best.minus(tick)) : maxOf(behind, best.plus(tick))
}

/** Whether the stop is tighter by at least the least move, per cent of where it is now. */
export const isWorthMoving = (side: Direction, from: Amount, to: Amount, minMovePct: Numeric): boolean =>
  isAhead(side, to, from) &&
  to
    .minus(from)
    .abs()
    .times(100)
    .gte(from.times(amount(minMovePct)))

/** Where the stop would move by the least move, and the best price would be a better one. `stop`: where it is now. */
export function nextLook(
  market: Market,
  best: Amount,
  { distancePct }: TrailingTerms,
  stop: Amount,
  minMovePct: Numeric,
): Amount {
  const { side, instrument } = market
  const least = amount(minMovePct)
  const nextStop = roundedAhead(market, moved(side, stop, least))
  const distance = amount(1).minus(
    amount(distancePct)
      .times(side === 'long' ? 1 : -1)
      .div(100),
  )
  const byStop = roundedAhead(market, nextStop.div(distance))
  const tick = amount(instrument.tick).times(side === 'long' ? 1 : -1)
  const byBest = aheadOf(side, roundedAhead(market, moved(side, best, least)), best.plus(tick))
  return aheadOf(side, byStop, byBest)
}

/** Why a stop cannot follow like this; null when it can. A bad number is a reason too. */
export function trailingProblem({ activationPct, distancePct }: TrailingTerms): string | null {
  try {
    if (!(amount(distancePct).gt(0) && amount(distancePct).lt(100))) return 'it must follow by above 0 and below 100 %'
    return amount(activationPct).gte(0) ? null : 'it cannot begin to follow at a loss'
  } catch {
    return 'its distance and its activation are percentages'
  }
}

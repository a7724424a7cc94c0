/** Draws out of a seeded source. */
import type { RandomSource } from '../../src/ports/clock.ts'

export const chance = (random: RandomSource, odds: number): boolean => random.next() < odds
export const between = (random: RandomSource, least: number, most: number): number =>
  least + (most - least) * random.next()
export const whole = (random: RandomSource, least: number, most: number): number =>
  Math.floor(between(random, least, most + 1))

export function pick<T>(random: RandomSource, from: readonly T[]): T {
  const drawn = from[Math.floor(random.next() * from.length)]
  if (drawn === undefined) throw new RangeError('nothing to draw from')
  return drawn
}

/** A waiting time with this mean, exponentially distributed, in whole milliseconds. */
export const waiting = (random: RandomSource, meanMs: number): number =>
  Math.max(1, Math.round(-Math.log(1 - random.next()) * meanMs))

/** A standard normal deviate (Box and Muller, 1958). */
export const normal = (random: RandomSource): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())

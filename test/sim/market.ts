/** A seeded market: regimes, jumps through stops, quiet and busy hours, and minutes without a single trade. */
import { type Pair, pair } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS, roundToTick } from '../../src/domain/instrument.ts'
import { amount, type Numeric, text } from '../../src/domain/units.ts'
import type { RandomSource } from '../../src/ports/clock.ts'
import type { MarketEvent } from '../../src/ports/market-feed.ts'
import { between, chance, normal, pick, waiting } from './draw.ts'

export const BTC = pair('BTC/USDT')
export const XRP = pair('XRP/USDT')
export const SYMBOLS = [BTC, XRP] as const
export type Trade = Extract<MarketEvent, { kind: 'trade' }>

interface Regime {
  /** Relative change an hour. */
  readonly drift: number
  /** Standard deviation of the relative change in an hour. */
  readonly volatility: number
  /** Jumps an hour. */
  readonly jumps: number
}
const REGIMES: readonly Regime[] = [
  { drift: 0, volatility: 0.002, jumps: 0 },
  { drift: 0.002, volatility: 0.006, jumps: 0.1 },
  { drift: -0.002, volatility: 0.006, jumps: 0.1 },
  { drift: 0, volatility: 0.015, jumps: 0.6 },
  { drift: -0.01, volatility: 0.02, jumps: 1 },
]
/** A market in which longs lose, hour after hour. */
const FALLING: readonly Regime[] = [
  { drift: -0.015, volatility: 0.012, jumps: 0.5 },
  { drift: -0.03, volatility: 0.02, jumps: 1 },
]
/** And one in which they gain: profits are taken, and pay for the hodl bags. */
const RISING: readonly Regime[] = [
  { drift: 0.01, volatility: 0.008, jumps: 0 },
  { drift: 0.025, volatility: 0.012, jumps: 0.05 },
]
const FALLS = 0.25
const RISES = 0.45
const HOUR = 3_600_000
const REGIME_MEAN_MS = 2 * HOUR
/** Most of a day's prints are small beside an order of ours, so that it fills in parts. */
const SIZES: Readonly<Record<string, readonly number[]>> = {
  [BTC]: [0.002, 0.02, 0.2, 5, 100],
  [XRP]: [40, 400, 4_000, 100_000, 5_000_000],
}

interface Course {
  price: number
  regime: Regime
  changesAt: number
  /** No trades until then. */
  haltedUntil: number
  lastAt: number
}

export class SeededMarket {
  readonly #random: RandomSource
  readonly #regimes: readonly Regime[]
  readonly #courses = new Map<Pair, Course>()

  constructor(random: RandomSource, startAt: number) {
    this.#random = random
    this.#regimes = chance(random, FALLS) ? FALLING : chance(random, RISES) ? RISING : REGIMES
    const start = { [BTC]: 50_000, [XRP]: 1 }
    for (const symbol of SYMBOLS)
      this.#courses.set(symbol, {
        ...{ price: start[symbol] ?? 1, regime: pick(random, this.#regimes), haltedUntil: 0 },
        ...{ changesAt: startAt + waiting(random, REGIME_MEAN_MS), lastAt: startAt },
      })
  }

  price(symbol: Pair): number {
    return this.#course(symbol).price
  }

  /** The price as the venue writes it. */
  text(symbol: Pair, factor = 1): Numeric {
    return priceText(symbol, this.price(symbol) * factor)
  }

  /** What is traded now; null while the pair is halted. */
  trade(symbol: Pair, at: number): Trade | null {
    const course = this.#course(symbol)
    this.#move(course, at)
    if (at < course.haltedUntil) return null
    if (chance(this.#random, 0.0005)) course.haltedUntil = at + Math.round(between(this.#random, 30_000, 600_000))
    const size = pick(this.#random, SIZES[symbol] ?? [1]) * between(this.#random, 0.5, 1.5)
    return {
      ...{ kind: 'trade', symbol, side: null, at },
      price: this.text(symbol),
      quantity: text(amount(size.toFixed(8))),
    }
  }

  /** Prices jump by up to this share, down more often than up. */
  jump(symbol: Pair, most = 0.07): void {
    const course = this.#course(symbol)
    const by = between(this.#random, 0.005, most) * (chance(this.#random, 0.65) ? -1 : 1)
    course.price *= 1 + by
  }

  /** From here on it goes on. */
  moveTo(symbol: Pair, price: Numeric): void {
    this.#course(symbol).price = Number(price)
  }

  #move(course: Course, at: number): void {
    const hours = Math.min((at - course.lastAt) / HOUR, 4)
    course.lastAt = at
    if (at >= course.changesAt) {
      course.regime = pick(this.#random, this.#regimes)
      course.changesAt = at + waiting(this.#random, REGIME_MEAN_MS)
    }
    const { drift, volatility, jumps } = course.regime
    course.price *= Math.exp(drift * hours + volatility * Math.sqrt(hours) * normal(this.#random))
    if (chance(this.#random, jumps * hours)) {
      const by = between(this.#random, 0.01, 0.06) * (chance(this.#random, 0.6) ? -1 : 1)
      course.price *= 1 + by
    }
  }

  #course(symbol: Pair): Course {
    const course = this.#courses.get(symbol)
    if (course === undefined) throw new Error(`${symbol} is not traded here`)
    return course
  }
}

/** On the tick. */
export function priceText(symbol: Pair, price: number): Numeric {
  const instrument = BUILT_IN_INSTRUMENTS.find((one) => one.symbol === symbol)
  if (instrument === undefined) throw new Error(`${symbol} is not listed`)
  return text(roundToTick(amount(price.toFixed(8)), instrument))
}

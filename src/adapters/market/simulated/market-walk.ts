/** The random walk behind the simulated market: one mood for all coins, correlated moves, a weak pull to the start. */
import type { RandomSource } from '../../../ports/clock.ts'
import { type Bar, barBetween } from './bar.ts'
import { COINS, type Coin } from './coins.ts'

type Mood = 'quiet' | 'trendUp' | 'trendDown' | 'volatile' | 'crash'

interface MoodFigures {
  /** Mean length in minutes. */
  readonly minutes: number
  /** Deviation and drift of BTC a minute, in basis points. */
  readonly deviationBps: number
  readonly driftBps: number
  readonly volume: number
  readonly next: readonly (readonly [Mood, number])[]
}

/**
 * Calm for 42 % of the time, rising 22 %, falling 20 %, volatile 16 %, crashing .3 % (every four to five days, about
 * −3 % in 20 minutes); BTC moves some 3 % a day. The drifts cancel out over time.
 */
const MOODS: Readonly<Record<Mood, MoodFigures>> = {
  quiet: {
    minutes: 240,
    deviationBps: 3,
    driftBps: 0,
    volume: 0.7,
    next: [
      ['trendUp', 0.36],
      ['trendDown', 0.32],
      ['volatile', 0.31],
      ['crash', 0.01],
    ],
  },
  trendUp: {
    minutes: 180,
    deviationBps: 5,
    driftBps: 0.72,
    volume: 1.1,
    next: [
      ['quiet', 0.5],
      ['trendDown', 0.15],
      ['volatile', 0.34],
      ['crash', 0.01],
    ],
  },
  trendDown: {
    minutes: 180,
    deviationBps: 5.5,
    driftBps: -0.6,
    volume: 1.2,
    next: [
      ['quiet', 0.5],
      ['trendUp', 0.22],
      ['volatile', 0.24],
      ['crash', 0.04],
    ],
  },
  volatile: {
    minutes: 120,
    deviationBps: 10,
    driftBps: 0,
    volume: 2,
    next: [
      ['quiet', 0.42],
      ['trendUp', 0.26],
      ['trendDown', 0.26],
      ['crash', 0.06],
    ],
  },
  crash: {
    minutes: 20,
    deviationBps: 18,
    driftBps: -14,
    volume: 6,
    next: [
      ['volatile', 0.7],
      ['trendUp', 0.2],
      ['quiet', 0.05],
      ['trendDown', 0.05],
    ],
  },
}

/** Share of the way back to the start price that a minute pulls: keeps months of simulation in a believable range. */
const PULL = 1 / (120 * 1440)
const LEAST_TICKS = 100
const LEAST_LOTS = 1_000

export class MarketWalk {
  readonly #random: RandomSource
  readonly #minutes: number
  readonly #backwards: boolean
  #mood: Mood = 'quiet'
  /** Price of each coin at the walk's head, in ticks. */
  #ticks: readonly number[]

  /**
   * Walks in steps of `minutes` from the prices `ticks`; backwards means that each step is the one before the last.
   */
  constructor(random: RandomSource, minutes: number, backwards: boolean, ticks: readonly number[]) {
    this.#random = random
    this.#minutes = minutes
    this.#backwards = backwards
    this.#ticks = ticks
  }

  /** Prices at the head, in ticks, by index of `COINS`. */
  get ticks(): readonly number[] {
    return this.#ticks
  }

  /** The next step's bars, by index of `COINS`. Draws the same number of times whatever happens. */
  step(): readonly Bar[] {
    this.#changeMood()
    const mood = MOODS[this.#mood]
    // A mood that is shorter than the step fills only its own length of it.
    const minutes = Math.min(this.#minutes, mood.minutes)
    const market = this.#normal()
    const bars = COINS.map((coin, index) => this.#move(coin, this.#ticks[index] ?? 0, mood, minutes, market))
    this.#ticks = bars.map((bar) => (this.#backwards ? bar.open : bar.close))
    return bars
  }

  #move(coin: Coin, from: number, mood: MoodFigures, minutes: number, market: number): Bar {
    const own = this.#normal()
    const shock = coin.correlation * market + Math.sqrt(1 - coin.correlation ** 2) * own
    const deviation = (coin.volatility * mood.deviationBps * Math.sqrt(minutes)) / 10_000
    const drift = (coin.volatility * mood.driftBps * minutes) / 10_000
    const away = Math.log(from / startTicks(coin))
    const forwards = drift + deviation * shock
    const pull = -away * PULL * this.#minutes
    const to = Math.max(LEAST_TICKS, Math.round(from * Math.exp((this.#backwards ? -forwards : forwards) + pull)))
    const size = Math.exp(0.6 * this.#normal()) * (0.6 + 0.5 * Math.abs(shock)) * mood.volume
    const volume = Math.max(LEAST_LOTS, Math.round(coin.volume * size * this.#minutes * 10 ** coin.lotDecimals))
    const [open, close] = this.#backwards ? [to, from] : [from, to]
    return barBetween(open, close, deviation, volume, this.#random.next(), this.#random.next())
  }

  #changeMood(): void {
    const change = this.#random.next()
    let choice = this.#random.next()
    const { minutes, next } = MOODS[this.#mood]
    if (change >= this.#minutes / minutes) return
    for (const [mood, weight] of next) {
      choice -= weight
      if (choice < 0) {
        this.#mood = mood
        return
      }
    }
  }

  /** Standard normal (Box and Muller 1958). */
  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random.next()))
    return radius * Math.cos(2 * Math.PI * this.#random.next())
  }
}

/** Where a coin starts, in ticks. */
export const startTicks = (coin: Coin): number => Math.round(coin.start * 10 ** coin.tickDecimals)

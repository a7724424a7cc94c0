/** What trades cost: fixed rates, or Kraken's ladder by the volume of the last thirty days, counted from our own trades. */
import { type Pair, quoteOf } from '../../../domain/ids.ts'
import { type Amount, amount, maxOf, type Numeric, sumOf, text, ZERO } from '../../../domain/units.ts'
import type { FeeRates } from './fills.ts'
import type { SymbolMarket } from './symbol-market.ts'

/** One step of a ladder: from this volume on, these shares of the cost. */
export interface FeeTier {
  /** US dollars in thirty days. */
  readonly volume: Numeric
  readonly maker: Numeric
  readonly taker: Numeric
}

const tier = (volume: Numeric, maker: Numeric, taker: Numeric): FeeTier => ({ volume, maker, taker })

/** Kraken's spot ladder since July 2026. */
export const KRAKEN_LADDER: readonly FeeTier[] = [
  tier('0', '0.004', '0.008'),
  tier('2500', '0.003', '0.006'),
  tier('10000', '0.0022', '0.0038'),
  tier('25000', '0.002', '0.0035'),
  tier('50000', '0.0015', '0.003'),
  tier('100000', '0.0012', '0.0025'),
  tier('250000', '0.001', '0.0022'),
  tier('500000', '0.0008', '0.002'),
  tier('1000000', '0.0006', '0.0018'),
  tier('2500000', '0.0004', '0.0015'),
  tier('5000000', '0.0002', '0.0012'),
  tier('10000000', '0', '0.001'),
  tier('50000000', '0', '0.0009'),
  tier('100000000', '0', '0.0008'),
  tier('250000000', '0', '0.0007'),
  tier('400000000', '0', '0.0006'),
  tier('500000000', '0', '0.0005'),
]

/** What the account pays now. */
export interface Fees extends FeeTier {
  /** US dollars, which USDT counts as. */
  readonly volume30d: Numeric
  /** The step after this one; null on the last, and where fees are fixed. */
  readonly next: FeeTier | null
}

/** A UTC day, counted from 1970, and what was traded on it in US dollars. */
export type DayVolume = readonly [day: number, volume: Numeric]

const DAY_MS = 86_400_000
const WINDOW_DAYS = 30
const DOLLARS: readonly string[] = ['USD', 'USDT', 'USDC']

export class FeeSchedule {
  readonly #ladder: readonly FeeTier[]
  readonly #rates: readonly FeeRates[]
  readonly #markets: ReadonlyMap<string, SymbolMarket>
  #days = new Map<number, Amount>()

  /** `ladder` begins at a volume of 0; one step alone is a fixed fee. */
  constructor(ladder: readonly FeeTier[], markets: ReadonlyMap<string, SymbolMarket>) {
    this.#ladder = ladder
    this.#rates = ladder.map((step) => ({ maker: amount(step.maker), taker: amount(step.taker) }))
    this.#markets = markets
  }

  ratesAt(at: number): FeeRates {
    return this.#rates[this.#stepAt(at)] ?? { maker: ZERO, taker: ZERO }
  }

  /** The rate that fees are held at: the higher of the two. */
  holdRateAt(at: number): Numeric {
    const { maker, taker } = this.ratesAt(at)
    return text(maxOf(maker, taker))
  }

  feesAt(at: number): Fees {
    const step = this.#stepAt(at)
    const present = this.#ladder[step] ?? tier('0', '0', '0')
    return { ...present, volume30d: text(this.#volumeAt(at)), next: this.#ladder[step + 1] ?? null }
  }

  /** Adds one trade's cost (quote units) to its day. A quote that no dollar price is known of adds nothing. */
  count(symbol: Pair, cost: Amount, at: number): void {
    const day = Math.floor(at / DAY_MS)
    for (const old of this.#days.keys()) if (old <= day - WINDOW_DAYS) this.#days.delete(old)
    this.#days.set(day, (this.#days.get(day) ?? ZERO).plus(cost.times(this.#dollarsOf(quoteOf(symbol)))))
  }

  save(): DayVolume[] {
    return [...this.#days].map(([day, volume]) => [day, text(volume)])
  }

  restore(days: readonly DayVolume[]): void {
    this.#days = new Map(days.map(([day, volume]) => [day, amount(volume)]))
  }

  /** The last step that the volume reaches. */
  #stepAt(at: number): number {
    if (this.#ladder.length === 1) return 0
    const volume = this.#volumeAt(at)
    return this.#ladder.findLastIndex((step) => volume.gte(step.volume))
  }

  #volumeAt(at: number): Amount {
    const from = Math.floor(at / DAY_MS) - WINDOW_DAYS
    return sumOf([...this.#days].filter(([day]) => day > from).map(([, volume]) => volume))
  }

  #dollarsOf(quote: string): Amount {
    if (DOLLARS.includes(quote)) return amount(1)
    for (const dollar of DOLLARS) {
      const last = this.#markets.get(`${quote}/${dollar}`)?.last
      if (last !== undefined && last !== null) return amount(last)
    }
    return ZERO
  }
}

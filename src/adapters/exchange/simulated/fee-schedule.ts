/** What trades cost: fixed rates, with the volume of the last thirty days counted from our own trades. */
import { type Pair, quoteOf } from '../../../domain/ids.ts'
import { type Amount, amount, maxOf, type Numeric, sumOf, text, ZERO } from '../../../domain/units.ts'
import type { FeeRates } from './fills.ts'
import type { SymbolMarket } from './symbol-market.ts'

/** The account's fees, as shares of the cost. */
export interface Fees {
  readonly maker: Numeric
  readonly taker: Numeric
  /** In US dollars, which USDT counts as. */
  readonly volume30d: Numeric
}

/** A UTC day, counted from 1970, and what was traded on it in US dollars. */
export type DayVolume = readonly [day: number, volume: Numeric]

const DAY_MS = 86_400_000
const WINDOW_DAYS = 30
const DOLLARS: readonly string[] = ['USD', 'USDT', 'USDC']

export class FeeSchedule {
  readonly rates: FeeRates
  readonly #markets: ReadonlyMap<string, SymbolMarket>
  #days = new Map<number, Amount>()

  constructor(rates: FeeRates, markets: ReadonlyMap<string, SymbolMarket>) {
    this.rates = rates
    this.#markets = markets
  }

  /** The rate that fees are held at: the higher of the two. */
  get holdRate(): Numeric {
    return text(maxOf(this.rates.maker, this.rates.taker))
  }

  feesAt(at: number): Fees {
    return { maker: text(this.rates.maker), taker: text(this.rates.taker), volume30d: text(this.#volumeAt(at)) }
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

/** The best prices of the last while, as Spread tells them: one row for each change. */
import type { Pair } from '../domain/ids.ts'
import type { Numeric } from '../domain/units.ts'
import type { MarketView } from './market-view.ts'

export interface SpreadRow {
  readonly at: number
  readonly bid: Numeric
  readonly ask: Numeric
}

/** What Kraken gives at most. */
const KEPT = 200

export class Spreads {
  readonly #market: MarketView
  readonly #rows = new Map<Pair, SpreadRow[]>()

  constructor(market: MarketView) {
    this.#market = market
    market.onChange(({ kind, symbol }) => {
      if (kind !== 'bars') this.#look(symbol)
    })
  }

  /** Oldest first. */
  of(symbol: Pair): readonly SpreadRow[] {
    return this.#rows.get(symbol)?.slice(-KEPT) ?? []
  }

  #look(symbol: Pair): void {
    const book = this.#market.book(symbol, 1)
    const [bid, ask] = [book?.bids[0]?.price, book?.asks[0]?.price]
    if (book === null || bid === undefined || ask === undefined) return
    const rows = this.#rows.get(symbol) ?? []
    const before = rows.at(-1)
    if (before?.bid === bid && before.ask === ask) return
    rows.push({ at: book.at, bid, ask })
    this.#rows.set(symbol, rows.length > 2 * KEPT ? rows.slice(-KEPT) : rows)
  }
}

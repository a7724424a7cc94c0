/** One pair of the market as it is shown: its prints, bars and depth, kept from the feed's events. */
import type { Candle } from '../../domain/candle.ts'
import type { Pair } from '../../domain/ids.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { amount, type Numeric, sumOf } from '../../domain/units.ts'
import type { MarketEvent } from '../../ports/market-feed.ts'
import { BarSeries, type Part, printed } from './bars.ts'
import { bookChecksum, type KnownDepth, type ShownBook, shownBook } from './shown-book.ts'
import { decimalsOf, type PairDecimals } from './written.ts'

/** Minutes of Kraken's OHLC intervals. Weeks begin on Thursday: they count from 1970. */
export const OHLC_INTERVALS = [1, 5, 15, 30, 60, 240, 1440, 10_080, 21_600] as const
export type OhlcInterval = (typeof OHLC_INTERVALS)[number]

/** Rows of OHLC that Kraken gives at most; the last one is still running. */
export const OHLC_ROWS = 721
export const TRADES_KEPT = 1000
const MINUTE_MS = 60_000
const MINUTES_A_DAY = 1440

export interface PublicTrade {
  /** Counts from 1 for each pair. */
  readonly tradeId: number
  readonly symbol: Pair
  readonly price: Numeric
  readonly quantity: Numeric
  /** The taker's; where the feed does not tell, up-ticks are buys. */
  readonly side: 'buy' | 'sell'
  readonly at: number
}

/** A book as Kraken shows it: texts in the pair's decimals. */
export interface BookView extends ShownBook {
  readonly checksum: number
}

/** A closed candle as one part; without prints its average price stands in for the volume-weighted one. */
export function partOf(candle: Candle): Part {
  const prices = [amount(candle.open), amount(candle.high), amount(candle.low), amount(candle.close)] as const
  const [open, high, low, close] = prices
  const volume = amount(candle.volume)
  const notional = sumOf(prices).div(prices.length).times(volume)
  return { openAt: candle.openAt, open, high, low, close, volume, notional, trades: volume.isZero() ? 0 : 1 }
}

/** One pair. */
export class PairView {
  readonly instrument: Instrument
  readonly decimals: PairDecimals
  readonly series: ReadonlyMap<OhlcInterval, BarSeries>
  readonly minutes: BarSeries
  trades: PublicTrade[] = []
  #tradeIds = 0
  known: KnownDepth = { book: null, quote: null, last: null }
  #shown: { readonly of: KnownDepth; readonly book: BookView | null } | null = null

  constructor(instrument: Instrument) {
    this.instrument = instrument
    this.decimals = decimalsOf(instrument)
    // The ticker's day needs a day of minutes and the close before it.
    this.minutes = new BarSeries(1, MINUTES_A_DAY + 2)
    this.series = new Map(
      OHLC_INTERVALS.map((minutes) => [minutes, minutes === 1 ? this.minutes : new BarSeries(minutes, OHLC_ROWS)]),
    )
  }

  /** The whole book; made once for all who look until something is known anew. */
  book(): BookView | null {
    if (this.#shown?.of !== this.known) {
      const book = shownBook(this.known, this.instrument, this.decimals)
      this.#shown = { of: this.known, book: book === null ? null : { ...book, checksum: bookChecksum(book) } }
    }
    return this.#shown.book
  }

  print({ symbol, price, quantity, side, at }: Extract<MarketEvent, { kind: 'trade' }>): PublicTrade {
    const before = this.known.last
    this.#tradeIds += 1
    const guessed = before === null || amount(price).gte(amount(before.price)) ? 'buy' : 'sell'
    const trade = { tradeId: this.#tradeIds, symbol, price, quantity, side: side ?? guessed, at }
    this.trades.push(trade)
    if (this.trades.length > 2 * TRADES_KEPT) this.trades = this.trades.slice(-TRADES_KEPT)
    this.known = { ...this.known, last: { price, quantity, at } }
    const part = printed(amount(price), amount(quantity), at)
    for (const series of this.series.values()) series.take(part)
    return trade
  }

  /** A closed minute: right where prints were missed, nothing new where all of them were heard. */
  close(candle: Candle): void {
    const seen = this.minutes.at(candle.openAt)
    const whole = partOf(candle)
    if (seen !== null && whole.volume.eq(seen.volume) && whole.close.eq(seen.close)) return
    // The series of minutes comes first in the map, so `seen` must be a copy.
    const before = seen === null ? null : { ...seen }
    for (const series of this.series.values()) series.correct(before, whole)
    const last = this.known.last
    if (last === null || last.at < candle.openAt + MINUTE_MS)
      this.known = {
        ...this.known,
        last: { price: candle.close, quantity: last?.quantity ?? candle.volume, at: candle.openAt },
      }
  }
}

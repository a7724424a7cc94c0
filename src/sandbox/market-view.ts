/** What the sandbox shows of the market, kept from the feed's events: tickers, bars, recent trades, books. */
import type { Candle } from '../domain/candle.ts'
import { TIMEFRAME_MS } from '../domain/candle.ts'
import type { Pair } from '../domain/ids.ts'
import type { Instrument } from '../domain/instrument.ts'
import { type Amount, amount, type Numeric, sumOf, text, ZERO } from '../domain/units.ts'
import type { BookLevel, MarketEvent } from '../ports/market-feed.ts'
import { type Bar, BarSeries, type Part, printed, vwapOf } from './market/bars.ts'
import { bookChecksum, type KnownDepth, type ShownBook, shownBook } from './market/shown-book.ts'
import { decimalsOf, type PairDecimals } from './market/written.ts'

/** Minutes of Kraken's OHLC intervals. Weeks begin on Thursday: they count from 1970. */
export const OHLC_INTERVALS = [1, 5, 15, 30, 60, 240, 1440, 10_080, 21_600] as const
export type OhlcInterval = (typeof OHLC_INTERVALS)[number]

/** Rows of OHLC that Kraken gives at most; the last one is still running. */
const OHLC_ROWS = 721
const TRADES_KEPT = 1000
const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS

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

/** A stretch of time, summed up. */
export interface Stretch {
  readonly open: Numeric
  readonly high: Numeric
  readonly low: Numeric
  readonly volume: Numeric
  readonly vwap: Numeric
  readonly trades: number
}

export interface Ticker {
  readonly symbol: Pair
  readonly bid: BookLevel
  readonly ask: BookLevel
  readonly last: { readonly price: Numeric; readonly quantity: Numeric }
  /** Since midnight UTC. */
  readonly today: Stretch
  /** The last 1,440 minutes, the running one included. */
  readonly day: Stretch
  /** Last price against that of 24 hours ago. */
  readonly change: Numeric
  readonly at: number
}

/** A book as Kraken shows it: texts in the pair's decimals. */
export interface BookView extends ShownBook {
  readonly checksum: number
}

/** What changed, told after it has. A print may change bars, ticker and, without a book, the book. */
export type MarketChange =
  | { readonly kind: 'trade'; readonly symbol: Pair; readonly trade: PublicTrade }
  | { readonly kind: 'depth' | 'bars'; readonly symbol: Pair; readonly at: number }

type Listener = (change: MarketChange) => void

const stretchOf = (part: Part): Stretch => ({
  ...{ open: text(part.open), high: text(part.high), low: text(part.low) },
  ...{ volume: text(part.volume), vwap: text(vwapOf(part)), trades: part.trades },
})

/** A closed candle as one part; without prints its average price stands in for the volume-weighted one. */
function partOf(candle: Candle): Part {
  const prices = [amount(candle.open), amount(candle.high), amount(candle.low), amount(candle.close)] as const
  const [open, high, low, close] = prices
  const volume = amount(candle.volume)
  const notional = sumOf(prices).div(prices.length).times(volume)
  return { openAt: candle.openAt, open, high, low, close, volume, notional, trades: volume.isZero() ? 0 : 1 }
}

/** One pair. */
class PairView {
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
    this.minutes = new BarSeries(1, DAY_MS / MINUTE_MS + 2)
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

/**
 * The market as the venue shows it. Times and prices are the feed's own; nothing here has a clock. Trades of the
 * sandbox's own account are not prints: the market is the feed's.
 */
export class MarketView {
  readonly #pairs: ReadonlyMap<string, PairView>
  readonly #listeners = new Set<Listener>()

  constructor(instruments: readonly Instrument[]) {
    this.#pairs = new Map(instruments.map((instrument) => [instrument.symbol, new PairView(instrument)]))
  }

  /** Takes what the feed told; pairs that are not listed are left out. */
  hear(event: MarketEvent): void {
    if (event.kind === 'line' || event.kind === 'ended') return
    const view = this.#pairs.get(event.symbol)
    if (view === undefined) return
    const { symbol, at } = event
    if (event.kind === 'trade') this.#tell({ kind: 'trade', symbol, trade: view.print(event) })
    else if (event.kind === 'candle') {
      view.close(event.candle)
      this.#tell({ kind: 'bars', symbol, at })
    } else {
      view.known = event.kind === 'quote' ? { ...view.known, quote: event } : { ...view.known, book: event }
      this.#tell({ kind: 'depth', symbol, at })
    }
  }

  /**
   * Closed candles of one pair and time frame from before the feed's start, ascending: finer time frames first. They
   * give bars, the ticker's day and a last price; no trades. Weekly candles are left out, as Kraken's weeks begin on
   * another day.
   */
  seed(candles: readonly Candle[]): void {
    const [first, last] = [candles[0], candles.at(-1)]
    const view = first === undefined ? undefined : this.#pairs.get(first.symbol)
    if (view === undefined || first === undefined || last === undefined || first.timeframe === '1w') return
    const minutes = TIMEFRAME_MS[first.timeframe] / MINUTE_MS
    const parts = candles.map(partOf)
    for (const [interval, series] of view.series) if (interval % minutes === 0) series.precede(parts)
    if (view.known.last === null)
      view.known = { ...view.known, last: { price: last.close, quantity: last.volume, at: last.openAt } }
  }

  /** Called after every change; the answer ends it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Price of the last print; null before the first. */
  last(symbol: Pair): Numeric | null {
    return this.#pairs.get(symbol)?.known.last?.price ?? null
  }

  decimals(symbol: Pair): PairDecimals | null {
    return this.#pairs.get(symbol)?.decimals ?? null
  }

  /** Null before the first price, and for a pair that is not listed. */
  ticker(symbol: Pair, now: number): Ticker | null {
    const view = this.#pairs.get(symbol)
    const book = this.book(symbol, 1)
    const last = view?.known.last
    const [bid, ask] = [book?.bids[0], book?.asks[0]]
    if (view === undefined || last == null || bid === undefined || ask === undefined) return null
    const at = amount(last.price)
    const nothing = { ...printed(at, ZERO, now), trades: 0 }
    const day = view.minutes.sumSince(view.minutes.beginOf(now) + MINUTE_MS - DAY_MS) ?? nothing
    const today = view.minutes.sumSince(Math.floor(now / DAY_MS) * DAY_MS) ?? nothing
    return {
      symbol,
      bid,
      ask,
      last: { price: last.price, quantity: last.quantity },
      today: stretchOf(today),
      day: stretchOf(day),
      change: text(at.minus(day.open)),
      at: Math.max(last.at, book?.at ?? 0),
    }
  }

  /** The newest 721 bars at most, ascending, flat where nobody traded; the last one still runs. Empty before any price. */
  bars(symbol: Pair, interval: OhlcInterval, now: number): readonly Bar[] {
    return this.#pairs.get(symbol)?.series.get(interval)?.rows(now, OHLC_ROWS) ?? []
  }

  /** The bar that the last print fell in; null before the first. */
  bar(symbol: Pair, interval: OhlcInterval): Bar | null {
    return this.#pairs.get(symbol)?.series.get(interval)?.last() ?? null
  }

  /** The newest thousand trades at most, ascending. */
  trades(symbol: Pair): readonly PublicTrade[] {
    return this.#pairs.get(symbol)?.trades.slice(-TRADES_KEPT) ?? []
  }

  /**
   * The book to `depth` levels on each side, with Kraken's checksum, which never depends on the depth. The sandbox shows
   * as many levels as the feed tells and ten at least (see `shownBook`); null before any price.
   */
  book(symbol: Pair, depth: number): BookView | null {
    const book = this.#pairs.get(symbol)?.book() ?? null
    if (book === null) return null
    return { ...book, bids: book.bids.slice(0, depth), asks: book.asks.slice(0, depth) }
  }

  #tell(change: MarketChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

/** A change as a share of what it changed from, in per cent with two decimals, as Kraken's `change_pct`. */
export function changePercent(ticker: Ticker): Numeric {
  const before: Amount = amount(ticker.last.price).minus(ticker.change)
  return before.isZero() ? '0' : text(amount(ticker.change).div(before).times(100).toDecimalPlaces(2))
}

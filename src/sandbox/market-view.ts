/** What the sandbox shows of the market, kept from the feed's events: tickers, bars, recent trades, books. */
import { type Candle, TIMEFRAME_MS } from '../domain/candle.ts'
import type { Pair } from '../domain/ids.ts'
import type { Instrument } from '../domain/instrument.ts'
import { type Amount, amount, type Numeric, text, ZERO } from '../domain/units.ts'
import type { BookLevel, MarketEvent } from '../ports/market-feed.ts'
import { type Bar, type Part, printed, vwapOf } from './market/bars.ts'
import {
  type BookView,
  OHLC_ROWS,
  type OhlcInterval,
  PairView,
  type PublicTrade,
  partOf,
  TRADES_KEPT,
} from './market/pair-view.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS

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

/** What changed, told after it has. A print may change bars, ticker and, without a book, the book. */
export type MarketChange =
  | { readonly kind: 'trade'; readonly symbol: Pair; readonly trade: PublicTrade }
  | { readonly kind: 'depth' | 'bars'; readonly symbol: Pair; readonly at: number }

type Listener = (change: MarketChange) => void

const stretchOf = (part: Part): Stretch => ({
  ...{ open: text(part.open), high: text(part.high), low: text(part.low) },
  ...{ volume: text(part.volume), vwap: text(vwapOf(part)), trades: part.trades },
})

/**
 * The market as the venue shows it. Times and prices are the feed's own; nothing here has a clock. Trades of the
 * sandbox's own account are not prints: the market is the feed's.
 */
export class MarketView {
  readonly #pairs: ReadonlyMap<string, PairView>
  readonly #listeners = new Set<Listener>()
  /** Made once a minute for all who look, and anew after every change. */
  readonly #tickers = new Map<Pair, { readonly minute: number; readonly ticker: Ticker | null }>()

  constructor(instruments: readonly Instrument[]) {
    this.#pairs = new Map(instruments.map((instrument) => [instrument.symbol, new PairView(instrument)]))
  }

  /** Takes what the feed told; pairs that are not listed are left out. */
  hear(event: MarketEvent): void {
    if (event.kind === 'line' || event.kind === 'ended') return
    const view = this.#pairs.get(event.symbol)
    if (view === undefined) return
    const { symbol, at } = event
    this.#tickers.delete(symbol)
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
    this.#tickers.delete(first.symbol)
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

  /** Null before the first price, and for a pair that is not listed. */
  ticker(symbol: Pair, now: number): Ticker | null {
    const minute = Math.floor(now / MINUTE_MS)
    const kept = this.#tickers.get(symbol)
    if (kept?.minute === minute) return kept.ticker
    const ticker = this.#ticker(symbol, now)
    this.#tickers.set(symbol, { minute, ticker })
    return ticker
  }

  #ticker(symbol: Pair, now: number): Ticker | null {
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

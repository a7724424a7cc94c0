/** Everything one symbol's market actor owns: candles of all time frames, their indicators, and the snapshot of now. */
import { type Candle, TIMEFRAME_MS, TIMEFRAMES, type Timeframe } from '../domain/candle.ts'
import type { Pair } from '../domain/ids.ts'
import type { Numeric } from '../domain/units.ts'
import type { Bar } from './bar.ts'
import { type Book, bookFeatures } from './book-features.ts'
import { type BaseTimeframe, type CandleAddition, CandleAggregator } from './candle-aggregation.ts'
import { CandleRing } from './candle-ring.ts'
import { type IndicatorReading, IndicatorSet } from './indicator-set.ts'
import {
  gatherSnapshot,
  PRIMARY_TIMEFRAME,
  SNAPSHOT_TIMEFRAMES,
  type SnapshotInput,
  type SnapshotResult,
  type SnapshotTimeframe,
  type TimeframeReading,
} from './snapshot.ts'
import { Volatility, type VolatilityReading, type VolatilityRules } from './volatility.ts'

export interface MarketStateOptions {
  readonly symbol: Pair
  /** The feed's time frame; 1m. */
  readonly base?: BaseTimeframe
  /** Candles kept per time frame; 250. */
  readonly keep?: number
  /** Candles a time frame in a snapshot; 10. */
  readonly snapshotCandles?: number
  /** How late a candle may be beyond its interval, in milliseconds; two minutes. */
  readonly slackMs?: number
  /** A feed with a book: without a fresh one the snapshot is flagged. Off. */
  readonly expectsBook?: boolean
  /** How old a book may be, in milliseconds; a minute. */
  readonly bookMaxAgeMs?: number
  /** What counts as a spike of volatility and as a fast move; the owner's figures. */
  readonly volatility?: VolatilityRules
}

const RANGE_CANDLES = 20

/** What is kept of one time frame. */
class Track {
  readonly indicators = new IndicatorSet()
  readonly candles: CandleRing
  private readonly shown: number
  private reading: TimeframeReading | null = null

  constructor(keep: number, shown: number) {
    this.candles = new CandleRing(keep)
    this.shown = shown
  }

  push(candle: Candle, bar: Bar): void {
    this.candles.push(candle)
    this.indicators.push(bar)
    this.reading = null
  }

  /** The same object until the next candle. */
  read(timeframe: SnapshotTimeframe): TimeframeReading | null {
    const { last } = this.candles
    if (last === null || this.reading !== null) return this.reading
    this.reading = {
      timeframe,
      last,
      close: Number(last.close),
      indicators: this.indicators.read(),
      candles: this.candles.latest(this.shown),
      range: timeframe === PRIMARY_TIMEFRAME ? rangeOf(this.candles.latest(RANGE_CANDLES)) : null,
    }
    return this.reading
  }
}

export class MarketState {
  readonly symbol: Pair
  readonly base: BaseTimeframe
  private readonly aggregator: CandleAggregator
  private readonly tracks: Readonly<Record<Timeframe, Track>>
  private readonly expected: readonly SnapshotTimeframe[]
  private readonly slackMs: number
  private readonly expectsBook: boolean
  private readonly bookMaxAgeMs: number
  private readonly alarms: Volatility
  private newest: Candle | null = null

  constructor(options: MarketStateOptions) {
    const { symbol, base = '1m', keep = 250, snapshotCandles = 10 } = options
    this.symbol = symbol
    this.base = base
    this.aggregator = new CandleAggregator(symbol, base)
    const track = () => new Track(keep, snapshotCandles)
    this.tracks = {
      '1m': track(),
      '5m': track(),
      '15m': track(),
      '30m': track(),
      '1h': track(),
      '4h': track(),
      '12h': track(),
      '1d': track(),
      '1w': track(),
    }
    this.expected = SNAPSHOT_TIMEFRAMES.filter((timeframe) => TIMEFRAME_MS[timeframe] >= TIMEFRAME_MS[base])
    this.slackMs = options.slackMs ?? 120_000
    this.expectsBook = options.expectsBook ?? false
    this.bookMaxAgeMs = options.bookMaxAgeMs ?? 60_000
    this.alarms = new Volatility(options.volatility)
  }

  /**
   * Takes one closed candle of the feed, or, before the feed begins, of a coarser time frame's history (see `warmUp`).
   * What it closes on the way is kept before this returns. Bad data is refused with a reason and changes nothing.
   */
  add(candle: Candle, seenAt?: number): CandleAddition {
    const addition = this.aggregator.add(candle, seenAt)
    if (addition.kind === 'refused') return addition
    // Running coarser candles that this one found ended were closed before it, but each time frame has its own track.
    this.enter(candle, addition.bar)
    for (const { candle: coarser, bar } of addition.closed) this.enter(coarser, bar)
    if (this.newest === null || closedAt(candle) >= closedAt(this.newest)) this.newest = candle
    return addition
  }

  private enter(candle: Candle, bar: Bar): void {
    const track = this.tracks[candle.timeframe]
    track.push(candle, bar)
    this.alarms.push(candle, bar, track.indicators.atr, candle.timeframe === this.base)
  }

  /**
   * Takes history, each time frame ascending: long averages get warm, and the running day and week get their beginning.
   * Entered coarsest time frame first, however it is ordered. Returns how many candles were refused.
   */
  warmUp(history: readonly Candle[]): number {
    let refused = 0
    for (const timeframe of [...TIMEFRAMES].reverse())
      for (const candle of history) if (candle.timeframe === timeframe && this.add(candle).kind === 'refused') refused++
    return refused
  }

  /**
   * The market at `now` (milliseconds UTC).
   *
   * @param quoteInUsd USD for one quote unit, for the book's depth: 1 for USDT.
   */
  snapshot(now: number, book: Book | null = null, quoteInUsd = 1): SnapshotResult {
    return gatherSnapshot({
      symbol: this.symbol,
      now,
      readings: this.readings(),
      expected: this.expected,
      slackMs: this.slackMs,
      book: this.bookSource(now, book, quoteInUsd),
    })
  }

  /** The newest `limit` closed candles, oldest first. */
  candles(timeframe: Timeframe, limit = Number.POSITIVE_INFINITY): readonly Candle[] {
    return this.tracks[timeframe].candles.latest(limit)
  }

  /** The close of a candle that ended exactly then, whatever its time frame; null where none is kept. */
  closeAt(at: number): Numeric | null {
    for (const timeframe of TIMEFRAMES) {
      const ended = this.candles(timeframe).find((candle) => closedAt(candle) === at)
      if (ended !== undefined) return ended.close
    }
    return null
  }

  indicators(timeframe: Timeframe): IndicatorReading {
    return this.tracks[timeframe].indicators.read()
  }

  /** Whether volatility spikes and the price has moved fast, as of the last closed candles. */
  volatility(): VolatilityReading {
    return this.alarms.read()
  }

  /** The candle that closed last, whatever its time frame; null before the first. */
  lastCandle(): Candle | null {
    return this.newest
  }

  lastPrice(): Numeric | null {
    return this.newest?.close ?? null
  }

  private readings(): SnapshotInput['readings'] {
    const { tracks } = this
    return {
      '1m': tracks['1m'].read('1m'),
      '5m': tracks['5m'].read('5m'),
      '15m': tracks['15m'].read('15m'),
      '1h': tracks['1h'].read('1h'),
      '4h': tracks['4h'].read('4h'),
      '1d': tracks['1d'].read('1d'),
    }
  }

  private bookSource(now: number, book: Book | null, quoteInUsd: number): SnapshotInput['book'] {
    if (book === null) return this.expectsBook ? 'missing' : 'none'
    if (now - book.at > this.bookMaxAgeMs) return 'stale'
    return bookFeatures(book, quoteInUsd) ?? 'unusable'
  }
}

const closedAt = (candle: Candle): number => candle.openAt + TIMEFRAME_MS[candle.timeframe]

const rangeOf = (candles: readonly Candle[]): { highest: Numeric; lowest: Numeric } => ({
  highest: extremeOf(candles, (candle) => candle.high, 1),
  lowest: extremeOf(candles, (candle) => candle.low, -1),
})

/** The text that is greatest (`sign` 1) or least (−1) as a number. */
function extremeOf(candles: readonly Candle[], pick: (candle: Candle) => Numeric, sign: 1 | -1): Numeric {
  let best: Numeric = '0'
  let bestValue = Number.NEGATIVE_INFINITY
  for (const candle of candles) {
    const value = sign * Number(pick(candle))
    if (value <= bestValue) continue
    bestValue = value
    best = pick(candle)
  }
  return best
}

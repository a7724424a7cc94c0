/**
 * Closed candles of every coarser time frame out of one symbol's closed base candles, one cascade: 1m makes 5m, 5m
 * makes 15m, up to the week (Monday, UTC). A coarser candle closes with the base candle that ends it or, when that one
 * never came, with the first base candle after it. Bad data is answered, never thrown.
 *
 * A candle whose beginning was never seen (the first, cut one of a time frame) is dropped: its open, high and low would
 * be wrong. Minutes missing later are gaps: venues leave out minutes without trades, so the coarser candle is made from
 * those that came, and the gap is named.
 */
import { type Candle, TIMEFRAME_MS, TIMEFRAMES, type Timeframe } from '../domain/candle.ts'
import type { Pair } from '../domain/ids.ts'
import type { Bar } from './bar.ts'
import { CandleBucket } from './candle-bucket.ts'

export type BaseTimeframe = '1m' | '5m' | '1h'

/** Bars of `timeframe` that should have come: `from` inclusive, `to` exclusive opening times. */
export interface CandleGap {
  readonly timeframe: Timeframe
  readonly from: number
  readonly to: number
  readonly missing: number
}

export interface ClosedCandle {
  readonly candle: Candle
  readonly bar: Bar
}

export type CandleRefusal =
  /** Another symbol, or a time frame finer than the base. */
  | 'foreign'
  /** `openAt` is not the beginning of a bar of its time frame. */
  | 'misaligned'
  /** Text that is not a number, or a volume that is negative. */
  | 'malformed'
  /** High below low, open or close outside high and low, a price that is not positive. */
  | 'insane'
  /** The same bar as the last one. */
  | 'duplicate'
  | 'outOfOrder'
  /** Not over yet by the clock of whoever handed it in. */
  | 'future'

export type CandleAddition =
  | {
      readonly kind: 'accepted'
      readonly bar: Bar
      /** The coarser candles that this one closed, finest first, oldest first. */
      readonly closed: readonly ClosedCandle[]
      readonly gaps: readonly CandleGap[]
    }
  | { readonly kind: 'refused'; readonly reason: CandleRefusal; readonly detail: string }

const NOTHING: readonly never[] = Object.freeze([])

interface Level {
  readonly timeframe: Timeframe
  readonly intervalMs: number
  /** Collects the next finer candles; unused at the base. */
  readonly bucket: CandleBucket
  /** Opening time of the first candle ever; +∞ before it. */
  firstAt: number
  /** Opening time of the last candle, and of the one expected next; −∞ before the first. */
  lastAt: number
  nextAt: number
}

/** One symbol's cascade. Feed it `add`; history of coarser time frames may be fed first, coarsest first. */
export class CandleAggregator {
  private readonly symbol: Pair
  private readonly levels: readonly Level[]
  private readonly incoming = new CandleBucket()
  private closed: ClosedCandle[] | null = null
  private gaps: CandleGap[] | null = null

  constructor(symbol: Pair, base: BaseTimeframe = '1m') {
    this.symbol = symbol
    this.levels = TIMEFRAMES.slice(TIMEFRAMES.indexOf(base)).map((timeframe) => ({
      timeframe,
      intervalMs: TIMEFRAME_MS[timeframe],
      bucket: new CandleBucket(),
      firstAt: Number.POSITIVE_INFINITY,
      lastAt: Number.NEGATIVE_INFINITY,
      nextAt: Number.NEGATIVE_INFINITY,
    }))
  }

  /**
   * Takes one closed candle of the base time frame, or of a coarser one (history, so that the coarser candles that are
   * running now have their beginning; coarsest time frame first).
   *
   * @param seenAt the clock's reading, milliseconds UTC; left out, a bar from the future is not recognised.
   */
  add(candle: Candle, seenAt?: number): CandleAddition {
    const level = this.levels.findIndex((known) => known.timeframe === candle.timeframe)
    const found = this.levels[level]
    if (found === undefined || candle.symbol !== this.symbol)
      return refused('foreign', `${candle.symbol} ${candle.timeframe} is not for ${this.symbol}`)
    const refusal = timeProblem(candle, found, seenAt) ?? this.read(candle)
    if (refusal !== null) return refusal
    this.closed = null
    this.gaps = null
    this.closeBefore(candle.openAt, level + 1)
    this.noteGap(found, candle.openAt)
    this.enter(level, candle.openAt, this.incoming)
    return {
      kind: 'accepted',
      bar: this.incoming.bar(),
      closed: this.closed ?? NOTHING,
      gaps: this.gaps ?? NOTHING,
    }
  }

  /** Parses the candle into `incoming`. */
  private read(candle: Candle): CandleAddition | null {
    const problem = this.incoming.read(candle)
    if (problem === null) return null
    return refused(problem, `${candle.timeframe} ${candle.openAt}: ${describe(candle)}`)
  }

  /** Closes whatever ended at or before `at`. The first running candle that has not ended holds all the coarser ones. */
  private closeBefore(at: number, from: number): void {
    for (let index = from; index < this.levels.length; index++) {
      const { bucket } = this.levels[index] as Level
      if (!bucket.running) continue
      if (bucket.endAt > at) return
      this.close(index)
    }
  }

  /** A closed candle of a level: it becomes part of the next coarser one, and closes it when it ends it. */
  private enter(index: number, openAt: number, part: CandleBucket): void {
    const level = this.levels[index] as Level
    if (level.bucket.running && level.bucket.startAt <= openAt) level.bucket.running = false
    if (level.firstAt === Number.POSITIVE_INFINITY) level.firstAt = openAt
    level.lastAt = openAt
    level.nextAt = openAt + level.intervalMs
    const above = this.levels[index + 1]
    if (above === undefined || openAt < above.nextAt) return
    if (above.bucket.running) above.bucket.merge(part)
    else above.bucket.begin(part, startOf(openAt, above.timeframe), above.intervalMs)
    if (above.bucket.endAt <= openAt + level.intervalMs) this.close(index + 1)
  }

  private close(index: number): void {
    const level = this.levels[index] as Level
    const finer = this.levels[index - 1] as Level
    const { bucket } = level
    bucket.running = false
    if (bucket.startAt < finer.firstAt) return
    this.noteGap(level, bucket.startAt)
    this.closed ??= []
    this.closed.push({ candle: bucket.candle(this.symbol, level.timeframe), bar: bucket.bar() })
    this.enter(index, bucket.startAt, bucket)
  }

  private noteGap(level: Level, openAt: number): void {
    if (openAt <= level.nextAt || level.nextAt === Number.NEGATIVE_INFINITY) return
    this.gaps ??= []
    const missing = (openAt - level.nextAt) / level.intervalMs
    this.gaps.push({ timeframe: level.timeframe, from: level.nextAt, to: openAt, missing })
  }
}

const MONDAY_MS = 4 * TIMEFRAME_MS['1d']

/** Opening time of the bar of `timeframe` that holds the moment `at` (milliseconds UTC; weeks begin on Monday). */
export function startOf(at: number, timeframe: Timeframe): number {
  const interval = TIMEFRAME_MS[timeframe]
  // The epoch was a Thursday.
  const offset = timeframe === '1w' ? MONDAY_MS : 0
  return Math.floor((at - offset) / interval) * interval + offset
}

function timeProblem(candle: Candle, level: Level, seenAt: number | undefined): CandleAddition | null {
  const { openAt, timeframe } = candle
  if (!Number.isSafeInteger(openAt) || startOf(openAt, timeframe) !== openAt)
    return refused('misaligned', `${openAt} does not begin a bar of ${timeframe}`)
  if (seenAt !== undefined && openAt + level.intervalMs > seenAt)
    return refused('future', `${timeframe} ${openAt} is not over at ${seenAt}`)
  if (openAt >= level.nextAt) return null
  const reason = openAt === level.lastAt ? 'duplicate' : 'outOfOrder'
  return refused(reason, `${timeframe} ${openAt} after ${level.lastAt}`)
}

const refused = (reason: CandleRefusal, detail: string): CandleAddition => ({ kind: 'refused', reason, detail })

const describe = ({ open, high, low, close, volume }: Candle): string =>
  `open ${open}, high ${high}, low ${low}, close ${close}, volume ${volume}`

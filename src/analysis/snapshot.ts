/**
 * One symbol's market at one moment: what every view is made from and every decision can be traced back to. Readings of
 * time frames are shared between snapshots until their next candle, so taking one costs next to nothing.
 */
import { type Candle, TIMEFRAME_MS } from '../domain/candle.ts'
import type { Pair } from '../domain/ids.ts'
import type { Numeric } from '../domain/units.ts'
import type { BookFeatures } from './book-features.ts'
import type { IndicatorReading } from './indicator-set.ts'

export const SNAPSHOT_TIMEFRAMES = ['1m', '5m', '15m', '1h', '4h', '1d'] as const
export type SnapshotTimeframe = (typeof SNAPSHOT_TIMEFRAMES)[number]
/** The time frame that views judge by. */
export const PRIMARY_TIMEFRAME: SnapshotTimeframe = '1h'

/** One time frame after its last closed candle. */
export interface TimeframeReading {
  readonly timeframe: SnapshotTimeframe
  readonly last: Candle
  readonly close: number
  readonly indicators: IndicatorReading
  /** The newest ones, oldest first; as many as prompts carry. */
  readonly candles: readonly Candle[]
  /** Highest high and lowest low of the last 20 candles; of the primary time frame alone. */
  readonly range: { readonly highest: Numeric; readonly lowest: Numeric } | null
}

export type SnapshotSource = SnapshotTimeframe | 'book'
/** `warmingUp`: EMA 200 is not there yet. `unusable`: a crossed or empty book. */
export type QualityProblem = 'missing' | 'stale' | 'warmingUp' | 'unusable'
export interface QualityFlag {
  readonly source: SnapshotSource
  readonly problem: QualityProblem
}

/** EMA 9 against EMA 21. */
export interface MultiTimeframeTrend {
  /** 1 up, −1 down, 0 equal; time frames that are missing, stale or warming up are left out. */
  readonly directions: Readonly<Partial<Record<SnapshotTimeframe, 1 | 0 | -1>>>
  readonly bullish: number
  readonly bearish: number
  readonly total: number
  /** (bullish − bearish) ÷ total; 0 without any. */
  readonly alignment: number
}

export interface Snapshot {
  readonly symbol: Pair
  /** Milliseconds UTC. */
  readonly at: number
  /** Close of the freshest candle. */
  readonly lastPrice: Numeric
  readonly timeframes: Readonly<Record<SnapshotTimeframe, TimeframeReading | null>>
  /** Since the last candle closed, in milliseconds. */
  readonly ageMs: Readonly<Record<SnapshotTimeframe, number | null>>
  readonly trend: MultiTimeframeTrend
  readonly book: BookFeatures | null
  readonly flags: readonly QualityFlag[]
  readonly failedSources: number
  readonly sources: number
}

export type SnapshotResult =
  | { readonly kind: 'taken'; readonly snapshot: Snapshot }
  | {
      readonly kind: 'refused'
      readonly reason: 'tooManySourcesFailed'
      readonly flags: readonly QualityFlag[]
      readonly failedSources: number
      readonly sources: number
    }

export interface SnapshotInput {
  readonly symbol: Pair
  readonly now: number
  /** In the order of `SNAPSHOT_TIMEFRAMES`; null where there is no candle yet. */
  readonly readings: Readonly<Record<SnapshotTimeframe, TimeframeReading | null>>
  /** Time frames that the feed can give: a feed of hourly candles has no minutes to miss. */
  readonly expected: readonly SnapshotTimeframe[]
  /** How much later than its interval a candle may be, in milliseconds. */
  readonly slackMs: number
  /** `none` where no book is expected (a replay of candles). */
  readonly book: BookFeatures | 'none' | 'missing' | 'stale' | 'unusable'
}

/** Puts the readings together; refuses when more than half of the expected sources are missing, stale or unusable. */
export function gatherSnapshot(input: SnapshotInput): SnapshotResult {
  const { symbol, now, readings, expected, slackMs, book } = input
  const flags: QualityFlag[] = []
  const directions: Partial<Record<SnapshotTimeframe, 1 | 0 | -1>> = {}
  let failedSources = 0
  let freshest: Candle | null = null
  let bullish = 0
  let bearish = 0
  let total = 0
  for (const timeframe of expected) {
    const reading = readings[timeframe]
    const problem = problemOf(reading, now, slackMs)
    if (problem !== null) flags.push(FLAGS[timeframe][problem])
    if (reading !== null && (freshest === null || closedAt(reading.last) > closedAt(freshest))) freshest = reading.last
    if (reading === null || problem === 'missing' || problem === 'stale') {
      failedSources++
      continue
    }
    const direction = directionOf(reading.indicators)
    if (direction === null) continue
    directions[timeframe] = direction
    total++
    if (direction > 0) bullish++
    if (direction < 0) bearish++
  }
  const sources = expected.length + (book === 'none' ? 0 : 1)
  if (typeof book === 'string' && book !== 'none') {
    failedSources++
    flags.push(FLAGS.book[book])
  }
  if (freshest === null || failedSources * 2 > sources)
    return { kind: 'refused', reason: 'tooManySourcesFailed', flags, failedSources, sources }
  const alignment = total === 0 ? 0 : (bullish - bearish) / total
  return {
    kind: 'taken',
    snapshot: {
      symbol,
      at: now,
      lastPrice: freshest.close,
      timeframes: readings,
      ageMs: agesOf(readings, now),
      trend: { directions, bullish, bearish, total, alignment },
      book: typeof book === 'string' ? null : book,
      flags,
      failedSources,
      sources,
    },
  }
}

/** The reading of a time frame for a rule: null, and the rule abstains, where it is missing or stale. */
export function freshReading(snapshot: Snapshot, timeframe: SnapshotTimeframe): TimeframeReading | null {
  const reading = snapshot.timeframes[timeframe]
  return reading === null || snapshot.flags.includes(FLAGS[timeframe].stale) ? null : reading
}

const closedAt = (candle: Candle): number => candle.openAt + TIMEFRAME_MS[candle.timeframe]

function problemOf(reading: TimeframeReading | null, now: number, slackMs: number): QualityProblem | null {
  if (reading === null) return 'missing'
  if (now - closedAt(reading.last) > TIMEFRAME_MS[reading.timeframe] + slackMs) return 'stale'
  return reading.indicators.ema_200 === null ? 'warmingUp' : null
}

function directionOf({ ema_9, ema_21 }: IndicatorReading): 1 | 0 | -1 | null {
  if (ema_9 === null || ema_21 === null) return null
  if (ema_9 === ema_21) return 0
  return ema_9 > ema_21 ? 1 : -1
}

function agesOf(readings: SnapshotInput['readings'], now: number): Record<SnapshotTimeframe, number | null> {
  const age = (reading: TimeframeReading | null): number | null =>
    reading === null ? null : now - closedAt(reading.last)
  return {
    '1m': age(readings['1m']),
    '5m': age(readings['5m']),
    '15m': age(readings['15m']),
    '1h': age(readings['1h']),
    '4h': age(readings['4h']),
    '1d': age(readings['1d']),
  }
}

type FlagsOfSource = Readonly<Record<QualityProblem, QualityFlag>>
const flagsOf = (source: SnapshotSource): FlagsOfSource => ({
  missing: { source, problem: 'missing' },
  stale: { source, problem: 'stale' },
  warmingUp: { source, problem: 'warmingUp' },
  unusable: { source, problem: 'unusable' },
})
/** One object a flag, made once: snapshots are taken every minute, and a flag is recognised by identity. */
const FLAGS: Readonly<Record<SnapshotSource, FlagsOfSource>> = {
  '1m': flagsOf('1m'),
  '5m': flagsOf('5m'),
  '15m': flagsOf('15m'),
  '1h': flagsOf('1h'),
  '4h': flagsOf('4h'),
  '1d': flagsOf('1d'),
  book: flagsOf('book'),
}

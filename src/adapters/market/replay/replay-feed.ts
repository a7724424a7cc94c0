/** Plays recorded candles back as a market: four prints a minute, then the closed candle. */
import { type Candle, TIMEFRAME_MS, type Timeframe } from '../../../domain/candle.ts'
import type { Pair } from '../../../domain/ids.ts'
import type { PrintPath } from '../../../domain/prints.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import type { HistoryQuery, MarketEvent, MarketFeed } from '../../../ports/market-feed.ts'
import { type CandleFile, day, describeFiles, filesFor, listCandleFiles } from './candle-files.ts'
import { CandleTable } from './candle-table.ts'
import { MinuteCursor } from './minute-cursor.ts'
import { readCandles } from './read-candles.ts'
import { ReplayError } from './replay-error.ts'

export interface ReplayOptions {
  /** A candle file, or a folder of them. */
  readonly source: string
  /** First minute to play, inclusive, milliseconds UTC. */
  readonly from: number
  /** End, exclusive, milliseconds UTC. */
  readonly to: number
  /** Keep one venue's files only (`--source`). */
  readonly venue?: string
  /** Time of the replay where simulated; a real clock paces it. */
  readonly clock: Clock
  /**
   * `max`: every event is due at its own time on the clock, so a simulated clock decides and nothing waits. A number:
   * that many replayed seconds a second of the clock, counted from `start`.
   */
  readonly speed: 'max' | number
  /** Which extreme of a minute comes first; asked when the extremes are due. Default: low first. */
  readonly pathFor?: (symbol: Pair) => PrintPath
  readonly log: Log
}

/**
 * A feed over recorded one-minute candles. Each minute becomes four trades at 0, 15, 30 and 45 s and the closed candle
 * at 60 s; order is by time, then by symbol as given to `start`. Gaps stay gaps. `ended` follows the last candle.
 * `history` serves 1m candles, and other time frames from files of the same venue, closed by the moment reached.
 * @throws ReplayError from `start` and `history`: see `ReplayProblem`.
 */
export function replayFeed(options: ReplayOptions): MarketFeed {
  if (!(options.from < options.to)) {
    throw new ReplayError('bad-request', `replay from ${day(options.from)} must be before to ${day(options.to)}`)
  }
  if (options.speed !== 'max' && !(options.speed > 0)) {
    throw new ReplayError('bad-request', `replay speed ${options.speed} is neither max nor above zero`)
  }
  return new ReplayFeed(options)
}

class ReplayFeed implements MarketFeed {
  readonly name = 'replay'
  readonly #options: ReplayOptions
  #files: Promise<readonly CandleFile[]> | null = null
  readonly #tables = new Map<string, Promise<CandleTable>>()
  #cursors: readonly MinuteCursor[] = []
  #listener: ((event: MarketEvent) => void) | null = null
  #timer: { cancel(): void } | null = null
  #startedAt = 0
  /** Replay time of the last event delivered: nothing later may be seen. */
  #reached: number

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#reached = options.from
  }

  async start(symbols: readonly Pair[], listener: (event: MarketEvent) => void): Promise<void> {
    if (this.#listener !== null) throw new ReplayError('bad-request', 'this replay has been started before')
    this.#listener = listener
    const { from, to, clock } = this.#options
    const cursors: MinuteCursor[] = []
    for (const symbol of symbols) cursors.push(await this.#cursorOf(symbol))
    if (this.#listener === null) return
    this.#cursors = cursors
    this.#startedAt = clock.now()
    this.#timer = clock.at(this.#dueAt(from), () => {
      this.#emit({ kind: 'line', up: true, reason: null, at: from })
      this.#scheduleNext(from)
    })
    this.#options.log.info('replay is ready', { from: day(from), to: day(to), symbols })
  }

  async stop(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = null
    this.#listener = null
    this.#cursors = []
    this.#tables.clear()
  }

  async history(query: HistoryQuery): Promise<readonly Candle[]> {
    const files = await this.#filesOf(query)
    if (files.length === 0) return []
    const table = await this.#table(query.symbol, query.timeframe, files)
    const closedBefore = Math.min(query.to, this.#reached - TIMEFRAME_MS[query.timeframe] + 1)
    const candles: Candle[] = []
    for (let row = table.rowFrom(query.from); table.openAt(row) < closedBefore; row++) candles.push(table.candle(row))
    return candles
  }

  async #cursorOf(symbol: Pair): Promise<MinuteCursor> {
    const { from, to, pathFor } = this.#options
    const all = await this.#allFiles()
    const files = filesFor(all, symbol, '1m', { from, to })
    const table = files.length === 0 ? null : await this.#table(symbol, '1m', files)
    const row = table?.rowFrom(from) ?? 0
    if (table === null || row >= table.length) {
      const ofSymbol = all.filter((file) => file.symbol === symbol)
      const there = ofSymbol.length > 0 ? ofSymbol : all
      throw new ReplayError(
        'no-data',
        `no 1m candles of ${symbol} from ${day(from)} to ${day(to)} in ${this.#options.source}: ${describeFiles(there)}`,
      )
    }
    return new MinuteCursor(table, row, () => pathFor?.(symbol) ?? 'low-first')
  }

  #allFiles(): Promise<readonly CandleFile[]> {
    const { source, venue, log } = this.#options
    this.#files ??= listCandleFiles(source, venue ?? null, log)
    return this.#files
  }

  /** Minutes from any file; other time frames from the venues that the replayed minutes come from. */
  async #filesOf(query: HistoryQuery): Promise<readonly CandleFile[]> {
    const { from, to } = this.#options
    const all = await this.#allFiles()
    const window = { from: query.from, to: Math.min(query.to, to) }
    if (query.timeframe === '1m') return filesFor(all, query.symbol, '1m', window)
    const venues = new Set(filesFor(all, query.symbol, '1m', { from, to }).map((file) => file.venue))
    const ofVenues = all.filter((file) => venues.size === 0 || venues.has(file.venue))
    return filesFor(ofVenues, query.symbol, query.timeframe, window)
  }

  #table(symbol: Pair, timeframe: Timeframe, files: readonly CandleFile[]): Promise<CandleTable> {
    const key = files.map((file) => file.path).join('\n')
    const known = this.#tables.get(key)
    if (known !== undefined) return known
    const table = this.#read(new CandleTable(symbol, timeframe), files)
    this.#tables.set(key, table)
    return table
  }

  async #read(table: CandleTable, files: readonly CandleFile[]): Promise<CandleTable> {
    for (const file of files) await readCandles(file, this.#options.to, table)
    return table
  }

  #dueAt(at: number): number {
    const { speed, from } = this.#options
    return speed === 'max' ? at : this.#startedAt + Math.round((at - from) / speed)
  }

  #emit(event: MarketEvent): void {
    this.#listener?.(event)
  }

  /** One timer at a time: the earliest event of any symbol. */
  #scheduleNext(now: number): void {
    if (this.#listener === null) return
    let next = Number.POSITIVE_INFINITY
    for (const cursor of this.#cursors) next = Math.min(next, cursor.nextAt)
    if (next === Number.POSITIVE_INFINITY) {
      this.#timer = null
      this.#emit({ kind: 'ended', at: now })
      return
    }
    this.#timer = this.#options.clock.at(this.#dueAt(next), () => this.#play(next))
  }

  #play(at: number): void {
    this.#reached = at
    for (const cursor of this.#cursors) {
      while (cursor.nextAt === at && this.#listener !== null) this.#emit(cursor.take())
    }
    this.#scheduleNext(at)
  }
}

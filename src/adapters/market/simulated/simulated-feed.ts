/** A market out of a seed: trades, quotes, books and closed candles on any clock, with a past to warm up on. */
import { type Candle, TIMEFRAME_MS } from '../../../domain/candle.ts'
import type { Pair } from '../../../domain/ids.ts'
import type { Clock, RandomSource, Timer } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import type { HistoryQuery, MarketEvent, MarketFeed } from '../../../ports/market-feed.ts'
import { MARKETS, type Market } from './coins.ts'
import { candleOf, MarketCourse } from './market-course.ts'
import { minuteEvents } from './minute-events.ts'

export interface SimulatedFeedOptions {
  readonly clock: Clock
  /** Seeded: the same seed and origin give the same market at the same moment, whenever the feed was started. */
  readonly random: RandomSource
  /**
   * When the market stands at its start prices (BTC 45,000, XRP .60, ETH 2,500), milliseconds UTC. Default: now. Keep
   * it over restarts, and the market goes on where it would have been.
   */
  readonly origin?: number
  readonly log: Log
}

/** Thrown by `start` and `history` for a symbol that the simulated market does not trade, or a second start. */
export class SimulatedFeedError extends Error {
  override readonly name = 'SimulatedFeedError'
}

const MINUTE_MS = TIMEFRAME_MS['1m']
/** Later than this (a sleeping machine), a minute is told by its candle alone. */
const TOO_LATE_MS = MINUTE_MS

/**
 * The simulated market: about one trade a second and symbol with the quote it met, a ten-level book every few seconds,
 * and each minute's closed candle, exactly the sum of its trades. A feed started inside a minute tells the rest of it
 * and its whole candle. @throws SimulatedFeedError, see there.
 */
export function simulatedFeed(options: SimulatedFeedOptions): MarketFeed {
  return new SimulatedFeed(options)
}

const marketOf = (symbol: Pair): Market => {
  const market = MARKETS.find((each) => each.symbol === symbol)
  if (market !== undefined) return market
  const known = MARKETS.map((each) => each.symbol).join(', ')
  throw new SimulatedFeedError(`the simulated market does not trade ${symbol}: it trades ${known}`)
}

class SimulatedFeed implements MarketFeed {
  readonly name = 'simulated'
  readonly #clock: Clock
  readonly #random: RandomSource
  readonly #log: Log
  readonly #course: MarketCourse
  #symbols: readonly Pair[] = []
  #listener: ((event: MarketEvent) => void) | null = null
  #timer: Timer | null = null
  /** Opening time of the minute being told, and what is left of it. */
  #openAt = 0
  #events: readonly MarketEvent[] = []
  #next = 0

  constructor({ clock, random, origin, log }: SimulatedFeedOptions) {
    this.#clock = clock
    this.#random = random
    this.#log = log
    this.#course = new MarketCourse(random.stream('course'), origin ?? clock.now())
  }

  async start(symbols: readonly Pair[], listener: (event: MarketEvent) => void): Promise<void> {
    if (this.#listener !== null) throw new SimulatedFeedError('the simulated market has been started before')
    for (const symbol of symbols) marketOf(symbol)
    this.#symbols = symbols
    this.#listener = listener
    const now = this.#clock.now()
    this.#log.info('the simulated market is open', { symbols, origin: this.#course.origin })
    this.#timer = this.#clock.at(now, () => {
      this.#emit({ kind: 'line', up: true, reason: null, at: now })
      this.#load(Math.max(this.#course.origin, Math.floor(now / MINUTE_MS) * MINUTE_MS), now)
      this.#schedule()
    })
  }

  async stop(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = null
    this.#listener = null
    this.#events = []
  }

  async history(query: HistoryQuery): Promise<readonly Candle[]> {
    return this.#course.candles(marketOf(query.symbol), query, this.#clock.now())
  }

  /** Takes up a minute, from `from` on. */
  #load(openAt: number, from: number): void {
    const closeAt = openAt + MINUTE_MS
    const isTooLate = this.#clock.now() - closeAt > TOO_LATE_MS
    const trading = isTooLate ? [] : this.#symbols.flatMap((symbol) => this.#tradingOf(symbol, openAt))
    const candles = this.#symbols.map((symbol): MarketEvent => {
      const market = marketOf(symbol)
      const candle = candleOf(market, { symbol, timeframe: '1m' }, openAt, this.#course.minute(market, openAt))
      return { kind: 'candle', symbol, candle, at: closeAt }
    })
    // The sort is stable: at one moment symbols keep their order, and a quote comes before the trade that met it.
    const rest = trading.filter((event) => event.at >= from).sort((a, b) => a.at - b.at)
    this.#openAt = openAt
    this.#events = [...rest, ...candles]
    this.#next = 0
  }

  #tradingOf(symbol: Pair, openAt: number): readonly MarketEvent[] {
    const market = marketOf(symbol)
    const minute = (openAt - this.#course.origin) / MINUTE_MS
    const random = this.#random.stream(`trades ${symbol} ${minute}`)
    return minuteEvents(market, symbol, openAt, this.#course.minute(market, openAt), random)
  }

  #schedule(): void {
    if (this.#listener === null) return
    if (this.#next >= this.#events.length) this.#load(this.#openAt + MINUTE_MS, 0)
    const event = this.#events[this.#next]
    if (event !== undefined) this.#timer = this.#clock.at(event.at, () => this.#tell())
  }

  /** Everything that is due by now; what comes after waits for its own moment. */
  #tell(): void {
    const now = this.#clock.now()
    for (;;) {
      const event = this.#events[this.#next]
      if (event === undefined || event.at > now || this.#listener === null) break
      this.#next += 1
      this.#emit(event)
    }
    this.#schedule()
  }

  #emit(event: MarketEvent): void {
    this.#listener?.(event)
  }
}

/**
 * The market as we know it: marks, triggers, candles and indicators. Ticks are plain calls inside this one actor; only a
 * crossing, a closed candle or a loss of freshness becomes a message.
 */
import { MarketState } from '../src/analysis/market-state.ts'
import type { SnapshotResult } from '../src/analysis/snapshot.ts'
import type { VolatilityReading, VolatilityRules } from '../src/analysis/volatility.ts'
import type { Candle, Timeframe } from '../src/domain/candle.ts'
import { TIMEFRAME_MS } from '../src/domain/candle.ts'
import type { Pair } from '../src/domain/ids.ts'
import type { Numeric } from '../src/domain/units.ts'
import type { Marks } from '../src/domain/valuation.ts'
import type { BookLevel, MarketEvent } from '../src/ports/market-feed.ts'
import type { House, Settings } from './house.ts'
import { createLastPrices } from './last-prices.ts'
import type { MarketMessage } from './messages.ts'
import { serving } from './supervision/serving.ts'
import type { TriggerIndex } from './trigger-index.ts'
import type { VolatilityWatch } from './volatility-watch.ts'
import { writeBehind } from './write-behind.ts'

/** Enough bars of each time frame for EMA 200; minutes enough for half a day, or for 250 four-hour bars. */
const WARM_TIMEFRAMES = ['1d', '4h', '1h', '15m', '5m'] as const satisfies readonly Timeframe[]
const WARM_BARS = 250
const WARM_MINUTES = 720
const MINUTES_FOR_HOURS = 250 * 240
/** Candles wait for company before they are written: one statement for many. */
const CANDLES_PER_WRITE = 500
/** While the database is away, at most so many wait for it. */
const CANDLES_KEPT_BACK = 20_000
const CALM: VolatilityReading = { spikeSince: null, hasMovedFast: false }

interface Book {
  readonly bids: readonly BookLevel[]
  readonly asks: readonly BookLevel[]
  readonly at: number
}

/** What the market needs of the house. */
export interface MarketHouse extends Pick<House, 'addresses' | 'clock' | 'candles' | 'feed' | 'log' | 'state'> {
  readonly settings: Pick<Settings, 'watched' | 'staleAfterMs' | 'candleWriteMs'> & { readonly limits: VolatilityRules }
}

export interface Market {
  marks(): Marks
  snapshot(symbol: Pair): SnapshotResult
  /** What a symbol closed at then; null where no candle that ended then is kept. */
  closeAt(symbol: Pair, at: number): Numeric | null
  /** Calm for a symbol that is not watched. */
  volatilityOf(symbol: Pair): VolatilityReading
  /** Reads history into the indicators; returns candles read and refused. Before the feed begins. */
  warmUp(
    until: number,
  ): Promise<{ readonly candles: number; readonly refused: number; readonly missing: readonly string[] }>
  hear(event: MarketEvent): void
  checkFreshness(): void
  /** Looks again at the last traded prices: at what was registered after the tick that would have crossed it. */
  sweepTriggers(): void
  /** Waits until every candle heard is written. */
  flush(): Promise<void>
  readonly candlesHeard: number
}

/** `watch`: who is shown each symbol's volatility when a candle of it has closed. */
export function createMarket(
  house: MarketHouse,
  triggers: TriggerIndex,
  onEnded: () => void,
  watch: VolatilityWatch | null = null,
): Market {
  const { addresses, clock, candles: store, feed, log, settings } = house
  const states = new Map<Pair, MarketState>()
  const prices = createLastPrices()
  const stale = new Set<Pair>()
  /** Forgotten in a silence: a quote after it says nothing of what was traded meanwhile. */
  const lastTraded = new Map<Pair, Numeric>()
  const orderBooks = new Map<Pair, Book>()
  const written = writeBehind<Candle>({
    ...{ clock, log, what: 'candles', save: (candles) => store.save(candles), waitMs: settings.candleWriteMs },
    ...{ rowsPerWrite: CANDLES_PER_WRITE, keptBack: CANDLES_KEPT_BACK },
  })
  let candlesHeard = 0
  for (const symbol of settings.watched) states.set(symbol, new MarketState({ symbol, volatility: settings.limits }))

  function freshen(symbol: Pair): void {
    if (stale.delete(symbol)) house.state('market', { type: 'market.fresh', symbol })
  }
  function closeCandle(symbol: Pair, candle: Candle): void {
    const state = states.get(symbol)
    if (state === undefined) return
    const added = state.add(candle, clock.now())
    if (added.kind === 'refused')
      return log.warn('candle refused', { symbol, openAt: candle.openAt, reason: added.reason })
    candlesHeard += 1
    written.add(candle)
    for (const gap of added.gaps) house.state('market', { type: 'market.gapFound', symbol, ...gap })
    const closedAt = candle.openAt + TIMEFRAME_MS[candle.timeframe]
    house.state('market', { type: 'candle.closed', symbol, candle, at: closedAt })
    watch?.look(symbol, state.volatility(), closedAt)
  }

  /** Coarse bars where the feed has them; else so many minutes that the coarse ones can be built from them. */
  async function historyOf(symbol: Pair, until: number): Promise<readonly Candle[]> {
    const ask = (timeframe: Timeframe, bars: number) =>
      feed.history({ symbol, timeframe, from: until - bars * TIMEFRAME_MS[timeframe], to: until })
    const coarse = await Promise.all(WARM_TIMEFRAMES.map((timeframe) => ask(timeframe, WARM_BARS)))
    const hasHours = (coarse[WARM_TIMEFRAMES.indexOf('1h')] ?? []).length > 0
    const minutes = await ask('1m', hasHours ? WARM_MINUTES : MINUTES_FOR_HOURS)
    const history = hasHours ? [...coarse.flat(), ...minutes] : minutes
    return history.filter((candle) => candle.openAt + TIMEFRAME_MS[candle.timeframe] <= until)
  }

  return {
    marks: prices.marks,
    snapshot: (symbol) => {
      const state = states.get(symbol)
      if (state === undefined) throw new Error(`${symbol} is not watched`)
      return state.snapshot(clock.now(), orderBooks.get(symbol) ?? null)
    },
    closeAt: (symbol, at) => states.get(symbol)?.closeAt(at) ?? null,
    volatilityOf: (symbol) => states.get(symbol)?.volatility() ?? CALM,
    warmUp: async (until) => {
      let read = 0
      let refused = 0
      const missing: string[] = []
      for (const [symbol, state] of states) {
        const history = await historyOf(symbol, until)
        for (const timeframe of WARM_TIMEFRAMES)
          if (!history.some((candle) => candle.timeframe === timeframe)) missing.push(`${symbol} ${timeframe}`)
        refused += state.warmUp(history)
        read += history.length
        const last = history.filter((candle) => candle.timeframe === '1m').at(-1)
        if (last !== undefined) prices.remember(symbol, last.close, last.openAt + TIMEFRAME_MS['1m'])
      }
      return { candles: read, refused, missing }
    },
    hear: (event) => {
      switch (event.kind) {
        case 'trade':
          prices.trade(event.symbol, event.price, event.at, clock.now())
          freshen(event.symbol)
          lastTraded.set(event.symbol, event.price)
          triggers.tick(event.symbol, event.price)
          return
        case 'quote':
          prices.quote(event.symbol, event.bid, event.ask, event.at, clock.now())
          freshen(event.symbol)
          return
        case 'book':
          orderBooks.set(event.symbol, event)
          return
        case 'candle':
          return closeCandle(event.symbol, event.candle)
        case 'line':
          if (!event.up)
            addresses.tell('system', {
              type: 'picture.doubted',
              reason: `the market line is down: ${event.reason ?? 'no reason given'}`,
              stopTrading: false,
              seenAt: clock.now(),
            })
          return
        case 'ended':
          return onEnded()
      }
    },
    sweepTriggers: () => {
      for (const [symbol, traded] of lastTraded) triggers.tick(symbol, traded)
    },
    checkFreshness: () => {
      const now = clock.now()
      let allFresh = true
      for (const symbol of settings.watched) {
        const last = prices.seenAt(symbol)
        if (last !== null && now - last <= settings.staleAfterMs) continue
        allFresh = false
        if (!stale.has(symbol)) house.state('market', { type: 'market.stale', symbol, lastSeenAt: last })
        stale.add(symbol)
        lastTraded.delete(symbol)
      }
      // One count a look, however many symbols: the level follows how long it lasts.
      addresses.tell('signals', { type: 'source.answered', cause: 'market_data', ok: allFresh })
    },
    flush: written.flush,
    get candlesHeard() {
      return candlesHeard
    },
  }
}

export function marketLogic(market: Market) {
  return serving<MarketMessage>((message) => {
    switch (message.type) {
      case 'market.told':
        return market.hear(message.event)
      case 'check-freshness':
        return market.checkFreshness()
      case 'sweep-triggers':
        return market.sweepTriggers()
      case 'feed.crashed':
        throw new Error(message.problem)
    }
  })
}

/** What the paper venue is made with, and what it can do beyond the exchange port. */
import type { Candle } from '../../../domain/candle.ts'
import type { Instrument } from '../../../domain/instrument.ts'
import type { Numeric } from '../../../domain/units.ts'
import type { Clock, RandomSource } from '../../../ports/clock.ts'
import type { Exchange } from '../../../ports/exchange.ts'
import type { Log } from '../../../ports/log.ts'
import type { MarketEvent } from '../../../ports/market-feed.ts'
import type { VenueStore } from '../../../ports/venue-store.ts'
import type { MatchingEngine } from './engine.ts'
import type { EngineEvent, EngineParameters } from './engine-options.ts'
import type { LatencyParameters } from './latency.ts'
import type { MarginParameters } from './margin-terms.ts'

export interface SimulatedExchangeOptions {
  readonly clock: Clock
  readonly random: RandomSource
  readonly log: Log
  readonly instruments: readonly Instrument[]
  /** Total per asset code; for a fresh account only, a saved one has its own. */
  readonly startingBalances: Readonly<Record<string, Numeric>>
  /** Null keeps everything in memory: replays, backtests. */
  readonly store: VenueStore | null
  readonly parameters?: Partial<EngineParameters>
  readonly latency?: LatencyParameters
  /** Terms of trading on margin; none given refuses every leverage but 1. */
  readonly margin?: MarginParameters
}

export interface SimulatedExchange extends Exchange {
  /** What the market did, in time order. Ignored before `start` and after `stop`; kept until `walk` where it is due. */
  onMarket(event: MarketEvent): void
  /**
   * After a restart: plays missed closed candles (of one timeframe, from `seenUntil()` on, none where none can be had) to
   * the resting orders. A restarted venue with orders stands still in time until this is called, or until the first
   * order, amendment or cancellation. Resolves with the number of fills once their reports have left.
   */
  walk(candles: readonly Candle[]): Promise<number>
  /** The account afresh: no orders, the starting balances. Resolves when that is saved. */
  reset(): Promise<void>
  /** Up to when the venue has seen the market: missed candles begin here. Milliseconds UTC; 0 before anything. */
  seenUntil(): number
  /** The account's owner at work past the system: an order of his own, or a transfer. Takes effect at once. */
  byHand(act: (engine: MatchingEngine, at: number) => readonly EngineEvent[]): void
  /** Resolves when everything is saved and has left, or saving fails. */
  settled(): Promise<void>
}

/** Where prices come from. */
import type { Candle, Timeframe } from '../domain/candle.ts'
import type { Pair } from '../domain/ids.ts'
import type { Numeric } from '../domain/units.ts'

/** Prices and quantities are exact decimal texts, never floats. `at` is the venue's time, milliseconds UTC. */
export type MarketEvent =
  | {
      readonly kind: 'trade'
      readonly symbol: Pair
      readonly price: Numeric
      readonly quantity: Numeric
      readonly side: 'buy' | 'sell' | null
      readonly at: number
    }
  | {
      readonly kind: 'quote'
      readonly symbol: Pair
      readonly bid: Numeric
      readonly bidQuantity: Numeric
      readonly ask: Numeric
      readonly askQuantity: Numeric
      readonly at: number
    }
  /** A closed one-minute candle. */
  | { readonly kind: 'candle'; readonly symbol: Pair; readonly candle: Candle; readonly at: number }
  | {
      readonly kind: 'book'
      readonly symbol: Pair
      readonly bids: readonly BookLevel[]
      readonly asks: readonly BookLevel[]
      readonly at: number
    }
  /** The line went up or down; what was known before a drop is stale. */
  | { readonly kind: 'line'; readonly up: boolean; readonly reason: string | null; readonly at: number }
  /** A replay has no more input. */
  | { readonly kind: 'ended'; readonly at: number }

/** Best first. */
export interface BookLevel {
  readonly price: Numeric
  readonly quantity: Numeric
}

export interface HistoryQuery {
  readonly symbol: Pair
  readonly timeframe: Timeframe
  /** Inclusive opening time. */
  readonly from: number
  /** Exclusive opening time. */
  readonly to: number
}

export interface MarketFeed {
  /** `kraken`, `simulated`, `replay`. */
  readonly name: string
  /** Begins to call the listener, in time order. Rejects when the feed cannot start at all. */
  start(symbols: readonly Pair[], listener: (event: MarketEvent) => void): Promise<void>
  stop(): Promise<void>
  /** Closed candles, ascending; fewer than asked for, or none, where the source has no more. */
  history(query: HistoryQuery): Promise<readonly Candle[]>
}

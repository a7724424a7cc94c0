/** What a mode of trading brings to a run: where its orders go, and what has to be so before the first one. */
import type { Config } from '../../config/schema.ts'
import type { Pair } from '../domain/ids.ts'
import type { Clock, RandomSource } from '../ports/clock.ts'
import type { Exchange } from '../ports/exchange.ts'
import type { NonceSource } from '../ports/leadership.ts'
import type { Log } from '../ports/log.ts'
import type { MarketFeed } from '../ports/market-feed.ts'
import type { ChosenFeed } from './feeds.ts'
import type { Account } from './settings.ts'
import type { Store } from './store.ts'

export interface VenueParts {
  readonly config: Config
  readonly symbols: readonly Pair[]
  readonly chosen: ChosenFeed
  readonly store: Store
  /** What a live venue signs with. */
  readonly nonces: NonceSource
  readonly clock: Clock
  readonly random: RandomSource
  readonly log: Log
  /** Another process took the account. */
  readonly onFenced: () => void
}

export interface OpenVenue {
  readonly mode: 'paper' | 'live'
  readonly exchange: Exchange
  /** The market, as this venue and then the system see it. */
  readonly feed: MarketFeed
  /** Null for a paper account: it is as configured. */
  readonly account: Account | null
  /** After the venue has started: what the market did while it was away. */
  catchUp(watched: readonly Pair[]): Promise<void>
}

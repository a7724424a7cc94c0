/** Facts of the market line and what it brings. */
import type { Candle } from '../candle.ts'
import type { Pair } from '../ids.ts'
import type { Topic } from '../topics.ts'

export interface MarketFacts {
  'market.started': { readonly feed: string; readonly symbols: readonly Pair[]; readonly fallback: boolean }
  'market.stale': { readonly symbol: Pair; readonly lastSeenAt: number | null }
  'market.fresh': { readonly symbol: Pair }
  'market.gapFound': { readonly symbol: Pair; readonly from: number; readonly to: number; readonly missing: number }
  'candle.closed': { readonly symbol: Pair; readonly candle: Candle }
  'connection.changed': {
    readonly state: 'connecting' | 'live' | 'reconnecting' | 'refused'
    readonly reason: string | null
  }
}

export const MARKET_TOPICS = {
  'market.started': 'MARKET_DATA',
  'market.stale': 'MARKET_DATA',
  'market.fresh': 'MARKET_DATA',
  'market.gapFound': 'MARKET_DATA',
  'candle.closed': 'MARKET_DATA',
  'connection.changed': 'SYSTEM_EVENTS',
} as const satisfies Readonly<Record<keyof MarketFacts, Topic>>

/** What REST and WebSocket ask of the sandbox's one account. Synchronous: what an answer says has happened. */
import type { Fees } from '../adapters/exchange/simulated/fee-schedule.ts'
import type { PricedPosition } from '../adapters/exchange/simulated/margin-terms.ts'
import type { MarketMode } from '../adapters/exchange/simulated/market-mode.ts'
import type { Amendment } from '../adapters/exchange/simulated/order-entry.ts'
import type { LedgerRow, TradeRow, VenueEvent } from '../adapters/exchange/simulated/venue-events.ts'
import type { NewOrder, OrderRow } from '../adapters/exchange/simulated/venue-order.ts'
import type { Pair, VenueOrderId } from '../domain/ids.ts'
import type { Balance } from '../domain/portfolio.ts'
import type { TierLimits } from '../domain/venue-limits.ts'
import type { MarketView } from './market-view.ts'
import type { SandboxPair } from './pairs.ts'
import type { SpreadRow } from './spreads.ts'

/** Kraken's error strings: nothing was done. */
export interface Refused {
  readonly errors: readonly string[]
}

/** Who asked, for the record of requests. */
export interface Origin {
  readonly via: 'rest' | 'socket'
  /** API key of a REST call. */
  readonly key: string | null
  readonly nonce: string | null
}

export interface PlaceOptions {
  /** Checks in full and places nothing; `venueOrderId` is then null. */
  readonly validate: boolean
  readonly origin: Origin
}

export type Placed = { readonly venueOrderId: VenueOrderId | null } | Refused

/** New terms for EditOrder; what is left out is the old order's. */
export type Edit = Partial<Omit<NewOrder, 'symbol' | 'side' | 'type' | 'clientOrderId'>>

export type Edited =
  | { readonly venueOrderId: VenueOrderId | null; readonly original: OrderRow; readonly order: NewOrder }
  | Refused

export type Amended = { readonly amendId: string; readonly venueOrderId: VenueOrderId } | Refused

/** One of them. */
export type CancelSelector =
  | { readonly venueOrderId: string }
  | { readonly clientOrderId: string }
  | { readonly userref: number }

/** How many orders went; several can share a userref. */
export type Cancelled = { readonly venueOrderIds: readonly VenueOrderId[] } | Refused

/** When all orders will be cancelled, milliseconds UTC; null when the switch is off. */
export type Switched = { readonly now: number; readonly triggerAt: number | null } | Refused

/** What the account pays now, by its volume. */
export type AccountFeesNow = Fees

export const isRefused = (outcome: object): outcome is Refused => 'errors' in outcome

/** One sandbox account over one engine. */
export interface SandboxVenue {
  /** Milliseconds UTC. */
  now(): number
  readonly instruments: readonly SandboxPair[]
  readonly market: MarketView
  /** Of the account's tier: `limits.engine.max` is the private stream's `maxratecount`. */
  readonly limits: TierLimits
  readonly mode: MarketMode

  place(ask: NewOrder, options: PlaceOptions): Placed
  /** All of one pair. Refused as a whole where one of them could never be taken; else each has its own outcome. */
  placeBatch(asks: readonly NewOrder[], options: PlaceOptions): readonly Placed[] | Refused
  amend(change: Amendment, origin: Origin): Amended
  /** Cancels and places anew: another id, and the fills stay with the old order. */
  edit(id: string, change: Edit, options: PlaceOptions): Edited
  cancel(selector: CancelSelector, origin: Origin): Cancelled
  cancelAll(origin: Origin): Cancelled
  /** Dead-man switch; 0 seconds turns it off. */
  cancelAllAfter(seconds: number, origin: Origin): Switched

  /** By the venue's id or the client's. */
  order(id: string): OrderRow | null
  ordersOf(selector: { readonly userref: number } | { readonly clientOrderId: string }): readonly OrderRow[]
  /** Oldest first. */
  openOrders(): readonly OrderRow[]
  /** In the order they ended. */
  closedOrders(): readonly OrderRow[]
  /** Oldest first. */
  trades(): readonly TradeRow[]
  ledger(): readonly LedgerRow[]
  balances(): readonly Balance[]
  /** Open ones on margin, oldest first. */
  positions(): readonly PricedPosition[]
  fees(symbol: Pair): AccountFeesNow
  /** The latest best prices, oldest first. */
  spreads(symbol: Pair): readonly SpreadRow[]
  /** The engine counter of a pair as it stands now. */
  rateCounter(symbol: Pair): number

  /** Everything that happens to orders and balances, in order; the answer ends it. */
  onEvent(listener: (event: VenueEvent) => void): () => void
  onMode(listener: (mode: MarketMode) => void): () => void

  /** A token for the private socket. */
  tokenFor(): string
  /** Tokens are taken for 15 minutes after they were given out. */
  tokenIsValid(token: string): boolean
}

/**
 * What the venue told us about one order. Past tense like facts, but heard by that order's actor alone: the order's own
 * fact is what the rest of the system hears. `seenAt` is when we saw it, `at` the venue's own time.
 */
import type { Origin } from './facts.ts'
import type { VenueOrderId } from './ids.ts'
import type { Fill, OrderView } from './order.ts'
import type { Numeric } from './units.ts'

export interface Heard {
  readonly seenAt: number
  /** `reconciled` when it was found by comparing with the venue instead of being told. */
  readonly origin?: Origin
  /** Id of the message that caused it. */
  readonly causedBy?: string
  readonly correlationId?: string
}

/** What a look-up at the venue by client order id found. */
export interface VenueOrder {
  readonly venueOrderId: VenueOrderId
  readonly status: 'pending' | 'open' | 'filled' | 'cancelled' | 'expired'
  readonly quantity: Numeric
  readonly limitPrice: Numeric | null
  readonly triggerPrice: Numeric | null
  readonly filled: Numeric
  readonly fills: readonly Fill[]
  readonly reason: string | null
}

export type Report = Heard &
  (
    | { readonly type: 'venue.sent' }
    | { readonly type: 'venue.acknowledged'; readonly venueOrderId: VenueOrderId }
    /** Refused before the matching engine: it does not exist there. */
    | { readonly type: 'venue.refused'; readonly code: string; readonly message: string }
    /** Timeout, disconnect, 5xx: it may or may not exist. */
    | { readonly type: 'venue.answerLost'; readonly problem: string }
    | { readonly type: 'venue.opened'; readonly venueOrderId: VenueOrderId }
    | { readonly type: 'venue.filled'; readonly venueOrderId: VenueOrderId; readonly fill: Fill }
    | {
        readonly type: 'venue.amended'
        readonly quantity: Numeric
        readonly limitPrice: Numeric | null
        readonly triggerPrice: Numeric | null
      }
    /** The venue's answer that it took this change; its report may come before, after, or not at all. */
    | {
        readonly type: 'venue.amendAccepted'
        readonly quantity?: Numeric
        readonly limitPrice?: Numeric
        readonly triggerPrice?: Numeric
      }
    | { readonly type: 'venue.amendRefused'; readonly code: string; readonly message: string }
    /** `filled` is what the venue says was filled before the end, where it says so: base units. */
    | { readonly type: 'venue.cancelled'; readonly reason: string; readonly filled?: Numeric }
    | { readonly type: 'venue.expired'; readonly filled?: Numeric }
    | { readonly type: 'venue.cancelRefused'; readonly code: string; readonly message: string }
    /** Found by client order id: its state and all its fills. */
    | { readonly type: 'venue.found'; readonly order: VenueOrder }
    /** Not in open orders, closed orders or trades. */
    | { readonly type: 'venue.notFound' }
    | { readonly type: 'venue.lookupFailed'; readonly problem: string }
  )

/** What a position hears of its orders: always the whole order, so that nothing hangs on having heard the one before. */
export type OrdersReport = Heard &
  (
    | {
        readonly type: 'order.reported'
        readonly order: OrderView
        /** Why a change of it was refused for good; the order stands as it is told here. */
        readonly amendRefused?: string
      }
    /** The order desk refused the request before anything was written down. */
    | { readonly type: 'order.turnedAway'; readonly key: string; readonly reason: string }
    /** After a restart: every order the position ever had, as it is now. */
    | { readonly type: 'orders.recovered'; readonly orders: readonly OrderView[] }
  )

/** What a position on margin hears of its cost. `financing` is all of it so far: what was lost is made good by the next. */
export type ChargeReport = Heard & {
  readonly type: 'position.financed'
  readonly chargeId: string
  /** Of this charge, quote units. */
  readonly amount: Numeric
  readonly financing: Numeric
  /** Milliseconds UTC. */
  readonly at: number
}

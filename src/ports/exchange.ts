/** A venue that orders are sent to. One contract suite holds every implementation to this. */
import type { Approved } from '../domain/approved.ts'
import type { OrderId, Pair, VenueOrderId } from '../domain/ids.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Fill, OrderRequest } from '../domain/order.ts'
import type { Balance } from '../domain/portfolio.ts'
import type { VenueOrder } from '../domain/reports.ts'
import type { Numeric } from '../domain/units.ts'

/**
 * `refused`: known not to have reached the engine. `lost`: nobody knows. Everything an exchange call can fail with is
 * one of the two; implementations never throw for trouble on the wire.
 */
export type VenueAnswer<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: VenueErrorClass; readonly message: string }
  | { readonly kind: 'lost'; readonly problem: string }

/** The classes of `EAPI:…`, `EOrder:…` strings that call for different conduct. */
export type VenueErrorClass =
  | 'nonce'
  | 'auth'
  | 'rate'
  | 'outage'
  | 'deadline'
  | 'mode'
  | 'funds'
  | 'validation'
  | 'limits'
  | 'gone'

export interface PlaceRequest {
  readonly clientOrderId: OrderId
  readonly request: Approved<OrderRequest>
  /** The venue must refuse it after this moment, milliseconds UTC. */
  readonly deadlineAt: number
}

export interface AmendRequest {
  readonly clientOrderId: OrderId
  readonly quantity?: Numeric
  readonly limitPrice?: Numeric
  readonly triggerPrice?: Numeric
}

/** What the venue tells without being asked, about orders by our client id. */
export type ExecutionReport =
  | {
      readonly kind: 'opened'
      readonly clientOrderId: OrderId
      readonly venueOrderId: VenueOrderId
      readonly at: number
    }
  | {
      readonly kind: 'filled'
      readonly clientOrderId: OrderId
      readonly venueOrderId: VenueOrderId
      readonly fill: Fill
      readonly at: number
    }
  | {
      readonly kind: 'cancelled'
      readonly clientOrderId: OrderId
      readonly reason: string
      /** Base units filled before the end, where the venue says so: more than was told is asked for. */
      readonly filled?: Numeric
      readonly at: number
    }
  | { readonly kind: 'expired'; readonly clientOrderId: OrderId; readonly filled?: Numeric; readonly at: number }
  | {
      readonly kind: 'amended'
      readonly clientOrderId: OrderId
      readonly quantity: Numeric
      readonly limitPrice: Numeric | null
      readonly triggerPrice: Numeric | null
      readonly at: number
    }

/** An order at the venue, ours by client id or somebody else's (null). */
export interface VenueOrderRow extends VenueOrder {
  readonly clientOrderId: OrderId | null
  readonly symbol: Pair
  readonly side: 'buy' | 'sell'
}

export interface Exchange {
  readonly name: string
  /** Pairs this venue trades, with their rules. */
  instruments(): Promise<VenueAnswer<readonly Instrument[]>>
  place(order: PlaceRequest): Promise<VenueAnswer<{ readonly venueOrderId: VenueOrderId }>>
  amend(order: AmendRequest): Promise<VenueAnswer<null>>
  /** `done` means the request was taken; the end itself arrives as a report. */
  cancel(clientOrderId: OrderId): Promise<VenueAnswer<null>>
  /** Open, closed and traded orders by our client id; null when the venue knows of none. */
  lookUp(clientOrderId: OrderId): Promise<VenueAnswer<VenueOrder | null>>
  openOrders(): Promise<VenueAnswer<readonly VenueOrderRow[]>>
  balances(): Promise<VenueAnswer<readonly Balance[]>>
  /** At most one listener; reports of one order arrive in order. */
  onReport(listener: (report: ExecutionReport) => void): void
  /** True while the line carries reports; a return to true calls for reconciliation. */
  onLine(listener: (up: boolean, reason: string | null) => void): void
  start(): Promise<void>
  stop(): Promise<void>
}

/** A venue that orders are sent to. One contract suite holds every implementation to this. */
import type { Flow, OpenOnMargin, VenueTrade } from '../domain/account-history.ts'
import type { Approved } from '../domain/approved.ts'
import type { OrderId, Pair, VenueOrderId } from '../domain/ids.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Fill, OrderRequest } from '../domain/order.ts'
import type { Balance } from '../domain/portfolio.ts'
import type { VenueOrder } from '../domain/reports.ts'
import type { Numeric } from '../domain/units.ts'

/**
 * `refused`: known not to have reached the engine. `lost`: nobody knows. Everything an exchange call can fail with is
 * one of the two; implementations never throw for trouble on the wire. A refusal of class `outage` is believed by nobody where
 * an order is placed, amended or cancelled: it is taken for lost.
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

/** An order that is only checked: nobody need have approved it. */
export interface CheckRequest {
  readonly clientOrderId: OrderId
  readonly request: OrderRequest
  /** The venue must refuse it after this moment, milliseconds UTC. */
  readonly deadlineAt: number
}

export interface PlaceRequest extends CheckRequest {
  readonly request: Approved<OrderRequest>
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

/** What the account pays, as shares of the cost: 0.004 is 0.4 %. */
export interface AccountFees {
  readonly maker: Numeric
  readonly taker: Numeric
}

/** What the key that we trade with may do. */
export interface KeyPermissions {
  readonly mayTrade: boolean
  readonly mayWithdraw: boolean
  /** How far behind a nonce may come and still be taken, milliseconds; null where the venue does not tell. */
  readonly nonceWindowMs: number | null
}

/** An order at the venue, ours by client id or somebody else's (null). */
export interface VenueOrderRow extends VenueOrder {
  readonly clientOrderId: OrderId | null
  readonly symbol: Pair
  readonly side: 'buy' | 'sell'
  /** The venue's name of the order's type, e.g. `stop-loss`. */
  readonly type: string
  /** When the venue took it, milliseconds UTC. */
  readonly openedAt: number
}

/** Questions that a venue may count against the key that asks them. */
export type Question =
  | 'lookUp'
  | 'glance'
  | 'openOrders'
  | 'balances'
  | 'fees'
  | 'flows'
  | 'trades'
  | 'marginPositions'
  | 'permissions'
  | 'cancelAllAfter'

export interface Exchange {
  readonly name: string
  /** What each question costs of the key's counter, at most; none where the venue keeps no such counter. */
  readonly questionPoints?: Readonly<Record<Question, number>>
  /** What a question has cost, by its answer: at most its points. */
  pointsSpent?(question: Question, answer: VenueAnswer<unknown>): number
  /** How many calls that change orders may be on their way at once, those left out that have hung for a second; null for any. */
  readonly callsAtOnce: number | null
  /** Pairs this venue trades, with their rules. */
  instruments(): Promise<VenueAnswer<readonly Instrument[]>>
  place(order: PlaceRequest): Promise<VenueAnswer<{ readonly venueOrderId: VenueOrderId }>>
  /** The venue's own full check of an order; places nothing. */
  validate(order: CheckRequest): Promise<VenueAnswer<null>>
  amend(order: AmendRequest): Promise<VenueAnswer<null>>
  /** `done` means the request was taken; the end itself arrives as a report. */
  cancel(clientOrderId: OrderId): Promise<VenueAnswer<null>>
  /**
   * Open, closed and traded orders by our client id; null when the venue knows of none. A glance may leave the trades out:
   * it is for asking so early that an absence does not count.
   */
  lookUp(clientOrderId: OrderId, isGlance?: boolean): Promise<VenueAnswer<VenueOrder | null>>
  openOrders(): Promise<VenueAnswer<readonly VenueOrderRow[]>>
  balances(): Promise<VenueAnswer<readonly Balance[]>>
  /** The account's own fees by pair; pairs that the venue does not trade are left out. */
  fees(symbols: readonly Pair[]): Promise<VenueAnswer<ReadonlyMap<Pair, AccountFees>>>
  /** Deposits, withdrawals and the like later than `since` (milliseconds UTC), oldest first. */
  flows(since: number): Promise<VenueAnswer<readonly Flow[]>>
  /** Every execution of the account later than `since` (milliseconds UTC), whoever ordered it, oldest first. */
  trades(since: number): Promise<VenueAnswer<readonly VenueTrade[]>>
  /** What is open on margin, one row a pair and side. */
  marginPositions(): Promise<VenueAnswer<readonly OpenOnMargin[]>>
  permissions(): Promise<VenueAnswer<KeyPermissions>>
  /** Dead-man switch: the venue cancels all open orders unless asked again within the time; 0 disarms. */
  cancelAllAfter(timeoutMs: number): Promise<VenueAnswer<null>>
  /** The venue's own count of what was used of a pair's limit, where it tells one; at most one listener. */
  onCount?(listener: (symbol: Pair, points: number) => void): void
  /** Financing of positions on margin as it is charged, where the venue tells it; `flows` tells it again. At most one listener. */
  onCharge?(listener: (flow: Flow) => void): void
  /** At most one listener; reports of one order arrive in order. */
  onReport(listener: (report: ExecutionReport) => void): void
  /** True while the line carries reports; a return to true calls for reconciliation. */
  onLine(listener: (up: boolean, reason: string | null) => void): void
  start(): Promise<void>
  stop(): Promise<void>
}

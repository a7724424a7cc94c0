/** What an order is born with, learns and tells: pure decisions behind the order machine. */
import type { Approved } from './approved.ts'
import type { FactDraft } from './facts.ts'
import { countFills, isComplete, isOverfilled, NO_FILLS, newFills } from './fills.ts'
import type { OrderId } from './ids.ts'
import type { Fill, OrderPhase, OrderRequest, OrderStatus, OrderView } from './order.ts'
import type { VenueOrder } from './reports.ts'
import type { Numeric } from './units.ts'

export interface OrderPolicy {
  /** How long the venue may take to acknowledge; also the deadline it is given to accept. */
  readonly acknowledgeMs: number
  readonly cancelMs: number
  /** How long fills may still arrive after the end. */
  readonly lateFillMs: number
  readonly lookUpFirstMs: number
  readonly lookUpMaxMs: number
}

/** The birth of an order: journaled as its first row. */
export interface OrderBirth {
  readonly orderId: OrderId
  readonly request: Approved<OrderRequest>
  readonly policy: OrderPolicy
  readonly seenAt: number
}

/** What an order knows about itself; the machine adds what only it needs. */
export interface OrderRecord extends Omit<OrderView, 'status' | 'phase'> {
  /** The final state it settled in; null while it lives. */
  readonly outcome: OrderStatus | null
  /** The fills that the last message brought. */
  readonly freshFills: readonly Fill[]
}

/** The record once `fills` are counted; those already counted change nothing. */
export const withFills = <R extends OrderRecord>(record: R, fills: readonly Fill[]): R => ({
  ...record,
  ...countFills(record, fills),
  freshFills: newFills(record, fills),
})

/** The record as the venue has the order: its fills, its quantity and prices. */
export const withVenueOrder = <R extends OrderRecord>(record: R, order: VenueOrder): R => ({
  ...withFills(record, order.fills),
  venueOrderId: order.venueOrderId,
  quantity: order.quantity,
  limitPrice: order.limitPrice,
  triggerPrice: order.triggerPrice,
  reason: order.reason ?? record.reason,
})

export const hasNewFills = (record: OrderRecord, fills: readonly Fill[]): boolean => newFills(record, fills).length > 0

/** Whether something in `fills` is new and all of `quantity` is filled with it. */
export const isCompletedBy = (record: OrderRecord, fills: readonly Fill[], quantity = record.quantity): boolean =>
  hasNewFills(record, fills) && isComplete(countFills(record, fills).filled, quantity)

/** Margin after the venue's own deadline before an empty look-up counts, and between two that count. */
const NOT_AT_VENUE_AFTER_MS = 5_000
const BETWEEN_LOOK_UPS_MS = 2_000

/** What an order that is looked up knows of its search. Times in milliseconds UTC. */
export interface LookUps {
  readonly policy: OrderPolicy
  readonly updatedAt: number
  /** Past this moment the venue refuses the placement, so an order that is not there never will be. */
  readonly acceptBefore: number
  readonly lookUps: number
  /** When a look-up that counts first found nothing. */
  readonly emptyAt: number | null
}

/** When to ask again: the wait doubles from one look-up to the next, up to its longest. */
export const nextLookUpAt = ({ updatedAt, policy, lookUps }: LookUps): number =>
  updatedAt + Math.min(policy.lookUpMaxMs, policy.lookUpFirstMs * 2 ** lookUps)

/** `emptyAt` after a look-up that found nothing: an early one may have overtaken the placement and does not count. */
export const emptySince = ({ emptyAt, acceptBefore }: LookUps, seenAt: number): number | null =>
  emptyAt ?? (seenAt >= acceptBefore + NOT_AT_VENUE_AFTER_MS ? seenAt : null)

/** Two look-ups that count found nothing: the placement never arrived, and the venue would refuse it by now. */
export const hasNeverArrived = ({ emptyAt }: LookUps, seenAt: number): boolean =>
  emptyAt !== null && seenAt >= emptyAt + BETWEEN_LOOK_UPS_MS

/** When an order that ends by itself at the venue is asked about if it says nothing, and again after a while. */
export const expiryCheckAt = (
  { updatedAt, policy }: Pick<LookUps, 'updatedAt' | 'policy'>,
  expiresAt: number | null,
): number | null =>
  expiresAt === null ? null : Math.max(expiresAt + policy.acknowledgeMs, updatedAt + policy.lookUpMaxMs)

/** An order with the approval it was born with, and the start of its search. */
export type NewOrder = OrderRecord & LookUps & { readonly request: Approved<OrderRequest> }

export const newOrder = ({ orderId, request, policy, seenAt }: OrderBirth): NewOrder => ({
  ...NO_FILLS,
  ...{ orderId, request, policy, venueOrderId: null, reason: null, outcome: null, freshFills: [] },
  ...{ quantity: request.quantity, limitPrice: request.limitPrice, triggerPrice: request.triggerPrice },
  ...{ createdAt: seenAt, updatedAt: seenAt, acceptBefore: seenAt + policy.acknowledgeMs, lookUps: 0, emptyAt: null },
})

/** Quantity and prices, as an amendment sets them. */
export type Terms = Pick<OrderRecord, 'quantity' | 'limitPrice' | 'triggerPrice'>
export const termsOf = ({ quantity, limitPrice, triggerPrice }: Terms): Terms => ({
  quantity,
  limitPrice,
  triggerPrice,
})

interface Amendment {
  readonly quantity?: Numeric
  readonly limitPrice?: Numeric
  readonly triggerPrice?: Numeric
}

/** What the venue is asked to change: only what the command names. */
export const amendmentOf = (
  { orderId }: OrderRecord,
  { quantity, limitPrice, triggerPrice }: Amendment,
): Amendment & { readonly orderId: OrderId } => ({
  orderId,
  ...(quantity === undefined ? {} : { quantity }),
  ...(limitPrice === undefined ? {} : { limitPrice }),
  ...(triggerPrice === undefined ? {} : { triggerPrice }),
})

const atVenue = (phase: OrderPhase) => phase === 'open' || phase === 'partiallyFilled' || phase === 'cancelling'

/** The phase of an order that rests at the venue. */
export const restingPhase = ({ filled }: Pick<OrderRecord, 'filled'>): OrderPhase =>
  filled === '0' ? 'open' : 'partiallyFilled'

/** The owner's outward state of an order in a phase. */
export function statusOf(record: OrderRecord, phase: OrderPhase): OrderStatus {
  if (record.outcome !== null) return record.outcome
  if (!atVenue(phase)) return 'PENDING'
  return record.filled === '0' ? 'OPEN' : 'PARTIALLY_FILLED'
}

export function orderView(record: OrderRecord, phase: OrderPhase): OrderView {
  const { orderId, request, venueOrderId, quantity, limitPrice, triggerPrice } = record
  const { filled, cost, fees, fills, reason, createdAt, updatedAt } = record
  return {
    ...{ orderId, request, status: statusOf(record, phase), phase, venueOrderId, quantity, limitPrice, triggerPrice },
    ...{ filled, cost, fees, fills, reason, createdAt, updatedAt },
  }
}

/** One fact a fresh fill: `order.filled` for the one that completes the order, `order.partiallyFilled` for the others. */
export function fillFacts(record: OrderRecord): FactDraft[] {
  const facts: FactDraft[] = record.freshFills.map((fill, index) => {
    const completes = index === record.freshFills.length - 1 && isComplete(record.filled, record.quantity)
    return completes
      ? { type: 'order.filled', order: orderView({ ...record, outcome: 'FILLED' }, 'settling'), fill, at: fill.at }
      : { type: 'order.partiallyFilled', order: orderView(record, 'partiallyFilled'), fill, at: fill.at }
  })
  if (facts.length === 0 || !isOverfilled(record.filled, record.quantity)) return facts
  const problem = `filled ${record.filled} of ${record.quantity}`
  return [...facts, { type: 'order.invariantBroken', order: orderView(record, 'settling'), problem }]
}

type PlainFact =
  | 'order.intended'
  | 'order.submitted'
  | 'order.unknown'
  | 'order.opened'
  | 'order.cancelling'
  | 'order.amended'
  | 'order.cancelled'
  | 'order.expired'
  | 'order.failed'
  | 'order.settled'

/** A fact that carries nothing but the order. */
export const orderFact = (type: PlainFact, record: OrderRecord, phase: OrderPhase): FactDraft => ({
  type,
  order: orderView(record, phase),
})

/** An amendment, told from a resting order. */
export const amendedFact = (record: OrderRecord): FactDraft => orderFact('order.amended', record, restingPhase(record))

/** An order's answer to a command that it cannot obey. */
export const orderDenied = ({ request, orderId }: OrderRecord, reason: string): FactDraft => ({
  type: 'order.denied',
  key: request.key,
  orderId,
  symbol: request.symbol,
  reason,
})

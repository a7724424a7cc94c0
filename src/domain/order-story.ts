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
  /** The least move of a price that the venue is asked for, per cent of it; none for orders of before there was one. */
  readonly amendMinChangePct?: Numeric
  /** Between two changes of the price. */
  readonly amendMinIntervalMs?: number
}

/** The birth of an order: journaled as its first row. */
export interface OrderBirth {
  readonly orderId: OrderId
  readonly request: Approved<OrderRequest>
  readonly policy: OrderPolicy
  /** The wait before each further try, drawn at birth so that a replay waits as long; none where none is given. */
  readonly retryDelaysMs?: readonly number[]
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

/** What the order becomes by a look-up's answer. */
export const isCompleteAtVenue = (record: OrderRecord, { fills, quantity }: VenueOrder): boolean =>
  isCompletedBy(record, fills, quantity)

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

/** From when on a look-up that finds nothing counts. */
const countsFrom = ({ acceptBefore, emptyAt }: LookUps): number =>
  emptyAt === null ? acceptBefore + NOT_AT_VENUE_AFTER_MS : emptyAt + BETWEEN_LOOK_UPS_MS

/** When to ask again: the wait doubles from one look-up to the next, up to its longest, but none that counts is put off. */
export function nextLookUpAt(search: LookUps): number {
  const { updatedAt, policy, lookUps } = search
  const doubled = updatedAt + Math.min(policy.lookUpMaxMs, policy.lookUpFirstMs * 2 ** lookUps)
  const counts = countsFrom(search)
  return counts > updatedAt ? Math.min(doubled, counts) : doubled
}

/** What the venue is asked: a glance will do while finding nothing would not count. */
export const questionOf = (order: LookUps & Pick<OrderRecord, 'orderId'>) => ({
  orderId: order.orderId,
  isGlance: order.updatedAt < order.acceptBefore + NOT_AT_VENUE_AFTER_MS,
})

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

/** What an order knows of its tries. */
export interface Tries {
  readonly retryDelaysMs: readonly number[]
  /** Tries after the first one. */
  readonly retries: number
}

/** At most a fifth is added to a wait, so that many orders that were refused at once do not come back at once. */
const JITTER = 0.2

/** The waits before the tries after the first: each twice the one before, with jitter. `draw` is uniform in [0, 1). */
export const retryDelays = (tries: number, firstMs: number, draw: () => number): readonly number[] =>
  Array.from({ length: tries }, (_, index) => Math.round(firstMs * 2 ** index * (1 + JITTER * draw())))

/** Refusals that are known to come from before the matching engine: the order cannot be there. */
const BEFORE_ENGINE: readonly string[] = ['rate', 'mode', 'nonce']
export const isBeforeEngine = (code: string): boolean => BEFORE_ENGINE.includes(code)

/** What may still be sent after a while, and what is as old as the price that it was asked at. */
function outlives({ type, timeInForce, expiresAt, intent, book }: OrderRequest, at: number): boolean {
  if (book === 'trading' && (intent === 'reduce' || intent === 'close')) return true
  return type !== 'market' && timeInForce !== 'IOC' && (timeInForce !== 'GTD' || (expiresAt ?? 0) > at)
}

/**
 * Whether an order that was refused is sent again: a refusal before the engine, a try that is left, and still a use for
 * it. An exit always has one, an entry only within its life.
 */
export function mayRetry(
  order: NewOrder,
  { code, seenAt }: { readonly code: string; readonly seenAt: number },
): boolean {
  const delay = order.retryDelaysMs[order.retries]
  if (delay === undefined || order.cancelWanted || order.filled !== '0' || !isBeforeEngine(code)) return false
  return outlives(order.request, seenAt + delay + order.policy.acknowledgeMs)
}

export const retryAt = ({ updatedAt, retryDelaysMs, retries }: Tries & Pick<LookUps, 'updatedAt'>): number =>
  updatedAt + (retryDelaysMs[retries] ?? 0)

/** The order is sent anew: the venue must refuse it after this moment. */
export const acceptBeforeOf = ({ updatedAt, policy }: Pick<LookUps, 'updatedAt' | 'policy'>): number =>
  updatedAt + policy.acknowledgeMs

/** Whether the venue says that more was filled than we have heard of. */
export const isMissingFills = ({ filled }: Pick<OrderRecord, 'filled'>, told: Numeric | undefined): boolean =>
  told !== undefined && isOverfilled(told, filled)

/** An order with the approval it was born with, its tries, its amendments, and the start of its search. */
export type NewOrder = OrderRecord &
  LookUps &
  Tries & {
    readonly request: Approved<OrderRequest>
    /** It ends as soon as it is known to be there. */
    readonly cancelWanted: boolean
  }

/** What the venue is asked to take. */
export const submissionOf = ({ orderId, request, acceptBefore: deadlineAt }: NewOrder) => ({
  orderId,
  request,
  deadlineAt,
})

export const newOrder = ({ orderId, request, policy, retryDelaysMs = [], seenAt }: OrderBirth): NewOrder => ({
  ...NO_FILLS,
  ...{ orderId, request, policy, venueOrderId: null, reason: null, outcome: null, freshFills: [] },
  ...{ quantity: request.quantity, limitPrice: request.limitPrice, triggerPrice: request.triggerPrice },
  ...{ createdAt: seenAt, updatedAt: seenAt, acceptBefore: seenAt + policy.acknowledgeMs, lookUps: 0, emptyAt: null },
  ...{ retryDelaysMs, retries: 0, cancelWanted: false },
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

/** Refused before the engine, and sent again when `at` has come. */
export const postponedFact = (record: OrderRecord, at: number | null): FactDraft => ({
  type: 'order.postponed',
  order: orderView(record, 'retrying'),
  retryAt: at ?? record.updatedAt,
})

/** An order's answer to a command that it cannot obey. */
export const orderDenied = ({ request, orderId }: OrderRecord, reason: string): FactDraft => ({
  type: 'order.denied',
  key: request.key,
  orderId,
  symbol: request.symbol,
  reason,
})

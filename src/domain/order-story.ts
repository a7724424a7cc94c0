/** What an order tells: its outward view, and the facts that its fills become. */
import type { FactDraft } from './facts.ts'
import { isComplete, isOverfilled } from './fills.ts'
import type { Fill, OrderPhase, OrderStatus, OrderView } from './order.ts'

/** What an order knows about itself; the machine adds what only it needs. */
export interface OrderRecord extends Omit<OrderView, 'status' | 'phase'> {
  /** The final state it settled in; null while it lives. */
  readonly outcome: OrderStatus | null
  /** The fills that the last message brought. */
  readonly freshFills: readonly Fill[]
}

const atVenue = (phase: OrderPhase) => phase === 'open' || phase === 'partiallyFilled' || phase === 'cancelling'

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

/** An order's answer to a command that it cannot obey. */
export const orderDenied = ({ request, orderId }: OrderRecord, reason: string): FactDraft => ({
  type: 'order.denied',
  key: request.key,
  orderId,
  symbol: request.symbol,
  reason,
})

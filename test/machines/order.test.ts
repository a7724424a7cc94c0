/** What an order tells the others, beside the paths that it can take. */
import { expect, it } from 'vitest'
import { type OrderHears, orderMachine } from '../../machines/order.machine.ts'
import { type Effect, start, step } from '../../machines/step.ts'
import type { Approved } from '../../src/domain/approved.ts'
import type { FactDraft } from '../../src/domain/facts.ts'
import { tradeId } from '../../src/domain/ids.ts'
import type { Fill, OrderRequest } from '../../src/domain/order.ts'
import { entryRequest, NOON, ORDER, VENUE_ORDER } from './paths/order-events.ts'

const policy = { acknowledgeMs: 5_000, cancelMs: 5_000, lateFillMs: 60_000, lookUpFirstMs: 1_000, lookUpMaxMs: 30_000 }
const part: Fill = { tradeId: tradeId('T1'), price: '100', quantity: '4', fee: '0.1', liquidity: 'maker', at: NOON }

const told = (effects: readonly Effect[]): readonly FactDraft[] =>
  effects.flatMap((effect) =>
    effect.type === 'publish-facts' ? (effect.params as { facts: readonly FactDraft[] }).facts : [],
  )

/** The facts that an order states while it hears these, one after the other. */
function story(...heard: readonly OrderHears[]): readonly string[] {
  const request = entryRequest as Approved<OrderRequest>
  let { state, effects } = start(orderMachine, { orderId: ORDER, request, policy, seenAt: NOON })
  const facts = [...told(effects)]
  for (const message of heard) {
    ;({ state, effects } = step(orderMachine, state, message))
    facts.push(...told(effects))
  }
  return facts.map((fact) => ('order' in fact ? `${fact.type} ${fact.order.status} ${fact.order.filled}` : fact.type))
}

const seenAt = NOON + 100
const reachOpen: readonly OrderHears[] = [
  { type: 'venue.sent', seenAt },
  { type: 'venue.acknowledged', venueOrderId: VENUE_ORDER, seenAt },
]

it('tells that it rests partly filled when it was lost and is found as it was', () => {
  const found = {
    venueOrderId: VENUE_ORDER,
    status: 'open',
    quantity: '10',
    limitPrice: '100',
    triggerPrice: null,
  } as const
  const facts = story(
    ...reachOpen,
    { type: 'venue.filled', venueOrderId: VENUE_ORDER, fill: part, seenAt },
    { type: 'recover-order', seenAt },
    { type: 'venue.found', order: { ...found, filled: '4', fills: [part], reason: null }, seenAt },
  )
  expect(facts.slice(-2)).toEqual(['order.unknown PENDING 4', 'order.opened PARTIALLY_FILLED 4'])
})

it('is not taken for overdue by the deadline of another name that rings in the same millisecond', () => {
  const facts = story(
    { type: 'venue.sent', seenAt },
    { type: 'deadline.reached', name: 'cancel', dueAt: NOON + 5_000, seenAt },
  )
  expect(facts.at(-1)).toBe('order.submitted PENDING 0')
})

const rest = (filled: string) => ({
  ...{ venueOrderId: VENUE_ORDER, quantity: '10', limitPrice: '100', triggerPrice: null, filled, reason: null },
})

it('is looked up when it is refused after a part of it was filled, and ends with that part as the venue has it', () => {
  const facts = story(
    { type: 'venue.sent', seenAt },
    { type: 'venue.filled', venueOrderId: VENUE_ORDER, fill: part, seenAt },
    { type: 'venue.refused', code: 'rate', message: 'EOrder:Rate limit exceeded', seenAt },
    { type: 'venue.found', order: { ...rest('4'), status: 'cancelled', fills: [part] }, seenAt },
  )
  expect(facts.slice(-2)).toEqual(['order.unknown PENDING 4', 'order.cancelled CANCELLED 4'])
})

it('has failed with the part that was filled when it was refused and the venue knows nothing of it any more', () => {
  const late = NOON + 10_000
  const facts = story(
    { type: 'venue.sent', seenAt },
    { type: 'venue.filled', venueOrderId: VENUE_ORDER, fill: part, seenAt },
    { type: 'venue.refused', code: 'funds', message: 'EOrder:Insufficient funds', seenAt },
    { type: 'venue.notFound', seenAt: late },
    { type: 'venue.notFound', seenAt: late + 2_000 },
  )
  expect(facts.at(-1)).toBe('order.failed ERROR 4')
})

it('asks for what it has not heard of before it believes that it is over', () => {
  const facts = story(
    ...reachOpen,
    { type: 'venue.cancelled', reason: 'asked', filled: '4', seenAt },
    { type: 'venue.found', order: { ...rest('4'), status: 'cancelled', fills: [part] }, seenAt },
  )
  expect(facts.slice(-3)).toEqual([
    'order.unknown PENDING 0',
    'order.partiallyFilled PARTIALLY_FILLED 4',
    'order.cancelled CANCELLED 4',
  ])
})

it('tells of other terms that a comparison found at the venue', () => {
  const facts = story(...reachOpen, {
    ...{ type: 'venue.found', order: { ...rest('0'), limitPrice: '99', status: 'open', fills: [] }, seenAt },
  })
  expect(facts.at(-1)).toBe('order.amended OPEN 0')
})

it('does not storm a venue that is too busy to cancel: it is asked again after the deadline of the first', () => {
  const seen: OrderHears[] = [
    ...reachOpen,
    { type: 'cancel-order', reason: 'asked', seenAt },
    { type: 'venue.cancelRefused', code: 'rate', message: 'EOrder:Rate limit exceeded', seenAt: seenAt + 50 },
  ]
  expect(story(...seen).at(-1)).toBe('order.cancelling OPEN 0')
  const rings = { type: 'deadline.reached', name: 'cancel', dueAt: seenAt + 5_000, seenAt: seenAt + 5_000 } as const
  expect(story(...seen, rings).at(-1)).toBe('order.unknown PENDING 0')
})

import { describe, expect, it } from 'vitest'
import type { Approved } from '../../src/domain/approved.ts'
import { countFills, NO_FILLS } from '../../src/domain/fills.ts'
import { orderId, venueOrderId } from '../../src/domain/ids.ts'
import type { Fill, OrderPhase, OrderRequest, OrderStatus } from '../../src/domain/order.ts'
import { isFinal, isLive } from '../../src/domain/order.ts'
import {
  emptySince,
  expiryCheckAt,
  fillFacts,
  hasNeverArrived,
  hasNewFills,
  isCompletedBy,
  type LookUps,
  mayRetry,
  type NewOrder,
  newOrder,
  nextLookUpAt,
  type OrderRecord,
  orderDenied,
  orderFact,
  orderView,
  questionOf,
  retryDelays,
  statusOf,
  withFills,
  withVenueOrder,
} from '../../src/domain/order-story.ts'
import type { VenueOrder } from '../../src/domain/reports.ts'
import { AT, fillOf, orderOf, requestOf } from './order-builders.ts'

/** A record that counted `before` and hears `fresh` now. */
const recordOf = (
  fresh: readonly Fill[] = [],
  before: readonly Fill[] = [],
  more: Partial<OrderRecord> = {},
): OrderRecord => {
  const { status: _, phase: __, ...view } = orderOf(requestOf())
  return { ...view, ...countFills(countFills(NO_FILLS, before), fresh), outcome: null, freshFills: fresh, ...more }
}
const told = (record: OrderRecord): string[] => fillFacts(record).map((fact) => fact.type)

describe("the owner's outward state", () => {
  it.each<[OrderPhase, string, OrderStatus]>([
    ['intended', '0', 'PENDING'],
    ['submitting', '0', 'PENDING'],
    ['unknown', '0', 'PENDING'],
    ['unknown', '0.5', 'PENDING'],
    ['open', '0', 'OPEN'],
    ['partiallyFilled', '0.5', 'PARTIALLY_FILLED'],
    ['cancelling', '0', 'OPEN'],
    ['cancelling', '0.5', 'PARTIALLY_FILLED'],
  ])('of an order that is %s with %s filled is %s', (phase, filled, status) => {
    expect(statusOf(recordOf([], [], { filled }), phase)).toBe(status)
  })

  it('is its outcome once it has one, whatever the phase', () => {
    for (const phase of ['settling', 'done', 'open'] as const)
      expect(statusOf(recordOf([], [], { outcome: 'CANCELLED' }), phase)).toBe('CANCELLED')
  })

  it.each<[OrderStatus, boolean]>([
    ['PENDING', false],
    ['OPEN', false],
    ['PARTIALLY_FILLED', false],
    ['FILLED', true],
    ['CANCELLED', true],
    ['EXPIRED', true],
    ['ERROR', true],
  ])('%s is final: %s', (status, final) => {
    expect(isFinal(status)).toBe(final)
    expect(isLive(orderOf(requestOf(), [], { status }))).toBe(!final)
  })
})

it('the outward view carries nothing that only the machine needs', () => {
  const view = orderView(recordOf([fillOf('a', '100', '0.5')]), 'partiallyFilled')
  expect(Object.keys(view).sort()).toEqual(Object.keys(orderOf(requestOf())).sort())
})

describe('fills become facts', () => {
  const [a, b, c] = [
    fillOf('a', '100', '0.4', '0', 1),
    fillOf('b', '101', '0.6', '0', 2),
    fillOf('c', '102', '0.1', '0', 3),
  ]

  it('one each, at the time of the venue; the one that completes the order says so', () => {
    const facts = fillFacts(recordOf([a, b]))
    expect(facts).toMatchObject([
      { type: 'order.partiallyFilled', fill: a, at: 1 },
      { type: 'order.filled', fill: b, at: 2, order: { status: 'FILLED', phase: 'settling', filled: '1' } },
    ])
  })

  it('partly filled while anything is left', () => {
    expect(fillFacts(recordOf([a]))).toMatchObject([
      { type: 'order.partiallyFilled', order: { status: 'PARTIALLY_FILLED', filled: '0.4', cost: '40' } },
    ])
    expect(told(recordOf([b], [a]))).toEqual(['order.filled'])
  })

  it('none where nothing was new', () => {
    expect(told(recordOf([], [a, b]))).toEqual([])
    expect(told(recordOf([], [a, b, c]))).toEqual([])
  })

  it('more than was ordered is an invariant broken, with the figures', () => {
    const facts = fillFacts(recordOf([c], [a, b]))
    expect(facts.map((fact) => fact.type)).toEqual(['order.filled', 'order.invariantBroken'])
    expect(facts[1]).toMatchObject({ problem: 'filled 1.1 of 1' })
  })

  it('is measured by the quantity as last amended', () => {
    expect(told(recordOf([a], [], { quantity: '0.4' }))).toEqual(['order.filled'])
    expect(told(recordOf([b], [a], { quantity: '2' }))).toEqual(['order.partiallyFilled'])
  })
})

it('a plain fact carries the order, and a refusal its key and reason', () => {
  expect(orderFact('order.opened', recordOf(), 'open')).toMatchObject({
    type: 'order.opened',
    order: { status: 'OPEN' },
  })
  expect(orderDenied(recordOf(), 'it has ended')).toEqual({
    ...{ type: 'order.denied', key: 'p1/entry/1', orderId: 'o p1/entry/1', symbol: 'BTC/USDT', reason: 'it has ended' },
  })
  expect(recordOf().createdAt).toBe(AT)
})

describe('an order that is looked up', () => {
  const POLICY = {
    acknowledgeMs: 5_000,
    cancelMs: 5_000,
    lateFillMs: 60_000,
    lookUpFirstMs: 1_000,
    lookUpMaxMs: 30_000,
  }
  const search = (over: Partial<LookUps> = {}): LookUps => ({
    ...{ policy: POLICY, updatedAt: AT, acceptBefore: AT + 5_000, lookUps: 0, emptyAt: null, ...over },
  })

  it('is asked for again after twice the wait, up to its longest', () => {
    const waits = [0, 1, 2, 3, 4, 5, 50].map((lookUps) => nextLookUpAt(search({ lookUps })) - AT)
    // Up to ten seconds after the intent, when an answer that finds nothing begins to count.
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
    const later = search({ updatedAt: AT + 60_000, emptyAt: null })
    const laterWaits = [0, 4, 5, 50].map((lookUps) => nextLookUpAt({ ...later, lookUps }) - AT - 60_000)
    expect(laterWaits).toEqual([1_000, 16_000, 30_000, 30_000])
  })

  it('never arrived only when two look-ups found nothing after the venue would have refused it', () => {
    expect(emptySince(search(), AT + 9_999)).toBeNull()
    expect(emptySince(search(), AT + 10_000)).toBe(AT + 10_000)
    expect(emptySince(search({ emptyAt: AT + 10_000 }), AT + 20_000)).toBe(AT + 10_000)
    expect(hasNeverArrived(search(), AT + 900_000)).toBe(false)
    expect(hasNeverArrived(search({ emptyAt: AT + 10_000 }), AT + 11_999)).toBe(false)
    expect(hasNeverArrived(search({ emptyAt: AT + 10_000 }), AT + 12_000)).toBe(true)
  })

  it('is asked for once more two seconds after an answer that counts found nothing', () => {
    const search10 = search({ updatedAt: AT + 10_100, emptyAt: AT + 10_100, lookUps: 5 })
    expect(nextLookUpAt(search10)).toBe(AT + 12_100)
  })

  it('is only glanced at while finding nothing would not count', () => {
    const order = { orderId: orderId('o1') }
    expect(questionOf({ ...order, ...search({ updatedAt: AT + 9_999 }) })).toEqual({ orderId: 'o1', isGlance: true })
    expect(questionOf({ ...order, ...search({ updatedAt: AT + 10_000 }) })).toEqual({ orderId: 'o1', isGlance: false })
  })

  it('at the end of its time is asked about a while after it, and not in a rush', () => {
    expect(expiryCheckAt(search(), null)).toBeNull()
    expect(expiryCheckAt(search(), AT + 900_000)).toBe(AT + 905_000)
    expect(expiryCheckAt(search(), AT - 900_000)).toBe(AT + 30_000)
  })
})

describe('an order that was refused', () => {
  const policy = {
    ...{ acknowledgeMs: 5_000, cancelMs: 5_000, lateFillMs: 60_000, lookUpFirstMs: 1_000, lookUpMaxMs: 30_000 },
  }
  const refused = (request: OrderRequest, over: Partial<NewOrder> = {}, code = 'rate'): boolean => {
    const order = newOrder({
      ...{ orderId: orderId('o1'), request: request as Approved<OrderRequest>, policy },
      ...{ retryDelaysMs: [5_000, 10_000], seenAt: AT },
    })
    return mayRetry({ ...order, ...over }, { code, seenAt: AT })
  }
  const GTD = requestOf({ timeInForce: 'GTD', expiresAt: AT + 900_000 })
  const EXIT = requestOf({ side: 'sell', type: 'market', limitPrice: null, intent: 'close', purpose: 'exit' })

  it('is sent again only where that came from before the engine', () => {
    expect(['rate', 'mode', 'nonce'].map((code) => refused(GTD, {}, code))).toEqual([true, true, true])
    const final = ['auth', 'outage', 'deadline', 'funds', 'validation', 'limits', 'gone']
    expect(final.filter((code) => refused(GTD, {}, code))).toEqual([])
  })

  it('is not sent again when its tries are used up, something of it was filled, or it is to be cancelled', () => {
    expect(refused(GTD, { retries: 1 })).toBe(true)
    expect(refused(GTD, { retries: 2 })).toBe(false)
    expect(refused(GTD, { filled: '0.1' })).toBe(false)
    expect(refused(GTD, { cancelWanted: true })).toBe(false)
  })

  it('is an entry that is sent again only within its life', () => {
    expect(refused(requestOf({ timeInForce: 'GTD', expiresAt: AT + 10_001 }))).toBe(true)
    expect(refused(requestOf({ timeInForce: 'GTD', expiresAt: AT + 10_000 }))).toBe(false)
    expect(refused(requestOf({ timeInForce: 'IOC' }))).toBe(false)
    expect(refused(EXIT)).toBe(true)
  })

  it('waits five, ten and twenty seconds, and a little longer by chance', () => {
    expect(retryDelays(3, 5_000, () => 0)).toEqual([5_000, 10_000, 20_000])
    expect(retryDelays(3, 5_000, () => 0.5)).toEqual([5_500, 11_000, 22_000])
    expect(retryDelays(0, 5_000, () => 0)).toEqual([])
  })
})

describe('what the venue knows of an order', () => {
  const a = fillOf('a', '100', '0.4')
  const b = fillOf('b', '100', '0.6')
  const found = (fills: readonly Fill[], quantity = '1'): VenueOrder => ({
    ...{ venueOrderId: venueOrderId('V1'), status: 'open', quantity, limitPrice: '99', triggerPrice: null },
    ...{ filled: '0', fills, reason: null },
  })

  it('is taken over: quantity and prices as amended there, and only those fills that are new', () => {
    const heard = withVenueOrder(recordOf([], [a], { reason: 'asked for' }), found([a, b], '1.5'))
    expect(heard).toMatchObject({
      ...{ venueOrderId: 'V1', quantity: '1.5', limitPrice: '99', filled: '1', freshFills: [b], reason: 'asked for' },
    })
    expect(hasNewFills(heard, [a, b])).toBe(false)
  })

  it('completes it only with a fill that is new', () => {
    expect(isCompletedBy(recordOf([], [a]), [a, b])).toBe(true)
    expect(isCompletedBy(recordOf([], [a, b]), [a, b])).toBe(false)
    expect(isCompletedBy(recordOf([], [a]), [b], '1.5')).toBe(false)
    expect(withFills(recordOf([], [a]), [a]).freshFills).toEqual([])
  })
})

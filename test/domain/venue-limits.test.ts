import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addPoints,
  agePoints,
  type Counter,
  changePoints,
  charged,
  counterAt,
  EMPTY_COUNTER,
  fixedPoints,
  hasRoom,
  restPoints,
  roomAt,
  TIER_LIMITS,
} from '../../src/domain/venue-limits.ts'

const { starter, intermediate, pro } = TIER_LIMITS

describe('the engine counter of a pair', () => {
  it('an order added, amended after 7 s and cancelled 36 s later costs 8 points', () => {
    const points = addPoints(1, false) + changePoints('amend', 7_000) + changePoints('cancel', 36_000)
    expect(points).toBe(1 + 1 + 2 + 4)
  })

  it('fifty orders at once leave 26.6 points ten seconds later on the Intermediate tier', () => {
    let counter: Counter = EMPTY_COUNTER
    for (let order = 0; order < 50; order += 1) counter = charged(counter, intermediate.engine, addPoints(1, false), 0)
    expect(counterAt(counter, intermediate.engine, 10_000)).toBeCloseTo(26.6, 10)
  })

  it.each([
    ['amend', [3, 3, 2, 2, 1, 1, 0, 0, 0]],
    ['edit', [6, 6, 5, 5, 4, 4, 2, 1, 0]],
    ['cancel', [8, 8, 6, 6, 5, 5, 4, 2, 1]],
  ] as const)('%s is dearer the younger the order is', (change, points) => {
    const ages = [0, 4_999, 5_000, 9_999, 10_000, 14_999, 15_000, 45_000, 90_000]
    expect(ages.map((age) => agePoints(change, age))).toEqual(points)
    expect(agePoints(change, 299_999)).toBe(change === 'cancel' ? 1 : 0)
    expect(agePoints(change, 300_000)).toBe(0)
  })

  it('a cancel of an old order is free, an amendment never is', () => {
    expect(changePoints('cancel', 300_000)).toBe(0)
    expect(changePoints('amend', 300_000)).toBe(1)
    expect([fixedPoints('amend'), fixedPoints('edit'), fixedPoints('cancel')]).toEqual([1, 1, 0])
  })

  it('a batch of orders costs half of what they cost one by one', () => {
    expect(addPoints(15, true)).toBe(7.5)
    expect(addPoints(15, false)).toBe(15)
  })

  it('six orders added and cancelled within five seconds fill the Starter counter up to its last points', () => {
    let counter = EMPTY_COUNTER
    for (let pair = 0; pair < 6; pair += 1)
      counter = charged(counter, starter.engine, addPoints(1, false) + changePoints('cancel', 1_000), 0)
    expect(counter.value).toBe(54)
    expect(hasRoom(counter, starter.engine, 9, 0)).toBe(false)
    expect(hasRoom(counter, starter.engine, 6, 0)).toBe(true)
  })
})

describe('the REST counter of a key', () => {
  it('reading costs one, history two, and what goes to the engine nothing', () => {
    expect(['Balance', 'OpenOrders', 'QueryOrders', 'CancelAll'].map(restPoints)).toEqual([1, 1, 1, 1])
    expect(['TradesHistory', 'QueryTrades', 'Ledgers', 'QueryLedgers'].map(restPoints)).toEqual([2, 2, 2, 2])
    expect(['AddOrder', 'AddOrderBatch', 'AmendOrder', 'EditOrder', 'CancelOrder'].map(restPoints)).toEqual([
      0, 0, 0, 0, 0,
    ])
  })

  it('takes twenty calls at once on Pro, and the next one a second later', () => {
    let counter = EMPTY_COUNTER
    for (let call = 0; call < 20; call += 1) {
      expect(hasRoom(counter, pro.rest, 1, 500)).toBe(true)
      counter = charged(counter, pro.rest, 1, 500)
    }
    expect(hasRoom(counter, pro.rest, 1, 500)).toBe(false)
    expect(hasRoom(counter, pro.rest, 1, 1_499)).toBe(false)
    expect(roomAt(counter, pro.rest, 1, 500)).toBe(1_500)
    expect(hasRoom(counter, pro.rest, 1, 1_500)).toBe(true)
  })
})

it('a charge that does not fit now fits at the moment it is told to wait for, and not a millisecond before', () => {
  const limits = fc.constantFrom(starter, intermediate, pro).chain((tier) => fc.constantFrom(tier.rest, tier.engine))
  fc.assert(
    fc.property(limits, fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 15 }), (limit, value, points) => {
      const counter = { value, at: 1_000 }
      const at = roomAt(counter, limit, points, 1_000)
      if (at === null) throw new Error('it always fits some day')
      // One millisecond of grace for the last bit of a double.
      expect(hasRoom(counter, limit, points, at + 1)).toBe(true)
      if (at > 1_000) expect(hasRoom(counter, limit, points, at - 1)).toBe(false)
    }),
  )
})

it('a charge larger than the whole counter never fits', () => {
  expect(roomAt(EMPTY_COUNTER, starter.engine, 61, 0)).toBeNull()
})

it('a clock that goes back does not fill the counter up, nor empty it', () => {
  const counter = charged({ value: 5, at: 10_000 }, pro.rest, 1, 4_000)
  expect(counter).toEqual({ value: 6, at: 10_000 })
})

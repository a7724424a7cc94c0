import { beforeEach, describe, expect, it } from 'vitest'
import { createExchangeGateway } from '../../actors/exchange.actor.ts'
import { orderLogic } from '../../actors/order.actor.ts'
import { createOrderDesk } from '../../actors/orders.actor.ts'
import type { Fact } from '../../src/domain/facts.ts'
import type { OrderView, Purpose } from '../../src/domain/order.ts'
import { ALLOWED, factOf, filledOrder, orderOf, requestOf, tradingHouse } from './trading-house.ts'

const SECOND = 1_000
const HALF_MINUTE = 30 * SECOND
const START = 1_000_000
const entry = orderOf('entry', requestOf({ quantity: '1', leverage: 2 }))
const exit = (purpose: Purpose, leverage = 2): OrderView =>
  orderOf(
    purpose,
    requestOf({
      ...{ key: `position-1/${purpose}/1`, side: 'sell', intent: 'reduce', purpose, quantity: '1' },
      ...{ leverage, reduceOnly: leverage > 1 },
    }),
  )

function watchedHouse() {
  const house = tradingHouse()
  const logic = orderLogic(house.house, createExchangeGateway(house.house, ALLOWED))
  const desk = createOrderDesk(house.house, logic, house.spawn, { mayOpenRisk: () => true })
  const hear = (fact: Fact): void => {
    house.books.apply(fact)
    desk.watch(fact)
  }
  const compared = { matched: 0, missedFills: 0, adopted: 0, unexplained: [] }
  return {
    hear,
    rests: (order: OrderView) => hear(factOf({ type: 'order.amended', order })),
    fills: (order: OrderView, quantity = '1') => hear(filledOrder(order, '40000', quantity)),
    compare: (afterMs: number) => hear(factOf({ type: 'reconciliation.completed', ...compared }, START + afterMs)),
    problems: () => house.told('order.invariantBroken').map(({ problem }) => problem),
  }
}
let house: ReturnType<typeof watchedHouse>
beforeEach(() => {
  house = watchedHouse()
  house.fills(entry)
})

describe('a pair on margin, of which each sells all that is held', () => {
  beforeEach(() => {
    house.rests(exit('stop'))
    house.rests(exit('target'))
  })

  it('counts once', () => {
    for (const at of [0, 1, 2]) house.compare(at * HALF_MINUTE)
    expect(house.problems()).toEqual([])
  })

  it('may sell too much as long as a fill of one is on its way to the other, and no longer', () => {
    house.fills(exit('target'), '0.4')
    house.compare(0)
    // After a reconnect comparisons follow each other at once.
    house.compare(SECOND)
    expect(house.problems()).toEqual([])
    house.compare(HALF_MINUTE)
    house.compare(2 * HALF_MINUTE)
    expect(house.problems()).toEqual(['exits may still sell 1, 0.6 is held'])
  })

  it('holds again once the other has become smaller, and is given the same time for the next fill', () => {
    const target = exit('target')
    house.fills(target, '0.4')
    house.compare(0)
    house.rests({ ...exit('stop'), quantity: '0.6' })
    house.compare(HALF_MINUTE)
    house.fills({ ...target, orderId: orderOf('again').orderId, filled: '0.4' }, '0.6')
    house.compare(2 * HALF_MINUTE)
    expect(house.problems()).toEqual([])
  })

  it('is broken at once where more was sold than had been bought', () => {
    house.fills(exit('target'))
    house.fills(exit('stop'), '0.1')
    expect(house.problems()).toEqual(['0.1 more was sold than had been bought'])
  })
})

it('a stop alone on margin is watched too: it may not stay larger than what is held', () => {
  house.rests({ ...exit('stop'), quantity: '1.5' })
  house.compare(0)
  house.compare(HALF_MINUTE)
  expect(house.problems()).toEqual(['exits may still sell 1.5, 1 is held'])
})

it('a stop and an exit of their own may never sell too much, not even for a moment', () => {
  house.rests(exit('stop', 1))
  house.rests({ ...exit('exit', 1), quantity: '0.5' })
  house.fills(exit('exit', 1), '0.1')
  expect(house.problems()).toHaveLength(1)
})

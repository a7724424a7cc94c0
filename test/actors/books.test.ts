import { describe, expect, it } from 'vitest'
import { type Books, createBooks } from '../../actors/books.ts'
import type { Fact } from '../../src/domain/facts.ts'
import { orderId, planId, positionId } from '../../src/domain/ids.ts'
import type { OrderView } from '../../src/domain/order.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import {
  BTC,
  factOf,
  filledOrder,
  openedOrder,
  orderOf,
  POSITION,
  positionOf,
  requestOf,
  T0,
  XRP,
} from './trading-house.ts'

const MINUTE = 60_000
const folded = (facts: readonly Fact[]): Books => {
  const books = createBooks(LIMITS)
  for (const fact of facts) books.apply(fact)
  return books
}
describe('orders', () => {
  it('are found by id, by key and by whom they serve, live ones apart', () => {
    const entry = openedOrder('entry', POSITION)
    const stop = openedOrder('stop', POSITION, 'stop')
    const books = folded([
      factOf({ type: 'order.opened', order: entry }),
      factOf({ type: 'order.opened', order: stop }),
      factOf({ type: 'order.cancelled', order: { ...entry, status: 'CANCELLED' } }),
    ])
    expect(books.order(orderId('entry'))?.status).toBe('CANCELLED')
    expect(books.orderByKey('key stop')?.orderId).toBe('stop')
    expect(books.orderByKey('key of nobody')).toBeNull()
    expect(books.ordersOf(POSITION).map((order) => order.orderId)).toEqual(['entry', 'stop'])
    expect(books.liveOrders().map((order) => order.orderId)).toEqual(['stop'])
  })

  it('of a plan are found by the plan', () => {
    const plan = planId('plan')
    const request = requestOf({ key: 'trade', positionId: null, planId: plan, book: 'core', purpose: 'rebalance' })
    const books = folded([factOf({ type: 'order.opened', order: orderOf('trade', request) })])
    expect(books.ordersOf(plan).map((order) => order.orderId)).toEqual(['trade'])
  })
})

describe('history in memory', () => {
  const ended = (count: number, from = 0): Fact[] =>
    Array.from({ length: count }, (_, index) => index + from).flatMap((index) => {
      const order = openedOrder(`x${index}`)
      return [
        factOf({ type: 'order.opened', order }),
        factOf({ type: 'order.cancelled', order: { ...order, status: 'CANCELLED' } }),
      ]
    })

  it('is bounded: of ended orders the newest stay, and a key that was dropped is forgotten', () => {
    const books = folded(ended(1_300))
    const kept = [...books.orders()]
    expect(kept.length).toBeGreaterThanOrEqual(1_000)
    expect(kept.length).toBeLessThanOrEqual(1_100)
    expect(kept.at(-1)?.orderId).toBe('x1299')
    expect(books.orderByKey('key x0')).toBeNull()
    expect(books.orderByKey('key x1299')).not.toBeNull()
  })

  it('is bounded by the size that is configured', () => {
    const books = createBooks(LIMITS, 50)
    for (const fact of ended(200)) books.apply(fact)
    const kept = [...books.orders()].length
    expect([kept >= 50, kept <= 55]).toEqual([true, true])
  })

  it('keeps every order of an open position, of the plan at work, and every live one, however old', () => {
    const plan = planId('plan')
    const ofPosition = openedOrder('ofPosition', POSITION)
    const ofPlan = orderOf('ofPlan', requestOf({ key: 'ofPlan', positionId: null, planId: plan, book: 'core' }))
    const more = { executionStrategy: 'immediate', usedFallbackStrategy: false } as const
    const books = folded([
      factOf({ type: 'position.opening', position: positionOf() }),
      filledOrder(ofPosition, '40000', '0.01'),
      factOf({ type: 'rebalance.planned', planId: plan, trades: [], ...more }),
      filledOrder(ofPlan, '40000', '0.01'),
      factOf({ type: 'order.opened', order: openedOrder('resting') }),
      ...ended(1_300),
    ])
    expect(books.ordersOf(POSITION).map((order) => order.orderId)).toEqual(['ofPosition'])
    expect(books.ordersOf(plan).map((order) => order.orderId)).toEqual(['ofPlan'])
    expect(books.liveOrders().map((order) => order.orderId)).toEqual(['resting'])

    books.apply(factOf({ type: 'position.closed', position: positionOf({ status: 'closed' }) }))
    books.apply(factOf({ type: 'rebalance.completed', planId: plan }))
    for (const fact of ended(200, 5_000)) books.apply(fact)
    expect(books.ordersOf(POSITION)).toEqual([])
    expect(books.ordersOf(plan)).toEqual([])
  })

  it('of closed positions is bounded too', () => {
    const facts = Array.from({ length: 1_010 }, (_, index) =>
      factOf({
        type: 'position.closed',
        position: positionOf({ positionId: positionId(`c${index}`), status: 'closed' }),
      }),
    )
    const books = folded([factOf({ type: 'position.opening', position: positionOf() }), ...facts])
    expect([...books.positions()]).toHaveLength(1_001)
    expect(books.position(POSITION)).not.toBeNull()
    expect(books.position(positionId('c0'))).toBeNull()
  })

  it('of positions that never held anything is bounded too', () => {
    const unfilled = { status: 'closed', entryPrice: '0', closeReason: 'entry_unfilled' } as const
    const facts = Array.from({ length: 1_010 }, (_, index) =>
      factOf({ type: 'position.closed', position: positionOf({ positionId: positionId(`c${index}`), ...unfilled }) }),
    )
    expect([...folded(facts).positions()]).toHaveLength(1_000)
  })
})

describe('positions and trades', () => {
  it('are open until they are closed, by symbol', () => {
    const books = folded([
      factOf({ type: 'position.opening', position: positionOf() }),
      factOf({ type: 'position.opening', position: positionOf({ positionId: positionId('p2'), symbol: XRP }) }),
      factOf({ type: 'position.closed', position: positionOf({ status: 'closed' }) }),
    ])
    expect(books.openPositions().map((position) => position.positionId)).toEqual(['p2'])
    expect(books.openPositions(BTC)).toEqual([])
    expect(books.position(POSITION)?.status).toBe('closed')
  })

  it('count profit net of fees, and a loss begins a streak and a rest', () => {
    const closed = (id: string, realisedGross: string) =>
      factOf({
        type: 'position.closed',
        position: positionOf({ positionId: positionId(id), status: 'closed', realisedGross, fees: '3' }),
      })
    const books = folded([closed('a', '2.5'), closed('b', '-1')])
    expect(books.statistics()).toMatchObject({ trades: 2, pnlNet: '-4.5' })
    expect(books.streaks().lossStreak).toBe(2)
    expect(books.streaks().cooldownUntil[BTC]).toBe(T0 + LIMITS.cooldownMinutes.afterLoss * MINUTE)
  })

  it('keep the rest of a symbol that moved fast, and the longest of them', () => {
    const rest = (minutes: number) =>
      factOf({ type: 'risk.cooldownBegan', symbol: BTC, cause: 'fast_move', until: T0 + minutes * MINUTE })
    expect(folded([rest(15), rest(10)]).streaks()).toEqual({
      lossStreak: 0,
      cooldownUntil: { [BTC]: T0 + 15 * MINUTE },
    })
  })

  it('give every symbol that a plan traded one rest, when the plan is over', () => {
    const more = { executionStrategy: 'dca_24h', usedFallbackStrategy: false } as const
    const plan = planId('plan-1')
    const traded = (symbol: typeof BTC, at: number) => {
      const trade = { symbol, side: 'sell', quantity: '1', cost: '1', fees: '0', batch: 1 } as const
      return factOf({ type: 'rebalance.tradeExecuted', planId: plan, ...trade }, at)
    }
    const working = [
      factOf({ type: 'rebalance.planned', planId: plan, trades: [], ...more }),
      traded(BTC, T0 + MINUTE),
      traded(XRP, T0 + 240 * MINUTE),
    ]
    expect(folded(working).streaks().cooldownUntil).toEqual({})
    const until = T0 + 330 * MINUTE
    const over = factOf({ type: 'rebalance.completed', planId: plan }, T0 + 300 * MINUTE)
    expect(folded([...working, over]).streaks().cooldownUntil).toEqual({ [BTC]: until, [XRP]: until })
    const cut = factOf({ type: 'rebalance.cancelled', planId: plan, reason: 'asked for' }, T0 + 300 * MINUTE)
    const empty = factOf({ type: 'rebalance.cancelled', planId: plan, reason: 'asked for' }, T0 + 900 * MINUTE)
    expect(folded([...working, cut, empty]).streaks().cooldownUntil).toEqual({ [BTC]: until, [XRP]: until })
  })

  it('do not count a position whose entry never filled', () => {
    const unfilled = positionOf({ status: 'closed', entryPrice: '0', closeReason: 'entry_unfilled' })
    const books = folded([factOf({ type: 'position.closed', position: unfilled })])
    expect(books.statistics().trades).toBe(0)
    expect(books.streaks()).toEqual({ lossStreak: 0, cooldownUntil: {} })
  })
})

describe('the plan at work', () => {
  it('is the one planned last, until that one ends', () => {
    const more = { executionStrategy: 'immediate', usedFallbackStrategy: false } as const
    const planned = (id: string, at: number) =>
      factOf({ type: 'rebalance.planned', planId: planId(id), trades: [], ...more }, at)
    const books = folded([planned('a', T0)])
    expect(books.plan()).toEqual({ activeId: 'a', active: null, lastId: 'a', lastPlannedAt: T0 })
    books.apply(factOf({ type: 'rebalance.completed', planId: planId('another') }))
    expect(books.plan().activeId).toBe('a')
    books.apply(factOf({ type: 'rebalance.cancelled', planId: planId('a'), reason: 'not needed' }))
    expect(books.plan()).toEqual({ activeId: null, active: null, lastId: 'a', lastPlannedAt: T0 })
  })

  it.each([
    ['its need was gone, and its own orders were taken back with it', 'GTD', 'rebalance.cancelled', {}],
    ['an order that is filled at once or not at all was not filled whole', 'IOC', 'rebalance.completed', {}],
    ['what a pause took back was traded at its next try', 'GTD', 'rebalance.completed', { unfilled: [] }],
  ] as const)('keeps the next one waiting a day when %s', (_, timeInForce, end, more) => {
    const plan = planId('a')
    const request = requestOf({ key: 'cut', positionId: null, planId: plan, book: 'core', timeInForce })
    const strategy = { executionStrategy: 'immediate', usedFallbackStrategy: false } as const
    const books = folded([
      factOf({ type: 'rebalance.planned', planId: plan, trades: [], ...strategy }, T0),
      factOf({ type: 'order.cancelled', order: orderOf('cut', request, { status: 'CANCELLED' }) }),
      factOf({ type: end, planId: plan, reason: 'no longer needed', ...more }),
    ])
    expect(books.plan().lastPlannedAt).toBe(T0)
  })

  it('does not keep the next one waiting a day when a pause cut it short', () => {
    const plan = planId('a')
    const cut = orderOf('cut', requestOf({ key: 'cut', positionId: null, planId: plan, book: 'core' }))
    const more = { executionStrategy: 'immediate', usedFallbackStrategy: false } as const
    const books = folded([
      factOf({ type: 'rebalance.planned', planId: plan, trades: [], ...more }, T0),
      factOf({ type: 'order.cancelled', order: { ...cut, status: 'CANCELLED' } }),
      factOf({ type: 'rebalance.completed', planId: plan }),
    ])
    expect(books.plan()).toEqual({ activeId: null, active: null, lastId: 'a', lastPlannedAt: null })
  })
})

describe('protection', () => {
  const SECOND = 1_000
  const entry = openedOrder('entry', POSITION)
  const stop = openedOrder('stop', POSITION, 'stop')
  const held = filledOrder(entry, '40000', '0.01')
  const stopAt = (status: OrderView['status'], seconds: number): Fact =>
    factOf({ type: 'order.opened', order: { ...stop, status } }, T0 + seconds * SECOND)

  it('measures the gap from the first fill to the live stop; a stop that is only intended protects nothing', () => {
    const books = folded([held, stopAt('PENDING', 1), stopAt('OPEN', 4)])
    expect(books.protection(T0 + 60 * SECOND)).toEqual({ unprotectedSeconds: 0, gapsMs: [4_000] })
  })

  it('counts the seconds past the deadline while something held has no stop', () => {
    const books = folded([held])
    expect(books.protection(T0 + 10 * SECOND).unprotectedSeconds).toBe(0)
    expect(books.protection(T0 + 25 * SECOND).unprotectedSeconds).toBe(15)
    books.apply(stopAt('OPEN', 30))
    books.apply(factOf({ type: 'position.closed', position: positionOf({ status: 'closed' }) }, T0 + 40 * SECOND))
    expect(books.protection(T0 + 900 * SECOND).unprotectedSeconds).toBe(20)
  })

  it('ends with the position: what an order of it says later, dust left over included, is not bare time', () => {
    const sold = { ...stop, status: 'FILLED' as const, quantity: '0.00999', filled: '0.00999' }
    const settled = factOf({ type: 'order.settled', order: { ...sold, phase: 'done' } }, T0 + 60 * SECOND)
    const books = folded([
      held,
      stopAt('OPEN', 1),
      factOf({ type: 'order.opened', order: sold }, T0 + 2 * SECOND),
      factOf({ type: 'position.closed', position: positionOf({ status: 'closed' }) }, T0 + 3 * SECOND),
      settled,
    ])
    expect(books.protection(T0 + 3_600 * SECOND).unprotectedSeconds).toBe(0)
  })
})

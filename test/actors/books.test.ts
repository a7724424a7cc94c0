import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Books, createBooks } from '../../actors/books.ts'
import type { Fact } from '../../src/domain/facts.ts'
import { type OrderId, orderId, type PositionId, planId, positionId } from '../../src/domain/ids.ts'
import type { OrderView } from '../../src/domain/order.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import { amount, text } from '../../src/domain/units.ts'
import { BTC, balance, factOf, fillOf, orderOf, POSITION, positionOf, requestOf, T0, XRP } from './trading-house.ts'

const MINUTE = 60_000
const ALL: readonly OrderId[] = Array.from({ length: 40 }, (_, index) => orderId(`o${index}`))

/** Everything that the books can say, as one value. */
function readOut(books: Books) {
  const at = T0 + 1_000 * MINUTE
  return {
    orders: [...books.orders()],
    byKey: ALL.map((id) => books.orderByKey(`key ${id}`)?.orderId ?? null),
    live: books.liveOrders().map((order) => order.orderId),
    owned: ['p0', 'p1', 'p2'].map((id) => books.ordersOf(positionId(id)).map((order) => order.orderId)),
    positions: [...books.positions()],
    open: books.openPositions().map((position) => position.positionId),
    plan: books.plan(),
    ledger: books.ledger(),
    totals: books.totals(),
    streaks: books.streaks(),
    protection: books.protection(at),
    statistics: books.statistics(),
  }
}
const folded = (facts: readonly Fact[]): Books => {
  const books = createBooks(LIMITS)
  for (const fact of facts) books.apply(fact)
  return books
}
/** As the journal gives a fact back. */
const readBack = (fact: Fact): Fact => ({ ...JSON.parse(JSON.stringify(fact)), type: fact.type, origin: 'replayed' })

const openedOrder = (id: string, owner: PositionId | null = null, purpose: 'entry' | 'stop' = 'entry'): OrderView =>
  orderOf(id, requestOf({ key: `key ${id}`, positionId: owner, purpose, side: purpose === 'entry' ? 'buy' : 'sell' }))
const filledOrder = (order: OrderView, price: string, quantity: string, fee = '0', at = T0): Fact => {
  const fill = fillOf(`t-${order.orderId}-${at}`, price, quantity, fee, at)
  const whole = amount(quantity).eq(amount(order.quantity))
  const status = whole ? ('FILLED' as const) : ('PARTIALLY_FILLED' as const)
  const view = {
    ...order,
    status,
    filled: quantity,
    cost: text(amount(price).times(quantity)),
    fees: fee,
    fills: [fill],
  }
  return factOf({ type: whole ? 'order.filled' : 'order.partiallyFilled', order: view, fill }, at)
}

type Move =
  | { readonly kind: 'order'; readonly order: number; readonly owner: number; readonly quantity: number }
  | { readonly kind: 'close'; readonly owner: number; readonly cents: number }
  | { readonly kind: 'cancel'; readonly order: number; readonly owner: number }
  | { readonly kind: 'plan'; readonly plan: number; readonly ends: boolean }
  | { readonly kind: 'decision'; readonly accepted: boolean }

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constant('order' as const),
    order: fc.nat(39),
    owner: fc.nat(2),
    quantity: fc.integer({ min: 1, max: 10 }),
  }),
  fc.record({ kind: fc.constant('close' as const), owner: fc.nat(2), cents: fc.integer({ min: -500, max: 500 }) }),
  fc.record({ kind: fc.constant('cancel' as const), order: fc.nat(39), owner: fc.nat(2) }),
  fc.record({ kind: fc.constant('plan' as const), plan: fc.nat(1), ends: fc.boolean() }),
  fc.record({ kind: fc.constant('decision' as const), accepted: fc.boolean() }),
)

function factFor(given: Move, index: number): Fact {
  const at = T0 + index * MINUTE
  switch (given.kind) {
    case 'order':
      return filledOrder(
        openedOrder(`o${given.order}`, positionId(`p${given.owner}`)),
        '40000',
        text(amount(given.quantity).div(1000)),
        '0.1',
        at,
      )
    case 'cancel': {
      const order = openedOrder(`o${given.order}`, positionId(`p${given.owner}`), 'stop')
      return factOf({ type: 'order.cancelled', order: { ...order, status: 'CANCELLED' } }, at)
    }
    case 'close': {
      const gross = text(amount(given.cents).div(100))
      const closed = positionOf({ positionId: positionId(`p${given.owner}`), status: 'closed', realisedGross: gross })
      return factOf({ type: 'position.closed', position: closed }, at)
    }
    case 'plan': {
      const id = planId(`plan${given.plan}`)
      if (given.ends) return factOf({ type: 'rebalance.completed', planId: id }, at)
      const more = { executionStrategy: 'immediate', usedFallbackStrategy: false } as const
      return factOf({ type: 'rebalance.planned', planId: id, trades: [], ...more }, at)
    }
    case 'decision':
      return given.accepted
        ? factOf({
            ...{ type: 'signal.accepted', symbol: BTC, proposalId: 'p', confidence: 1, multiplier: 1 },
            ...{ agreeing: 1, present: 1 },
          })
        : factOf({ type: 'signal.dropped', symbol: BTC, proposalId: 'p', reason: 'HOLD' })
  }
}

const OPENED = factOf({
  type: 'account.opened',
  balances: [balance('USDT', '10000'), balance('XRP', '500')],
  marks: { 'XRP/USDT': '0.5' },
})

describe('the fold', () => {
  it('is the same for a process that ran through and for one that was restarted in the middle', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), fc.nat(40), (moves, restartAt) => {
        const facts = [OPENED, ...moves.map(factFor)]
        const ranThrough = folded(facts)
        const restarted = folded(facts.map((fact, index) => (index < restartAt ? readBack(fact) : fact)))
        expect(readOut(restarted)).toEqual(readOut(ranThrough))
      }),
      { numRuns: 150, seed: 20_251_103 },
    )
  })

  it('keeps balances equal to the start and what every fill did to it, to the last digit', () => {
    const fills = fc.array(
      fc.record({
        isBuy: fc.boolean(),
        cents: fc.integer({ min: 1, max: 10_000_000 }),
        lots: fc.integer({ min: 1, max: 10 ** 9 }),
        fee: fc.integer({ min: 0, max: 100_000 }),
      }),
      { maxLength: 25 },
    )
    fc.assert(
      fc.property(fills, (given) => {
        let usdt = 1_000_000n * 10n ** 10n
        let btc = 0n
        const facts = given.map(({ isBuy, cents, lots, fee }, index): Fact => {
          const cost = BigInt(cents) * BigInt(lots)
          usdt += (isBuy ? -cost : cost) - BigInt(fee) * 10n ** 8n
          btc += isBuy ? BigInt(lots) : -BigInt(lots)
          const request = requestOf({ key: `k${index}`, side: isBuy ? 'buy' : 'sell', positionId: null })
          const [price, quantity] = [text(amount(cents).div(100)), text(amount(lots).div(10 ** 8))]
          return filledOrder(orderOf(`o${index}`, request), price, quantity, text(amount(fee).div(100)))
        })
        const start = factOf({ type: 'account.opened', balances: [balance('USDT', '1000000')], marks: {} })
        const totals = folded([start, ...facts]).totals()
        expect(totals?.USDT).toBe(text(amount(String(usdt)).div(10 ** 10)))
        expect(totals?.BTC ?? '0').toBe(text(amount(String(btc)).div(10 ** 8)))
      }),
      { numRuns: 60, seed: 3 },
    )
  })

  it('knows nothing of balances and statement before the account was opened', () => {
    const books = folded([filledOrder(openedOrder('o0'), '40000', '0.01')])
    expect([books.ledger(), books.totals()]).toEqual([null, null])
    expect(books.statistics().feesPaid).toBe('0')
  })
})

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
    expect(books.plan()).toEqual({ activeId: 'a', lastPlannedAt: T0 })
    books.apply(factOf({ type: 'rebalance.completed', planId: planId('another') }))
    expect(books.plan().activeId).toBe('a')
    books.apply(factOf({ type: 'rebalance.cancelled', planId: planId('a'), reason: 'not needed' }))
    expect(books.plan()).toEqual({ activeId: null, lastPlannedAt: T0 })
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

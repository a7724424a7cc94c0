import { describe, expect, it } from 'vitest'
import type { EngineEvent } from '../../../src/adapters/exchange/simulated/engine-options.ts'
import { asset } from '../../../src/domain/ids.ts'
import { brief, MARKET, newOrder, opened, restarted, START, submit, T0, trade } from './engine.harness.ts'
import { BTC, clientId } from './orders.ts'

const USDT = asset('USDT')

describe('orders are known by the venue’s id', () => {
  it('and need no client id, of which many orders may have none', () => {
    const engine = opened()
    submit(engine, { clientOrderId: null, limitPrice: '39000' }, T0 + 1)
    submit(engine, { clientOrderId: null, limitPrice: '39000' }, T0 + 2)
    const [first, second] = engine.openOrders()
    expect([first?.clientOrderId, second?.clientOrderId]).toEqual([null, null])
    engine.cancel(first?.venueOrderId ?? '', T0 + 3)
    engine.amend({ id: second?.venueOrderId ?? '', limitPrice: '38000' }, T0 + 4)
    expect(brief(engine.advanceTo(T0 + 4))).toEqual(['cancelled: User requested', 'amended'])
    expect(engine.find(first?.venueOrderId ?? '')).toMatchObject({ status: 'cancelled', closedAt: T0 + 3 })
    expect(engine.find(second?.venueOrderId ?? '')).toMatchObject({ limitPrice: '38000', closedAt: null })
  })

  it('and all of one client number are found together, closed ones first', () => {
    const engine = opened()
    for (const [n, userref] of [7, 8, 7].entries())
      submit(engine, { clientOrderId: null, userref, limitPrice: '39000' }, T0 + 1 + n, n)
    const last = engine.openOrders()[2]?.venueOrderId ?? ''
    engine.cancel(last, T0 + 9)
    engine.advanceTo(T0 + 9)
    expect(engine.findAll({ userref: 7 }).map((row) => [row.status, row.sequence])).toEqual([
      ['cancelled', 3],
      ['open', 1],
    ])
  })

  it('but a client id and a client number together are refused', () => {
    expect(brief(submit(opened(), { userref: 7 }))).toEqual(['EGeneral:Invalid arguments:userref'])
  })

  it('and a client id may be used again once its order has ended', () => {
    const engine = opened()
    submit(engine, MARKET, T0 + 1)
    submit(engine, { limitPrice: '39000' }, T0 + 2)
    expect(engine.find(clientId(1))).toMatchObject({ status: 'open', sequence: 2 })
    expect(engine.findAll({ clientOrderId: clientId(1) }).map((row) => row.sequence)).toEqual([1, 2])
  })
})

describe('an order that is only checked', () => {
  it('hears what it would hear, and changes nothing', () => {
    const engine = opened()
    const before = engine.save()
    expect(engine.check(newOrder(1), T0 + 1)).toBeNull()
    expect(engine.check(newOrder(1, { quantity: '9' }), T0 + 1)?.message).toBe('EOrder:Insufficient funds')
    expect(engine.save()).toEqual(before)
  })
})

describe('the records of the account', () => {
  it('have one trade and two entries of the ledger for each fill, told right after it', () => {
    const engine = opened()
    const events = submit(engine, MARKET)
    expect(events.map((event) => event.kind)).toEqual(['answered', 'opened', 'filled', 'booked', 'booked'])
    const [row] = engine.trades()
    expect(row).toMatchObject({ price: '40008.1', quantity: '0.01', cost: '400.081', fee: '3.20065', feeAsset: 'USDT' })
    expect(engine.ledger()).toMatchObject([
      { refId: row?.tradeId, kind: 'trade', asset: 'USDT', amount: '-400.081', fee: '3.20065', balance: '9596.71835' },
      { refId: row?.tradeId, kind: 'trade', asset: 'BTC', amount: '0.01', fee: '0', balance: '1.01' },
    ])
    expect(row?.ledgers).toEqual(engine.ledger().map((entry) => entry.ledgerId))
    expect(engine.closedOrders()).toMatchObject([
      { status: 'filled', filled: '0.01', cost: '400.081', fee: '3.20065', averagePrice: '40008.1' },
    ])
  })

  it('tell the state of the order right after each fill', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' })
    const ordersIn = (events: readonly EngineEvent[]) =>
      events.flatMap((event) => (event.kind === 'filled' ? [[event.order.status, event.order.filled]] : []))
    expect(ordersIn(engine.onMarket(trade('38000', '0.02', T0 + 2)))).toEqual([['open', '0.005']])
    expect(ordersIn(engine.onMarket(trade('38000', '1', T0 + 3)))).toEqual([['filled', '0.01']])
  })

  it('have deposits and withdrawals, which no order’s hold may be taken for', () => {
    const engine = opened()
    engine.deposit(USDT, '100', T0 + 1)
    engine.withdraw(USDT, '30.5', T0 + 2)
    expect(engine.ledger()).toMatchObject([
      { kind: 'deposit', amount: '100', balance: '10100', at: T0 + 1 },
      { kind: 'withdrawal', amount: '-30.5', balance: '10069.5', at: T0 + 2 },
    ])
    submit(engine, { quantity: '0.2' }, T0 + 3)
    expect(() => engine.withdraw(USDT, '2100', T0 + 4)).toThrow('held')
  })

  it('are kept up to a number, over a restart too', () => {
    const engine = opened()
    for (let n = 1; n <= 1_001; n += 1)
      submit(engine, { ...MARKET, side: n % 2 === 0 ? 'buy' : 'sell', quantity: '0.0001' }, T0 + n, n)
    for (const each of [engine, restarted(engine)]) {
      expect([each.closedOrders().length, each.trades().length, each.ledger().length]).toEqual([1_000, 1_000, 2_000])
      expect(each.trades()[0]?.tradeId).toMatch(/000002$/)
    }
  })

  it('count the volume of thirty days in dollars', () => {
    const engine = opened()
    submit(engine, MARKET)
    expect(engine.fees(BTC, T0 + 1)).toMatchObject({ maker: '0.004', taker: '0.008', volume30d: '400.081', next: null })
    const day = 86_400_000
    expect(engine.fees(BTC, T0 + 29 * day).volume30d).toBe('400.081')
    expect(engine.fees(BTC, T0 + 30 * day).volume30d).toBe('0')
  })
})

describe('the dead-man switch', () => {
  it('cancels everything when its time has come, and then stays off', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' })
    engine.cancelAllAfter(1_000, T0 + 10)
    expect(engine.nextDueAt()).toBe(T0 + 1_010)
    expect(brief(engine.onMarket(trade('38000', '1', T0 + 1_010)))).toEqual([
      'cancelled: Cancel all orders after timeout',
    ])
    expect(engine.nextDueAt()).toBeNull()
  })

  it('is armed anew by each call, disarmed by 0, and survives a restart', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' })
    engine.cancelAllAfter(1_000, T0 + 10)
    engine.cancelAllAfter(2_000, T0 + 20)
    expect(restarted(engine).nextDueAt()).toBe(T0 + 2_020)
    engine.cancelAllAfter(0, T0 + 30)
    expect(engine.nextDueAt()).toBeNull()
  })
})

describe('a market that is not online', () => {
  it.each([
    ['cancel_only', { limitPrice: '39000' }, ['EService:Market in cancel_only mode']],
    ['post_only', { limitPrice: '39000' }, ['EService:Market in post_only mode']],
    ['post_only', { limitPrice: '39000', postOnly: true }, []],
    ['limit_only', MARKET, ['EService:Market in limit_only mode']],
    ['limit_only', { limitPrice: '39000' }, []],
    ['maintenance', { limitPrice: '39000' }, ['EService:Unavailable']],
  ] as const)('in %s, takes what the mode allows', (mode, changes, expected) => {
    const engine = opened()
    engine.setMode(mode, T0)
    expect(brief(submit(engine, changes))).toEqual(expected)
  })

  it.each(['cancel_only', 'post_only', 'maintenance'] as const)('in %s, matches nothing', (mode) => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' })
    engine.setMode(mode, T0 + 2)
    expect(brief(engine.onMarket(trade('38000', '1', T0 + 3)))).toEqual([])
    engine.setMode('online', T0 + 4)
    expect(brief(engine.onMarket(trade('38000', '1', T0 + 5)))).toEqual(['maker 0.01 @ 39000'])
  })

  it('lets orders be cancelled, but not under maintenance', () => {
    const engine = opened()
    submit(engine, { limitPrice: '39000' })
    engine.setMode('maintenance', T0 + 2)
    engine.cancel(clientId(1), T0 + 3)
    expect(brief(engine.advanceTo(T0 + 3))).toEqual(['EService:Unavailable'])
    engine.setMode('cancel_only', T0 + 4)
    engine.cancel(clientId(1), T0 + 5)
    expect(brief(engine.advanceTo(T0 + 5))).toEqual(['cancelled: User requested'])
    expect(engine.balances()[0]).toEqual({ asset: 'USDT', total: START.USDT, held: '0' })
  })
})

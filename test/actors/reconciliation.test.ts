import { describe, expect, it } from 'vitest'
import {
  type ReconciliationMemory,
  type ReconciliationResult,
  reconcileWithVenue,
} from '../../actors/reconciliation.ts'
import { orderId } from '../../src/domain/ids.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import type { VenueOrderRow } from '../../src/ports/exchange.ts'
import { BTC, balance, factOf, fillOf, orderOf, requestOf, settle, T0, tradingHouse } from './trading-house.ts'

const MARKS = { 'BTC/USDT': { price: '40000', at: T0 }, 'XRP/USDT': { price: '0.5', at: T0 } }
const USDT = balance('USDT', '1000')

const rowOf = (id: string, changes: Partial<VenueOrderRow> = {}): VenueOrderRow => {
  const { venueOrderId, quantity, limitPrice, triggerPrice } = orderOf(id)
  if (venueOrderId === null) throw new Error('no venue id')
  return {
    ...{ clientOrderId: orderId(id), symbol: BTC, side: 'buy', venueOrderId, status: 'open', quantity, limitPrice },
    ...{ triggerPrice, filled: '0', fills: [], reason: null, type: 'limit', openedAt: T0 },
    ...changes,
  }
}

function reconcilingHouse() {
  const house = tradingHouse()
  const memory: ReconciliationMemory = { adopted: new Set(), suspected: [] }
  house.listenAs('coordinator', 'order:o1', 'order:o2')
  /** One pass against a venue that has these orders and balances, and finds what `found` says. */
  const pass = async (
    open: readonly VenueOrderRow[],
    balances: readonly Balance[] = [USDT],
    found: Readonly<Record<string, unknown>> = {},
  ): Promise<ReconciliationResult> => {
    const from = house.calls.length
    const result = reconcileWithVenue(house.house, memory, () => MARKS)
    for (let asked = from; asked < from + 8; asked += 1) {
      const call = house.calls[asked]
      if (call === undefined) break
      const value =
        call.method === 'openOrders' ? open : call.method === 'balances' ? balances : found[String(call.order)]
      call.answer({ kind: 'done', value })
      await settle()
    }
    return result
  }
  const refuse = async (at: number, answer: unknown, first: readonly unknown[] = []): Promise<ReconciliationResult> => {
    const result = reconcileWithVenue(house.house, memory, () => MARKS)
    for (const [index, value] of first.entries()) {
      house.calls[index]?.answer({ kind: 'done', value })
      await settle()
    }
    house.calls[at]?.answer(answer)
    return result
  }
  return { ...house, memory, pass, refuse }
}
const open = (house: ReturnType<typeof reconcilingHouse>, id = 'o1'): void =>
  house.books.apply(factOf({ type: 'order.opened', order: orderOf(id) }))

describe('the first pass of an account', () => {
  it('writes down what it begins with before anything can change it', async () => {
    const house = reconcilingHouse()
    expect(await house.pass([], [USDT, balance('XRP', '500')])).toEqual({ ok: true })
    expect(house.books.totals()).toEqual({ USDT: '1000', XRP: '500' })
    expect(house.books.ledger()?.equityStart).toBe('1250')
    const rows = []
    for await (const row of house.journal.read()) rows.push(row)
    expect(rows.map((row) => `${row.stream} ${row.type}`)).toEqual(['account open-account', 'account account.opened'])
    expect(rows[1]?.causationId).toBe((rows[0] as { id?: string } | undefined)?.id)

    await house.pass([], [USDT, balance('XRP', '500')])
    expect(house.journal.countsByType()['account.opened']).toBe(1)
  })

  it('waits while something that is held has no price', async () => {
    const house = reconcilingHouse()
    const problem = 'waiting for a price of ETH'
    expect(await house.pass([], [USDT, balance('ETH', '1')])).toEqual({ ok: false, problem })
    expect(house.books.ledger()).toBeNull()
    expect(house.told('reconciliation.failed')).toMatchObject([{ problem }])
  })
})

describe('a venue that does not answer', () => {
  it.each([
    [0, [], { kind: 'lost', problem: 'timeout' }, 'open orders: timeout'],
    [1, [[]], { kind: 'refused', code: 'auth', message: 'bad key' }, 'balances: auth: bad key'],
    [2, [[], [USDT]], { kind: 'lost', problem: 'timeout' }, 'order o1: timeout'],
  ])('is a reason to try again, at question %i', async (at, first, answer, problem) => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    expect(await house.refuse(at, answer, first)).toEqual({ ok: false, problem })
    expect(house.told('reconciliation.failed')).toMatchObject([{ problem }])
    expect(house.told('reconciliation.completed')).toEqual([])
    expect(house.heard).toEqual([])
  })
})

describe('an order', () => {
  it('that stands as we believe is matched, and hears nothing', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    expect(await house.pass([rowOf('o1')])).toEqual({ ok: true })
    expect(house.told('reconciliation.completed')).toMatchObject([{ matched: 1, missedFills: 0, unexplained: [] }])
    expect(house.heard).toEqual([])
  })

  it('that was filled while we were away hears of it, as reconciled', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    const fill = fillOf('t1', '40000', '0.01', '3.2')
    const found = { ...rowOf('o1'), status: 'filled', filled: '0.01', fills: [fill] }
    expect(await house.pass([], [balance('USDT', '596.8'), balance('BTC', '0.01')], { o1: found })).toEqual({
      ok: true,
    })
    expect(house.heardBy('order:o1')).toMatchObject([{ type: 'venue.found', origin: 'reconciled', order: found }])
    expect(house.told('reconciliation.completed')).toMatchObject([{ missedFills: 1, unexplained: [] }])
    expect(house.heardBy('coordinator')).toEqual([])
  })

  it('that the venue has never heard of hears so: nothing is assumed for it', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    open(house, 'o2')
    await house.pass([rowOf('o2')], [USDT], { o1: null })
    expect(house.heardBy('order:o1')).toMatchObject([{ type: 'venue.notFound', origin: 'reconciled' }])
    expect(house.heardBy('order:o2')).toEqual([])
  })

  it('that moved on while the venue was asked is not undone by the old answer', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    const result = reconcileWithVenue(house.house, house.memory, () => MARKS)
    const amended = orderOf('o1', requestOf(), { quantity: '0.02' })
    house.books.apply(factOf({ type: 'order.amended', order: amended }))
    house.calls[0]?.answer({ kind: 'done', value: [rowOf('o1')] })
    await settle()
    house.calls[1]?.answer({ kind: 'done', value: [USDT] })
    await settle()
    house.calls[2]?.answer({ kind: 'done', value: rowOf('o1', { quantity: '0.02' }) })
    expect(await result).toEqual({ ok: true })
    expect(house.heard).toEqual([])
  })

  it("of somebody else's is left alone, and said once", async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    const foreign = rowOf('theirs', { clientOrderId: null })
    await house.pass([foreign])
    await house.pass([foreign])
    expect(house.told('reconciliation.completed').map((fact) => fact.adopted)).toEqual([1, 0])
    expect(house.logged.filter((line) => line.includes('not ours'))).toHaveLength(1)
    expect(house.calls.every((call) => call.method === 'openOrders' || call.method === 'balances')).toBe(true)
  })
})

describe('what cannot be explained', () => {
  it('halts trading, with the figures', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    expect(await house.pass([], [balance('USDT', '900')])).toEqual({ ok: true })
    const reason = 'unexplained at the venue: USDT: venue has 900, we expect 1000'
    expect(house.heardBy('coordinator')).toMatchObject([{ type: 'halt-trading', by: 'reconciliation', reason }])
  })

  it('is believed of balances the second time while orders rest, whose fills may come in either order', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    await house.pass([rowOf('o1')], [balance('USDT', '900')])
    await house.pass([rowOf('o1')], [balance('USDT', '800')])
    expect(house.heardBy('coordinator')).toEqual([])
    await house.pass([rowOf('o1')], [balance('USDT', '800')])
    const reason = 'unexplained at the venue: USDT: venue has 800, we expect 1000'
    expect(house.heardBy('coordinator')).toMatchObject([{ type: 'halt-trading', reason }])
  })
})

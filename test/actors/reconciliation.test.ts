/** One comparison at a time with a venue that answers as it is told. */
import { describe, expect, it } from 'vitest'
import type { Settings } from '../../actors/house.ts'
import { createReconciler, type ReconciliationResult } from '../../actors/reconciliation.ts'
import type { Flow, VenueTrade } from '../../src/domain/account-history.ts'
import { asset, orderId, pair, venueOrderId } from '../../src/domain/ids.ts'
import type { Fill } from '../../src/domain/order.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import type { Marks } from '../../src/domain/valuation.ts'
import type { VenueOrderRow } from '../../src/ports/exchange.ts'
import {
  BTC,
  balance,
  factOf,
  filledOrder,
  fillOf,
  orderOf,
  POSITION,
  positionOf,
  requestOf,
  SETTINGS,
  settle,
  T0,
  tradingHouse,
} from './trading-house.ts'

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
const tradeOf = (id: string, fill: Fill, changes: Partial<VenueTrade> = {}): VenueTrade => ({
  ...{
    venueOrderId: venueOrderId(`V-${id}`),
    clientOrderId: null,
    symbol: BTC,
    side: 'buy',
    orderType: 'market',
    leverage: 1,
    fill,
  },
  ...{ feeAsset: asset('USDT') },
  ...changes,
})

interface Venue {
  readonly open?: readonly VenueOrderRow[]
  readonly balances?: readonly Balance[]
  readonly flows?: readonly Flow[]
  readonly trades?: readonly VenueTrade[]
  /** By our id. */
  readonly found?: Readonly<Record<string, unknown>>
}
const DONE = { ok: true, matched: 0, missedFills: 0, adopted: 0, unexplained: [] }

function reconcilingHouse(settings: Partial<Settings> = {}, more: Marks = {}) {
  const house = tradingHouse({ settings })
  const state: { isGate: boolean; halted: Readonly<Record<string, string>> } = { isGate: false, halted: {} }
  const permission = { isReconciling: () => state.isGate, haltedSymbols: () => state.halted }
  const reconciler = createReconciler(house.house, { marks: () => ({ ...MARKS, ...more }), permission })
  house.listenAs('coordinator', 'system', 'order:o1', 'order:o2')
  let answeredCalls = 0
  /** Everything asked so far and from now on is answered by this venue. */
  const answerAs = async ({
    open = [],
    balances = [USDT],
    flows = [],
    trades = [],
    found = {},
  }: Venue): Promise<void> => {
    const value = { openOrders: open, balances, flows, trades, cancel: null }
    for (let waits = 0; reconciler.isBusy && waits < 60; ) {
      const call = house.calls[answeredCalls]
      if (call === undefined) {
        // It waits for its turn in the queue before the venue.
        house.clock.advanceTo(house.clock.now() + 1_000)
        waits += 1
        await settle()
        continue
      }
      answeredCalls += 1
      const asked = call.method as keyof typeof value
      call.answer({ kind: 'done', value: call.method === 'lookUp' ? found[String(call.order)] : value[asked] })
      await settle()
    }
  }
  const pass = async (venue: Venue): Promise<ReconciliationResult> => {
    const result = reconciler.pass()
    await settle()
    await answerAs(venue)
    return result
  }
  /** The venue answers the first questions so, and the next one otherwise. */
  const refuse = async (first: readonly unknown[], answer: unknown): Promise<ReconciliationResult> => {
    const result = reconciler.pass()
    for (const value of first) {
      house.calls.at(-1)?.answer({ kind: 'done', value })
      await settle()
    }
    house.calls.at(-1)?.answer(answer)
    return result
  }
  const asked = () => house.calls.map((call) => call.method)
  return { ...house, reconciler, state, pass, refuse, answerAs, asked }
}
type ReconcilingHouse = ReturnType<typeof reconcilingHouse>
const open = (house: ReconcilingHouse, id = 'o1'): void =>
  house.books.apply(factOf({ type: 'order.opened', order: orderOf(id) }))

describe('the first pass of an account', () => {
  it('writes down what it begins with before anything can change it', async () => {
    const house = reconcilingHouse()
    const flow: Flow = { flowId: 'f1', kind: 'deposit', asset: asset('USDT'), amount: '9', fee: '0', at: T0 - 1 }
    const venue = { balances: [USDT, balance('XRP', '500'), balance('DOGE', '3')], flows: [flow] }
    expect(await house.pass(venue)).toEqual(DONE)
    expect(house.books.totals()).toEqual({ USDT: '1000', XRP: '500' })
    expect(house.books.ledger()?.equityStart).toBe('1250')
    const rows = []
    for await (const row of house.journal.read()) rows.push(row)
    expect(rows.map((row) => `${row.stream} ${row.type}`)).toEqual(['account open-account', 'account account.opened'])
    expect(rows[1]?.causationId).toBe((rows[0] as { id?: string } | undefined)?.id)

    expect(await house.pass(venue)).toEqual(DONE)
    expect(house.journal.countsByType()['account.opened']).toBe(1)
    expect(house.told('account.flowed')).toEqual([])
  })

  it('waits while something that is held has no price', async () => {
    const house = reconcilingHouse({ watched: [...SETTINGS.watched, pair('ETH/USDT')] })
    const problem = 'waiting for a price of ETH'
    expect(await house.pass({ balances: [USDT, balance('ETH', '1')] })).toEqual({ ok: false, problem })
    expect(house.books.ledger()).toBeNull()
    expect(house.told('reconciliation.failed')).toMatchObject([{ problem }])
  })

  it('values a coin through BTC where that is its only pair, and does not wait for one that no watched pair values', async () => {
    const watched = [...SETTINGS.watched, pair('KSM/BTC')]
    const house = reconcilingHouse({ watched }, { 'KSM/BTC': { price: '0.0005', at: T0 } })
    const held = [USDT, balance('KSM', '2.00000001'), balance('JPY', '300'), balance('ETH2.S', '7')]
    expect(await house.pass({ balances: held })).toEqual(DONE)
    expect(house.books.totals()).toEqual({ USDT: '1000', KSM: '2.00000001' })
    expect(house.books.ledger()?.equityStart).toBe('1040.0000002')
  })
})

describe('a venue that does not answer', () => {
  it.each([
    [[], { kind: 'lost', problem: 'timeout' }, 'open orders: timeout'],
    [[[]], { kind: 'refused', code: 'auth', message: 'bad key' }, 'flows: auth: bad key'],
    [[[], []], { kind: 'lost', problem: 'timeout' }, 'balances: timeout'],
    [[[], [], [USDT]], { kind: 'lost', problem: 'timeout' }, 'order o1: timeout'],
  ])('is a reason to try again, after %j', async (first, answer, problem) => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    expect(await house.refuse(first, answer)).toEqual({ ok: false, problem })
    expect(house.told('reconciliation.failed')).toMatchObject([{ problem }])
    expect(house.told('reconciliation.completed')).toEqual([])
    expect(house.heard).toEqual([])
  })

  it('or says what nobody can read is no crash, and nothing is opened on it', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    expect(await house.pass({ balances: [balance('USDT', 'much')] })).toMatchObject({ ok: false })
    expect(house.told('reconciliation.failed')).toHaveLength(1)
    expect(house.logged).toContain('the comparison with the venue broke off')
  })

  it('keeps whoever asked for a comparison waiting no longer than he wanted', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    const result = house.reconciler.sync(5_000)
    house.clock.advanceTo(T0 + 5_000)
    expect(await result).toEqual({ ok: false, problem: 'the exchange did not answer within 5000 ms' })
    expect(house.reconciler.isBusy).toBe(true)
    const second = house.reconciler.sync(5_000)
    await house.answerAs({})
    expect(await second).toEqual(DONE)
  })
})

it('a comparison that is asked for while one runs is a new one: the one that runs may have asked too early', async () => {
  const house = reconcilingHouse()
  house.openAccount([USDT])
  const first = house.reconciler.pass()
  const second = house.reconciler.pass()
  expect(house.reconciler.pass()).not.toBe(first)
  await house.answerAs({})
  expect(await Promise.all([first, second])).toEqual([DONE, DONE])
  expect(house.asked()).toEqual(['openOrders', 'flows', 'balances', 'openOrders', 'flows', 'balances'])
  expect(house.reconciler.isBusy).toBe(false)
})

describe('an order', () => {
  it('that stands as we believe is matched, and hears nothing', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    expect(await house.pass({ open: [rowOf('o1')] })).toMatchObject({ ok: true })
    expect(house.told('reconciliation.completed')).toMatchObject([{ matched: 1, missedFills: 0, unexplained: [] }])
    expect(house.heard).toEqual([])
  })

  it('that was filled while we were away hears of it, as reconciled', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    const fill = fillOf('t1', '40000', '0.01', '3.2')
    const found = { ...rowOf('o1'), status: 'filled', filled: '0.01', fills: [fill] }
    const balances = [balance('USDT', '596.8'), balance('BTC', '0.01')]
    expect(await house.pass({ balances, found: { o1: found } })).toMatchObject({ ok: true, missedFills: 1 })
    expect(house.heardBy('order:o1')).toMatchObject([{ type: 'venue.found', origin: 'reconciled', order: found }])
    expect(house.told('reconciliation.completed')).toMatchObject([{ missedFills: 1, unexplained: [] }])
    expect(house.heardBy('coordinator')).toEqual([])
  })

  it('that the venue has never heard of hears so: nothing is assumed for it', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    open(house, 'o2')
    await house.pass({ open: [rowOf('o2')], found: { o1: null } })
    expect(house.heardBy('order:o1')).toMatchObject([{ type: 'venue.notFound', origin: 'reconciled' }])
    expect(house.heardBy('order:o2')).toEqual([])
  })

  it('that moved on while the venue was asked is not undone by the old answer', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    open(house)
    const result = house.reconciler.pass()
    const amended = orderOf('o1', requestOf(), { quantity: '0.02' })
    house.books.apply(factOf({ type: 'order.amended', order: amended }))
    await house.answerAs({ open: [rowOf('o1')], found: { o1: rowOf('o1', { quantity: '0.02' }) } })
    expect(await result).toEqual({ ...DONE, matched: 1 })
    expect(house.heard).toEqual([])
  })

  it('whose answer is under way keeps a gate shut, for its balances cannot be judged', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    house.books.apply(
      factOf({ type: 'order.unknown', order: orderOf('o1', requestOf(), { status: 'PENDING', phase: 'unknown' }) }),
    )
    expect(await house.pass({ open: [rowOf('o1')] })).toMatchObject({ ok: true })
    house.state.isGate = true
    expect(await house.pass({ open: [rowOf('o1')] })).toEqual({ ok: false, problem: 'orders are on their way' })
  })

  it("of somebody else's is left alone, and said once", async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    const foreign = rowOf('theirs', { clientOrderId: orderId('some other tool') })
    await house.pass({ open: [foreign] })
    await house.pass({ open: [foreign] })
    expect(house.told('reconciliation.completed').map((fact) => fact.adopted)).toEqual([1, 0])
    expect(house.told('order.externalFound')).toMatchObject([{ external: { venueOrderId: 'V-theirs' } }])
    expect(new Set(house.asked())).toEqual(new Set(['openOrders', 'flows', 'balances']))
  })
})

describe('an order that has left', () => {
  const left = orderOf('gone', requestOf(), { status: 'CANCELLED', phase: 'done' })
  const fill = fillOf('t9', '40000', '0.01', '3.2')

  it('and is reported filled is counted at once: for its position while that lives, for the core book else', async () => {
    for (const [status, book] of [['open', 'trading'] as const, ['closed', 'core'] as const]) {
      const house = reconcilingHouse()
      house.openAccount([USDT])
      house.books.apply(factOf({ type: 'order.settled', order: left }))
      house.books.apply(factOf({ type: 'position.opening', position: positionOf({ status }) }))
      const report = {
        kind: 'filled',
        clientOrderId: left.orderId,
        venueOrderId: venueOrderId('V'),
        fill,
        at: T0,
      } as const
      house.reconciler.stray(report)
      house.reconciler.stray(report)
      await house.journal.settled()
      expect(house.told('order.filledLate')).toMatchObject([
        { fill, book, order: { filled: '0.01', status: 'CANCELLED', request: { positionId: POSITION } } },
      ])
      expect(house.books.totals()).toEqual({ USDT: '596.8', BTC: '0.01' })
    }
  })

  it('and memory too, is found in the journal by its trade, and its fill is lost no more', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    const heard = { id: 'h', type: 'venue.cancelled', body: {}, correlationId: 's', causationId: null, at: T0 }
    const fact = factOf({ type: 'order.settled', order: left })
    house.journal.append({ stream: 'order:gone', heard, facts: [fact] }, () => undefined)
    await house.journal.settled()
    const balances = [balance('USDT', '596.8'), balance('BTC', '0.01')]
    const trades = [tradeOf('gone', fill)]
    expect(await house.pass({ balances, trades })).toMatchObject({ ok: true, missedFills: 1, adopted: 0 })
    expect(house.told('order.filledLate')).toMatchObject([{ fill, order: { orderId: 'gone' }, origin: 'reconciled' }])
    expect(house.books.totals()).toEqual({ USDT: '596.8', BTC: '0.01' })
    expect(await house.pass({ balances, trades })).toEqual(DONE)
  })

  it('without ever learning its number is looked up before a trade is called somebody else’s', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    const failed = orderOf('lost', requestOf(), { status: 'ERROR', phase: 'done', venueOrderId: null })
    house.books.apply(factOf({ type: 'order.settled', order: failed }))
    const balances = [balance('USDT', '596.8'), balance('BTC', '0.01')]
    const found = { ...rowOf('x'), status: 'filled', filled: '0.01', fills: [fill] }
    const result = await house.pass({ balances, trades: [tradeOf('x', fill)], found: { lost: found } })
    expect(result).toMatchObject({ ok: true, missedFills: 1, adopted: 0 })
    expect(house.told('order.filledLate')).toMatchObject([{ order: { orderId: 'lost' } }])
  })
})

describe('what cannot be explained', () => {
  const bent = { balances: [balance('USDT', '900')] }

  it('halts the symbols that hang on it, with the figures, the second time it is seen', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    const problem = 'USDT: venue has 900, we expect 1000'
    expect(await house.pass(bent)).toEqual({ ok: false, problem: `looking again: ${problem}` })
    expect(house.heardBy('coordinator')).toEqual([])
    house.clock.advanceTo(T0 + house.house.settings.reconcileRetryMs)
    expect(house.heardBy('system')).toMatchObject([{ type: 'picture.doubted', stopTrading: false }])
    expect(await house.pass(bent)).toMatchObject({ ok: true, unexplained: [problem] })
    const reason = `unexplained at the venue: ${problem}`
    expect(house.heardBy('coordinator')).toMatchObject([
      { type: 'halt-symbols', symbols: ['BTC/USDT', 'XRP/USDT'], by: 'reconciliation', reason },
    ])
  })

  it('is not a position whose stop has sold before it has written down that it heard of it', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    const stop = requestOf({ key: 'stop', side: 'sell', purpose: 'stop', intent: 'reduce' })
    house.books.apply(filledOrder(orderOf('entry'), '40000', '0.01'))
    house.books.apply(factOf({ type: 'position.filled', position: positionOf() }))
    house.books.apply(filledOrder(orderOf('stop', stop), '39000', '0.01', '0', T0 + 1))
    const sold = { balances: [balance('USDT', '990'), balance('BTC', '0')] }
    expect([await house.pass(sold), await house.pass(sold)]).toMatchObject([{ unexplained: [] }, { unexplained: [] }])
  })

  it('is told once for each symbol, looked at again every time, and a new one is not drowned by an old one', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    await house.pass(bent)
    await house.pass(bent)
    house.state.halted = { 'BTC/USDT': 'bent', 'XRP/USDT': 'bent' }
    expect(await house.pass(bent)).toMatchObject({ ok: true, unexplained: ['USDT: venue has 900, we expect 1000'] })
    expect(house.heardBy('coordinator')).toHaveLength(1)
    const both = { balances: [balance('USDT', '900'), balance('XRP', '7')] }
    expect(await house.pass(both)).toMatchObject({ ok: false })
    house.state.halted = { 'BTC/USDT': 'bent' }
    expect(await house.pass(both)).toMatchObject({ ok: true })
    expect(house.heardBy('coordinator').slice(1)).toMatchObject([{ symbols: ['XRP/USDT'] }, { symbols: ['XRP/USDT'] }])
  })

  it('is the same difference when something was traded in between, and another one when it changed', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    await house.pass(bent)
    await house.pass({ balances: [balance('USDT', '800')] })
    expect(house.heardBy('coordinator')).toEqual([])
    open(house)
    const fill = fillOf('t1', '40000', '0.01', '0')
    const filled = orderOf('o1', requestOf(), { status: 'FILLED', phase: 'settling', filled: '0.01', fills: [fill] })
    house.books.apply(factOf({ type: 'order.filled', order: filled, fill }))
    await house.pass({ balances: [balance('USDT', '400'), balance('BTC', '0.01')] })
    expect(house.heardBy('coordinator')).toMatchObject([{ type: 'halt-symbols' }])
  })

  it('is booked as it is once, after an admin has looked', async () => {
    const house = reconcilingHouse()
    house.openAccount([USDT])
    await house.pass(bent)
    house.reconciler.accept([BTC])
    expect(await house.pass(bent)).toEqual(DONE)
    expect(house.told('account.flowed')).toMatchObject([{ flow: { kind: 'other', amount: '-100' }, valueUsd: '-100' }])
    expect(house.books.totals()).toEqual({ USDT: '900' })
    expect(house.heardBy('coordinator')).toEqual([])
    await house.pass({ balances: [balance('USDT', '800')] })
    await house.pass({ balances: [balance('USDT', '800')] })
    expect(house.told('account.flowed')).toHaveLength(1)
    expect(house.heardBy('coordinator')).toHaveLength(1)
  })
})

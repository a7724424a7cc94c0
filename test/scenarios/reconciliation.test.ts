/** What happened at the venue without us: missed, by another hand, or not to be explained. */
import { describe, expect, it } from 'vitest'
import type { NewOrder } from '../../src/adapters/exchange/simulated/venue-order.ts'
import { asset, type Pair, pair, type VenueOrderId } from '../../src/domain/ids.ts'
import { ledgerGap } from '../../src/domain/ledger.ts'
import { amount, type Numeric, text } from '../../src/domain/units.ts'
import { BTC, MINUTE, SECOND, World, XRP } from '../support/whole-system.ts'

async function ready(): Promise<World> {
  const world = new World()
  await world.bootReady()
  return world
}
async function holding(): Promise<World> {
  const world = await ready()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  return world
}
const orderByHand = (symbol: Pair, over: Partial<NewOrder> = {}): NewOrder => ({
  ...{ clientOrderId: null, userref: null, symbol, side: 'buy', type: 'limit', quantity: '0.01' },
  ...{ quantityInQuote: false, limitPrice: '40000', triggerPrice: null, trailing: null, limitOffset: null },
  ...{ displayQuantity: null, trigger: 'last', timeInForce: 'GTC', startsAt: null, expiresAt: null, postOnly: false },
  ...{ reduceOnly: false, leverage: 1, feeIn: 'quote', selfTrade: 'cancel-newest', close: null, deadlineAt: null },
  ...over,
})
const placeByHand = (world: World, order: NewOrder): void =>
  world.venue.byHand((engine, at) => {
    const ticket = engine.submit(order, at)
    const events = engine.advanceTo(at)
    const answer = events.find((event) => event.kind === 'answered' && event.ticket === ticket)
    if (answer?.kind === 'answered' && 'message' in answer.outcome) throw new Error(answer.outcome.message)
    return events
  })
const cancelByHand = (world: World, id: VenueOrderId): void =>
  world.venue.byHand((engine, at) => {
    engine.cancel(id, at)
    return engine.advanceTo(at)
  })
const deposit = (world: World, of: string, quantity: Numeric): void =>
  world.venue.byHand((engine, at) => engine.deposit(asset(of), quantity, at))
const withdraw = (world: World, of: string, quantity: Numeric): void =>
  world.venue.byHand((engine, at) => engine.withdraw(asset(of), quantity, at))
const halted = (world: World) => world.system.desk.coordinator().haltedSymbols
/** Our books say what the venue says, and the statement closes to the cent. */
async function expectInOrder(world: World): Promise<void> {
  await world.until(() => world.system.desk.allocation() !== null, 'prices')
  const balances = await world.venueBalances()
  const totals = Object.fromEntries(balances.map(({ asset: of, total }) => [of, total]))
  expect(world.system.house.books.totals()).toEqual(totals)
  const statement = world.system.figures().ledger(balances)
  expect(statement).not.toBeNull()
  if (statement !== null) expect(text(ledgerGap(statement).toDecimalPlaces(2))).toBe('0')
}
const checked = (world: World): Promise<void> => {
  const before = world.told('reconciliation.completed').length
  return world.until(() => world.told('reconciliation.completed').length > before, 'a comparison', MINUTE)
}
/** The venue's balances, with something taken from one. */
async function bend(world: World, of: string, by: Numeric): Promise<void> {
  const real = await world.venueBalances()
  world.exchange.faults.bendsBalances = async () => ({
    kind: 'done',
    value: real.map((one) => (one.asset === of ? { ...one, total: text(amount(one.total).minus(by)) } : one)),
  })
}

describe('what was filled while we were away', () => {
  it('is an entry: its position is protected within ten seconds of the start, its fill told as reconciled', async () => {
    const world = await ready()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.kill()
    world.print(BTC, '49990')
    await world.pass(20 * MINUTE)
    const before = world.facts.length
    const started = world.clock.now()
    await world.boot()
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.clock.now() - started).toBeLessThan(10 * SECOND)
    const fills = world.facts.slice(before).filter(({ fact }) => fact.type === 'order.filled')
    expect(fills.map(({ fact }) => fact.origin)).toEqual(['reconciled'])
    await checked(world)
    await expectInOrder(world)
  })

  it('is a stop: the position is closed by it', async () => {
    const world = await holding()
    world.kill()
    world.print(BTC, '48990')
    await world.pass(10 * MINUTE)
    await world.bootReady()
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.position().closeReason).toBe('stop_loss')
    expect(world.order('stop')?.fills.length).toBeGreaterThan(0)
    await checked(world)
    await expectInOrder(world)
    expect(halted(world)).toEqual({})
  })

  it('is known before anything may be opened, balances included', async () => {
    const world = await holding()
    world.kill()
    await bend(world, 'XRP', '100')
    await world.boot()
    const opened = () => world.system.desk.coordinator().mayOpenRisk
    await world.until(opened, 'trading')
    expect(Object.keys(halted(world))).toEqual([XRP])
  })
})

describe('an order that somebody else placed', () => {
  it('is adopted once, over restarts, listed as external, and left alone whatever stops', async () => {
    const world = await ready()
    placeByHand(world, orderByHand(BTC))
    await checked(world)
    expect(world.factsOf('order.externalFound')).toMatchObject([
      { external: { symbol: BTC, side: 'buy', type: 'limit', quantity: '0.01', status: 'OPEN' }, origin: 'reconciled' },
    ])
    world.kill()
    await world.bootReady()
    await checked(world)
    expect(world.told('order.externalFound')).toHaveLength(1)
    const [listed] = world.system.desk.orders({ live: true })
    expect(listed).toMatchObject({ status: 'OPEN', request: { purpose: 'external', symbol: BTC, quantity: '0.01' } })
    world.command({ type: 'halt-trading', reason: 'enough', by: 'trader' })
    await world.pass(MINUTE)
    world.system.drain('SIGINT')
    await world.until(() => world.ends.length > 0, 'the end')
    expect(await world.venueOrders()).toHaveLength(1)
    expect(world.exchange.sent).toEqual([])
  })

  it('is watched until it ends: its fills are flows of the core book, and explain the balances', async () => {
    const world = await ready()
    placeByHand(world, orderByHand(BTC, { side: 'sell', limitPrice: '51000', quantity: '0.02' }))
    await checked(world)
    world.print(BTC, '51100', '0.04')
    world.print(BTC, '50000', '0.0001')
    await checked(world)
    expect(world.factsOf('order.externalFilled')).toHaveLength(1)
    expect(world.system.desk.orders({ live: true })).toMatchObject([{ status: 'PARTIALLY_FILLED', filled: '0.01' }])
    await expectInOrder(world)
    world.print(BTC, '51100')
    await checked(world)
    expect(world.system.desk.orders({})).toMatchObject([{ status: 'FILLED', filled: '0.02' }])
    expect(world.told('order.externalEnded')).toHaveLength(1)
    await expectInOrder(world)
    expect(world.system.house.books.ledger()?.tradingCash).toBe('0')
    await checked(world)
    expect(world.told('order.external')).toEqual([
      ...['order.externalFound', 'order.externalFilled', 'order.externalFilled', 'order.externalEnded'],
    ])
    expect(halted(world)).toEqual({})
  })

  it('is told with its new terms when its owner changes it, and as cancelled when he takes it back', async () => {
    const world = await ready()
    placeByHand(world, orderByHand(BTC))
    await checked(world)
    const [row] = await world.venueOrders()
    if (row === undefined) throw new Error('there is no order')
    world.venue.byHand((engine, at) => {
      engine.amend({ id: row.venueOrderId, limitPrice: '41000' }, at)
      return engine.advanceTo(at)
    })
    await checked(world)
    expect(world.factsOf('order.externalChanged')).toMatchObject([{ external: { limitPrice: '41000' } }])
    cancelByHand(world, row.venueOrderId)
    await checked(world)
    expect(world.factsOf('order.externalEnded')).toMatchObject([{ external: { status: 'CANCELLED', filled: '0' } }])
  })

  it('explains the balances also when it came and went between two looks, or while we were down', async () => {
    const world = await ready()
    await world.pass(SECOND)
    placeByHand(world, orderByHand(XRP, { type: 'market', limitPrice: null, quantity: '100' }))
    await checked(world)
    expect(world.told('order.external')).toEqual([
      ...['order.externalFound', 'order.externalFilled', 'order.externalEnded'],
    ])
    await expectInOrder(world)
    world.kill()
    placeByHand(world, orderByHand(XRP, { type: 'market', limitPrice: null, quantity: '50', side: 'sell' }))
    await world.pass(10 * MINUTE)
    await world.bootReady()
    expect(world.told('order.externalFound')).toHaveLength(2)
    await expectInOrder(world)
    expect(halted(world)).toEqual({})
  })

  it('keeps what it holds from being promised again', async () => {
    const world = await ready()
    placeByHand(world, orderByHand(BTC, { quantity: '0.24' }))
    await checked(world)
    const usdt = world.system.house.books.totals()?.USDT ?? '0'
    const free = world.system.desk.allocation()?.balances.find((one) => one.asset === 'USDT')
    expect(
      amount(usdt)
        .minus(amount(free?.held ?? '0'))
        .lt(500),
    ).toBe(true)
    world.signal()
    await world.until(() => world.told('risk.denied').length > 0, 'a denial')
    expect(world.factsOf('risk.denied')[0]?.codes).toContain('INSUFFICIENT_MARGIN')
  })

  it('that sells the coins of a position halts the symbol, and nothing is sold that is not there', async () => {
    const world = await holding()
    const [stop] = await world.venueOrders()
    if (stop === undefined) throw new Error('there is no stop')
    world.exchange.faults.refuses = ({ request }) =>
      request.purpose === 'stop' ? { code: 'funds', message: 'EOrder:Insufficient funds' } : null
    cancelByHand(world, stop.venueOrderId)
    const held = (await world.venueBalances()).find((one) => one.asset === 'BTC')?.total ?? '0'
    placeByHand(world, orderByHand(BTC, { side: 'sell', type: 'market', limitPrice: null, quantity: held }))
    await world.until(() => BTC in halted(world), 'a halted symbol', MINUTE)
    expect(halted(world)[BTC]).toMatch(/positions hold 0\.\d+, the venue has 0$/)
    expect(halted(world)[XRP]).toBeUndefined()
    await world.pass(MINUTE)
    expect((await world.venueBalances()).every(({ total }) => amount(total).gte(0))).toBe(true)
  })
})

describe('money that comes or goes', () => {
  it('is a flow, told once, over restarts; the statement closes and nothing is halted', async () => {
    const world = await ready()
    deposit(world, 'USDT', '5000')
    deposit(world, 'XRP', '700')
    await checked(world)
    expect(world.factsOf('account.flowed').map(({ flow, valueUsd }) => [flow.kind, flow.amount, valueUsd])).toEqual([
      ['deposit', '5000', '5000'],
      ['deposit', '700', '700'],
    ])
    await expectInOrder(world)
    expect(world.system.figures().ledger(await world.venueBalances())?.flows).toBe('5700')
    world.kill()
    withdraw(world, 'BTC', '0.05')
    await world.bootReady()
    await checked(world)
    expect(world.factsOf('account.flowed').slice(2)).toMatchObject([{ flow: { kind: 'withdrawal', amount: '-0.05' } }])
    await expectInOrder(world)
    expect(world.system.figures().ledger(await world.venueBalances())?.flows).toBe('3200')
    expect(halted(world)).toEqual({})
  })

  it('is neither gain nor fall: openings and peak move with it', async () => {
    const world = await ready()
    await world.pass(2 * MINUTE)
    const opened = amount(world.system.house.books.risk().day?.openingEquityUsd ?? '0')
    withdraw(world, 'USDT', '9000')
    await world.pass(2 * MINUTE)
    expect(world.factsOf('account.flowed')).toHaveLength(1)
    expect(text(opened.minus(amount(world.system.house.books.risk().day?.openingEquityUsd ?? '0')))).toBe('9000')
    expect(world.system.figures().maxDrawdownPct).toBe('0')
    world.signal()
    await world.until(() => world.told('risk.').length > 0, 'a verdict')
    const codes = world.factsOf('risk.denied').flatMap((fact) => fact.codes)
    expect(codes).not.toContain('CIRCUIT_BREAKER')
  })

  it('in a coin whose price nobody asks for is left alone until a start asks, and stops no comparison', async () => {
    const world = await ready()
    const ETH = pair('ETH/USDT')
    deposit(world, 'ETH', '2')
    deposit(world, 'XRP', '700')
    await checked(world)
    expect(world.factsOf('account.flowed').map(({ flow }) => flow.asset)).toEqual(['XRP'])
    await world.pass(2 * MINUTE)
    expect(halted(world)).toEqual({})
    const ofOurs = (await world.venueBalances()).filter(({ asset: of }) => of !== 'ETH')
    const statement = world.system.figures().ledger(ofOurs)
    expect(statement?.flows).toBe('700')
    expect(statement && text(ledgerGap(statement).toDecimalPlaces(2))).toBe('0')
    world.kill()
    world.print(ETH, '2500')
    await world.bootReady({ watched: [BTC, XRP, ETH] })
    await checked(world)
    expect(world.factsOf('account.flowed').slice(1)).toMatchObject([{ flow: { asset: 'ETH' }, valueUsd: '5000' }])
    expect(halted(world)).toEqual({})
    await expectInOrder(world)
  })

  it('before the account was opened is in its first balances already', async () => {
    const world = new World()
    await world.venue.start()
    deposit(world, 'USDT', '5000')
    await world.bootReady()
    await checked(world)
    expect(world.told('account.flowed')).toEqual([])
    await expectInOrder(world)
  })
})

describe('a difference that nothing explains', () => {
  it.each([
    ['BTC', [BTC]],
    ['XRP', [XRP]],
    ['USDT', [BTC, XRP]],
  ])('of %s halts the symbols that use it, the second time it is seen, and no others', async (of, symbols) => {
    const world = await ready()
    await bend(world, of, '0.01')
    await checked(world)
    expect(halted(world)).toEqual({})
    await checked(world)
    await world.pass(SECOND)
    expect(Object.keys(halted(world)).sort()).toEqual(symbols)
    expect(halted(world)[symbols[0] ?? BTC]).toMatch(`unexplained at the venue: ${of}: venue has`)
    expect(world.system.desk.coordinator().state).toBe('RUNNING')
    await world.pass(5 * MINUTE)
    expect(world.told('trading.symbolHalted')).toHaveLength(symbols.length)
  })

  it('is booked as it is once an admin has looked, so that the books agree again', async () => {
    const world = await ready()
    await bend(world, 'BTC', '0.01')
    await world.until(() => BTC in halted(world), 'a halted symbol')
    world.command({ type: 'reset-symbol', symbol: BTC, by: 'ada' })
    await world.until(() => world.told('account.flowed').length > 0, 'a booked difference')
    expect(world.factsOf('account.flowed')).toMatchObject([{ flow: { kind: 'other', asset: 'BTC', amount: '-0.01' } }])
    await world.pass(2 * MINUTE)
    expect(halted(world)).toEqual({})
    expect(world.told('account.flowed')).toHaveLength(1)
    expect(world.system.house.books.totals()?.BTC).toBe('0.09')
  })

  it('that is gone the second time was a race, and halts nothing', async () => {
    const world = await ready()
    await bend(world, 'BTC', '0.01')
    await checked(world)
    world.exchange.faults.bendsBalances = null
    await world.pass(MINUTE)
    expect(halted(world)).toEqual({})
  })
})

describe('an order of ours that ended here', () => {
  it('and stands at the venue is cancelled, and its symbol halted', async () => {
    const world = await ready()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
    await world.until(() => world.order('entry')?.phase === 'done', 'an entry that has left', 3 * MINUTE)
    placeByHand(world, orderByHand(BTC, { clientOrderId: world.order('entry')?.orderId ?? null }))
    await world.until(() => BTC in halted(world), 'a halted symbol', MINUTE)
    expect(halted(world)[BTC]).toMatch(/CANCELLED here, open at the venue/)
    await world.pass(SECOND)
    expect(await world.venueOrders()).toEqual([])
    expect(world.told('order.externalFound')).toEqual([])
  })

  it('and is filled there all the same is counted, told, and the coins are the core book’s', async () => {
    const world = await ready()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
    await world.until(() => world.order('entry')?.phase === 'done', 'an entry that has left', 3 * MINUTE)
    placeByHand(
      world,
      orderByHand(BTC, { clientOrderId: world.order('entry')?.orderId ?? null, type: 'market', limitPrice: null }),
    )
    await world.until(() => world.told('order.filledLate').length > 0, 'a late fill', MINUTE)
    expect(world.factsOf('order.filledLate')).toMatchObject([{ book: 'core', order: { filled: '0.01' } }])
    await checked(world)
    await expectInOrder(world)
    expect(world.system.desk.positions({ status: 'open' })).toEqual([])
    expect(halted(world)).toEqual({})
  })
})

describe('the ledger of the venue', () => {
  it('is asked for no further back than balances were last as expected', async () => {
    const world = await ready()
    const asked: number[] = []
    const { flows } = world.venue
    world.exchange.flows = (since) => {
      asked.push(world.clock.now() - since)
      return flows.call(world.venue, since)
    }
    await world.pass(120 * MINUTE)
    expect(Math.max(...asked.slice(-10))).toBeLessThan(12 * MINUTE)
  })
})

/** The owner's position tracker over the whole system: what is told is what the venue has, and every close is an order. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { PositionOperations } from '../../actors/position-operations.ts'
import { amount, text } from '../../src/domain/units.ts'
import { BTC, MINUTE, SECOND, World, XRP } from '../support/whole-system.ts'

let world: World
let operations: PositionOperations

beforeEach(async () => {
  world = new World()
  await world.bootReady()
  operations = world.system.positions
})

async function rest(): Promise<string> {
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  return world.position().positionId
}
/** A long of BTC at 50000 or a little better, its stop at 49000. */
async function hold(): Promise<string> {
  const id = await rest()
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  world.print(BTC, '50000')
  return id
}
const stopAtVenue = async () => (await world.venueOrders())[0]?.triggerPrice

describe('what is told of positions', () => {
  it('is their state with profit and return on margin at the mark', async () => {
    const id = await hold()
    const { quantity, entryPrice, fees } = world.position()
    world.print(BTC, '51000')
    const gross = amount('51000').minus(amount(entryPrice)).times(amount(quantity))
    const margin = amount(entryPrice).times(amount(quantity))
    expect(operations.get(id)).toMatchObject({
      ...{ mark: '51000', unrealisedPnl: text(gross), unrealisedPnlPct: text(gross.div(margin).times(100)) },
      realisedNet: text(amount(fees).negated()),
    })
    expect(operations.list()).toHaveLength(1)
    expect(operations.list({ status: 'closed' })).toEqual([])
    expect(operations.list({ symbol: 'btc_usdt', status: 'open' })).toHaveLength(1)
    expect([operations.list({ symbol: XRP }), operations.list({ symbol: 'nonsense' })]).toEqual([[], []])
    expect(operations.get('nobody')).toBeNull()
  })

  it('has no profit where the mark is stale, rather than one of yesterday', async () => {
    const id = await hold()
    world.fallSilent()
    await world.pass(MINUTE + SECOND)
    expect(operations.get(id)).toMatchObject({ mark: null, unrealisedPnl: null, unrealisedPnlPct: null })
    expect(operations.exposure().total).toMatchObject({ notionalUsd: null, equityPct: null })
  })

  it('adds up to the exposure of the trading book; the core holdings stand beside it', async () => {
    await rest()
    const resting = operations.exposure()
    expect(resting.total).toMatchObject({ notionalUsd: '0', unrealisedUsd: '0' })
    expect(resting.pendingEntries).toHaveLength(1)
    expect(resting.slots).toMatchObject({ used: 1, free: 4, bySymbol: { 'BTC/USDT': { free: 1 } } })
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    world.print(BTC, '50000')
    const { quantity } = world.position()
    const held = operations.exposure()
    expect(held.total).toMatchObject({ notionalUsd: text(amount(quantity).times(50000)), pendingUsd: '0' })
    expect(held.slots).toMatchObject({ used: 1, free: 4 })
    expect(held.coreUsd).toBe(world.system.desk.allocation()?.coreEquity)
    expect(world.system.desk.exposure()).toEqual(held)
  })

  it('names the exits that prices would set off, and does nothing about them', async () => {
    const id = await hold()
    const { takeProfit } = world.position()
    expect(operations.checkTriggers({ [BTC]: '49000' })).toMatchObject([{ positionId: id, trigger: 'stopLoss' }])
    expect(operations.checkTriggers({ [BTC]: String(takeProfit) })).toMatchObject([{ trigger: 'takeProfit' }])
    expect(operations.checkTriggers({ [BTC]: '50000', [XRP]: '1' })).toEqual([])
    await world.pass(MINUTE)
    expect(world.is('protected')).toBe(true)
  })
})

describe('a change of stop and target', () => {
  it('is taken, and the stop at the venue follows', async () => {
    const id = await hold()
    expect(operations.modify(id, { stopLoss: '49500.04', takeProfit: '53000' }, 'trader')).toEqual({
      ...{ accepted: true, positionId: id },
    })
    await world.until(() => world.position().stopLoss === '49500', 'the stop at its new price')
    expect(await stopAtVenue()).toBe('49500')
    expect(world.position().takeProfit).toBe('53000')
    const heard = world.disk.rows.find(({ type }) => type === 'modify-position')
    expect(JSON.parse(heard?.bodyText ?? '{}')).toMatchObject({ stopLoss: '49500', takeProfit: '53000', by: 'trader' })
  })

  it('clears the target, and nothing sells there any more', async () => {
    const id = await hold()
    expect(operations.modify(id, { takeProfit: null }, 'trader').accepted).toBe(true)
    await world.until(() => world.position().takeProfit === null, 'no target')
    world.print(BTC, '60000')
    await world.pass(10 * SECOND)
    expect(world.is('protected')).toBe(true)
  })

  it('is refused with its code, and the stop at the venue stays', async () => {
    const id = await rest()
    const code = (given: Parameters<PositionOperations['modify']>[1]) => operations.modify(id, given, 'trader').code
    expect(code({ stopLoss: '49500' })).toBe('NOT_PROTECTED')
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    world.print(BTC, '50000')
    expect(code({ stopLoss: '50000' })).toBe('BEYOND_MARKET')
    expect(code({ takeProfit: '49500' })).toBe('BEYOND_MARKET')
    expect(code({ stopLoss: null as unknown as string })).toBe('STOP_LOSS_REQUIRED')
    expect(code(null as unknown as object)).toBe('INVALID_REQUEST')
    expect(operations.modify('nobody', { stopLoss: '1' }, 'trader').code).toBe('UNKNOWN_POSITION')
    await world.pass(MINUTE)
    expect(await stopAtVenue()).toBe('49000')
    expect(world.told('position.amended')).toEqual([])
  })

  it('waits for a fresh price', async () => {
    const id = await hold()
    world.fallSilent()
    await world.pass(MINUTE + SECOND)
    expect(operations.modify(id, { stopLoss: '49500' }, 'trader').code).toBe('STALE_MARK')
  })
})

describe('a close', () => {
  it('is an order, and its profit is what the fills brought, whatever price was named', async () => {
    const id = await hold()
    const asked = { exitPrice: '52500', reason: 'take_profit', by: 'trader' }
    expect(operations.close(id, asked)).toEqual({ accepted: true, positionId: id })
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.factsOf('position.closing')).toMatchObject([
      { reason: 'api', reference: '52500', note: 'take_profit' },
    ])
    const exit = world.order('exit')
    expect(exit).toMatchObject({ status: 'FILLED', request: { type: 'market' } })
    const { closeReason, exitPrice } = world.position()
    expect(closeReason).toBe('api')
    expect(amount(exitPrice).lt(50000)).toBe(true)
    expect(operations.close(id, asked).code).toBe('ALREADY_CLOSED')
    expect(operations.modify(id, { stopLoss: '1' }, 'trader').code).toBe('ALREADY_CLOSED')
  })

  it('with a reference more than 5 % from the mark is refused, and nothing is sold', async () => {
    const id = await hold()
    expect(operations.close(id, { exitPrice: '52500.1', by: 'trader' }).code).toBe('REFERENCE_AWAY')
    await world.pass(MINUTE)
    expect(world.is('protected')).toBe(true)
  })

  it('is not asked for twice', async () => {
    const id = await hold()
    operations.close(id, { by: 'trader' })
    await world.until(() => world.is('closing'), 'a closing position')
    expect(operations.close(id, { by: 'trader' }).code).toBe('ALREADY_CLOSING')
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.orders('exit')).toHaveLength(1)
  })

  it('of an entry that only rests takes it back', async () => {
    const id = await rest()
    expect(operations.close(id, { by: 'trader' }).accepted).toBe(true)
    await world.until(() => world.is('closed'), 'a closed position', 3 * MINUTE)
    expect(await world.venueOrders()).toEqual([])
  })

  it('of everything closes each position once, and touches no core holding', async () => {
    await hold()
    const before = await world.venueBalances()
    const { quantity } = world.position()
    world.signal({ symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05' })
    await world.until(() => world.orders('entry').at(-1)?.request.symbol === XRP, 'an entry in XRP')
    expect(operations.closeAll('enough', 'trader').map(({ accepted }) => accepted)).toEqual([true, true])
    expect(operations.closeAll('enough', 'trader')).toHaveLength(2)
    await world.until(() => operations.list({ status: 'open' }).length === 0, 'nothing open', 3 * MINUTE)
    const totalOf = (of: string, balances: typeof before) => balances.find(({ asset }) => asset === of)?.total ?? '0'
    const after = await world.venueBalances()
    expect(totalOf('XRP', after)).toBe('5000')
    expect(totalOf('BTC', after)).toBe(text(amount(totalOf('BTC', before)).minus(amount(quantity))))
    expect(world.orders('exit')).toHaveLength(1)
    expect(operations.closeAll('enough', 'trader')).toEqual([])
  })
})

describe('a stop that follows', () => {
  const enable = (id: string, distancePct?: string) => operations.enableTrailingStop(id, distancePct, 'trader')

  it('follows by the distance that was asked for, and sells when the price comes back', async () => {
    const id = await hold()
    expect(enable(id, '0.5')).toEqual({ accepted: true, positionId: id })
    await world.until(() => world.position().trailing?.distancePct === '0.5', 'another distance')
    world.print(BTC, '51000')
    await world.until(() => world.position().stopLoss === '50745', 'a stop half a per cent behind')
    expect(await stopAtVenue()).toBe('50745')
    world.print(BTC, '50700')
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.position().closeReason).toBe('trailing_stop')
  })

  it('follows by the configured distance where none is named', async () => {
    const { positionPolicy } = world.settings
    world = new World({ settings: { positionPolicy: { ...positionPolicy, trailing: null } } })
    await world.bootReady()
    operations = world.system.positions
    const id = await hold()
    expect(world.position().trailing).toBeNull()
    expect(enable(id).accepted).toBe(true)
    await world.until(() => world.position().trailing !== null, 'a stop that follows')
    expect(world.position().trailing).toMatchObject({ distancePct: '1.5', activationPct: '1', bestPrice: null })
  })

  it('is refused for a distance that the price has come back by already: it would sell at once', async () => {
    const id = await hold()
    world.print(BTC, '51000')
    await world.until(() => world.position().stopLoss === '50235', 'a stop that follows')
    world.print(BTC, '50600')
    expect(enable(id, '0.5').code).toBe('BEYOND_MARKET')
    await world.pass(10_000)
    expect(world.position()).toMatchObject({ phase: 'protected', stopLoss: '50235' })
    expect(enable(id, '1').accepted).toBe(true)
    await world.until(() => world.position().stopLoss === '50490', 'a tighter stop')
    expect(world.is('protected')).toBe(true)
  })

  it('is refused for a distance that is none, and for what is closed or unknown', async () => {
    const id = await hold()
    for (const distance of ['0', '-1', '100', 'far']) expect(enable(id, distance).code).toBe('INVALID_DISTANCE')
    expect(enable('nobody').code).toBe('UNKNOWN_POSITION')
    operations.close(id, { by: 'trader' })
    await world.until(() => world.is('closed'), 'a closed position')
    expect(enable(id).code).toBe('ALREADY_CLOSED')
  })
})

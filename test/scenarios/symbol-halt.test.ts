/** A halted symbol: nothing that adds risk there, everything that reduces it; the others trade on. */
import { describe, expect, it } from 'vitest'
import { BTC, MINUTE, SECOND, World, XRP } from '../support/whole-system.ts'

const HALT_BTC = { type: 'halt-symbols', symbols: [BTC], reason: 'BTC does not add up', by: 'reconciliation' } as const
const XRP_LONG = { symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05' } as const

async function ready(): Promise<World> {
  const world = new World()
  await world.bootReady()
  return world
}
const coordinator = (world: World) => world.system.desk.coordinator()

describe('a halted symbol', () => {
  it('opens nothing, while another symbol does', async () => {
    const world = await ready()
    world.command(HALT_BTC)
    await world.until(() => BTC in coordinator(world).haltedSymbols, 'a halted symbol')
    expect(coordinator(world)).toMatchObject({
      ...{ state: 'RUNNING', mayOpenRisk: true, haltReason: null },
      haltedSymbols: { [BTC]: 'BTC does not add up' },
    })
    expect(world.factsOf('trading.symbolHalted')).toMatchObject([{ symbol: BTC, reason: 'BTC does not add up' }])
    world.signal()
    await world.until(() => world.told('signal.dropped').length > 0, 'a dropped signal')
    expect(world.factsOf('signal.dropped')[0]).toMatchObject({ symbol: BTC, reason: 'SYMBOL_HALTED' })
    world.signal(XRP_LONG)
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry of the other symbol')
    expect(world.orders('entry').map(({ request }) => request.symbol)).toEqual([XRP])
  })

  it('loses its resting entries, and no other symbol does', async () => {
    const world = await ready()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry')
    world.signal(XRP_LONG)
    await world.until(() => world.orders('entry').length === 2 && world.order('entry')?.status === 'OPEN', 'another')
    world.command(HALT_BTC)
    await world.until(() => world.orders('entry')[0]?.status === 'CANCELLED', 'a cancelled entry')
    await world.pass(SECOND)
    expect(world.order('entry')?.status).toBe('OPEN')
  })

  it('keeps its stops, which still work', async () => {
    const world = await ready()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry')
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    world.command(HALT_BTC)
    await world.pass(SECOND)
    expect(world.order('stop')?.status).toBe('OPEN')
    world.print(BTC, '48990')
    await world.until(() => world.is('closed'), 'stopped out')
    expect(world.position().closeReason).toBe('stop_loss')
  })

  it('lets no entry slip through whose risk was being asked when it came', async () => {
    const world = await ready()
    world.bus.subscribe('person', 'SYSTEM_EVENTS', ({ payload }) => {
      if (payload.type === 'signal.accepted') world.command(HALT_BTC)
    })
    world.signal()
    await world.pass(10 * SECOND)
    expect(world.factsOf('signal.dropped')).toMatchObject([{ reason: 'TOO_LATE' }])
    expect(await world.venueOrders()).toEqual([])
  })

  it("stays halted over a restart, and is lifted by an admin's reset of it alone", async () => {
    const world = await ready()
    world.command({ ...HALT_BTC, symbols: [BTC, XRP] })
    world.command({ ...HALT_BTC, reason: 'a later reason' })
    await world.until(() => BTC in coordinator(world).haltedSymbols, 'a halted symbol')
    world.kill()
    await world.bootReady()
    expect(coordinator(world).haltedSymbols).toEqual({ [BTC]: HALT_BTC.reason, [XRP]: HALT_BTC.reason })
    world.command({ type: 'reset-symbol', symbol: BTC, by: 'ada' })
    await world.until(() => !(BTC in coordinator(world).haltedSymbols), 'lifted')
    expect(world.factsOf('trading.symbolReset')).toMatchObject([{ symbol: BTC, by: 'ada' }])
    expect(coordinator(world).haltedSymbols).toEqual({ [XRP]: HALT_BTC.reason })
    world.command({ type: 'reset-symbol', symbol: BTC, by: 'ada' })
    await world.until(() => world.told('command.refused').length > 0, 'a refusal')
    await world.pass(15 * SECOND)
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry')
  })

  it('is lifted by the reset that leads out of HALTED too', async () => {
    const world = await ready()
    world.command(HALT_BTC)
    world.command({ type: 'halt-trading', reason: 'enough', by: 'trader' })
    await world.until(() => coordinator(world).state === 'HALTED', 'halted')
    world.command({ type: 'reset-trading', by: 'ada' })
    await world.until(() => coordinator(world).mayOpenRisk, 'trading again')
    expect(coordinator(world).haltedSymbols).toEqual({})
    world.command({ type: 'reset-trading', by: 'ada' })
    await world.until(() => world.told('command.refused').length > 0, 'a refusal')
    world.command(HALT_BTC)
    await world.until(() => BTC in coordinator(world).haltedSymbols, 'halted again')
    world.command({ type: 'reset-trading', by: 'ada' })
    await world.until(() => !(BTC in coordinator(world).haltedSymbols), 'lifted')
    await world.pass(MINUTE)
    expect(coordinator(world).state).toBe('RUNNING')
  })
})

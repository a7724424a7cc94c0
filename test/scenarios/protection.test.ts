/** No position without protection: partial fills, fills that race a cancel, stops that the venue refuses. */
import { describe, expect, it } from 'vitest'
import { amount } from '../../src/domain/units.ts'
import { BTC, MINUTE, SECOND, World } from '../support/whole-system.ts'

async function withEntryOpen(): Promise<World> {
  const world = new World()
  await world.bootReady()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  return world
}

describe('an entry that is filled in parts', () => {
  it('is protected for what is filled, and the one stop grows with it', async () => {
    const world = await withEntryOpen()
    world.print(BTC, '49990', '0.04')
    await world.until(() => world.is('protected'), 'a protected part')
    expect(world.order('entry')).toMatchObject({ status: 'PARTIALLY_FILLED', filled: '0.01' })
    expect(world.order('stop')).toMatchObject({ status: 'OPEN', quantity: '0.01' })
    world.print(BTC, '49990', '0.04')
    await world.until(() => world.order('stop')?.quantity === '0.02', 'a larger stop')
    world.print(BTC, '49990')
    await world.until(() => world.order('stop')?.quantity === '0.04', 'a stop for everything')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.placements(/stop/)).toBe(1)
    expect(world.system.figures().unprotectedSeconds).toBe(0)
  })

  it('is not sold in panic when fills trickle in faster than the stop can follow', async () => {
    const world = await withEntryOpen()
    world.print(BTC, '49990', '0.004')
    for (let passed = 0; passed < 15 * SECOND; passed += 100) {
      await world.pass(100)
      world.print(BTC, '49990', '0.0004')
    }
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.told('position.emergency')).toEqual([])
    const bare = amount(world.position().quantity).minus(world.order('stop')?.quantity ?? '0')
    expect(bare.toNumber()).toBeLessThan(0.00005)
    expect(world.system.figures().unprotectedSeconds).toBe(0)
  })

  it('leaves the venue’s counter room for the cancel that ends a minute of crumbs, and for the stop of the last', async () => {
    const world = await withEntryOpen()
    for (let passed = 0; passed < MINUTE; passed += 250) {
      world.print(BTC, '49990', '0.0002')
      await world.pass(250)
    }
    expect(world.order('entry')?.status).toBe('PARTIALLY_FILLED')
    world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
    await world.until(() => world.order('entry')?.status === 'CANCELLED', 'a cancelled entry', SECOND)
    await world.until(() => world.order('stop')?.quantity === world.position().quantity, 'a stop for all', 5 * SECOND)
    expect(world.told('position.emergency')).toEqual([])
    expect(world.system.figures().unprotectedSeconds).toBe(0)
  })

  it('is not sold in panic when the venue takes four seconds for each amendment', async () => {
    const world = await withEntryOpen()
    const { amend } = world.exchange
    world.exchange.amend = (change) =>
      new Promise((done) => world.clock.at(world.clock.now() + 4 * SECOND, () => done(amend(change))))
    for (let passed = 0; passed < 30 * SECOND; passed += 250) {
      world.print(BTC, '49990', '0.0003')
      await world.pass(250)
    }
    expect(world.order('entry')?.status).toBe('PARTIALLY_FILLED')
    expect(world.told('position.emergency')).toEqual([])
    expect(world.system.figures().unprotectedSeconds).toBe(0)
  })

  it('is sold where the stop will not grow, though the stop is in doubt and found again with each try', async () => {
    const world = await withEntryOpen()
    world.print(BTC, '49990', '0.04')
    await world.until(() => world.is('protected'), 'a protected part')
    world.exchange.faults.amends = () => 'request lost'
    world.print(BTC, '49990', '0.04')
    await world.until(() => world.told('position.emergency').length > 0, 'a sale', 11 * SECOND)
  })

  it('does not move its stop for every crumb, and holds all of it once the entry has ended', async () => {
    const world = await withEntryOpen()
    world.print(BTC, '49990', '0.04')
    await world.until(() => world.is('protected'), 'a protected part')
    const before = world.exchange.sent.filter(({ call }) => call === 'amend').length
    for (let crumbs = 0; crumbs < 4; crumbs += 1) {
      world.print(BTC, '49990', '0.00004')
      await world.pass(SECOND)
    }
    expect(world.order('entry')?.filled).toBe('0.01004')
    expect(world.order('stop')?.quantity).toBe('0.01')
    expect(world.is('protected')).toBe(true)
    expect(world.exchange.sent.filter(({ call }) => call === 'amend')).toHaveLength(before)
    world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
    await world.until(() => world.order('stop')?.quantity === '0.01004', 'a stop for all of it')
    expect(world.position()).toMatchObject({ phase: 'protected', quantity: '0.01004' })
  })

  it('keeps and protects its part when the rest expires', async () => {
    const world = await withEntryOpen()
    world.print(BTC, '49990', '0.04')
    world.print(BTC, '50100', '0.0001')
    await world.until(() => world.order('entry')?.status === 'EXPIRED', 'an expired rest', 20 * MINUTE)
    await world.pass(2 * MINUTE)
    expect(world.position()).toMatchObject({ phase: 'protected', quantity: '0.01' })
    expect(world.order('stop')).toMatchObject({ status: 'OPEN', quantity: '0.01' })
  })
})

describe('a fill that races a cancel', () => {
  it('is protected when the entry was cancelled by a pause', async () => {
    const world = await withEntryOpen()
    world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
    await world.until(() => world.exchange.sent.some(({ call }) => call === 'cancel'), 'a cancel on its way')
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.order('entry')?.status).toBe('FILLED')
    expect(world.system.figures().unprotectedSeconds).toBe(0)
  })

  it('is sold again when the position was to be closed', async () => {
    const world = await withEntryOpen()
    world.system.house.addresses.tell(`position:${world.position().positionId}`, {
      type: 'close-position',
      reason: 'api',
      seenAt: world.clock.now(),
    })
    await world.until(() => world.exchange.sent.some(({ call }) => call === 'cancel'), 'a cancel on its way')
    world.print(BTC, '49990')
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.position()).toMatchObject({ quantity: '0', closeReason: 'api' })
    const btc = (await world.venueBalances()).find(({ asset }) => asset === 'BTC')
    expect(btc?.total).toBe('0.1')
  })

  it('counts both of two fills that arrive while the cancel is on its way, each once', async () => {
    const world = await withEntryOpen()
    world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
    await world.until(() => world.exchange.sent.some(({ call }) => call === 'cancel'), 'a cancel on its way')
    world.print(BTC, '49990', '0.04')
    world.print(BTC, '49990', '0.08')
    await world.until(() => world.order('entry')?.status === 'CANCELLED', 'a cancelled rest')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.order('entry')).toMatchObject({ filled: '0.03', quantity: '0.04' })
    expect(world.order('stop')).toMatchObject({ status: 'OPEN', quantity: '0.03' })
  })
})

describe('a stop that the venue refuses', () => {
  it('is tried again, and the position is protected within its deadline', async () => {
    const world = await withEntryOpen()
    const until = world.clock.now() + 5 * SECOND
    world.exchange.faults.refuses = ({ request }) =>
      request.purpose === 'stop' && world.clock.now() < until ? { code: 'limits', message: 'EOrder:Limits' } : null
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.placements(/stop\/1/)).toBe(1)
    expect(world.orders('stop').map(({ status }) => status)).toEqual(['ERROR', 'ERROR', 'ERROR', 'OPEN'])
    expect(world.system.figures().unprotectedSeconds).toBe(0)
  })

  it('leads to an emergency exit ten seconds after the fill, and the little that was late is counted', async () => {
    const world = await withEntryOpen()
    world.exchange.faults.refuses = ({ request }) =>
      request.purpose === 'stop' ? { code: 'limits', message: 'EOrder:Limits' } : null
    world.print(BTC, '49990')
    const filledAt = world.clock.now()
    await world.until(() => world.is('closed'), 'a flat position')
    expect(world.factsOf('position.emergency')[0]).toMatchObject({ at: filledAt + 10 * SECOND, problem: 'unprotected' })
    expect(world.factsOf('position.unprotected')).toHaveLength(1)
    expect(world.position()).toMatchObject({ closeReason: 'unprotected', quantity: '0' })
    const { unprotectedSeconds } = world.system.figures()
    expect(unprotectedSeconds).toBeGreaterThan(0)
    expect(unprotectedSeconds).toBeLessThan(1)
  })

  it('counts every second past the deadline while the exit is refused too, and goes on trying', async () => {
    const world = await withEntryOpen()
    let isClosed = false
    world.exchange.faults.refuses = ({ request }) =>
      request.side === 'sell' && !isClosed ? { code: 'limits', message: 'EOrder:Limits' } : null
    world.print(BTC, '49990')
    await world.pass(40 * SECOND)
    expect(world.is('emergencyExit')).toBe(true)
    expect(world.system.figures().unprotectedSeconds).toBeCloseTo(30, 1)
    isClosed = true
    await world.until(() => world.is('closed'), 'a flat position')
    expect(amount(world.position().quantity).isZero()).toBe(true)
    expect(world.system.figures().unprotectedSeconds).toBeGreaterThan(30)
  })
})

describe('a stop that the venue takes and takes back', () => {
  it('is tried three times, not in a storm, and then what is held is sold', async () => {
    const world = await withEntryOpen()
    const takenBack = new Set<string>()
    world.exchange.onSend = ({ call, key, clientOrderId }) => {
      if (call === 'place' && key?.includes('/stop/')) takenBack.add(clientOrderId)
    }
    world.print(BTC, '49990')
    for (let tries = 0; tries < 40 && !world.is('closed'); tries += 1) {
      await world.pass(SECOND / 2)
      for (const row of await world.venueOrders())
        if (row.clientOrderId !== null && takenBack.has(row.clientOrderId)) {
          await world.answered(world.venue.cancel(row.clientOrderId))
        }
    }
    expect(world.placements(/stop/)).toBe(3)
    expect(world.position()).toMatchObject({ status: 'closed', closeReason: 'unprotected', quantity: '0' })
  })
})

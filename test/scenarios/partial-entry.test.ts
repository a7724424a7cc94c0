/** An entry that fills in parts while its stop is still on its way. */
import { describe, expect, it } from 'vitest'
import { BTC, SECOND, World } from '../support/whole-system.ts'

it('says what a position holds after each part, although its stop is not there yet', async () => {
  const world = new World()
  await world.bootReady()
  world.exchange.faults.losesRequest = ({ request }) => request.purpose === 'stop'
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990', '0.02')
  await world.until(() => world.is('protecting'), 'a first part')
  world.print(BTC, '49980', '0.04')
  await world.pass(SECOND)
  expect(world.is('protecting')).toBe(true)
  expect(world.order('entry')?.filled).toBe('0.015')
  expect(world.position().quantity).toBe('0.015')
})

/** Every commit of every part is another moment of death in recovery.test.ts; these are the three that a trader would name. */
describe('a process that dies after a part of its entry', () => {
  const DEATHS: readonly (readonly [string, (world: World) => Promise<void>])[] = [
    ['heard nothing of it', async () => undefined],
    [
      'has sent the stop and not heard of it',
      (world) => world.until(() => world.placements(/stop/) === 1, 'a stop sent'),
    ],
    ['has its stop at the venue', (world) => world.until(() => world.is('protected'), 'a protected part')],
  ]

  it.each(DEATHS)('and %s: the part is protected, by one stop, and the rest as it comes', async (_, untilDeath) => {
    const world = new World()
    await world.bootReady()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49990', '0.04')
    world.print(BTC, '50100', '0.0001')
    await untilDeath(world)
    world.kill()
    await world.pass(2 * SECOND)

    await world.bootReady()
    await world.until(() => world.is('protected'), 'a protected part')
    const stops = async () => (await world.venueOrders()).filter(({ triggerPrice }) => triggerPrice !== null)
    expect(await stops()).toMatchObject([{ quantity: '0.01', triggerPrice: '49000' }])
    expect(world.position().quantity).toBe('0.01')
    world.print(BTC, '49990')
    await world.until(() => world.order('stop')?.quantity === '0.04', 'a stop for everything')
    expect(await stops()).toMatchObject([{ quantity: '0.04', triggerPrice: '49000' }])
    expect(world.placements(/stop/)).toBe(1)
    expect(world.positions()).toHaveLength(1)

    world.print(BTC, '48990')
    await world.until(() => world.is('closed'), 'a closed position')
    expect((await world.venueBalances()).find(({ asset }) => asset === 'BTC')?.total).toBe('0.1')
  })

  it('away for longer than a position may be bare: it comes back to its stop, and sells nothing', async () => {
    const world = new World()
    await world.bootReady()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49990')
    await world.until(() => world.placements(/stop/) === 1, 'a stop sent')
    world.kill()
    await world.pass(30 * SECOND)

    await world.bootReady()
    await world.until(() => world.is('protected') || world.is('closed'), 'the stop found')
    expect(world.is('protected')).toBe(true)
    expect(world.placements(/stop/)).toBe(1)
    expect(world.placements(/exit/)).toBe(0)
  })
})

it('a first crumb uses up none of the time that what comes after it has for its stop', async () => {
  const world = new World()
  await world.bootReady()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990', '0.00012')
  world.print(BTC, '50100', '0.0001')
  await world.until(() => world.is('protecting'), 'too little for a stop')
  expect(world.position().quantity).toBe('0.00003')
  await world.pass(30 * SECOND)
  world.print(BTC, '49990', '0.04')
  world.print(BTC, '50100', '0.0001')
  await world.until(() => world.order('stop') !== undefined, 'a stop')
  await world.pass(5 * SECOND)
  expect(world.told('position.emergency')).toEqual([])
  expect(world.is('protected')).toBe(true)
  expect(world.placements(/exit/)).toBe(0)
})

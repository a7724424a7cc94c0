/** A bug in one actor: its supervisor restarts it, everybody can see that, and no order or exit is disturbed. */
import { describe, expect, it } from 'vitest'
import { orderAddress, positionAddress } from '../../actors/addresses.ts'
import type { ActorNode } from '../../src/ports/desk.ts'
import { BTC, MINUTE, SECOND, World } from '../support/whole-system.ts'

/** Whoever reads this field meets a bug. */
const poison = (field: string): Record<string, never> =>
  Object.defineProperty({}, field, {
    enumerable: false,
    get: () => {
      throw new Error('a bug')
    },
  })
/** Sends what no machine expects, past the compiler as a bug would come. */
function crash(world: World, address: string, type: string, field: string): void {
  const message = Object.defineProperties(
    { type, seenAt: world.clock.now() },
    Object.getOwnPropertyDescriptors(poison(field)),
  )
  world.system.house.addresses.tell(address as 'signals', message as never)
}

const nodes = (node: ActorNode): readonly ActorNode[] => [node, ...node.children.flatMap(nodes)]
const nodeOf = (world: World, name: string): ActorNode | undefined =>
  nodes(world.system.desk.supervision()).find((node) => node.name === name)
const restarted = (world: World): readonly string[] => world.factsOf('actor.restarted').map(({ actor }) => actor)

async function holding(): Promise<World> {
  const world = new World()
  await world.bootReady()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  await world.pass(SECOND)
  return world
}

/** The orders as they are, and what was sent for them: neither may change over somebody else's crash. */
const untouched = (world: World) => ({
  orders: world.orders(),
  sent: world.exchange.sent.length,
  restarts: nodeOf(world, 'orders')?.children.map(({ name, restarts }) => [name, restarts]),
})

describe('a crash of the market actor', () => {
  it('restarts it and those who decide, and leaves orders and positions alone', async () => {
    const world = await holding()
    const before = untouched(world)
    world.system.feedCrashed('a bug in the line')
    await world.until(() => restarted(world).includes('market'), 'a restart')
    await world.pass(SECOND)
    expect(untouched(world)).toEqual(before)
    expect(restarted(world)).not.toContain('orders')
    expect(restarted(world)).not.toContain('positions')
    expect(nodeOf(world, 'market')).toMatchObject({ status: 'running', restarts: 1, lastError: 'a bug in the line' })
    expect(world.factsOf('actor.crashed')[0]).toMatchObject({ actor: 'market', problem: 'a bug in the line' })
    expect(world.system.desk.coordinator()).toMatchObject({ state: 'RUNNING', mayOpenRisk: true })
  })

  it('does not keep a stop or a target from working', async () => {
    const world = await holding()
    world.system.feedCrashed('a bug in the line')
    await world.until(() => restarted(world).includes('market'), 'a restart')
    world.print(BTC, '52500')
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.position().closeReason).toBe('take_profit')
  })

  it('while the account is being compared still ends in trading', async () => {
    const world = new World()
    await world.boot()
    await world.until(() => world.told('reconciliation.failed').length > 0, 'a first comparison')
    world.print(BTC, '50000')
    for (let step = 0; step < 8 && !world.system.desk.system().ready; step += 1) {
      world.system.feedCrashed('a bug in the line')
      await world.pass(180)
    }
    await world.until(() => world.system.desk.system().ready, 'ready', MINUTE)
  })
})

describe('a crash of one who decides', () => {
  it('of an agent restarts that agent alone', async () => {
    const world = await holding()
    const before = untouched(world)
    crash(world, 'agent:technical_analysis', 'run-agent', 'symbol')
    await world.until(() => restarted(world).length > 0, 'a restart')
    expect(restarted(world)).toEqual(['technical_analysis'])
    expect(nodeOf(world, 'technical_analysis')).toMatchObject({ status: 'running', restarts: 1, lastError: 'a bug' })
    expect(untouched(world)).toEqual(before)
  })

  it('of the coordinator brings it back with what it had decided', async () => {
    const world = await holding()
    world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
    await world.until(() => world.system.desk.coordinator().state === 'PAUSED', 'paused')
    const before = untouched(world)
    const decided = world.system.desk.coordinator().statistics
    crash(world, 'coordinator', 'pause-trading', 'reason')
    expect(world.system.desk.coordinator().mayOpenRisk).toBe(false)
    await world.until(() => restarted(world).includes('coordinator'), 'a restart')
    expect(world.system.desk.coordinator()).toMatchObject({ state: 'PAUSED', pauseReasons: ['user'] })
    expect(world.system.desk.coordinator().statistics).toEqual(decided)
    expect(untouched(world)).toEqual(before)
  })

  it('of the lifecycle in the middle of a comparison does not leave the system waiting for it', async () => {
    const world = new World()
    await world.boot()
    await world.pass(50)
    crash(world, 'system', 'picture.doubted', 'stopTrading')
    crash(world, 'system', 'reconciliation.refused', 'problem')
    await world.until(() => world.system.desk.system().ready, 'ready', MINUTE)
  })

  it('of the desk beside the coordinator, which the bus feeds, is restarted and hears the next signal', async () => {
    const world = new World()
    await world.bootReady()
    crash(world, 'signals', 'proposal.heard', 'fact')
    await world.until(() => restarted(world).includes('signals'), 'a restart')
    expect(nodeOf(world, 'signals')).toMatchObject({ status: 'running', restarts: 1 })
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  })
})

describe('a crash of one who owns', () => {
  it('of an order looks it up at the venue and never places it again', async () => {
    const world = await holding()
    const stop = world.order('stop')
    if (stop === undefined) throw new Error('no stop')
    const address = orderAddress(stop.orderId)
    crash(world, address, 'cancel-order', 'reason')
    await world.until(() => restarted(world).includes(address), 'a restart')
    await world.until(() => world.order('stop')?.status === 'OPEN', 'the stop found')
    expect(world.placements(/stop/)).toBe(1)
    expect((await world.venueOrders()).map(({ triggerPrice }) => triggerPrice)).toEqual(['49000'])
    expect(world.system.figures().unprotectedSeconds).toBe(0)
    world.print(BTC, '48990')
    await world.until(() => world.is('closed'), 'a closed position')
  })

  it('of a position brings it back as it was, with its triggers and its one stop', async () => {
    const world = await holding()
    const address = positionAddress(world.position().positionId)
    crash(world, address, 'close-position', 'reason')
    await world.until(() => restarted(world).includes(address), 'a restart')
    await world.pass(SECOND)
    expect(world.is('protected')).toBe(true)
    expect(world.placements(/stop/)).toBe(1)
    world.print(BTC, '52500')
    await world.until(() => world.is('closed'), 'a closed position')
  })

  it.each([
    ['the next price beyond it', ['52501', '52502']],
    ['the first price beyond it after it fell back', ['50000', '52501', '52502']],
  ])('of a position while its target is reached sells at %s, once', async (_, then) => {
    const world = await holding()
    const address = positionAddress(world.position().positionId)
    crash(world, address, 'close-position', 'reason')
    world.print(BTC, '52500')
    await world.until(() => restarted(world).includes(address), 'a restart')
    expect(world.is('protected')).toBe(true)
    for (const price of then) world.print(BTC, price)
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.position().closeReason).toBe('take_profit')
    expect([world.placements(/stop/), world.placements(/exit/)]).toEqual([1, 1])
  })

  it('of the gateway restarts orders and positions with it, and the trade goes on', async () => {
    const world = await holding()
    crash(world, 'exchange', 'venue.reported', 'report')
    await world.until(() => restarted(world).includes('exchange'), 'a restart')
    await world.until(() => world.order('stop')?.status === 'OPEN' && world.is('protected'), 'the stop found')
    expect(world.placements(/./)).toBe(2)
    world.print(BTC, '48990')
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.system.figures().unprotectedSeconds).toBe(0)
  })
})

it('a subscriber that throws is noted and hinders nobody', async () => {
  const world = new World()
  await world.bootReady()
  world.bus.subscribe('clumsy', 'EXECUTION_EVENTS', () => {
    throw new Error('a bug in a page')
  })
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  const letters = world.bus.deadLetters().filter(({ subscriberId }) => subscriberId === 'clumsy')
  expect(letters.length).toBeGreaterThan(0)
  expect(letters[0]).toMatchObject({ reason: 'handler-failed' })
  expect(world.system.restarts).toBe(0)
})

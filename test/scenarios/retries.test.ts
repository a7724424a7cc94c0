/** Refused before the engine: sent again under the same id after a wait; anything else is never sent a second time. */
import { describe, expect, it } from 'vitest'
import type { Purpose } from '../../src/domain/order.ts'
import type { VenueErrorClass } from '../../src/ports/exchange.ts'
import { BTC, MINUTE, SECOND, World } from '../support/whole-system.ts'

/** The venue refuses the first `times` placements of this purpose. */
async function refusing(purpose: Purpose, code: VenueErrorClass, times: number): Promise<World> {
  const world = new World()
  await world.bootReady()
  let left = times
  world.exchange.faults.refuses = ({ request }) => {
    if (request.purpose !== purpose || left === 0) return null
    left -= 1
    return { code, message: 'no' }
  }
  world.signal()
  return world
}
const placed = (world: World, key: RegExp) =>
  world.exchange.sent.filter((sent) => sent.call === 'place' && key.test(sent.key ?? ''))

describe.each<VenueErrorClass>(['rate', 'mode', 'nonce'])('an entry refused as %s', (code) => {
  it('is sent again after five seconds and a little, as the same order', async () => {
    const world = await refusing('entry', code, 1)
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    const tries = placed(world, /entry/)
    expect(new Set(tries.map(({ clientOrderId }) => clientOrderId)).size).toBe(1)
    const wait = (tries[1]?.at ?? 0) - (tries[0]?.at ?? 0)
    expect(wait).toBeGreaterThanOrEqual(5 * SECOND)
    expect(wait).toBeLessThanOrEqual(6 * SECOND)
    expect(world.factsOf('order.postponed')[0]?.order).toMatchObject({ status: 'PENDING', phase: 'retrying' })
    expect(await world.venueOrders()).toHaveLength(1)
  })
})

it('waits five, ten and twenty seconds, and then it has failed', async () => {
  const world = await refusing('entry', 'rate', 9)
  await world.until(() => world.order('entry')?.status === 'ERROR', 'an entry that failed', 2 * MINUTE)
  const times = placed(world, /entry/).map(({ at }) => at)
  const waits = times.slice(1).map((at, index) => Math.floor((at - (times[index] ?? 0)) / SECOND))
  expect(times).toHaveLength(4)
  for (const [index, least] of [5, 10, 20].entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(least)
    expect(waits[index]).toBeLessThanOrEqual(least * 1.2)
  }
  expect(world.position()).toMatchObject({ status: 'closed', closeReason: 'entry_unfilled' })
})

it.each<VenueErrorClass>(['funds', 'validation', 'limits', 'auth', 'deadline'])(
  'is not sent again when it is refused as %s',
  async (code) => {
    const world = await refusing('entry', code, 9)
    await world.until(() => world.order('entry')?.status === 'ERROR', 'an entry that failed')
    await world.pass(MINUTE)
    expect(placed(world, /entry/)).toHaveLength(1)
  },
)

it('gives the entry up while it waits when trading is paused: nothing is sent any more', async () => {
  const world = await refusing('entry', 'rate', 1)
  await world.until(() => world.order('entry')?.phase === 'retrying', 'an entry that waits')
  world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
  await world.until(() => world.order('entry')?.status === 'CANCELLED', 'a cancelled entry')
  await world.pass(MINUTE)
  expect(placed(world, /entry/)).toHaveLength(1)
})

it('goes on waiting over a restart, and is sent once more', async () => {
  const world = await refusing('entry', 'rate', 1)
  await world.until(() => world.order('entry')?.phase === 'retrying', 'an entry that waits')
  world.kill()
  await world.pass(SECOND)
  await world.bootReady()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  expect(placed(world, /entry/)).toHaveLength(2)
  expect(await world.venueOrders()).toHaveLength(1)
})

it('protects by a later try of the same stop what was bought while the venue was too busy for it', async () => {
  const world = await refusing('stop', 'rate', 1)
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  expect(new Set(placed(world, /stop/).map(({ clientOrderId }) => clientOrderId)).size).toBe(1)
  expect(world.system.figures().unprotectedSeconds).toBe(0)
})

it('ends an order of unknown state also when the process died while it asked: failed, and never placed again', async () => {
  const world = new World()
  await world.bootReady()
  world.exchange.faults.losesRequest = () => true
  world.signal()
  await world.until(() => world.order('entry')?.phase === 'unknown', 'an entry of unknown state')
  world.kill()
  await world.pass(SECOND)
  await world.boot()
  await world.until(() => world.order('entry')?.status === 'ERROR', 'an order that is not at the venue')
  expect(world.order('entry')?.reason).toBe('not-at-venue')
  expect(placed(world, /entry/)).toHaveLength(1)
})

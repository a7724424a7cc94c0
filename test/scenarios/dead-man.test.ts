/** The venue's dead-man switch over real trades: it takes entries when we are gone, and never a stop. */
import { describe, expect, it } from 'vitest'
import type { VenueAnswer } from '../../src/ports/exchange.ts'
import { BTC, MINUTE, SECOND, World, XRP } from '../support/whole-system.ts'

const deadMan = { timeoutMs: 60_000, rearmMs: 20_000, askAgainMs: 1_000 }
const XRP_LONG = { symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05' } as const
const LOST: VenueAnswer<null> = { kind: 'lost', problem: 'the line broke' }

async function ready(): Promise<World> {
  const world = new World({ settings: { deadMan } })
  await world.bootReady()
  await world.pass(SECOND)
  return world
}
async function resting(): Promise<World> {
  const world = await ready()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  await world.pass(SECOND)
  return world
}
const settings = (world: World): readonly string[] =>
  world.exchange.sent.filter(({ call }) => call === 'cancelAllAfter').map(({ clientOrderId }) => clientOrderId)
/** When the first stop was sent, and when the switch was last heard to be off before. */
const stopSentAt = (world: World): number =>
  world.exchange.sent.find(({ key }) => key?.includes('/stop/'))?.at ?? Number.NaN

describe('the switch', () => {
  it('is disarmed at the start, armed while an entry rests, anew every 20 s, and disarmed when none does', async () => {
    const world = await resting()
    expect(settings(world)).toEqual(['0', '60000'])
    await world.pass(40 * SECOND)
    expect(settings(world)).toEqual(['0', '60000', '60000', '60000'])
    world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
    await world.until(() => world.order('entry')?.status === 'CANCELLED', 'a cancelled entry')
    await world.pass(5 * MINUTE)
    expect(settings(world)).toEqual(['0', '60000', '60000', '60000', '0'])
  })

  it('is off, and heard to be, before the first stop is sent; it stays off while stops rest beside an entry', async () => {
    const world = await resting()
    const heardOff: number[] = []
    world.exchange.faults.bendsSwitch = async (ms) => {
      const answer = await world.venue.cancelAllAfter(ms)
      if (ms === 0) heardOff.push(world.clock.now())
      return answer
    }
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(heardOff).toHaveLength(1)
    expect(stopSentAt(world)).toBeGreaterThanOrEqual(heardOff[0] ?? Number.NaN)
    world.signal(XRP_LONG)
    await world.until(() => world.order('entry')?.request.symbol === XRP, 'another entry')
    await world.pass(2 * MINUTE)
    expect(world.order('entry')?.status).toBe('OPEN')
    expect(settings(world)).toEqual(['0', '60000', '0'])
    expect(world.order('stop')?.status).toBe('OPEN')
  })

  it('that a part of an entry meets is off before its stop, while the rest of the entry goes on', async () => {
    const world = await resting()
    world.print(BTC, '49990', '0.04')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.order('entry')?.status).toBe('PARTIALLY_FILLED')
    await world.pass(2 * MINUTE)
    expect(settings(world)).toEqual(['0', '60000', '0'])
    expect(world.order('stop')?.status).toBe('OPEN')
  })

  it('that takes five of the ten seconds to answer leaves time for the stop', async () => {
    const world = await resting()
    world.exchange.faults.bendsSwitch = (ms) =>
      new Promise((resolve) => {
        world.clock.at(world.clock.now() + 5 * SECOND, () => void world.venue.cancelAllAfter(ms).then(resolve))
      })
    const filledAt = world.clock.now()
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.clock.now() - filledAt).toBeLessThan(10 * SECOND)
    expect(world.told('position.emergency')).toEqual([])
  })

  it('whose answer is lost is asked again, and the stop waits for the answer that counts', async () => {
    const world = await resting()
    let lost = 0
    world.exchange.faults.bendsSwitch = async (ms) => {
      const answer = await world.venue.cancelAllAfter(ms)
      lost += 1
      return lost <= 3 ? LOST : answer
    }
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(settings(world)).toEqual(['0', '60000', '0', '0', '0', '0'])
    expect(stopSentAt(world)).toBeGreaterThanOrEqual(
      world.exchange.sent.findLast((one) => one.call === 'cancelAllAfter')?.at ?? 0,
    )
    expect(world.placements(/stop/)).toBe(1)
  })

  it('that is never answered costs the position, not its protection: it is sold when its ten seconds are over', async () => {
    const world = await resting()
    world.exchange.faults.bendsSwitch = async () => LOST
    world.print(BTC, '49990')
    await world.until(() => world.is('closed'), 'a closed position')
    expect(world.position().closeReason).toBe('unprotected')
    expect(world.placements(/stop/)).toBe(0)
    expect(world.placements(/exit/)).toBe(1)
    await world.pass(5 * MINUTE)
    expect(world.system.house.books.liveOrders()).toEqual([])
  })

  it('whose arming is on its way when the entry fills is disarmed after that, and the stop waits', async () => {
    const world = await ready()
    const arming: (() => void)[] = []
    world.exchange.faults.bendsSwitch = (ms) => {
      if (ms === 0) return world.venue.cancelAllAfter(ms)
      return new Promise((resolve) => arming.push(() => void world.venue.cancelAllAfter(ms).then(resolve)))
    }
    world.signal()
    await world.until(() => arming.length > 0, 'an arming on its way')
    world.print(BTC, '49990')
    await world.pass(3 * SECOND)
    expect(world.placements(/stop/)).toBe(0)
    for (const go of arming) go()
    await world.until(() => world.is('protected'), 'a protected position')
    await world.pass(2 * MINUTE)
    expect(world.order('stop')?.status).toBe('OPEN')
    expect(settings(world)).toEqual(['0', '60000', '0'])
  })

  it('fires when we are gone: the entry is taken, and the next start finds it so', async () => {
    const world = await resting()
    world.kill()
    await world.pass(2 * MINUTE)
    expect(await world.venueOrders()).toEqual([])
    world.print(BTC, '49990')
    await world.bootReady()
    await world.until(() => world.is('closed'), 'an entry that came to nothing')
    expect(world.order('entry')).toMatchObject({ status: 'CANCELLED', filled: '0' })
    expect(world.system.desk.coordinator().haltedSymbols).toEqual({})
  })

  it('that an earlier process armed cannot take the stop of a fill that the next one finds', async () => {
    const world = await resting()
    world.kill()
    world.print(BTC, '49990')
    await world.boot()
    await world.until(() => world.is('protected'), 'a protected position')
    await world.pass(3 * MINUTE)
    expect(world.order('stop')?.status).toBe('OPEN')
    expect(await world.venueOrders()).toHaveLength(1)
  })

  it('leaves the stops alone when the process dies with some', async () => {
    const world = await resting()
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    world.kill()
    await world.pass(5 * MINUTE)
    expect((await world.venueOrders()).map(({ type }) => type)).toEqual(['stop-loss'])
  })

  it("is not armed beside somebody else's order, which is not ours to take", async () => {
    const world = await ready()
    world.venue.byHand((engine, at) => {
      engine.submit(
        {
          ...{ clientOrderId: null, userref: null, symbol: BTC, side: 'buy', type: 'limit', quantity: '0.001' },
          ...{ quantityInQuote: false, limitPrice: '40000', triggerPrice: null, trailing: null, limitOffset: null },
          ...{ displayQuantity: null, trigger: 'last', timeInForce: 'GTC', startsAt: null, expiresAt: null },
          ...{ postOnly: false, reduceOnly: false, leverage: 1, feeIn: 'quote', selfTrade: 'cancel-newest' },
          ...{ close: null, deadlineAt: null },
        },
        at,
      )
      return engine.advanceTo(at)
    })
    await world.until(() => world.told('order.externalFound').length > 0, 'an external order', MINUTE)
    world.signal(XRP_LONG)
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry')
    await world.pass(2 * MINUTE)
    expect(settings(world)).toEqual(['0'])
    expect(await world.venueOrders()).toHaveLength(2)
  })

  it('is off before the process ends, whatever still rests', async () => {
    const world = await resting()
    const answers: (() => void)[] = []
    world.exchange.faults.bendsSwitch = (ms) =>
      new Promise((resolve) => answers.push(() => void world.venue.cancelAllAfter(ms).then(resolve)))
    world.system.drain('SIGINT')
    await world.pass(5 * SECOND)
    expect(world.ends).toEqual([])
    for (const go of answers) go()
    await world.until(() => world.ends.length > 0, 'the end')
    expect(world.ends).toEqual([{ because: 'drained', life: 1 }])
    expect(settings(world).at(-1)).toBe('0')
  })

  it('is not used where the settings do not say so', async () => {
    const world = new World()
    await world.bootReady()
    world.signal()
    await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
    world.print(BTC, '49990')
    await world.until(() => world.is('protected'), 'a protected position')
    expect(settings(world)).toEqual([])
  })
})

/** Market entries are guarded: half a per cent from the mark, at once or not at all. Exits are not. */
import { expect, it } from 'vitest'
import { BTC, World } from '../support/whole-system.ts'

async function withMarketEntries(): Promise<World> {
  const plain = new World()
  const { limits } = plain.settings
  const world = new World({ settings: { limits: { ...limits, entry: { ...limits.entry, type: 'market' } } } })
  await world.bootReady()
  return world
}

it('buys at once where the market stands still, as a limit at the edge of the guard', async () => {
  const world = await withMarketEntries()
  world.signal()
  await world.until(() => world.is('protected'), 'a protected position')
  expect(world.order('entry')).toMatchObject({
    ...{ status: 'FILLED', limitPrice: '50250', request: { type: 'limit', timeInForce: 'IOC' } },
  })
})

it('buys nothing where the market ran away while the order was on its way, and the slot is free again', async () => {
  const world = await withMarketEntries()
  world.exchange.onSend = ({ call }) => {
    if (call === 'place') world.print(BTC, '50300')
  }
  world.signal()
  await world.until(() => world.is('closed'), 'a position that never began')
  expect(world.order('entry')).toMatchObject({ status: 'CANCELLED', filled: '0' })
  expect(world.position()).toMatchObject({ closeReason: 'entry_unfilled', entryPrice: '0' })
})

it('sells what is to be closed at whatever price there is', async () => {
  const world = await withMarketEntries()
  world.signal()
  await world.until(() => world.is('protected'), 'a protected position')
  world.exchange.onSend = ({ call, key }) => {
    if (call === 'place' && key?.includes('/exit/')) world.print(BTC, '45000')
  }
  const { positionId } = world.position()
  const seenAt = world.clock.now()
  world.system.house.addresses.tell(`position:${positionId}`, { type: 'close-position', reason: 'api', seenAt })
  await world.until(() => world.is('closed'), 'a closed position')
  expect(world.order('exit')).toMatchObject({ status: 'FILLED', request: { type: 'market' } })
})

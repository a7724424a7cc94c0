/** An entry that fills in parts while its stop is still on its way. */
import { expect, it } from 'vitest'
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

/** Half of a position is sold: the stop shrinks first, the half goes once, and the rest stays protected all along. */
import { beforeEach, describe, expect, it } from 'vitest'
import { amount, text } from '../../src/domain/units.ts'
import { BTC, MINUTE, SECOND, World } from '../support/whole-system.ts'

let world: World

beforeEach(async () => {
  world = new World()
  await world.bootReady()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
})
async function fill(quantity = '1000'): Promise<void> {
  world.print(BTC, '49990', quantity)
  await world.until(() => world.is('protected'), 'a protected position')
}
function reduce(share = '0.5'): void {
  const message = { type: 'reduce-position', share, reason: 'breaker', seenAt: world.clock.now() } as const
  world.system.house.addresses.tell(`position:${world.position().positionId}`, message)
}
const reduced = () => world.until(() => world.told('position.reduced').length > 0, 'a reduced position')
const sent = () =>
  world.exchange.sent.flatMap(({ call, key }) => (key?.includes('/entry/') ? [] : [`${call} ${key?.split('/')[1]}`]))

it('shrinks the stop, then sells the half, and both are told', async () => {
  await fill()
  const before = amount(world.position().quantity)
  reduce()
  await reduced()
  await world.pass(SECOND)
  const half = text(before.div(2))
  expect(world.position()).toMatchObject({ phase: 'protected', quantity: half, closeReason: null })
  expect(world.order('stop')).toMatchObject({ status: 'OPEN', quantity: half })
  expect(world.order('exit')?.request).toMatchObject({ intent: 'reduce', quantity: half, type: 'market' })
  expect(world.factsOf('position.reducing')[0]).toMatchObject({ reason: 'breaker', quantity: half })
  expect(world.exchange.sent.map(({ call }) => call)).toEqual(['place', 'place', 'amend', 'place'])
  expect(world.told('order.invariantBroken')).toEqual([])
  expect(world.system.figures().unprotectedSeconds).toBe(0)
})

it('withdraws what is left of an entry, and sells half of what is held', async () => {
  await fill('0.08')
  expect(world.position().quantity).toBe('0.02')
  reduce()
  await reduced()
  await world.until(() => world.order('entry')?.status === 'CANCELLED', 'a withdrawn entry')
  await world.pass(SECOND)
  expect(world.position()).toMatchObject({ phase: 'protected', quantity: '0.01' })
})

it('waits for the answer of a stop that grows: the half is never promised beside all of it', async () => {
  await fill('0.08')
  world.print(BTC, '49990', '1000')
  await world.until(() => world.order('entry')?.status === 'FILLED', 'a filled entry')
  expect(world.order('stop')?.quantity).toBe('0.02')
  const before = amount(world.position().quantity)
  reduce()
  await reduced()
  await world.pass(SECOND)
  const half = text(before.div(2))
  expect(world.told('order.invariantBroken')).toEqual([])
  expect(world.position()).toMatchObject({ phase: 'protected', quantity: half })
  expect(world.order('stop')).toMatchObject({ status: 'OPEN', quantity: half })
})

it('of a position that holds nothing yet is its withdrawal', async () => {
  reduce()
  await world.until(() => world.is('closed'), 'a withdrawn position')
  expect(world.order('entry')?.status).toBe('CANCELLED')
})

it('sells all of it where dust would remain, and says where the part is too small', async () => {
  await fill('0.0003')
  expect(world.position().quantity).toBe('0.000075')
  reduce()
  await world.until(() => world.is('closed'), 'a closed position')
  expect(world.position()).toMatchObject({ closeReason: 'breaker', quantity: '0' })
})

it.each(['0', '1.1', 'half', '0.0001'])('of a share of %s is refused, and nothing is sold', async (share) => {
  await fill()
  const before = world.position().quantity
  reduce(share)
  await world.until(() => world.told('position.denied').length > 0, 'a refusal')
  await world.pass(SECOND)
  expect([world.position().quantity, sent()]).toEqual([before, ['place stop']])
})

it('is given up, and all of it covered again, where the venue refuses the sale', async () => {
  await fill()
  const before = world.position().quantity
  world.exchange.faults.refuses = ({ request }) =>
    request.purpose === 'exit' ? { code: 'validation', message: 'EOrder:Invalid' } : null
  reduce()
  await world.until(() => world.told('position.denied').length > 0, 'a refusal')
  await world.until(() => world.order('stop')?.quantity === before, 'a stop for all of it')
  await world.until(() => world.is('protected'), 'a protected position')
  expect(world.told('position.reduced')).toEqual([])
  expect(world.system.figures().unprotectedSeconds).toBe(0)
})

it('whose sale was refused does not keep a later way out from being sold at once', async () => {
  await fill()
  const before = world.position().quantity
  world.exchange.faults.refuses = ({ request }) =>
    request.purpose === 'exit' ? { code: 'validation', message: 'EOrder:Invalid' } : null
  reduce()
  await world.until(() => world.told('position.denied').length > 0, 'a refusal')
  await world.until(() => world.order('stop')?.quantity === before, 'a stop for all of it')
  world.exchange.faults.refuses = () => null
  await world.pass(10 * MINUTE)
  world.system.positions.close(world.position().positionId, { by: 'trader' })
  await world.until(() => world.is('closed'), 'a closed position')
  expect(world.told('position.emergency')).toEqual([])
})

it('that the venue refuses to make room for does not forget a stop that is to be moved meanwhile', async () => {
  await fill()
  let refusals = 1
  world.exchange.faults.amends = () => (refusals-- > 0 ? 'refused' : null)
  reduce()
  const message = { type: 'modify-position', stopLoss: '49500', seenAt: world.clock.now() } as const
  world.system.house.addresses.tell(`position:${world.position().positionId}`, message)
  await world.until(() => world.position().stopLoss === '49500', 'a moved stop', 20 * SECOND)
})

it('asked twice sells one half', async () => {
  await fill()
  const before = amount(world.position().quantity)
  reduce()
  reduce()
  await reduced()
  await world.pass(10 * SECOND)
  expect(world.position().quantity).toBe(text(before.div(2)))
  expect(world.factsOf('position.denied')[0]?.reason).toBe('it is being reduced already')
})

describe('over a death of the process', () => {
  it.each([0, 50, 150, 200, 250, 300, 400, 600, 1_000])(
    '%d ms after it was asked for, one half is sold',
    async (ms) => {
      await fill()
      const before = amount(world.position().quantity)
      reduce()
      await world.pass(ms)
      world.kill()
      await world.pass(2 * SECOND)
      await world.bootReady()
      await world.pass(20 * SECOND)
      expect(world.position()).toMatchObject({ phase: 'protected', quantity: text(before.div(2)) })
      expect(world.order('stop')).toMatchObject({ status: 'OPEN', quantity: text(before.div(2)) })
      const btc = (await world.venueBalances()).find(({ asset }) => asset === 'BTC')
      expect(btc?.total).toBe(text(before.div(2).plus('0.1')))
    },
  )
})

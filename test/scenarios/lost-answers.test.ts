/** The line breaks at the worst moment: a lost answer is looked up and never answered by a second placement. */
import { expect, it } from 'vitest'
import type { Purpose } from '../../src/domain/order.ts'
import { BTC, SECOND, World } from '../support/whole-system.ts'

/** The answer to placements of this purpose is lost, and for a while so is every report of the order. */
function deafen(world: World, purpose: Purpose): { hearAgain(): void } {
  const unheard = new Set<string>()
  world.exchange.faults.losesAnswer = ({ clientOrderId, request }) => {
    if (request.purpose !== purpose) return false
    unheard.add(clientOrderId)
    return true
  }
  world.exchange.faults.losesReport = ({ clientOrderId }) => unheard.has(clientOrderId)
  return { hearAgain: () => unheard.clear() }
}

it('looks an entry up whose answer was lost, finds it at the venue and goes on with that one', async () => {
  const world = new World()
  await world.bootReady()
  const line = deafen(world, 'entry')
  world.signal()
  await world.until(() => world.order('entry')?.phase === 'unknown', 'an entry of unknown state')
  line.hearAgain()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'the entry found')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  expect(world.exchange.sent.filter(({ call }) => call === 'lookUp').length).toBeGreaterThan(0)
  expect(world.placements(/entry/)).toBe(1)
  expect(await world.venueOrders()).toHaveLength(1)
})

it('finds by look-up what was filled while nobody heard of it, and protects it', async () => {
  const world = new World()
  await world.bootReady()
  deafen(world, 'entry')
  world.exchange.onSend = ({ call }) => {
    if (call === 'lookUp' && world.order('entry')?.filled === '0') world.print(BTC, '49990')
  }
  world.signal()
  await world.until(() => world.is('protected'), 'a protected position')
  expect(world.order('entry')).toMatchObject({ status: 'FILLED', filled: '0.04' })
  expect(world.order('entry')?.fills).toHaveLength(1)
  expect(world.placements(/entry/)).toBe(1)
  expect(world.system.figures().unprotectedSeconds).toBe(0)
})

it('finds a fill that was never reported by the comparison every half minute, and says how long it stood bare', async () => {
  const world = new World()
  await world.bootReady()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.exchange.faults.losesReport = ({ kind, clientOrderId }) =>
    kind === 'filled' && clientOrderId === world.order('entry')?.orderId
  world.print(BTC, '49990')
  const filledAt = world.clock.now()
  await world.until(() => world.is('protected'), 'a protected position')
  const bareMs = world.clock.now() - filledAt
  expect(bareMs).toBeLessThan(31 * SECOND)
  expect(world.factsOf('order.filled')[0]).toMatchObject({ origin: 'reconciled', at: filledAt })
  expect(world.system.figures().unprotectedSeconds).toBeCloseTo(Math.max(0, bareMs / SECOND - 10), 3)
})

it('never places twice when the request itself was lost: the order ends as not at the venue', async () => {
  const world = new World()
  await world.bootReady()
  world.exchange.faults.losesRequest = () => true
  world.signal()
  await world.until(() => world.order('entry')?.status === 'ERROR', 'an order that is not at the venue')
  expect(world.order('entry')?.reason).toBe('not-at-venue')
  await world.until(() => world.is('closed'), 'a position that never began')
  expect(world.position()).toMatchObject({ closeReason: 'entry_unfilled', entryPrice: '0' })
  expect(world.placements(/./)).toBe(1)
})

it('opens nothing more on a symbol while the state of an order on it is unknown', async () => {
  const world = new World()
  await world.bootReady()
  const line = deafen(world, 'entry')
  world.exchange.faults.losesRequest = () => false
  world.signal()
  await world.until(() => world.order('entry')?.phase === 'unknown', 'an entry of unknown state')
  world.signal()
  await world.until(() => world.told('risk.denied').length > 0, 'a refusal')
  expect(world.factsOf('risk.denied')[0]?.codes).toContain('UNKNOWN_ORDER_ON_SYMBOL')
  line.hearAgain()
})

it('has one stop at the venue after the answer to its placement was lost', async () => {
  const world = new World()
  await world.bootReady()
  deafen(world, 'stop')
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  expect(world.placements(/stop/)).toBe(1)
  expect((await world.venueOrders()).map(({ triggerPrice }) => triggerPrice)).toEqual(['49000'])
  expect(world.system.figures().unprotectedSeconds).toBe(0)
})

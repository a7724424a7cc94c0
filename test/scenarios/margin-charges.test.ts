/**
 * The charge for an entry on margin waits for the entry's fill where the comparison finds both, and is not lost meanwhile:
 * flows are asked for from the last that was booked on, or from when balances were last understood.
 */
import { beforeEach, expect, it } from 'vitest'
import type { TradeProposal } from '../../actors/execution-desk.ts'
import { asset } from '../../src/domain/ids.ts'
import { speak } from '../support/speak.ts'
import { BTC, MINUTE, World } from '../support/whole-system.ts'

const LONG: TradeProposal = {
  ...{ symbol: BTC, action: 'BUY', confidence: 0.9, entryPrice: '50000', stopLoss: '49000', takeProfit: '52500' },
  ...{ sizePct: 10, leverage: 2, reasoning: 'by hand' },
}
/** Longer than the venue's lists may lag behind. */
const LONG_AGO = 12 * MINUTE
let world: World

const withdraw = (): void => world.venue.byHand((engine, at) => engine.withdraw(asset('USDT'), '100', at))
async function chargedOnce(): Promise<void> {
  await world.pass(35_000)
  expect(world.factsOf('reconciliation.completed').at(-1)?.unexplained).toEqual([])
  const totals = world.system.house.books.totals() ?? {}
  for (const { asset: of, total } of await world.venueBalances()) expect([of, totals[of]]).toEqual([of, total])
  expect(world.factsOf('account.financed').map(({ positionId }) => positionId)).toEqual([world.position().positionId])
  expect(world.told('trading.symbolHalted')).toEqual([])
}
beforeEach(async () => {
  world = new World({ margin: true })
  await world.bootReady()
  speak(world.system.house, { symbol: BTC, action: 'HOLD' })
  void world.system.execution.executeTrade(LONG)
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
})
async function fillWhileAway(): Promise<void> {
  world.kill()
  world.print(BTC, '49990', '1000000')
  await world.pass(LONG_AGO)
  withdraw()
  // The entry's own question fails, so that the comparison is the first to see the fill.
  let isFirst = true
  world.exchange.faults.failsLookUp = () => {
    const fails = isFirst
    isFirst = false
    return fails
  }
}
const isCompared = (): boolean => world.told('order.filled').length > 0

it('is not passed over for a withdrawal that came long after it', async () => {
  await fillWhileAway()
  await world.bootReady()
  await chargedOnce()
  expect(world.factsOf('account.flowed').map(({ flow }) => flow.kind)).toEqual(['withdrawal'])
})

it('nor over the death of the process that found the fill', async () => {
  await fillWhileAway()
  await world.boot()
  await world.until(isCompared, 'the fill')
  expect(world.factsOf('account.financed')).toEqual([])
  world.kill()
  await world.bootReady()
  await chargedOnce()
})

it('nor where balances were as expected with it', async () => {
  const { faults } = world.exchange
  faults.losesReport = () => true
  faults.losesCharges = true
  faults.failsLookUp = () => true
  faults.bendsBalances = () => Promise.resolve({ kind: 'lost', problem: 'the line broke' })
  world.print(BTC, '49990', '1000000')
  await world.pass(LONG_AGO)
  expect(isCompared()).toBe(false)
  faults.losesReport = () => false
  faults.failsLookUp = () => false
  faults.bendsBalances = null
  await world.until(isCompared, 'the fill')
  await chargedOnce()
})

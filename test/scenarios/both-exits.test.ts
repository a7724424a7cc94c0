/**
 * Stop and target are reached within one second. On spot the target is watched here and the stop rests at the venue, so
 * the two race: whoever wins, what is held is sold once, and core holdings are not touched.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { amount, sumOf, text } from '../../src/domain/units.ts'
import { BTC, SECOND, World } from '../support/whole-system.ts'

const STOP = '49000'
const TARGET = '52500'
let world: World

beforeEach(async () => {
  world = new World()
  await world.bootReady()
  world.signal({ stopLoss: STOP, takeProfit: TARGET })
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  await world.pass(10 * SECOND)
})

/** What is true however the race went. */
async function soldOnce(): Promise<void> {
  await world.until(() => world.is('closed'), 'a closed position')
  await world.pass(10 * SECOND)
  const bought = amount(world.order('entry')?.filled ?? '0')
  const sold = sumOf([...world.orders('stop'), ...world.orders('exit')].map(({ filled }) => amount(filled)))
  expect(text(sold)).toBe(text(bought))
  expect(world.told('position.closed')).toHaveLength(1)
  expect(world.told('order.invariantBroken')).toEqual([])
  expect((await world.venueBalances()).find(({ asset }) => asset === 'BTC')?.total).toBe('0.1')
  expect(await world.venueOrders()).toEqual([])
  expect(world.system.figures().unprotectedSeconds).toBe(0)
}
/** What the venue's book bids from now on. */
const bids = (quantity: string): void =>
  world.venue.onMarket({
    ...{ kind: 'book', symbol: BTC, at: world.clock.now() },
    ...{ bids: [{ price: '48890', quantity }], asks: [{ price: '52600', quantity: '10' }] },
  })
const exits = () => world.orders('exit').filter(({ filled }) => filled !== '0')

describe('the target first', () => {
  it('and the stop while its cancel is on the way: the stop has sold it, and nothing else is sold', async () => {
    world.print(BTC, TARGET)
    world.print(BTC, '48900')
    await soldOnce()
    expect(world.order('stop')?.status).toBe('FILLED')
    expect(exits()).toEqual([])
  })

  it('and the stop, for half of which there is a bid: the rest is sold at market', async () => {
    world.print(BTC, TARGET)
    bids('0.02')
    world.print(BTC, '48900')
    bids('10')
    await soldOnce()
    expect(world.order('stop')).toMatchObject({ status: 'CANCELLED', filled: '0.02' })
    expect(exits()).toMatchObject([{ filled: '0.02' }])
  })

  it('and the stop once its cancel was answered: the way out sells it all, at what the market then pays', async () => {
    world.print(BTC, TARGET)
    await world.until(() => world.order('stop')?.status === 'CANCELLED', 'a cancelled stop', SECOND)
    world.print(BTC, '48900')
    await soldOnce()
    expect(world.order('stop')?.filled).toBe('0')
    expect(exits()).toHaveLength(1)
    expect(world.position().closeReason).toBe('take_profit')
  })
})

describe('the stop first', () => {
  it('and the target before its fill is told: one sale, by the stop', async () => {
    world.print(BTC, '48900')
    world.print(BTC, TARGET)
    await soldOnce()
    expect(world.order('stop')?.status).toBe('FILLED')
    expect(exits()).toEqual([])
  })

  it('for half of which there is a bid, and the target before that is told: the rest is sold once', async () => {
    bids('0.02')
    world.print(BTC, '48900')
    bids('10')
    world.print(BTC, TARGET)
    await soldOnce()
    expect(world.order('stop')).toMatchObject({ status: 'CANCELLED', filled: '0.02' })
    expect(exits()).toMatchObject([{ filled: '0.02' }])
  })

  it('and the target once it is closed: nobody is there any more', async () => {
    world.print(BTC, '48900')
    await world.until(() => world.is('closed'), 'a closed position', SECOND)
    world.print(BTC, TARGET)
    await soldOnce()
    expect(exits()).toEqual([])
    expect(world.position().closeReason).toBe('stop_loss')
  })
})

it('both while the line is gone and the answers with it: still one sale', async () => {
  world.exchange.faults.losesReport = () => true
  world.print(BTC, TARGET)
  world.print(BTC, '48900')
  await world.pass(5 * SECOND)
  world.exchange.faults.losesReport = () => false
  await soldOnce()
})

/**
 * On margin the stop and the target rest at the venue together, and a fill of either takes the other back: whatever the
 * price does, what is held is sold once, and nothing is opened the other way.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import type { TradeProposal } from '../../actors/execution-desk.ts'
import { amount, type Numeric, sumOf, text } from '../../src/domain/units.ts'
import { speak } from '../support/speak.ts'
import { BTC, MINUTE, SECOND, World, XRP } from '../support/whole-system.ts'

const STOP = '49000'
const TARGET = '52500'
const LONG: TradeProposal = {
  ...{ symbol: BTC, action: 'BUY', confidence: 0.9, entryPrice: '50000', stopLoss: STOP, takeProfit: TARGET },
  ...{ sizePct: 10, leverage: 2, reasoning: 'by hand' },
}
const SHORT: TradeProposal = {
  ...{ symbol: XRP, action: 'SELL', confidence: 0.9, entryPrice: '1', stopLoss: '1.02', takeProfit: '0.95' },
  ...{ sizePct: 10, leverage: 1, reasoning: 'by hand' },
}
let world: World

async function open(proposal: TradeProposal, through: string): Promise<void> {
  // The market trends: without a regime nothing is levered.
  for (const symbol of [BTC, XRP]) speak(world.system.house, { symbol, action: 'HOLD' })
  void world.system.execution.executeTrade(proposal)
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(proposal.symbol === BTC ? BTC : XRP, through, '1000000')
  await world.until(() => world.is('protected'), 'a protected position')
}
const rests = (purpose: 'stop' | 'target'): boolean => world.order(purpose)?.status === 'OPEN'
const bothRest = () => world.until(() => rests('stop') && rests('target'), 'a stop and a target at the venue')
const held = (): Numeric => world.position().quantity
const id = () => world.position().positionId

beforeEach(async () => {
  world = new World({ margin: true })
  await world.bootReady()
})

/** What is true however it ended: sold once, no short, nothing left behind. */
async function soldOnce(): Promise<void> {
  await world.until(() => world.is('closed'), 'a closed position')
  await world.pass(40 * SECOND)
  const entered = amount(world.order('entry')?.filled ?? '0')
  const exits = [...world.orders('stop'), ...world.orders('target'), ...world.orders('exit')]
  expect(text(sumOf(exits.map(({ filled }) => amount(filled))))).toBe(text(entered))
  expect(world.told('position.closed')).toHaveLength(1)
  expect(world.told('order.invariantBroken')).toEqual([])
  expect(await world.venueOrders()).toEqual([])
  expect(await world.answered(world.venue.marginPositions())).toEqual([])
  expect(world.system.house.books.marginLots()).toEqual([])
  expect(world.factsOf('reconciliation.completed').at(-1)?.unexplained).toEqual([])
}

it('an entry on margin that trickles in for minutes leaves the counter to its stop, and is not sold in panic', async () => {
  for (const symbol of [BTC, XRP]) speak(world.system.house, { symbol, action: 'HOLD' })
  void world.system.execution.executeTrade({ ...LONG, sizePct: 5 })
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  for (let passed = 0; passed < 3 * MINUTE; passed += 2_500) {
    world.print(BTC, '49990', '0.0016')
    await world.pass(2_500)
  }
  expect(world.order('entry')?.status).toBe('PARTIALLY_FILLED')
  expect(world.told('position.emergency')).toEqual([])
  world.print(BTC, '49990', '1000000')
  await world.until(() => world.order('entry')?.status === 'FILLED', 'a filled entry')
  await world.until(() => world.order('target')?.quantity === held(), 'a target for all', 5 * SECOND)
  expect(world.order('stop')?.quantity).toBe(held())
})

describe('a long on margin', () => {
  beforeEach(async () => {
    await open(LONG, '49990')
    await bothRest()
  })

  it('has both at the venue, for all that it holds, and both only reduce', async () => {
    expect(world.order('stop')).toMatchObject({ quantity: held(), triggerPrice: STOP })
    expect(world.order('target')).toMatchObject({ quantity: held(), triggerPrice: TARGET })
    expect(world.order('target')?.request).toMatchObject({ type: 'take-profit', reduceOnly: true, intent: 'reduce' })
    expect(await world.venueOrders()).toHaveLength(2)
    expect(world.placements(/\/target\//)).toBe(1)
  })

  it('is ended by its target, and the stop is taken back', async () => {
    world.print(BTC, TARGET)
    await soldOnce()
    expect([world.order('target')?.status, world.order('stop')?.status]).toEqual(['FILLED', 'CANCELLED'])
    expect(world.position().closeReason).toBe('take_profit')
    expect(world.told('position.targetHit')).toHaveLength(1)
    expect(world.orders('exit')).toEqual([])
  })

  it('is ended by its stop, and the target is taken back', async () => {
    world.print(BTC, '48900')
    await soldOnce()
    expect([world.order('stop')?.status, world.order('target')?.status]).toEqual(['FILLED', 'CANCELLED'])
    expect(world.position().closeReason).toBe('stop_loss')
    expect(world.told('position.stopHit')).toHaveLength(1)
  })

  it.each([
    ['target', 'stop', [TARGET, '48900'], 'take_profit'],
    ['stop', 'target', ['48900', TARGET], 'stop_loss'],
  ] as const)('sells once where the %s is followed by the %s within the second', async (_, __, prices, reason) => {
    for (const price of prices) world.print(BTC, price)
    await soldOnce()
    expect(world.position().closeReason).toBe(reason)
  })

  it('sells once where both go off while the answers are lost', async () => {
    world.exchange.faults.losesReport = () => true
    world.print(BTC, TARGET)
    world.print(BTC, '48900')
    await world.pass(5 * SECOND)
    world.exchange.faults.losesReport = () => false
    await soldOnce()
  })

  it('leaves the target to the venue for a moment, then closes by itself', async () => {
    // The venue does not see this price.
    world.exchange.faults.losesReport = ({ clientOrderId }) => clientOrderId === world.order('target')?.orderId
    world.print(BTC, TARGET)
    await world.pass(2 * SECOND)
    expect(world.is('protected')).toBe(true)
    await world.pass(2 * SECOND)
    expect(world.is('protected')).toBe(false)
    expect(world.position().closeReason).toBe('take_profit')
    world.exchange.faults.losesReport = () => false
    await soldOnce()
  })

  it('sells in part by its target: the stop becomes as large as what is left, and the target rests for that', async () => {
    const half = text(amount(held()).div(2).toDecimalPlaces(8, 1))
    const bids = (quantity: string) =>
      world.venue.onMarket({
        ...{ kind: 'book', symbol: BTC, at: world.clock.now() },
        ...{ bids: [{ price: TARGET, quantity }], asks: [{ price: '52600', quantity: '10' }] },
      })
    bids(half)
    // So short a moment at the target that only the venue saw it.
    const seen = { kind: 'trade', symbol: BTC, price: TARGET, quantity: '1000', side: null } as const
    world.venue.onMarket({ ...seen, at: world.clock.now() })
    world.print(BTC, '50200')
    bids('10')
    const left = text(amount(held()).minus(half))
    await world.until(() => held() === left, 'half of it sold')
    await world.until(() => world.order('stop')?.quantity === left, 'a smaller stop')
    expect(rests('stop')).toBe(true)
    await world.until(() => rests('target') && world.order('target')?.quantity === left, 'a target for what is left')
    expect(world.told('order.invariantBroken')).toEqual([])
    world.print(BTC, '48900')
    await soldOnce()
    expect(world.position().closeReason).toBe('stop_loss')
  })

  it('moves its target at the venue, takes it back when it is cleared, and places it anew', async () => {
    const { positions } = world.system
    positions.modify(id(), { takeProfit: '53500' }, 'a trader')
    await world.until(() => world.order('target')?.triggerPrice === '53500', 'a target further away')
    expect(world.orders('target')).toHaveLength(1)
    positions.modify(id(), { takeProfit: null }, 'a trader')
    await world.until(() => world.order('target')?.status === 'CANCELLED', 'no target')
    await world.pass(2 * MINUTE)
    expect(world.orders('target')).toHaveLength(1)
    expect(rests('stop')).toBe(true)
    positions.modify(id(), { takeProfit: '53500' }, 'a trader')
    await world.until(() => rests('target'), 'a target again')
    expect(world.orders('target')).toHaveLength(2)
    world.print(BTC, '53500')
    await soldOnce()
    expect(world.position().closeReason).toBe('take_profit')
  })

  it('places a target that is moved by less than the venue is asked for anew', async () => {
    world.system.positions.modify(id(), { takeProfit: '52510' }, 'a trader')
    await world.until(() => world.orders('target').length === 2 && rests('target'), 'another target')
    expect(world.orders('target').map(({ status }) => status)).toEqual(['CANCELLED', 'OPEN'])
    expect(world.order('target')?.triggerPrice).toBe('52510')
  })

  it('outlives the process: neither is placed twice, and the target still ends it', async () => {
    world.kill()
    await world.pass(MINUTE)
    await world.bootReady()
    await world.pass(MINUTE)
    expect([world.placements(/\/stop\//), world.placements(/\/target\//)]).toEqual([1, 1])
    expect(await world.venueOrders()).toHaveLength(2)
    world.print(BTC, TARGET)
    await soldOnce()
    expect(world.position().closeReason).toBe('take_profit')
  })

  it('is closed by its target while the process is away: the stop is taken back on return', async () => {
    world.kill()
    world.print(BTC, TARGET)
    await world.pass(MINUTE)
    await world.bootReady()
    await soldOnce()
    expect(world.position().closeReason).toBe('take_profit')
  })

  it('is reduced by half: both become smaller first, and rest for what stays', async () => {
    const before = held()
    const { house } = world.system
    house.addresses.tell(`position:${id()}`, {
      ...{ type: 'reduce-position', share: '0.5', reason: 'breaker', seenAt: world.clock.now() },
    })
    await world.until(() => world.told('position.reduced').length === 1, 'half of it sold')
    await world.pass(10 * SECOND)
    expect(amount(held()).lt(before)).toBe(true)
    expect([world.order('stop')?.quantity, world.order('target')?.quantity]).toEqual([held(), held()])
    expect([rests('stop'), rests('target'), world.is('protected')]).toEqual([true, true, true])
    expect(world.told('order.invariantBroken')).toEqual([])
    expect(world.told('position.denied')).toEqual([])
  })

  it('takes both back before it is closed by command', async () => {
    world.system.positions.close(id(), { reason: 'enough', by: 'a trader' })
    await soldOnce()
    expect([world.order('stop')?.status, world.order('target')?.status]).toEqual(['CANCELLED', 'CANCELLED'])
    expect(world.order('exit')?.status).toBe('FILLED')
  })
})

describe('a target that the venue will not have', () => {
  const refuseTargets = () => {
    world.exchange.faults.refuses = ({ request }) =>
      request.purpose === 'target' ? { code: 'validation', message: 'EOrder:Invalid' } : null
  }

  it('is watched here as on spot, and asked for again, but not without end', async () => {
    refuseTargets()
    await open(LONG, '49990')
    await world.pass(30 * SECOND)
    expect([world.placements(/\/target\//), rests('stop'), world.is('protected')]).toEqual([1, true, true])
    await world.pass(MINUTE)
    expect(world.placements(/\/target\//)).toBe(2)
    world.print(BTC, TARGET)
    await soldOnce()
    expect(world.position().closeReason).toBe('take_profit')
    expect(world.order('exit')?.status).toBe('FILLED')
  })

  it('rests once the venue has it', async () => {
    refuseTargets()
    await open(LONG, '49990')
    await world.pass(30 * SECOND)
    world.exchange.faults.refuses = () => null
    await bothRest()
    expect(world.orders('target').map(({ status }) => status)).toEqual(['ERROR', 'OPEN'])
  })
})

it('a short has both too, the target below', async () => {
  await open(SHORT, '1.0001')
  await bothRest()
  expect(world.order('target')?.request).toMatchObject({ side: 'buy', leverage: 2, reduceOnly: true })
  world.print(XRP, '0.94')
  await soldOnce()
  expect([world.position().closeReason, world.order('target')?.status]).toEqual(['take_profit', 'FILLED'])
  expect(world.orders('exit')).toEqual([])
})

it('spot keeps its target here: only the stop rests', async () => {
  world.signal({ stopLoss: STOP, takeProfit: TARGET })
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  await world.pass(10 * SECOND)
  expect(world.orders('target')).toEqual([])
  world.print(BTC, TARGET)
  await world.until(() => world.is('closing') || world.is('closed'), 'the way out at once', SECOND)
})

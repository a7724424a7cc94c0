/**
 * Two positions on margin share a pair, and at the venue all that is open of it is one: an order that only reduces does
 * not open the other side, but what it sells too much is taken from the other position.
 */
import { beforeEach, expect, it } from 'vitest'
import type { NewOrder } from '../../src/adapters/exchange/simulated/venue-order.ts'
import type { OrderView, Purpose } from '../../src/domain/order.ts'
import type { PositionView } from '../../src/domain/position.ts'
import { type Amount, amount, sumOf, text } from '../../src/domain/units.ts'
import { speak } from '../support/speak.ts'
import { BTC, MINUTE, SECOND, World } from '../support/whole-system.ts'

const TARGET = '52500'
const FIRST = { entryPrice: '50000', stopLoss: '49000', takeProfit: TARGET } as const
/** Its stop and its target lie beyond the first one's. */
const SECOND_ONE = { entryPrice: '50000', stopLoss: '48500', takeProfit: '54000' } as const
let world: World

async function open(terms: typeof FIRST | typeof SECOND_ONE): Promise<void> {
  speak(world.system.house, { symbol: BTC, action: 'HOLD' })
  const count = world.orders('entry').length
  const by = { symbol: BTC, action: 'BUY', confidence: 0.9, sizePct: 5, leverage: 2, reasoning: 'by hand' } as const
  void world.system.execution.executeTrade({ ...by, ...terms })
  await world.until(() => world.orders('entry').length > count && world.order('entry')?.status === 'OPEN', 'an entry')
  world.print(BTC, '49990', '1000000')
  await world.until(() => world.is('protected') && world.order('target')?.status === 'OPEN', 'stop and target')
  world.print(BTC, '50000')
}
const positions = (): readonly PositionView[] => world.system.desk.positions({})
const first = (): PositionView => positions()[0] as PositionView
const second = (): PositionView => positions()[1] as PositionView
const of = ({ positionId }: PositionView, purpose: Purpose): OrderView | undefined =>
  world.orders(purpose).findLast(({ request }) => request.positionId === positionId)

/** So short a moment at the target that only the venue saw it, and no more bids there than that. */
function sellAtTarget(quantity: Amount): void {
  const bids = (size: string) =>
    world.venue.onMarket({
      ...{ kind: 'book', symbol: BTC, at: world.clock.now() },
      ...{ bids: [{ price: TARGET, quantity: size }], asks: [{ price: '52600', quantity: '10' }] },
    })
  bids(text(quantity))
  world.venue.onMarket({
    ...{ kind: 'trade', symbol: BTC, price: TARGET, quantity: '1000', side: null, at: world.clock.now() },
  })
  world.print(BTC, '50200')
  bids('10')
}
/** Not an order of ours: it closes that much of what is open, whichever position had it. */
function sellByHand(quantity: string): void {
  const order: NewOrder = {
    ...{ clientOrderId: null, userref: null, symbol: BTC, side: 'sell', type: 'market', quantity, leverage: 2 },
    ...{ quantityInQuote: false, limitPrice: null, triggerPrice: null, trailing: null, limitOffset: null },
    ...{ displayQuantity: null, trigger: 'last', timeInForce: 'GTC', startsAt: null, expiresAt: null, postOnly: false },
    ...{ reduceOnly: true, feeIn: 'quote', selfTrade: 'cancel-newest', close: null, deadlineAt: null },
  }
  world.venue.byHand((engine, at) => {
    engine.submit(order, at)
    return engine.advanceTo(at)
  })
}
const openAtVenue = async (): Promise<Amount> =>
  sumOf((await world.answered(world.venue.marginPositions())).map(({ quantity }) => amount(quantity)))

beforeEach(async () => {
  world = new World({ margin: true })
  await world.bootReady()
  await open(FIRST)
  await open(SECOND_ONE)
})

it('a target that leaves too little for an order takes the stop back: the second position keeps all it has', async () => {
  const dust = amount('0.00003')
  const kept = second().quantity
  sellAtTarget(amount(first().quantity).minus(dust))
  await world.until(() => of(first(), 'stop')?.status === 'CANCELLED', 'no stop that is larger than the dust')
  await world.until(() => first().status === 'closed', 'the first position closed')
  expect(first()).toMatchObject({ closeReason: 'take_profit' })
  expect(world.factsOf('position.dustTransferred')).toMatchObject([{ quantity: text(dust) }])
  expect(of(first(), 'target')?.status).toBe('CANCELLED')
  world.print(BTC, '48900')
  await world.pass(MINUTE)
  expect(second()).toMatchObject({ phase: 'protected', quantity: kept })
  // The dust stays a lot: it is netted with what comes after it.
  expect(text(await openAtVenue())).toBe(text(amount(kept).plus(dust)))
  expect([of(second(), 'stop')?.quantity, of(second(), 'target')?.quantity]).toEqual([kept, kept])
  expect(world.told('order.invariantBroken')).toEqual([])
})

it('the stop of the first, after half of it was sold at its target, takes nothing of the second', async () => {
  const kept = second().quantity
  sellAtTarget(amount(first().quantity).div(2).toDecimalPlaces(5))
  await world.until(() => of(first(), 'stop')?.quantity === first().quantity, 'a smaller stop')
  await world.pass(10 * SECOND)
  world.print(BTC, '48900')
  await world.until(() => first().status === 'closed', 'the first position closed')
  expect(second()).toMatchObject({ phase: 'protected', quantity: kept })
  expect(text(await openAtVenue())).toBe(kept)
  expect(world.told('order.invariantBroken')).toEqual([])
})

it('a stop that the venue will not make smaller halts trading: it could sell what is the second one’s', async () => {
  const stop = of(first(), 'stop')?.orderId
  world.exchange.faults.amends = ({ clientOrderId }) => (clientOrderId === stop ? 'refused' : null)
  sellAtTarget(amount(first().quantity).div(2).toDecimalPlaces(5))
  await world.until(() => amount(first().quantity).lt(of(first(), 'stop')?.quantity ?? '0'), 'half of it sold')
  // Asked for again and again: the first refusals are the venue's to take back.
  await world.pass(10 * SECOND)
  expect(world.told('order.invariantBroken')).toEqual([])
  await world.pass(MINUTE)
  expect(world.factsOf('order.invariantBroken')).toMatchObject([{ problem: expect.stringContaining('may still sell') }])
  expect(world.told('trading.halted')).toHaveLength(1)
  world.exchange.faults.amends = () => null
  await world.until(() => of(first(), 'stop')?.quantity === first().quantity, 'a smaller stop')
})

it('a target that sells more than half while half is about to be sold leaves the rest to that sale', async () => {
  const { positionId, quantity } = first()
  const kept = second().quantity
  world.system.house.addresses.tell(`position:${positionId}`, {
    ...{ type: 'reduce-position', share: '0.5', reason: 'breaker', seenAt: world.clock.now() },
  })
  sellAtTarget(amount(quantity).times('0.6').toDecimalPlaces(5))
  await world.until(() => first().status === 'closed', 'the first position closed')
  await world.pass(MINUTE)
  expect(second()).toMatchObject({ phase: 'protected', quantity: kept })
  expect(text(await openAtVenue())).toBe(kept)
  expect(world.told('order.invariantBroken')).toEqual([])
})

it('what the venue closes after a stop whose report was lost is the second one’s: the first had its end before', async () => {
  const [stop, kept] = [of(first(), 'stop')?.orderId, second().quantity]
  // So short a moment below the first stop that only the venue saw it, and nobody is told of the fill.
  world.exchange.faults.losesReport = ({ clientOrderId }) => clientOrderId === stop
  world.venue.onMarket({
    ...{ kind: 'trade', symbol: BTC, price: '48900', quantity: '1000', side: null, at: world.clock.now() },
  })
  world.print(BTC, '50000')
  await world.pass(SECOND)
  expect(text(await openAtVenue())).toBe(kept)
  sellByHand(kept)
  await world.until(() => positions().every(({ status }) => status === 'closed'), 'both closed')
  expect([first().closeReason, second().closeReason]).toEqual(['stop_loss', 'liquidated'])
  expect(world.factsOf('order.filledLate')).toMatchObject([
    { order: { request: { positionId: second().positionId } }, fill: { quantity: kept } },
  ])
  await world.pass(MINUTE)
  expect(world.system.house.books.marginLots()).toEqual([])
  expect(world.told('order.invariantBroken')).toEqual([])
  expect(world.factsOf('reconciliation.completed').at(-1)?.unexplained).toEqual([])
})

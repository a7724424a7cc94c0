/** A stop is moved: whatever becomes of the request, the position says what rests at the venue. */
import { beforeEach, describe, expect, it } from 'vitest'
import { BTC, MINUTE, SECOND, World } from '../support/whole-system.ts'

let world: World

beforeEach(async () => {
  world = new World()
  await world.bootReady()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
})

function move(stopLoss: string): void {
  const { house } = world.system
  const seenAt = world.clock.now()
  house.addresses.tell(`position:${world.position().positionId}`, { type: 'modify-position', stopLoss, seenAt })
}
/** The stop as the position tells it, as its order tells it, and as it rests. */
async function stops() {
  const [resting] = (await world.venueOrders()).map(({ triggerPrice }) => triggerPrice)
  return { told: world.position().stopLoss, ordered: world.order('stop')?.triggerPrice, resting }
}
const everywhere = (price: string) => ({ told: price, ordered: price, resting: price })
const amends = () => world.exchange.sent.filter(({ call }) => call === 'amend').length

it('is told as moved only once the venue has moved it', async () => {
  move('49500')
  await world.pass(0)
  expect(world.told('position.amended')).toEqual([])
  await world.until(() => world.told('position.amended').length > 0, 'a moved stop')
  expect(await stops()).toEqual(everywhere('49500'))
})

describe('the stop stays where it is, and the position says so', () => {
  it('when the venue refuses the change', async () => {
    world.exchange.faults.amends = () => 'refused'
    move('49500')
    await world.until(() => world.told('position.denied').length > 0, 'a refusal')
    expect(await stops()).toEqual(everywhere('49000'))
    expect(world.factsOf('position.denied')[0]?.reason).toBe(
      'the stop stays at 49000: validation: EOrder:Invalid price',
    )
    await world.pass(20 * SECOND)
    expect(amends()).toBe(1)
  })

  it('when the request was lost: it is looked up, not asked again at once', async () => {
    world.exchange.faults.amends = () => 'request lost'
    move('49500')
    await world.until(() => world.told('position.denied').length > 0, 'a refusal')
    expect(await stops()).toEqual(everywhere('49000'))
    expect(world.told('order.unknown')).toHaveLength(1)
    expect(amends()).toBe(1)
  })

  it('when the change is too small to be worth its cost', async () => {
    move('49010')
    await world.until(() => world.told('position.denied').length > 0, 'a refusal')
    expect(world.factsOf('position.denied')[0]?.reason).toContain('less than 0.1 %')
    expect(await stops()).toEqual(everywhere('49000'))
    expect(amends()).toBe(0)
  })

  it('for five seconds after it was moved; then the latest wish is asked for, and no other', async () => {
    move('49500')
    await world.until(() => world.position().stopLoss === '49500', 'a moved stop')
    move('49600')
    move('49700')
    await world.pass(4 * SECOND)
    expect(await stops()).toEqual(everywhere('49500'))
    await world.until(() => world.position().stopLoss === '49700', 'a stop moved again')
    expect(await stops()).toEqual(everywhere('49700'))
    expect([amends(), world.told('position.denied'), world.told('order.denied')]).toEqual([2, [], []])
  })

  it('while a change is on its way: the latest wish waits for its answer', async () => {
    move('49500')
    await world.pass(0)
    move('49600')
    move('49700')
    await world.until(() => world.position().stopLoss === '49500', 'a moved stop')
    expect(await stops()).toEqual(everywhere('49500'))
    await world.until(() => world.position().stopLoss === '49700', 'a stop moved again')
    expect([amends(), world.told('position.denied'), world.told('order.denied')]).toEqual([2, [], []])
  })
})

describe('while the venue takes longer to answer than an answer is waited for', () => {
  const late = (ms: number): void => {
    const { amend } = world.exchange
    world.exchange.amend = (change) =>
      new Promise((answer) => {
        world.clock.at(world.clock.now() + ms, () => void amend(change).then(answer))
      })
  }

  it('a later wish is not forgotten', async () => {
    late(4 * SECOND)
    move('49500')
    await world.pass(2.5 * SECOND)
    move('49700')
    await world.until(() => world.position().stopLoss === '49500', 'the stop of the first wish', 5 * SECOND)
    await world.until(() => world.position().stopLoss === '49700', 'the stop of the later wish', 15 * SECOND)
    expect(await stops()).toEqual(everywhere('49700'))
  })
})

describe('the stop is told as moved', () => {
  it('when only the answer was lost: the venue is asked what it has', async () => {
    world.exchange.faults.amends = () => 'answer lost'
    move('49500')
    await world.until(() => world.position().stopLoss === '49500', 'a moved stop')
    expect(await stops()).toEqual(everywhere('49500'))
    expect(amends()).toBe(1)
  })

  it('when the venue took it, called itself out of service and reported nothing: it is asked what it has', async () => {
    world.exchange.faults.amends = () => 'taken in an outage'
    world.exchange.faults.losesReport = ({ kind }) => kind === 'amended'
    move('49500')
    await world.until(() => world.position().stopLoss === '49500', 'a moved stop')
    await world.pass(MINUTE)
    expect(await stops()).toEqual(everywhere('49500'))
    expect([amends(), world.told('position.denied')]).toEqual([1, []])
  })

  it('when only the report was lost: the answer says it too', async () => {
    world.exchange.faults.losesReport = ({ kind }) => kind === 'amended'
    move('49500')
    await world.until(() => world.position().stopLoss === '49500', 'a moved stop')
    expect(await stops()).toEqual(everywhere('49500'))
    expect(world.told('order.unknown')).toEqual([])
  })
})

it('is told where it rests when it is to go back while it is on its way', async () => {
  move('49500')
  move('49000')
  await world.pass(SECOND)
  const { resting: first } = await stops()
  expect(await stops()).toEqual(everywhere(first ?? ''))
  await world.pass(10 * SECOND)
  const { resting: later } = await stops()
  expect(await stops()).toEqual(everywhere(later ?? ''))
})

it('has the moved stop, or the one before, everywhere after the process died while it was moved', async () => {
  move('49500')
  await world.pass(0)
  world.kill()
  await world.pass(2 * SECOND)
  await world.bootReady()
  await world.pass(5 * SECOND)
  const { resting } = await stops()
  expect(await stops()).toEqual(everywhere(resting ?? ''))
})

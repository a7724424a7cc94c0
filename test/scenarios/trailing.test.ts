/** A stop that follows the price: from a move of 1 % on, 1.5 % behind the best price, over restarts, and never back. */
import { beforeEach, describe, expect, it } from 'vitest'
import { amount, roundUpToStep, text } from '../../src/domain/units.ts'
import { BTC, MINUTE, SECOND, World } from '../support/whole-system.ts'

let world: World

beforeEach(async () => {
  world = new World()
  await world.bootReady()
  world.signal({ takeProfit: '60000' })
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
})

/** A multiple of the average entry, up to the tick. */
const entryTimes = (factor: string): string =>
  text(roundUpToStep(amount(world.position().entryPrice).times(factor), amount('0.1')))
const behind = (best: string): string => text(roundUpToStep(amount(best).times('0.985'), amount('0.1')))
const amends = () => world.exchange.sent.filter(({ call }) => call === 'amend').length
async function stops() {
  const [resting] = (await world.venueOrders()).map(({ triggerPrice }) => triggerPrice)
  return { told: world.position().stopLoss, ordered: world.order('stop')?.triggerPrice, resting }
}
const everywhere = (price: string) => ({ told: price, ordered: price, resting: price })
async function follows(best: string): Promise<void> {
  world.print(BTC, best)
  await world.until(() => world.position().stopLoss === behind(best), `a stop behind ${best}`)
}

it('stands still a tick below 1 %, and moves at exactly 1 %', async () => {
  world.print(BTC, text(amount(entryTimes('1.01')).minus('0.1')))
  await world.pass(10 * SECOND)
  expect(amends()).toBe(0)
  expect(world.position()).toMatchObject({ stopLoss: '49000', trailing: { bestPrice: null } })
  await follows(entryTimes('1.01'))
  expect(await stops()).toEqual(everywhere(behind(entryTimes('1.01'))))
  expect(world.position().trailing).toEqual({
    ...{ activationPct: '1', distancePct: '1.5', bestPrice: entryTimes('1.01') },
  })
})

it('follows the best price, at most every five seconds, and never comes back', async () => {
  await follows(entryTimes('1.01'))
  const before = amends()
  for (const factor of ['1.02', '1.03', '1.04']) {
    world.print(BTC, entryTimes(factor))
    await world.pass(SECOND)
  }
  expect(amends()).toBe(before)
  await world.until(() => world.position().stopLoss === behind(entryTimes('1.04')), 'a stop behind the best price')
  expect(amends()).toBe(before + 1)
  world.print(BTC, entryTimes('1.03'))
  await world.pass(2 * MINUTE)
  expect(await stops()).toEqual(everywhere(behind(entryTimes('1.04'))))
  expect([world.told('order.denied'), world.told('position.denied')]).toEqual([[], []])
})

it('sells at the market where the price came back through the stop before that could be moved', async () => {
  await follows(entryTimes('1.01'))
  world.print(BTC, entryTimes('1.05'))
  await world.pass(SECOND)
  world.print(BTC, entryTimes('1.02'))
  await world.until(() => world.is('closed'), 'a closed position', 10 * SECOND)
  expect(world.position()).toMatchObject({ closeReason: 'trailing_stop', quantity: '0' })
  expect([world.placements(/exit/), world.told('position.emergency')]).toEqual([0, []])
})

it('is closed by the venue as a trailing stop, with a profit by its fills', async () => {
  await follows(entryTimes('1.04'))
  world.print(BTC, text(amount(world.position().stopLoss).minus(10)))
  await world.until(() => world.is('closed'), 'a closed position')
  expect(world.position()).toMatchObject({ closeReason: 'trailing_stop', quantity: '0' })
  expect(world.told('position.stopHit')).toHaveLength(1)
  expect(amount(world.position().realisedGross).gt(0)).toBe(true)
})

it('is a stop loss where a person moved the stop last, and the trail leaves a tighter one alone', async () => {
  await follows(entryTimes('1.02'))
  const byHand = text(amount(entryTimes('1.02')).minus(100))
  const { house } = world.system
  const seenAt = world.clock.now()
  house.addresses.tell(`position:${world.position().positionId}`, { type: 'modify-position', stopLoss: byHand, seenAt })
  await world.until(() => world.position().stopLoss === byHand, 'a stop moved by hand')
  world.print(BTC, entryTimes('1.025'))
  await world.pass(2 * MINUTE)
  expect(await stops()).toEqual(everywhere(byHand))
  world.print(BTC, text(amount(byHand).minus(10)))
  await world.until(() => world.is('closed'), 'a closed position')
  expect(world.position().closeReason).toBe('stop_loss')
})

describe('after the process died', () => {
  it('the stop goes on from the best price that it had', async () => {
    await follows(entryTimes('1.03'))
    world.kill()
    await world.bootReady()
    await world.until(() => world.is('protected'), 'a protected position')
    expect(world.position().trailing?.bestPrice).toBe(entryTimes('1.03'))
    world.print(BTC, entryTimes('1.02'))
    await world.pass(MINUTE)
    expect(await stops()).toEqual(everywhere(behind(entryTimes('1.03'))))
    await follows(entryTimes('1.04'))
  })

  it('while the stop was being moved, it is moved all the same', async () => {
    world.print(BTC, entryTimes('1.03'))
    await world.pass(0)
    world.kill()
    await world.bootReady()
    await world.until(() => world.position().stopLoss === behind(entryTimes('1.03')), 'a moved stop')
    expect(await stops()).toEqual(everywhere(behind(entryTimes('1.03'))))
  })
})

it('keeps the stop that the venue has while it refuses another, and asks again after a minute', async () => {
  world.exchange.faults.amends = () => 'refused'
  world.print(BTC, entryTimes('1.03'))
  await world.until(() => world.told('position.denied').length > 0, 'a refusal')
  expect(await stops()).toEqual(everywhere('49000'))
  world.exchange.faults.amends = () => null
  await world.pass(50 * SECOND)
  expect(await stops()).toEqual(everywhere('49000'))
  await world.until(() => world.position().stopLoss === behind(entryTimes('1.03')), 'a moved stop')
})

describe('never comes back', () => {
  /** Every price that the stop had at the venue, asked each second. */
  async function pricesOver(seconds: number): Promise<readonly string[]> {
    const prices: string[] = []
    for (let second = 0; second < seconds; second += 1) {
      await world.pass(SECOND)
      const { resting } = await stops()
      if (resting !== undefined && resting !== null && resting !== prices.at(-1)) prices.push(resting)
    }
    return prices
  }

  it('where the venue moved it and called itself out of service', async () => {
    world.exchange.faults.amends = () => 'taken in an outage'
    world.exchange.faults.losesReport = ({ kind }) => kind === 'amended'
    world.print(BTC, entryTimes('1.03'))
    expect(await pricesOver(90)).toEqual([behind(entryTimes('1.03'))])
    expect(await stops()).toEqual(everywhere(behind(entryTimes('1.03'))))
  })

  it('where the venue moved it after it had been asked whether it did', async () => {
    const { amend } = world.exchange
    world.exchange.amend = (change) => {
      world.exchange.amend = amend
      world.clock.at(world.clock.now() + 4 * SECOND, () => void amend(change))
      return Promise.resolve({ kind: 'lost', problem: 'the line broke' })
    }
    world.print(BTC, entryTimes('1.03'))
    expect(await pricesOver(90)).toEqual(['49000', behind(entryTimes('1.03'))])
    expect(await stops()).toEqual(everywhere(behind(entryTimes('1.03'))))
  })
})

it('follows by the distance that one position is given', async () => {
  const { house } = world.system
  const tell = (change: { distancePct: string; activationPct?: string }): void => {
    const seenAt = world.clock.now()
    house.addresses.tell(`position:${world.position().positionId}`, { type: 'enable-trailing', ...change, seenAt })
  }
  tell({ distancePct: '100' })
  await world.until(() => world.told('position.denied').length > 0, 'a refusal')
  tell({ distancePct: '3', activationPct: '2' })
  await world.until(() => world.position().trailing?.distancePct === '3', 'a distance of its own')
  world.print(BTC, entryTimes('1.019'))
  await world.pass(10 * SECOND)
  expect(amends()).toBe(0)
  world.print(BTC, entryTimes('1.03'))
  const stop = text(roundUpToStep(amount(entryTimes('1.03')).times('0.97'), amount('0.1')))
  await world.until(() => world.position().stopLoss === stop, 'a stop 3 % behind')
})

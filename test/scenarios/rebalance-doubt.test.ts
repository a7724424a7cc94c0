/** A batch that something comes upon between its plan, its sells and its buys. */
import { describe, expect, it } from 'vitest'
import type { Targets } from '../../src/domain/allocation.ts'
import { asset } from '../../src/domain/ids.ts'
import { BTC, MINUTE, World, XRP } from '../support/whole-system.ts'

/** A plan has one batch. */
async function ready(targets: Targets): Promise<World> {
  const { portfolio } = new World().settings
  const dca = { ...portfolio.dca, enabled: false }
  const world = new World({ settings: { portfolio: { ...portfolio, targets, dca } } })
  await world.bootReady()
  return world
}
/** Too much BTC and too little XRP: a sell and the buy that it pays for; the sell rests. */
async function selling(): Promise<World> {
  const world = await ready({ BTC: 5, XRP: 45, USDT: 50 })
  expect(world.system.rebalance('a person')).toMatchObject({ action: 'rebalance', trades: { length: 2 } })
  await world.until(() => world.order('rebalance')?.status === 'OPEN', 'a resting sell')
  return world
}
const fillSell = (world: World): void => {
  world.print(BTC, '50100', '1000000')
  world.print(BTC, '50000')
}
const dropped = (world: World) =>
  world.factsOf('rebalance.tradeDropped').map(({ side, reason }) => `${side}: ${reason}`)
const sides = (world: World) => world.orders('rebalance').map(({ request: { side }, status }) => `${side} ${status}`)

describe('a batch', () => {
  it('whose sell was filled while the process was dead buys once the venue was compared', async () => {
    const world = await selling()
    world.kill()
    fillSell(world)
    await world.pass(MINUTE)
    await world.bootReady()
    await world.pass(MINUTE)
    expect(dropped(world)).toEqual([])
    expect(sides(world)).toEqual(['sell FILLED', 'buy OPEN'])
    expect(world.factsOf('rebalance.batchStarted')).toHaveLength(1)
  })

  it('whose sell was filled in a pause buys once trading is resumed', async () => {
    const world = await selling()
    world.command({ type: 'pause-trading', reason: 'user', by: 'test' })
    fillSell(world)
    await world.pass(MINUTE)
    expect(sides(world)).toEqual(['sell FILLED'])
    world.command({ type: 'resume-trading', reason: 'user', by: 'test' })
    await world.until(() => sides(world).includes('buy OPEN'), 'a resting buy', 1_000)
    expect(dropped(world)).toEqual([])
  })

  it.each([
    [
      'a pause',
      async (world: World) => {
        world.command({ type: 'pause-trading', reason: 'user', by: 'test' })
        await world.pass(10 * MINUTE)
        world.command({ type: 'resume-trading', reason: 'user', by: 'test' })
      },
    ],
    [
      'an orderly stop',
      async (world: World) => {
        world.system.drain('SIGTERM')
        await world.pass(20_000)
        world.kill()
        await world.bootReady()
      },
    ],
  ])('whose orders %s took back sells and buys all of it once more', async (_, interrupt) => {
    const world = await selling()
    await interrupt(world)
    await world.pass(10 * MINUTE)
    fillSell(world)
    await world.pass(MINUTE)
    expect(dropped(world)).toEqual([])
    expect(sides(world)).toEqual(['sell CANCELLED', 'sell FILLED', 'buy OPEN'])
  })

  it('whose sell brought a part buys a part, and the rest once the rest is sold', async () => {
    const world = await selling()
    const [planned] = world.factsOf('rebalance.planned').flatMap(({ trades }) => trades.slice(1))
    world.print(BTC, '50010', '0.08')
    world.print(BTC, '50000')
    await world.pass(16 * MINUTE)
    expect(sides(world)).toEqual(['sell EXPIRED', 'buy OPEN'])
    const [sell, buy] = world.orders('rebalance')
    const share = Number(sell?.filled) / Number(sell?.quantity)
    expect(share).toBeGreaterThan(0.1)
    expect(share).toBeLessThan(0.9)
    expect(Number(buy?.quantity) / Number(planned?.quantity)).toBeCloseTo(share, 6)
    world.print(XRP, '0.999', '1000000')
    world.print(XRP, '1')
    await world.pass(3 * MINUTE)
    fillSell(world)
    await world.pass(MINUTE)
    expect(sides(world)).toEqual(['sell EXPIRED', 'buy FILLED', 'sell FILLED', 'buy OPEN'])
    world.print(XRP, '0.999', '1000000')
    await world.pass(MINUTE)
    expect(world.factsOf('rebalance.completed')[0]?.unfilled).toEqual([])
  })

  it('whose sells nobody takes leaves the cash that is there alone', async () => {
    const world = await selling()
    await world.pass(40 * MINUTE)
    expect(sides(world)).toEqual(['sell EXPIRED', 'sell EXPIRED'])
    expect(dropped(world)).toEqual(['sell: expired', 'buy: its sells brought nothing to pay for it'])
    expect(world.factsOf('rebalance.completed')[0]?.unfilled?.map(({ side }) => side)).toEqual(['sell', 'buy'])
  })

  it('whose cash was taken since it was planned buys the second coin with what the first has left', async () => {
    const world = await ready({ BTC: 45, XRP: 45, USDT: 10 })
    world.command({ type: 'pause-trading', reason: 'user', by: 'test' })
    await world.pass(1_000)
    // 4,000 USD of either, out of 10,000.
    expect(world.system.rebalance('a person')).toMatchObject({ action: 'rebalance', trades: { length: 2 } })
    world.venue.byHand((engine, at) => engine.withdraw(asset('USDT'), '4000', at))
    await world.until(() => world.told('account.flowed').length === 1, 'a withdrawal that is known')
    world.command({ type: 'resume-trading', reason: 'user', by: 'test' })
    await world.pass(5_000)
    expect(dropped(world)).toEqual([])
    expect(sides(world)).toEqual(['buy OPEN', 'buy OPEN'])
    const [first, second] = world
      .orders('rebalance')
      .map(({ quantity, limitPrice }) => Number(quantity) * Number(limitPrice))
    expect(first).toBeCloseTo(4_000, 0)
    expect(second).toBeCloseTo(6_000 / 1.008 - 4_000, 0)
  })
})

/** A batch that a pause or a restart comes upon between its sells and its buys. */
import { describe, expect, it } from 'vitest'
import { BTC, MINUTE, World } from '../support/whole-system.ts'

/** Too much BTC and too little XRP: a plan of one batch, a sell and the buy that it pays for; its sell rests. */
async function selling(): Promise<World> {
  const { portfolio } = new World().settings
  const dca = { ...portfolio.dca, enabled: false }
  const world = new World({
    settings: { portfolio: { ...portfolio, targets: { BTC: 5, XRP: 45, USDT: 50 }, dca } },
  })
  await world.bootReady()
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
})

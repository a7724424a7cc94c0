/** Rebalancing as a whole: the plan as everybody is told it, what holds it, and what gives it up. */
import { describe, expect, it } from 'vitest'
import type { Fact } from '../../src/domain/facts.ts'
import type { PlanView } from '../../src/domain/portfolio.ts'
import { BTC, MINUTE, World, XRP } from '../support/whole-system.ts'

const HOUR = 60 * MINUTE
const check = (world: World, forced = true): void => {
  world.system.house.addresses.tell('portfolio', { type: 'check-portfolio', forced, seenAt: world.clock.now() })
}
/** The plan as the last of its facts told it. */
function planOf(world: World): PlanView {
  const plans = world.facts.flatMap(({ fact }) => ('plan' in fact && fact.plan !== undefined ? [fact.plan] : []))
  const last = plans.at(-1)
  if (last === undefined) throw new Error('no plan was told')
  return last
}
const started = (world: World): readonly number[] => world.factsOf('rebalance.batchStarted').map(({ batch }) => batch)
/** Goes through whatever the plan has resting, and back. */
const dip = (world: World): void => {
  world.print(BTC, '49990')
  world.print(XRP, '0.9998', '100000')
  world.print(BTC, '50000')
  world.print(XRP, '1')
}
const isTold = (type: Fact['type']) => (world: World) => world.told(type).length > 0

describe('a check that can say nothing', () => {
  const told = (world: World) => world.factsOf('rebalance.checked').map(({ action, reason }) => `${action}: ${reason}`)

  it('is made good as soon as there is a price, once', async () => {
    const world = new World()
    await world.bootReady()
    world.fallSilent()
    await world.pass(2 * MINUTE)
    check(world, false)
    check(world, false)
    await world.pass(5 * MINUTE)
    expect(told(world)).toEqual(Array(2).fill('defer: no fresh price of BTC/USDT, XRP/USDT'))
    world.print(BTC, '50000')
    world.print(XRP, '1')
    await world.until(() => started(world).length === 1, 'a first batch', 2 * MINUTE)
    await world.pass(10 * MINUTE)
    expect(told(world).slice(2)).toEqual(['rebalance: largest deviation 16.66 %, threshold 5 %'])
  })

  it('for the venue has not told yet what is held, says so and is made good after the comparison', async () => {
    const world = new World()
    await world.boot()
    check(world, false)
    await world.until(() => started(world).length === 1, 'a first batch', 2 * MINUTE)
    expect(told(world)[0]).toBe('defer: what the account holds is not known yet')
    expect(told(world)).toHaveLength(2)
  })
})

describe('a rebalance', () => {
  it('tells the whole plan at every step, with its orders and what they filled', async () => {
    const world = new World()
    await world.bootReady()
    check(world)
    await world.until(() => started(world).length === 1, 'a first batch')
    expect(world.factsOf('rebalance.planned')[0]).toMatchObject({
      executionStrategy: 'dca_24h',
      usedFallbackStrategy: true,
      plan: { status: 'planned', trades: { length: 12 } },
    })
    await world.until(() => world.orders('rebalance').every(({ status }) => status === 'OPEN'), 'resting buys')
    dip(world)
    await world.until(() => world.factsOf('rebalance.tradeExecuted').length === 2, 'two trades')
    const [first, second, third] = planOf(world).trades
    expect([first, second, third].map((trade) => trade?.status)).toEqual(['executed', 'executed', 'scheduled'])
    expect([first?.filled, second?.filled]).toEqual([first?.quantity, second?.quantity])
    expect([first, second].map((trade) => trade?.orderId)).toEqual(world.orders('rebalance').map((one) => one.orderId))
    await world.until(() => started(world).length === 2, 'the second batch', 5 * HOUR)
    const at = world.factsOf('rebalance.batchStarted').map((fact) => fact.at)
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBe(4 * HOUR)
  })

  it('that is held goes at once when trading is resumed', async () => {
    const world = new World()
    await world.bootReady()
    world.command({ type: 'pause-trading', reason: 'user', by: 'test' })
    await world.until(() => isTold('trading.paused')(world), 'a pause')
    check(world)
    await world.pass(30 * MINUTE)
    expect(world.told('rebalance.')).toEqual(['rebalance.checked', 'rebalance.planned'])
    world.command({ type: 'resume-trading', reason: 'user', by: 'test' })
    const resumedAt = world.clock.now()
    await world.until(() => started(world).length === 1, 'a first batch')
    expect(world.factsOf('rebalance.batchStarted')[0]?.at).toBe(resumedAt)
    // What is still to come keeps its distance to the batch that went late.
    expect(planOf(world).trades.at(2)?.dueAt).toBe(resumedAt + 4 * HOUR)
  })

  it('that was at work goes on as soon as a restart has compared with the venue and heard a price', async () => {
    const world = new World()
    await world.bootReady()
    world.command({ type: 'pause-trading', reason: 'user', by: 'test' })
    await world.until(() => isTold('trading.paused')(world), 'a pause')
    check(world)
    await world.until(() => isTold('rebalance.planned')(world), 'a plan')
    world.command({ type: 'resume-trading', reason: 'user', by: 'test' })
    await world.until(() => isTold('trading.resumed')(world), 'an end of the pause')
    world.kill()
    await world.bootReady()
    // Nothing is asked for before its pair has a price.
    await world.until(() => started(world).length === 1, 'a first batch', 30_000)
  })
})

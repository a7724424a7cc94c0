/** The owner's table of who publishes and who hears, proved on the running system. */
import { expect, it } from 'vitest'
import { createReadModels } from '../../src/api/read-models.ts'
import { TOPICS } from '../../src/domain/topics.ts'
import { WIRING } from '../../src/domain/wiring.ts'
import { BTC, MINUTE, World } from '../support/whole-system.ts'

const PAIRS = TOPICS.flatMap((topic) => WIRING[topic].subscribers.map((subscriber) => `${subscriber} hears ${topic}`))

it('every pair of topic and subscriber is wired', async () => {
  const world = new World()
  const system = await world.bootReady()
  createReadModels({ desk: system.desk, bus: world.bus, clock: world.clock, log: system.house.log })
  const wired = world.bus.statistics().subscribers.map(({ subscriberId, topic }) => `${subscriberId} hears ${topic}`)
  expect(PAIRS.length).toBeGreaterThan(25)
  expect(PAIRS.filter((pair) => !wired.includes(pair))).toEqual([])
})

it('nobody but the listed publishers speaks of signals and executions', async () => {
  const world = new World()
  await world.bootReady()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  world.print(BTC, '48990')
  await world.until(() => world.is('closed'), 'a closed position')
  for (const topic of ['TRADING_SIGNALS', 'EXECUTION_EVENTS'] as const) {
    const sources = new Set(world.bus.getHistory(topic).map(({ source }) => source))
    expect([...sources].sort()).toEqual([...WIRING[topic].publishers].sort())
  }
})

it('the agents speak for themselves when the schedule runs them', async () => {
  const world = new World({ tasks: ['ta_analysis', 'regime_detection', 'trading_decision', 'portfolio_check'] })
  await world.bootReady()
  await world.until(() => world.told('rebalance.checked').length > 0, 'a portfolio check', 10 * MINUTE)
  const speakers = new Map(world.facts.map(({ source, fact }) => [fact.type, source]))
  expect(speakers.get('decision.proposed')).toBe('trading_decision')
  expect(speakers.get('rebalance.checked')).toBe('portfolio')
})

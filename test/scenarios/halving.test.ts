/** A weekly loss halves what is held: once, wherever in it the process dies, told once, and what stays is covered. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { FactType } from '../../src/domain/facts.ts'
import { amount, text } from '../../src/domain/units.ts'
import type { Death } from '../support/mortal-journal.ts'
import { BTC, MINUTE, World } from '../support/whole-system.ts'

const FAR = { dailyLossPct: 90, weeklyLossPct: 90, drawdownPct: 90, straightLosses: 90 }

async function holding(margin: boolean, death?: Death): Promise<World> {
  const { limits } = new World({ margin }).settings
  const breakers = { ...FAR, weeklyLossPct: 0.15 }
  const world = new World({ margin, settings: { limits: { ...limits, breakers } } })
  await world.bootReady(death === undefined ? {} : { death })
  world.signal(margin ? { leverage: 2 } : {})
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  return world
}
const half = (world: World): string => text(amount(world.order('entry')?.filled ?? '0').div(2))
/** What is on the disk of a kind of fact, whoever was there to hear it. */
const told = (world: World, type: FactType) => world.disk.rows.filter((row) => row.kind === 'fact' && row.type === type)

describe.each([
  ['on spot', false],
  ['on margin, with its target', true],
])('a halving %s', (_, margin) => {
  /** Which commits of a life each fact is written in, by a halving that nothing disturbs. */
  const commits = new Map<string, number>()

  beforeAll(async () => {
    const world = await holding(margin)
    const from = world.disk.rows.length
    world.print(BTC, '49100')
    await world.until(() => told(world, 'position.reduced').length > 0, 'half a position')
    let commit = 0
    for (const [at, { kind, type }] of world.disk.rows.entries()) {
      if (kind !== 'fact') commit += 1
      else if (at >= from) commits.set(type, commit)
    }
  })

  it.each([
    ['risk.breakerTripped', 0],
    ['position.reducing', 0],
    ['order.amended', 0],
    // Nobody can tell that it never left: it is looked for, found missing, and the half is asked for again.
    ['order.intended', 1],
    ['order.submitted', 0],
    ['order.opened', 0],
    ['order.filled', 0],
    ['position.reduced', 0],
  ] as const)('is done once though the process dies before, on or after %s', async (fact, askedAgain) => {
    const commit = commits.get(fact) ?? Number.NaN
    const deaths = [
      ['before', { commit: commit - 1, when: 'after-effects' }, 0],
      ['on', { commit, when: 'before-effects' }, askedAgain],
      ['after', { commit, when: 'after-effects' }, 0],
    ] as const
    for (const [moment, death, denied] of deaths) {
      const world = await holding(margin, death)
      world.print(BTC, '49100')
      await world.until(() => world.hasDied, `the end of the process ${moment} ${fact}`, MINUTE)
      world.kill()
      await world.bootReady()
      await world.pass(3 * MINUTE)
      const { quantity, phase } = world.position()
      const rests = world.orders().filter(({ status }) => status === 'OPEN')
      expect({
        ...{ moment, phase, quantity, rests: rests.map(({ request, quantity: size }) => [request.purpose, size]) },
        ...{ reducing: told(world, 'position.reducing').length, reduced: told(world, 'position.reduced').length },
        ...{ denied: told(world, 'position.denied').length, turnedAway: world.told('order.denied').length },
        tripped: told(world, 'risk.breakerTripped').length,
      }).toEqual({
        ...{ moment, phase: 'protected', quantity: half(world) },
        rests: (margin ? ['stop', 'target'] : ['stop']).map((purpose) => [purpose, half(world)]),
        ...{ reducing: 1 + denied, reduced: 1, denied, turnedAway: 0, tripped: 1 },
      })
      world.kill()
    }
  })
})

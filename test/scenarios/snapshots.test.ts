/** What positions and the account are worth is looked at once a minute, and changes nothing. */
import { expect, it } from 'vitest'
import type { Look } from '../../src/domain/money-snapshot.ts'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { BTC, MINUTE, SECOND, World } from '../support/whole-system.ts'

/** A database that keeps looks, unless it is away. */
function keptLooks() {
  const looks: Look[] = []
  const state = { isAway: false }
  const store: SnapshotStore = {
    save: async (given) => {
      if (state.isAway) throw new Error('the database is away')
      looks.push(...given)
    },
  }
  return { looks, state, store }
}

async function openPosition(world: World): Promise<void> {
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
}

it('an open position is looked at every minute at its mark, over a restart too, and no more once it has closed', async () => {
  const { looks, store } = keptLooks()
  const world = new World()
  await world.bootReady({ snapshots: store })
  await openPosition(world)
  const { positionId } = world.position()
  world.print(BTC, '50490')
  await world.pass(3 * MINUTE)
  const seen = () => looks.flatMap(({ positions }) => positions)
  expect(seen()).toHaveLength(3)
  expect(seen()[2]).toMatchObject({ positionId, mark: '50490', quantity: world.position().quantity })
  expect(looks.map(({ at }, index) => at - (looks[index - 1]?.at ?? at - MINUTE))).toEqual(looks.map(() => MINUTE))
  expect(world.system.desk.positionSnapshots(positionId)).toEqual(seen())

  world.kill()
  await world.bootReady({ snapshots: store })
  expect(world.system.desk.positionSnapshots(positionId)).toEqual([])
  await world.pass(MINUTE + 10 * SECOND)
  expect(seen()).toHaveLength(4)
  world.print(BTC, '48000')
  await world.until(() => world.is('closed'), 'a closed position')
  const before = seen().length
  await world.pass(3 * MINUTE)
  expect(seen()).toHaveLength(before)
  const last = looks.at(-1)?.portfolio
  expect(last).toMatchObject({ tradingExposure: '0', equity: world.system.desk.allocation()?.equity })
})

it('a database that is away delays no exit, and gets every look once it is back', async () => {
  const { looks, state, store } = keptLooks()
  const world = new World()
  await world.bootReady({ snapshots: store })
  await openPosition(world)
  state.isAway = true
  await world.pass(3 * MINUTE)
  world.print(BTC, '48000')
  await world.until(() => world.is('closed'), 'a closed position', 5 * SECOND)
  expect(looks.flatMap(({ positions }) => positions)).toEqual([])
  state.isAway = false
  await world.pass(2 * MINUTE)
  expect(looks.flatMap(({ positions }) => positions)).toHaveLength(3)
  expect(looks.map(({ at }) => at)).toEqual(looks.map(({ at }) => at).toSorted((a, b) => a - b))
})

it('the journal is the same to the letter, however often anybody looks', async () => {
  const lived = async (everyMs: number) => {
    const { looks, store } = keptLooks()
    const world = new World({ settings: { snapshots: { everyMs, writeMs: 5 * SECOND } } })
    await world.bootReady({ snapshots: store })
    await openPosition(world)
    await world.pass(5 * MINUTE)
    world.print(BTC, '48000')
    await world.until(() => world.is('closed'), 'a closed position')
    return { looks: looks.length, journal: JSON.stringify(world.disk.rows) }
  }
  const [often, seldom] = [await lived(10 * SECOND), await lived(5 * MINUTE)]
  expect(often.looks).toBeGreaterThan(seldom.looks)
  expect(often.journal).toBe(seldom.journal)
})

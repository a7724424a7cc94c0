/** One writer for an account: whoever comes later takes it, and the earlier one steps down in silence. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { realClock } from '../../src/adapters/clock/real.ts'
import { type Database, openDatabase } from '../../src/adapters/persistence/database.ts'
import { PostgresJournal } from '../../src/adapters/persistence/postgres-journal.ts'
import { LEASE_MS, PostgresLeadership } from '../../src/adapters/persistence/postgres-leadership.ts'
import type { Log } from '../../src/ports/log.ts'
import { BTC, SECOND, World } from '../support/whole-system.ts'

const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
let database: Database
beforeAll(async () => {
  database = await openDatabase({ dataDir: 'memory://', log: silent, clock: realClock() })
})
afterAll(() => database.close())

/** Accounts of one database know nothing of each other. */
function storeFor({ clock }: World, account: string) {
  const { sql } = database
  return {
    start: async (incarnation: string) => {
      const leadership = new PostgresLeadership({ sql, clock, account, holder: incarnation, incarnation })
      const lease = await leadership.take()
      if (lease === null) return null
      return { lease, journal: await PostgresJournal.open({ sql, lease, clock, log: silent }) }
    },
    epochs: async () => {
      const rows = await sql.query<{ epoch: number }>('select distinct epoch::int from journal where account = $1', [
        account,
      ])
      return rows.map(({ epoch }) => epoch)
    },
  }
}

it('a system whose account was taken over ends as fenced, and nothing of it is written, told or sent after', async () => {
  const world = new World()
  const store = storeFor(world, 'taken')
  const first = await store.start('first')
  if (first === null) throw new Error('no lease')
  await world.boot({ journal: first.journal, epoch: first.lease.epoch })
  await world.until(() => world.system.desk.system().ready, 'ready')
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')

  await world.pass(LEASE_MS + SECOND)
  const second = await store.start('second')
  expect(second?.lease.epoch).toBe(2)
  const known = world.told('order.').length
  const sent = world.exchange.sent.length
  world.print(BTC, '49990')
  await world.until(() => world.ends.length > 0, 'the end')
  expect(world.ends).toEqual([{ because: 'fenced', life: 1 }])
  await world.pass(5 * SECOND)
  expect(world.told('order.').slice(known)).toEqual([])
  expect(world.told('position.').filter((type) => type !== 'position.opening')).toEqual([])
  expect(world.exchange.sent.length).toBe(sent)
  expect(world.told('leadership.lost')).toHaveLength(1)
  expect(await store.epochs()).toEqual([1])
  expect(world.system.restarts).toBe(0)
})

it('the one that took over finds the order, counts the fill once and protects it', async () => {
  const world = new World()
  const store = storeFor(world, 'inherited')
  const first = await store.start('first')
  if (first === null) throw new Error('no lease')
  await world.boot({ journal: first.journal, epoch: 1 })
  await world.until(() => world.system.desk.system().ready, 'ready')
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  await first.journal.settled()
  first.journal.close()
  world.kill()
  await world.pass(LEASE_MS + SECOND)
  world.print(BTC, '49990')
  const second = await store.start('second')
  if (second === null) throw new Error('no lease')
  await world.boot({ journal: second.journal, epoch: 2 })
  await world.until(() => world.is('protected'), 'a protected position')
  expect(world.order('entry')).toMatchObject({ status: 'FILLED', filled: '0.04' })
  expect(world.placements(/entry/)).toBe(1)
  expect(world.factsOf('order.filled')).toHaveLength(1)
})

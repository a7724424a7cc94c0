/** How many rows a transaction takes, and on which disk, changes nothing of what is written. */
import { expect, it } from 'vitest'
import { realClock } from '../../src/adapters/clock/real.ts'
import { openDatabase } from '../../src/adapters/persistence/database.ts'
import { PostgresJournal } from '../../src/adapters/persistence/postgres-journal.ts'
import { PostgresLeadership } from '../../src/adapters/persistence/postgres-leadership.ts'
import type { Log } from '../../src/ports/log.ts'
import { BTC, World } from '../support/whole-system.ts'

const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }

async function trade(world: World): Promise<void> {
  await world.until(() => world.system.desk.system().ready, 'ready')
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  world.print(BTC, '48990')
  await world.until(() => world.is('closed'), 'a closed position')
  await world.until(() => world.orders().every(({ phase }) => phase === 'done'), 'settled orders')
}

it('a trade gives the same rows in memory and in the database, one row or a thousand at a time', async () => {
  const inMemory = new World()
  await inMemory.boot()
  await trade(inMemory)
  const database = await openDatabase({ dataDir: 'memory://', log: silent, clock: realClock() })
  const { sql } = database
  try {
    for (const groupRows of [1, 1000]) {
      const world = new World()
      const { clock } = world
      const names = { account: 'memory', holder: 'test', incarnation: 'life 1' }
      const lease = await new PostgresLeadership({ sql, clock, ...names }).take()
      if (lease === null) throw new Error('no lease')
      const journal = await PostgresJournal.open({ sql, lease, clock, log: silent, groupRows })
      await world.boot({ journal })
      await trade(world)
      expect(journal.rows()).toBe(inMemory.journal.rows())
      expect(journal.hash()).toBe(inMemory.journal.hash())
      await sql.query('delete from journal')
      await sql.query('delete from leadership')
    }
  } finally {
    await database.close()
  }
})

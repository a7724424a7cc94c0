import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { realClock } from '../../../src/adapters/clock/real.ts'
import { type Database, DatabaseUnreachableError, openDatabase } from '../../../src/adapters/persistence/database.ts'
import { journalHash } from '../../../src/adapters/persistence/journal-digest.ts'
import { DatabaseFailedError } from '../../../src/adapters/persistence/sql.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { databaseJournalContract, freshAccount, journalUnderTest, openJournal } from './database-journal.contract.ts'
import { collectingLog, entryOf, rowsOf } from './entries.ts'
import { executionProjectionContract } from './execution-projection.contract.ts'
import { journalContract } from './journal.contract.ts'
import { leadershipContract } from './leadership.contract.ts'
import { migrationsContract } from './migrations.contract.ts'
import { moneyHistoryContract } from './money-history.contract.ts'
import { moneyProjectionContract } from './money-projection.contract.ts'
import { orderHistoryContract } from './order-history.contract.ts'
import { spoolContract } from './spool.contract.ts'
import { candleStoreContract, sessionContract, snapshotStoreContract, venueStoreContract } from './stores.contract.ts'

const SLOW_MS = 120_000

const open = (databaseUrl: string): Promise<Database> =>
  openDatabase({ databaseUrl, log: collectingLog(), clock: realClock() })

describe('PostgreSQL', () => {
  let server: PostgresServer
  let database: Database
  let url: string
  let emptyUrl: string
  const opened = (): Database => database

  beforeAll(async () => {
    server = await startPostgres()
    url = await server.freshDatabase('triplegain_contracts')
    emptyUrl = await server.freshDatabase('triplegain_migrations')
    database = await open(url)
  }, SLOW_MS)
  afterAll(async () => {
    await database.close()
    await server.close()
  }, SLOW_MS)

  describe('journal', () => {
    journalContract(() => journalUnderTest(database.sql))
    databaseJournalContract(opened)
    spoolContract(opened)
  })
  describe('leadership', () => leadershipContract(opened))
  describe('projection of execution', () => executionProjectionContract(opened))
  describe('projection of money', () => moneyProjectionContract(opened))
  describe('money history', () => moneyHistoryContract(opened))
  describe('order history', () => orderHistoryContract(opened))
  describe('candle store', () => candleStoreContract(opened))
  describe('snapshot store', () => snapshotStoreContract(opened))
  describe('venue store', () => venueStoreContract(opened))
  describe('session', () => sessionContract(opened))
  describe('migrations', { timeout: SLOW_MS }, () => migrationsContract(() => open(emptyUrl)))

  it('is migrated by one of two processes that start at once', { timeout: SLOW_MS }, async () => {
    const fresh = await server.freshDatabase('triplegain_two_starts')
    for (const one of await Promise.all([open(fresh), open(fresh)])) await one.close()
  })

  it('gives a statement up after five seconds, and the next one a fresh line', { timeout: SLOW_MS }, async () => {
    const began = performance.now()
    await expect(database.sql.query('select pg_sleep(30)')).rejects.toThrow(DatabaseFailedError)
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(await database.sql.query('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('lets no row slip in behind a takeover that is just being committed', { timeout: SLOW_MS }, async () => {
    const account = freshAccount()
    const { journal } = await openJournal(database.sql, account)
    const waits = "select count(*)::int as waits from pg_stat_activity where wait_event_type = 'Lock'"
    let left = 0
    await database.orm.em.fork().transactional(async (em) => {
      const takeover = 'update leadership set epoch = epoch + 1 where account = ?'
      await em.getConnection().execute(takeover, [account], 'run', em.getTransactionContext())
      journal.append(entryOf(1), () => {
        left += 1
      })
      let waiting = 0
      while (waiting === 0 && left === 0) waiting = (await database.sql.query<{ waits: number }>(waits))[0]?.waits ?? 0
    })
    await journal.settled()
    expect(left).toBe(0)
    expect(journal.health()).toEqual({ state: 'fenced', epoch: 1 })
    expect(await rowsOf(journal.read())).toEqual([])
  })

  it('loses and doubles nothing when the server dies under load and comes back', { timeout: SLOW_MS }, async ({
    skip,
  }) => {
    if (server.power === null) return skip('the server is not ours to stop')
    const clock = realClock()
    const { journal } = await openJournal(database.sql, freshAccount(), { clock, groupRows: 40 })
    const gone: number[] = []
    const isAway = new Promise<void>((resolve) => {
      journal.onHealth((health) => {
        if (health.state === 'away') resolve()
      })
    })
    const underLoad = new Promise<void>((resolve) => {
      for (let number = 1; number <= 3000; number += 1) {
        journal.append(entryOf(number), () => {
          gone.push(number)
          if (number === 500) resolve()
        })
      }
    })
    await underLoad
    await server.power.off()
    await isAway
    expect(gone.length).toBeLessThan(3000)
    await server.power.on()
    await journal.settled()
    expect(journal.health()).toEqual({ state: 'durable' })
    expect(gone).toEqual(Array.from({ length: 3000 }, (_, index) => index + 1))
    const rows = await rowsOf(journal.read())
    expect(rows.map((row) => row.pos)).toEqual(Array.from({ length: 7500 }, (_, index) => index + 1))
    expect(await journalHash(journal.read())).toBe(journal.hash())
  })
})

describe('PostgreSQL that does not answer', () => {
  it('is given up after five seconds with one line that does not tell the password', { timeout: 20_000 }, async () => {
    const silent: Server = createServer(() => null)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const began = performance.now()
    const failure: unknown = await open(`postgresql://trader:s3cret%21@127.0.0.1:${port}/triplegain`).catch((e) => e)
    expect(performance.now() - began).toBeLessThan(8000)
    silent.close()
    expect(failure).toBeInstanceOf(DatabaseUnreachableError)
    expect(String(failure)).toContain(`cannot reach PostgreSQL at 127.0.0.1:${port}/triplegain: `)
    expect(String(failure)).not.toMatch(/s3cret|\n/)
  })

  it('is told at once when nobody listens there, and when the URL is none', async () => {
    await expect(open('postgresql://trader:s3cret@127.0.0.1:1/triplegain')).rejects.toThrow('ECONNREFUSED')
    await expect(open('not a url')).rejects.toThrow('the database URL is not a URL')
  })
})

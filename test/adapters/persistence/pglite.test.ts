import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EntitySchema } from '@mikro-orm/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { type Database, openDatabase } from '../../../src/adapters/persistence/database.ts'
import { ENTITIES } from '../../../src/adapters/persistence/entities/registered.ts'
import { PostgresJournal } from '../../../src/adapters/persistence/postgres-journal.ts'
import { databaseJournalContract, freshAccount, journalUnderTest, openJournal } from './database-journal.contract.ts'
import { collectingLog, entries, T0 } from './entries.ts'
import { executionProjectionContract } from './execution-projection.contract.ts'
import { journalContract } from './journal.contract.ts'
import { leadershipContract } from './leadership.contract.ts'
import { migrationsContract } from './migrations.contract.ts'
import { moneyHistoryContract } from './money-history.contract.ts'
import { moneyProjectionContract } from './money-projection.contract.ts'
import { orderHistoryContract } from './order-history.contract.ts'
import { spoolContract } from './spool.contract.ts'
import { candleStoreContract, sessionContract, snapshotStoreContract, venueStoreContract } from './stores.contract.ts'

const SLOW_MS = 60_000

const open = (dataDir: string): Promise<Database> =>
  openDatabase({ dataDir, log: collectingLog(), clock: simulatedClock(T0) })

describe('embedded database', () => {
  let database: Database
  let folder: string
  const opened = (): Database => database

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'triplegain-pglite-'))
    database = await open('memory://')
  }, SLOW_MS)
  afterAll(async () => {
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  })

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
  describe('migrations', { timeout: SLOW_MS }, () => migrationsContract(() => open(join(folder, 'a/b/database'))))

  it('reads every table through its entity', async () => {
    const em = database.orm.em.fork()
    const entities: readonly EntitySchema[] = [...ENTITIES]
    for (const entity of entities) expect(await em.count(entity)).toBeGreaterThanOrEqual(0)
  })

  it('keeps its folder from one opening to the next', { timeout: SLOW_MS }, async () => {
    const dataDir = join(folder, 'kept')
    const account = freshAccount()
    const first = await open(dataDir)
    const { journal, options } = await openJournal(first.sql, account)
    for (const entry of entries(20)) journal.append(entry, () => null)
    await journal.settled()
    await first.close()

    const second = await open(dataDir)
    const reopened = await PostgresJournal.open({ ...options, sql: second.sql })
    let rows = 0
    for await (const _ of reopened.read()) rows += 1
    await second.close()
    expect(rows).toBe(journal.rows())
  })
})

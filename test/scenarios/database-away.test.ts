/** The database does not answer while money is at work: nothing new, but what reduces risk goes on. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { TradeProposal } from '../../actors/execution-desk.ts'
import { realClock } from '../../src/adapters/clock/real.ts'
import { type Database, openDatabase } from '../../src/adapters/persistence/database.ts'
import { importSpool } from '../../src/adapters/persistence/import-spool.ts'
import { JournalSpool } from '../../src/adapters/persistence/journal-spool.ts'
import { PostgresJournal } from '../../src/adapters/persistence/postgres-journal.ts'
import { LEASE_MS, PostgresLeadership } from '../../src/adapters/persistence/postgres-leadership.ts'
import { DatabaseFailedError, type Sql } from '../../src/adapters/persistence/sql.ts'
import type { Log } from '../../src/ports/log.ts'
import { BTC, MINUTE, SECOND, World, XRP } from '../support/whole-system.ts'

const AFTER_MS = 5 * SECOND
const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
let database: Database
beforeAll(async () => {
  database = await openDatabase({ dataDir: 'memory://', log: silent, clock: realClock() })
})
afterAll(() => database.close())

const SHORT: TradeProposal = {
  ...{ symbol: BTC, action: 'SELL', confidence: 0.9, entryPrice: '50000', stopLoss: '51000', takeProfit: '47500' },
  ...{ sizePct: 10, leverage: 1, reasoning: 'by hand' },
}

/** A system on a real database that can be taken away, and a folder beside it. */
async function begin(account: string, spoolFile = 'spool.ndjson', isShort = false) {
  const folder = mkdtempSync(join(tmpdir(), 'triplegain-away-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const world = new World({ margin: isShort })
  const { clock } = world
  let isAway = false
  const sql: Sql = {
    query: (statement, parameters) =>
      isAway
        ? Promise.reject(new DatabaseFailedError('the line is down', 'ECONNREFUSED'))
        : database.sql.query(statement, parameters),
  }
  const path = join(folder, spoolFile)
  const start = async (incarnation: string) => {
    const leadership = new PostgresLeadership({ sql, clock, account, holder: incarnation, incarnation })
    const lease = await leadership.take()
    if (lease === null) throw new Error('the account is held')
    const file = new JournalSpool(path)
    await importSpool({ sql, lease, spool: file, now: clock.now(), log: silent })
    const journal = await PostgresJournal.open({ sql, lease, clock, log: silent, spool: { file, afterMs: AFTER_MS } })
    await world.boot({ journal, epoch: lease.epoch })
    await world.until(() => world.system.desk.system().ready, 'ready')
    return journal
  }
  const journal = await start('first')
  if (isShort) void world.system.execution.executeTrade(SHORT)
  else world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, isShort ? '50010' : '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  return {
    world,
    journal,
    start,
    take: () => {
      isAway = true
    },
    giveBack: () => {
      isAway = false
    },
  }
}

const close = (world: World): void => {
  const { house } = world.system
  house.addresses.tell(`position:${world.position().positionId}`, {
    type: 'close-position',
    reason: 'api',
    seenAt: world.clock.now(),
  })
}

it('closes a position although the database is away, once what is done is on the disk beside it', async () => {
  const { world, journal, take, giveBack } = await begin('closes')
  take()
  const askedAt = world.clock.now()
  close(world)
  await world.until(() => world.position().phase === 'closed', 'a closed position')
  expect(world.clock.now() - askedAt).toBeGreaterThanOrEqual(AFTER_MS)
  expect(world.clock.now() - askedAt).toBeLessThan(10 * SECOND)
  expect(journal.health()).toMatchObject({ state: 'away', rows: 'spooled' })
  giveBack()
  await world.until(() => journal.health().state === 'durable', 'the database back')
  await world.pass(2 * MINUTE)
  const [row] = await database.sql.query<{ closed: number }>(
    `select count(*)::int as closed from journal where account = 'closes' and type = 'position.closed'`,
  )
  expect(row?.closed).toBe(1)
  expect(world.system.desk.coordinator().haltReason).toBeNull()
})

it('opens nothing while the database is away, not even once rows are spooled', async () => {
  const { world, take, giveBack } = await begin('opens')
  const before = world.placements(/./)
  take()
  world.signal({ symbol: XRP, entryPrice: '1', stopLoss: '0.98', takeProfit: '1.05' })
  await world.pass(20 * SECOND)
  expect(world.placements(/./)).toBe(before)
  giveBack()
  await world.pass(MINUTE)
  expect(world.placements(/./)).toBe(before)
  expect(world.orders('entry').filter((order) => order.request.symbol === XRP && order.status !== 'ERROR')).toEqual([])
})

it('knows after a crash what it did while the database was away', async () => {
  const { world, start, take, giveBack } = await begin('remembers')
  take()
  close(world)
  await world.until(() => world.position().phase === 'closed', 'a closed position')
  const { positionId } = world.position()
  world.kill()
  giveBack()
  await world.pass(LEASE_MS)
  await start('second')
  expect(world.positions().find((position) => position.positionId === positionId)?.phase).toBe('closed')
  expect(world.placements(/exit/)).toBe(1)
  await world.pass(MINUTE)
  expect(world.system.desk.coordinator().haltReason).toBeNull()
})

it('halts where neither the database nor the spool can be written; then a person can sell everything, unrecorded', async () => {
  const { world, journal, take } = await begin('unwritten', 'no/such/folder/spool.ndjson')
  const held = (await world.venueBalances()).find(({ asset }) => asset === 'BTC')?.total
  take()
  close(world)
  await world.until(() => world.system.desk.coordinator().state === 'HALTED', 'halted')
  expect(journal.health()).toMatchObject({ state: 'away', rows: 'unwritten' })
  expect(world.system.desk.coordinator().haltReason).toContain('neither the database nor the spool can be written')
  expect((await world.venueOrders()).map(({ type }) => type)).toEqual(['stop-loss'])
  expect((await world.venueBalances()).find(({ asset }) => asset === 'BTC')?.total).toBe(held)

  let outcome: unknown = null
  void world.system.flatten().then((flattened) => {
    outcome = flattened
  })
  await world.until(() => outcome !== null, 'the sale')
  expect(outcome).toMatchObject([{ outcome: 'sold-unrecorded', problem: null }])
  await world.pass(5 * SECOND)
  expect(await world.venueOrders()).toEqual([])
  expect((await world.venueBalances()).find(({ asset }) => asset === 'BTC')?.total).toBe('0.1')
})

it('buys back a short on margin too, where nothing can be written', async () => {
  const { world, take } = await begin('short', 'no/such/folder/spool.ndjson', true)
  take()
  close(world)
  await world.until(() => world.system.desk.coordinator().state === 'HALTED', 'halted')
  expect(await world.answered(world.venue.marginPositions())).toMatchObject([{ side: 'short' }])
  let outcome: unknown = null
  void world.system.flatten().then((flattened) => {
    outcome = flattened
  })
  await world.until(() => outcome !== null, 'the purchase')
  expect(outcome).toMatchObject([{ outcome: 'sold-unrecorded', problem: null }])
  await world.pass(5 * SECOND)
  expect(await world.answered(world.venue.marginPositions())).toEqual([])
  expect(await world.venueOrders()).toEqual([])
})

it('closes every position by its own way out, and records it, where it can be written', async () => {
  const { world } = await begin('recorded')
  await world.system.flatten()
  await world.until(() => world.position().phase === 'closed', 'a closed position')
  const [row] = await database.sql.query<{ closed: number }>(
    `select count(*)::int as closed from journal where account = 'recorded' and type = 'position.closed'`,
  )
  expect(row?.closed).toBe(1)
})

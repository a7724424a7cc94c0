import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import type { Database } from '../../../src/adapters/persistence/database.ts'
import { importSpool } from '../../../src/adapters/persistence/import-spool.ts'
import { RowNumbering } from '../../../src/adapters/persistence/journal-rows.ts'
import { JournalSpool } from '../../../src/adapters/persistence/journal-spool.ts'
import { lastRows } from '../../../src/adapters/persistence/journal-table.ts'
import { PostgresJournal } from '../../../src/adapters/persistence/postgres-journal.ts'
import { PostgresLeadership } from '../../../src/adapters/persistence/postgres-leadership.ts'
import { projectEveryJournal } from '../../../src/adapters/persistence/project-journal.ts'
import type { Sql } from '../../../src/adapters/persistence/sql.ts'
import { type ExternalOrder, movesOf } from '../../../src/domain/external-order.ts'
import type { FactDraft } from '../../../src/domain/facts.ts'
import { asset, orderId, pair, venueOrderId } from '../../../src/domain/ids.ts'
import type { JournalEntry } from '../../../src/ports/journal.ts'
import { HistoryAwayError } from '../../../src/ports/order-history.ts'
import { requestOf } from '../../domain/order-builders.ts'
import { cancelled, cancelledLife, fillAt, filledLife, lifeOf } from '../../support/order-lives.ts'
import { freshAccount, openJournal } from './database-journal.contract.ts'
import { entryOf, rowsOf, T0 } from './entries.ts'
import { ANY, ANY_FILL, FIRST, historyOf, manyLives, threeLives, written } from './history-entries.ts'

const TABLES = ['orders', 'fills', 'order_status_log', 'execution_events'] as const
const AT_VENUE = venueOrderId('V-late')

/** Every row of every table of an account, without the account's name. */
async function tablesOf(sql: Sql, account: string): Promise<unknown> {
  const rows = TABLES.map(async (table) => {
    const found = await sql.query<{ row: string }>(
      `select (to_jsonb(t) - 'account')::text as row from ${table} t where account = $1 order by pos, 1`,
      [account],
    )
    return [table, found.map(({ row }) => row)] as const
  })
  return Object.fromEntries(await Promise.all(rows))
}

async function forgetProjections(sql: Sql, account: string): Promise<void> {
  for (const table of [...TABLES, 'projections']) await sql.query(`delete from ${table} where account = $1`, [account])
}

/** What reconciliation states of itself. */
function reconciled(draft: FactDraft, seenAt: number): JournalEntry {
  const id = `${draft.type} ${seenAt}`
  const meta = { id, at: draft.at ?? seenAt, seenAt, causedBy: null, correlationId: id, origin: 'reconciled' } as const
  const heard = { type: 'count-late-fill', body: { seenAt }, correlationId: id, causationId: null, at: seenAt }
  return { stream: 'account', heard: { ...heard, id: `${id} heard` }, facts: [{ ...draft, ...meta }] }
}

/** What is written beside the journal, and when. */
export function executionProjectionContract(database: () => Database): void {
  it('keeps every fact of execution by its place in the journal, and what it says beside the order', async () => {
    const { sql } = database()
    const { account } = await written(sql, [entryOf(1), ...threeLives()])
    const events = await sql.query<{ type: string; order_id: string; body: string; story: string }>(
      `select e.type, e.order_id, e.body::text as body, e.correlation_id as story from execution_events e
        join journal j on j.account = e.account and j.pos = e.pos and j.type = e.type and j.at = e.at
        where e.account = $1 order by e.pos`,
      [account],
    )
    expect(events).toHaveLength(6 + 6 + 5)
    expect(events[0]).toEqual({ type: 'order.intended', order_id: 'buy', body: '{}', story: 'buy' })
    expect(JSON.parse(events[4]?.body ?? '')).toEqual({ fill: fillAt('t2', '40000', '0.2', '64', T0 + 1_004) })
  })

  it('has the same rows once when the answer to their commit is lost', async () => {
    const { sql } = database()
    const { journal, clock, faults, options } = await openJournal(sql, freshAccount())
    faults.losesAnswers = 2
    for (const entry of threeLives()) journal.append(entry, () => null)
    while (journal.pending > 0) {
      clock.fireNext()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { account } = options.lease
    const plain = await written(sql, threeLives())
    expect(await tablesOf(sql, account)).toEqual(await tablesOf(sql, plain.account))
  })

  it('is written by nobody whose epoch is over', async () => {
    const { sql } = database()
    const { journal, account } = await written(sql, threeLives())
    const before = await tablesOf(sql, account)
    const other = new PostgresLeadership({
      ...{ sql, clock: simulatedClock(T0 + 60_000), account, holder: 'other', incarnation: 'other' },
    })
    await other.take()
    const more = filledLife({ id: 'more', request: requestOf(), at: T0, fills: [fillAt('t9', '1', '1', '0', T0)] })
    for (const entry of more) journal.append(entry, () => null)
    await journal.settled()
    expect(journal.health().state).toBe('fenced')
    expect(await tablesOf(sql, account)).toEqual(before)
  })

  it('comes in with the rows that waited beside the database', async () => {
    const { sql } = database()
    const life = manyLives(1)
    const { account, leadership, journal, log, history } = await written(sql, life.slice(0, 3))
    journal.close()
    const folder = mkdtempSync(join(tmpdir(), 'triplegain-spool-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const spool = new JournalSpool(join(folder, 'spool.ndjson'))
    const lease = leadership.held()
    if (lease === null) throw new Error('the lease is not held')
    const numbering = new RowNumbering(lease, await lastRows(sql, account), {})
    for (const entry of life.slice(3)) spool.append(numbering.rowsOf(entry))
    expect((await history.orders(ANY, FIRST)).rows).toMatchObject([{ status: 'OPEN' }])
    await importSpool({ sql, lease, spool, now: T0, log })
    expect((await history.orders(ANY, FIRST)).rows).toMatchObject([{ status: 'FILLED', phase: 'done', filled: '1' }])
    expect((await history.fills(ANY_FILL, FIRST)).rows).toHaveLength(2)
  })

  it('is filled once from a journal that was written before there were tables', async () => {
    const { sql } = database()
    const lives = [...threeLives(), ...Array.from({ length: 600 }, (_, index) => entryOf(index)), ...manyLives(60)]
    const { account, options, history, log } = await written(sql, lives)
    const expected = await tablesOf(sql, account)
    await forgetProjections(sql, account)
    await expect(history.orders(ANY, FIRST)).rejects.toThrow(HistoryAwayError)

    expect(await projectEveryJournal(sql, log)).toBeGreaterThan(1_500)
    expect(await tablesOf(sql, account)).toEqual(expected)
    expect(await projectEveryJournal(sql, log)).toBe(0)
    expect((await history.orders(ANY, FIRST)).rows).toHaveLength(63)

    await forgetProjections(sql, account)
    const again = await PostgresJournal.open(options)
    expect(await tablesOf(sql, account)).toEqual(expected)
    for (const entry of manyLives(1, 'after')) again.append(entry, () => null)
    await again.settled()
    expect((await history.orders(ANY, FIRST)).rows).toHaveLength(64)
  })

  it('is filled anew where the tables are of an older version', async () => {
    const { sql } = database()
    const { account, options } = await written(sql, threeLives())
    const expected = await tablesOf(sql, account)
    await sql.query('update projections set version = 0 where account = $1', [account])
    await sql.query("update fills set fee = 1 where account = $1 and order_id = 'buy'", [account])
    await sql.query('insert into orders select * from orders where false')
    await PostgresJournal.open(options)
    expect(await tablesOf(sql, account)).toEqual(expected)
  })

  it('catches up with rows that were journaled without it, and no older state of an order undoes a newer one', async () => {
    const { sql } = database()
    const life = manyLives(1)
    const { account, journal, options, history } = await written(sql, life.slice(0, 3))
    // As an older program would leave it: the rows are there, and the watermark has not moved.
    await forgetProjections(sql, account)
    await sql.query("insert into projections values ($1, 'execution', 1, 0)", [account])
    for (const entry of life.slice(3)) journal.append(entry, () => null)
    await journal.settled()
    await expect(history.fills(ANY_FILL, FIRST)).rejects.toThrow('lag behind')
    await PostgresJournal.open(options)
    expect((await history.fills(ANY_FILL, FIRST)).rows).toHaveLength(2)
    expect((await history.orders(ANY, FIRST)).rows).toMatchObject([{ status: 'FILLED', phase: 'done', filled: '1' }])
  })

  it('takes what a text of the database cannot hold, and keeps the journal as it was', async () => {
    const { sql } = database()
    const reason = `no\u0000thing \ud800 "quoted", 日本`
    const life = lifeOf('odd', requestOf(), T0, [
      { type: 'venue.sent', seenAt: T0 + 1 },
      { type: 'venue.refused', code: 'funds', message: reason, seenAt: T0 + 2 },
    ])
    const { history, journal } = await written(sql, life)
    const story = await history.order(orderId('odd'))
    expect(story?.order).toMatchObject({ status: 'ERROR', reason: 'funds: no\ufffdthing \ufffd "quoted", 日本' })
    const types: string[] = []
    for await (const { type } of journal.read()) types.push(type)
    expect(types).toContain('order.failed')
  })

  it('counts a late fill of a cancelled order, which stays closed when it was', async () => {
    const late = [
      { type: 'venue.filled', venueOrderId: AT_VENUE, fill: fillAt('t', '100', '0.4', '0.1', T0 + 9) } as const,
    ]
    const life = lifeOf('late', requestOf(), T0, [
      ...cancelled(T0, AT_VENUE),
      ...late.map((one) => ({ ...one, seenAt: T0 + 10 })),
    ])
    const { history } = await written(database().sql, life)
    const story = await history.order(orderId('late'))
    expect(story?.order).toMatchObject({ status: 'CANCELLED', filled: '0.4', cost: '40', closedAt: T0 + 4 })
    expect(story?.fills).toHaveLength(1)
  })

  it("remembers what somebody else's order traded, with the asset that its fee was paid in", async () => {
    const external: ExternalOrder = {
      ...{ venueOrderId: venueOrderId('OHAND-1'), clientOrderId: null, symbol: pair('BTC/USDT'), side: 'buy' },
      ...{ type: 'iceberg', quantity: '1', limitPrice: '100', triggerPrice: null, status: 'OPEN' },
      // Half a coin was filled before the account was opened, and is none of ours.
      ...{ filled: '0.5', fills: [], openedAt: T0, updatedAt: T0 + 1 },
    }
    const fill = fillAt('t-hand', '100', '0.5', '0.001', T0 + 2)
    const traded = { ...external, status: 'FILLED', filled: '1', fills: [fill], updatedAt: T0 + 3 } as const
    const moves = movesOf({ ...external, fill, feeAsset: asset('BTC') }).map((move) => ({ ...move, usdRate: '1' }))
    const { history } = await written(database().sql, [
      reconciled({ type: 'order.externalFound', external }, T0 + 1),
      reconciled({ type: 'order.externalFilled', external: traded, fill, moves, at: fill.at }, T0 + 3),
      reconciled({ type: 'order.externalEnded', external: traded }, T0 + 3),
    ])
    const story = await history.order(orderId('OHAND-1'))
    expect(story?.order).toMatchObject({ status: 'FILLED', filled: '1', cost: '50', request: { purpose: 'external' } })
    expect(story?.statusLog.at(-1)).toMatchObject({ averagePrice: '100' })
    expect(story?.fills).toMatchObject([
      { feeAsset: 'BTC', fee: '0.001', cost: '50', netProceeds: '-50', book: 'core', origin: 'reconciled' },
    ])
  })

  it('counts a fill that came after its order had left in the book that took the coins', async () => {
    const { sql } = database()
    const life = cancelledLife({ id: 'left', request: requestOf(), at: T0 })
    const { account, options, history } = await written(sql, life)
    const { order } = (await history.order(orderId('left'))) ?? {}
    if (order === undefined) throw new Error('there is no order')
    const fill = fillAt('t-late', '100', '0.4', '0.1', T0 + 9)
    const { closedAt: _, ...view } = { ...order, filled: '0.4', cost: '40', fees: '0.1', fills: [fill] }
    const journal = await PostgresJournal.open(options)
    const entry = reconciled({ type: 'order.filledLate', order: view, fill, book: 'core', at: fill.at }, T0 + 99_000)
    journal.append(entry, () => null)
    await journal.settled()
    const story = await historyOf(sql, account).order(orderId('left'))
    expect(story?.order).toMatchObject({ status: 'CANCELLED', filled: '0.4', closedAt: T0 + 4 })
    expect(story?.fills).toMatchObject([{ tradeId: 't-late', book: 'core', purpose: 'entry' }])
  })

  it('never holds up the journal: rows that no table can take are journaled, and history says that it lacks them', async () => {
    const { sql } = database()
    const { book: _, ...bookless } = requestOf()
    const life = cancelledLife({ id: 'bookless', request: bookless as ReturnType<typeof requestOf>, at: T0 })
    const { journal, account, options, history, log } = await written(sql, life)
    expect(log.lines.map(({ level }) => level)).toEqual(['error'])
    expect((await rowsOf(journal.read())).map(({ type }) => type)).toContain('order.settled')
    await expect(history.orders(ANY, FIRST)).rejects.toThrow('lag behind')
    const next = await PostgresJournal.open(options)
    expect(log.lines).toHaveLength(2)
    next.append(entryOf(1), () => null)
    await next.settled()
    await expect(historyOf(sql, account).fills(ANY_FILL, FIRST)).rejects.toThrow(HistoryAwayError)
  })
}

import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import type { Database } from '../../../src/adapters/persistence/database.ts'
import { importSpool } from '../../../src/adapters/persistence/import-spool.ts'
import { journalHash } from '../../../src/adapters/persistence/journal-digest.ts'
import { JournalSpool, SpoolDamagedError } from '../../../src/adapters/persistence/journal-spool.ts'
import { PostgresJournal } from '../../../src/adapters/persistence/postgres-journal.ts'
import { PostgresLeadership } from '../../../src/adapters/persistence/postgres-leadership.ts'
import { freshAccount, openJournal } from './database-journal.contract.ts'
import { collectingLog, entryOf, rowsOf, T0 } from './entries.ts'

const AFTER_MS = 5_000
const MINUTE_MS = 60_000
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function freshSpool(): JournalSpool {
  const folder = mkdtempSync(join(tmpdir(), 'triplegain-spool-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return new JournalSpool(join(folder, 'spool.ndjson'))
}

type Opened = Awaited<ReturnType<typeof openJournal>>

/** Lets time go by, with everything that was promised kept in between. */
async function pass({ clock }: Opened, ms: number): Promise<void> {
  const until = clock.now() + ms
  for (let dueAt = clock.nextDueAt(); dueAt !== null && dueAt <= until; dueAt = clock.nextDueAt()) {
    clock.fireNext()
    await turn()
  }
  clock.advanceTo(until)
  await turn()
}

/** The database is back: until it has everything and the spool is empty. */
async function comesBack({ clock, faults, journal }: Opened, spool: JournalSpool): Promise<void> {
  faults.failsBefore = 0
  const isOver = (): boolean =>
    journal.health().state === 'durable' && journal.pending === 0 && new JournalSpool(spool.path).read().length === 0
  while (!isOver()) {
    clock.fireNext()
    await turn()
  }
}

/** A journal whose database has gone away, and the entries it let go. */
async function away(database: Database, spool: JournalSpool) {
  const account = freshAccount()
  const opened = await openJournal(database.sql, account, { spool: { file: spool, afterMs: AFTER_MS } })
  const left: number[] = []
  const append = (number: number): void => opened.journal.append(entryOf(number), () => left.push(number))
  append(1)
  await opened.journal.settled()
  opened.faults.failsBefore = Number.POSITIVE_INFINITY
  append(2)
  while (opened.clock.nextDueAt() === null) await turn()
  return { ...opened, account, left, append }
}

/** The next process on the same account. */
async function takeOver(database: Database, account: string, at: number, incarnation: string) {
  const options = { sql: database.sql, clock: simulatedClock(at), account, holder: 'next', incarnation }
  const lease = await new PostgresLeadership(options).take()
  if (lease === null) throw new Error('the account is held')
  return lease
}

/** What a journal in a database has to stand while that database is away. */
export function spoolContract(database: () => Database): void {
  it('lets nothing leave for five seconds; then what is on the disk beside the database leaves, in order', async () => {
    const spool = freshSpool()
    const run = await away(database(), spool)
    await pass(run, AFTER_MS - 1)
    run.append(3)
    await turn()
    expect(run.left).toEqual([1])
    expect(run.journal.health()).toMatchObject({ state: 'away', rows: 'waiting' })
    await pass(run, 1)
    expect(run.left).toEqual([1, 2, 3])
    expect(run.journal.health()).toMatchObject({ state: 'away', rows: 'spooled', sinceAt: T0 })
    run.append(4)
    await turn()
    expect(run.left).toEqual([1, 2, 3, 4])
    expect(run.journal.pending).toBe(0)
    expect(new JournalSpool(spool.path).read().map(({ pos }) => pos)).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('puts what it spooled into the database once it is back, lets nothing leave twice, and empties the spool', async () => {
    const spool = freshSpool()
    const run = await away(database(), spool)
    await pass(run, AFTER_MS)
    run.append(3)
    await turn()
    run.append(4)
    await comesBack(run, spool)
    expect(run.left).toEqual([1, 2, 3, 4])
    expect(run.journal.health()).toEqual({ state: 'durable' })
    expect(await journalHash(run.journal.read())).toBe(run.journal.hash())
    expect(readFileSync(spool.path, 'utf8')).toBe('')
  })

  it('has everything after a crash that was spooled, and nothing of a line that was cut short', async () => {
    const spool = freshSpool()
    const run = await away(database(), spool)
    await pass(run, AFTER_MS)
    run.journal.close()
    appendFileSync(spool.path, '[{"pos":6,"bodyText":"{')

    const lease = await takeOver(database(), run.account, T0 + MINUTE_MS, 'second')
    const log = collectingLog()
    const again = new JournalSpool(spool.path)
    const parts = { sql: database().sql, lease, spool: again, now: T0 + MINUTE_MS, log }
    expect(await importSpool(parts)).toEqual({ kind: 'imported', rows: 3 })
    const journal = await PostgresJournal.open({ ...run.options, sql: database().sql, lease })
    const rows = await rowsOf(journal.read())
    expect(rows.map(({ pos, epoch }) => [pos, epoch])).toEqual([1, 2, 3, 4, 5].map((pos) => [pos, 1]))
    expect(await importSpool(parts)).toEqual({ kind: 'nothing' })
    journal.append(entryOf(9), () => null)
    await journal.settled()
    expect((await rowsOf(journal.read())).at(-1)).toMatchObject({ pos: 7, epoch: 2 })
  })

  it('finds rows that reached the database before the spool could be emptied', async () => {
    const spool = freshSpool()
    const run = await away(database(), spool)
    await pass(run, AFTER_MS)
    const spooled = readFileSync(spool.path)
    await comesBack(run, spool)
    appendFileSync(spool.path, spooled)
    const lease = await takeOver(database(), run.account, T0 + 5 * MINUTE_MS, 'second')
    const again = new JournalSpool(spool.path)
    const parts = { sql: database().sql, lease, spool: again, now: T0, log: collectingLog() }
    expect(await importSpool(parts)).toEqual({ kind: 'imported', rows: 3 })
    expect((await rowsOf(run.journal.read())).length).toBe(5)
  })

  it('keeps a spool aside that tells of another past than the journal', async () => {
    const spool = freshSpool()
    const run = await away(database(), spool)
    await pass(run, AFTER_MS)
    run.journal.close()
    const theirs = await takeOver(database(), run.account, T0 + MINUTE_MS, 'elsewhere')
    const other = await PostgresJournal.open({
      ...run.options,
      sql: database().sql,
      lease: theirs,
      spool: { file: freshSpool(), afterMs: AFTER_MS },
    })
    other.append(entryOf(7), () => null)
    await other.settled()

    const lease = await takeOver(database(), run.account, T0 + 5 * MINUTE_MS, 'back again')
    const log = collectingLog()
    const again = new JournalSpool(spool.path)
    const outcome = await importSpool({ sql: database().sql, lease, spool: again, now: 77, log })
    expect(outcome).toEqual({ kind: 'diverged', kept: `${spool.path}.set-aside-77` })
    expect(readdirSync(dirname(spool.path))).toEqual(['spool.ndjson.set-aside-77'])
    expect(log.lines.map(({ level }) => level)).toEqual(['error'])
    expect((await rowsOf(other.read())).map(({ pos }) => pos)).toEqual([1, 2, 3, 4])
  })

  it('lets nothing leave where neither the database nor the spool can be written, and says so', async () => {
    const spool = new JournalSpool('/nowhere/at/all/spool.ndjson')
    const run = await away(database(), spool)
    await pass(run, MINUTE_MS)
    expect(run.left).toEqual([1])
    expect(run.journal.health()).toMatchObject({ state: 'away', rows: 'unwritten' })
    await comesBack(run, spool)
    expect(run.left).toEqual([1, 2])
    expect(run.journal.health()).toEqual({ state: 'durable' })
    expect(existsSync(spool.path)).toBe(false)
  })

  it('refuses a spool with a line that is none of its own', () => {
    const spool = freshSpool()
    appendFileSync(spool.path, '{"not":"rows"}\n')
    expect(() => spool.read()).toThrow(SpoolDamagedError)
  })
}

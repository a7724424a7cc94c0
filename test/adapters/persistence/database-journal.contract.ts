import { expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import type { Database } from '../../../src/adapters/persistence/database.ts'
import { journalHash } from '../../../src/adapters/persistence/journal-digest.ts'
import { type JournalOptions, PostgresJournal } from '../../../src/adapters/persistence/postgres-journal.ts'
import { PostgresLeadership } from '../../../src/adapters/persistence/postgres-leadership.ts'
import { DatabaseFailedError, type Sql } from '../../../src/adapters/persistence/sql.ts'
import type { SimulatedClock } from '../../../src/ports/clock.ts'
import type { JournalHealth } from '../../../src/ports/journal.ts'
import { collectingLog, entries, entryOf, rowsOf, T0 } from './entries.ts'
import type { JournalUnderTest } from './journal.contract.ts'

let accounts = 0
export const freshAccount = (): string => {
  accounts += 1
  return `account ${accounts}`
}

/** A database that can be told to fail before a statement, or to lose the answer after it. */
class FaultySql implements Sql {
  readonly #inner: Sql
  failsBefore = 0
  losesAnswers = 0

  constructor(inner: Sql) {
    this.#inner = inner
  }

  async query<Row>(statement: string, parameters?: readonly unknown[]): Promise<readonly Row[]> {
    if (this.failsBefore > 0) {
      this.failsBefore -= 1
      throw new DatabaseFailedError('the line is down', 'ECONNREFUSED')
    }
    const rows = await this.#inner.query<Row>(statement, parameters)
    if (this.losesAnswers === 0) return rows
    this.losesAnswers -= 1
    throw new DatabaseFailedError('Query read timeout', null)
  }
}

interface Opened {
  readonly journal: PostgresJournal
  readonly leadership: PostgresLeadership
  readonly clock: SimulatedClock
  readonly faults: FaultySql
  readonly log: ReturnType<typeof collectingLog>
  readonly options: JournalOptions
}

export async function openJournal(sql: Sql, account: string, more: Partial<JournalOptions> = {}): Promise<Opened> {
  const clock = simulatedClock(T0)
  const leadership = new PostgresLeadership({ sql, clock, account, holder: 'test', incarnation: `${account}/1` })
  const lease = await leadership.take()
  if (lease === null) throw new Error('the account is taken')
  const log = collectingLog()
  const faults = new FaultySql(sql)
  const options: JournalOptions = { sql: faults, lease, clock, log, ...more }
  return { journal: await PostgresJournal.open(options), leadership, clock, faults, log, options }
}

export async function journalUnderTest(sql: Sql): Promise<JournalUnderTest> {
  const { journal, options } = await openJournal(sql, freshAccount())
  return { journal, reopen: () => PostgresJournal.open(options) }
}

/** Fires the retry timers until nothing is pending any more. */
async function settledWith(journal: PostgresJournal, clock: SimulatedClock): Promise<void> {
  let settled = false
  const done = journal.settled().then(() => {
    settled = true
  })
  while (!settled) {
    clock.fireNext()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await done
}

async function taken(sql: Sql, account: string, at: number): Promise<void> {
  const other = new PostgresLeadership({
    sql,
    clock: simulatedClock(at),
    account,
    holder: 'other',
    incarnation: `${account}/2`,
  })
  expect((await other.take())?.epoch).toBe(2)
}

/** What the journal in a database has to stand beyond the common contract. */
export function databaseJournalContract(database: () => Database): void {
  it('has the same ids, order and hash whatever the group size', async () => {
    const seen = new Set<string>()
    const account = freshAccount()
    for (const groupRows of [1, 7, 64, 5000]) {
      const { sql } = database()
      await sql.query('delete from journal where account = $1', [account])
      await sql.query('delete from leadership where account = $1', [account])
      const { journal } = await openJournal(sql, account, { groupRows })
      const gone: string[] = []
      for (const entry of entries(120)) journal.append(entry, () => gone.push(entry.heard.id))
      await journal.settled()
      expect(await journalHash(journal.read())).toBe(journal.hash())
      seen.add(`${journal.hash()} ${gone.join()} ${(await rowsOf(journal.read())).map((row) => row.id).join()}`)
    }
    expect(seen.size).toBe(1)
  })

  it('reads more than a page', async () => {
    const { journal } = await openJournal(database().sql, freshAccount())
    for (const entry of entries(1000)) journal.append(entry, () => null)
    await journal.settled()
    const rows = await rowsOf(journal.read())
    expect(rows.map((row) => row.pos)).toEqual(Array.from({ length: 2500 }, (_, index) => index + 1))
  })

  it('is fenced by a newer epoch: writes nothing, calls nobody back, and settles', async () => {
    const account = freshAccount()
    const { sql } = database()
    const { journal } = await openJournal(sql, account)
    const told: JournalHealth[] = []
    journal.onHealth((health) => told.push(health))
    journal.append(entryOf(1), () => null)
    await journal.settled()
    await taken(sql, account, T0 + 60_000)

    let left = 0
    journal.append(entryOf(2), () => {
      left += 1
    })
    await journal.settled()
    journal.append(entryOf(3), () => {
      left += 1
    })
    await journal.settled()
    expect(left).toBe(0)
    expect(journal.pending).toBe(0)
    expect(journal.health()).toEqual({ state: 'fenced', epoch: 1 })
    expect(told).toEqual([{ state: 'fenced', epoch: 1 }])
    expect((await rowsOf(journal.read())).length).toBe(2)
  })

  it('keeps everything in order while the database is away, and backs off from 100 ms to 5 s', async () => {
    const { journal, clock, faults, log } = await openJournal(database().sql, freshAccount())
    const told: string[] = []
    journal.onHealth((health) => told.push(`${health.state} ${clock.now() - T0}`))
    const gone: number[] = []
    faults.failsBefore = 9
    for (let number = 1; number <= 30; number += 1) journal.append(entryOf(number), () => gone.push(number))
    await settledWith(journal, clock)
    expect(gone).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
    // 100 + 200 + 400 + 800 + 1600 + 3200 + 5000 + 5000 + 5000
    expect(told).toEqual(['away 0', 'durable 21300'])
    expect(await journalHash(journal.read())).toBe(journal.hash())
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info'])
  })

  it('writes rows once when the answer to their commit is lost', async () => {
    const { journal, clock, faults } = await openJournal(database().sql, freshAccount())
    const gone: number[] = []
    faults.losesAnswers = 2
    journal.append(entryOf(1), () => gone.push(1))
    await new Promise((resolve) => setImmediate(resolve))
    journal.append(entryOf(2), () => gone.push(2))
    await settledWith(journal, clock)
    expect(gone).toEqual([1, 2])
    expect((await rowsOf(journal.read())).map((row) => row.pos)).toEqual([1, 2, 3, 4, 5])
    expect(await journalHash(journal.read())).toBe(journal.hash())
  })

  it('steps down when other rows stand where its own belong', async () => {
    const account = freshAccount()
    const { sql } = database()
    const { journal, options, log } = await openJournal(sql, account)
    const second = await PostgresJournal.open(options)
    second.append(entryOf(9), () => null)
    await second.settled()
    let left = 0
    journal.append(entryOf(1), () => {
      left += 1
    })
    await journal.settled()
    expect(left).toBe(0)
    expect(journal.health().state).toBe('fenced')
    expect(log.lines.map(({ level }) => level)).toEqual(['error'])
    expect((await rowsOf(journal.read())).length).toBe(2)
  })

  it('lets nothing go any more once it is closed', async () => {
    const { journal, clock, faults } = await openJournal(database().sql, freshAccount())
    let left = 0
    faults.failsBefore = 1000
    journal.append(entryOf(1), () => {
      left += 1
    })
    while (clock.nextDueAt() === null) await new Promise((resolve) => setImmediate(resolve))
    journal.close()
    await journal.settled()
    expect(clock.nextDueAt()).toBeNull()
    expect(left).toBe(0)
  })
}

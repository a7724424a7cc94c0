/** The journal on PGlite and on PostgreSQL. */
import type { Clock, Timer } from '../../ports/clock.ts'
import type { Journal, JournalEntry, JournalHealth } from '../../ports/journal.ts'
import type { Lease } from '../../ports/leadership.ts'
import type { Log } from '../../ports/log.ts'
import { JournalDigest } from './journal-digest.ts'
import { type LastRows, type NumberedRow, RowNumbering, type StoredRow } from './journal-rows.ts'
import type { JournalSpool } from './journal-spool.ts'
import { appendRows, lastRows, storedRows } from './journal-table.ts'
import { projectJournal } from './project-journal.ts'
import type { Sql } from './sql.ts'
import { eventVersion, UPCASTERS, type Upcasters, upcast } from './upcasters.ts'

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000
/** Above this the time per row rises again (measured on the embedded engine). */
const GROUP_ROWS = 1000

export interface JournalOptions {
  readonly sql: Sql
  /** Taken already: rows are numbered on from what the journal holds then. */
  readonly lease: Pick<Lease, 'account' | 'epoch' | 'incarnation'>
  readonly clock: Clock
  readonly log: Log
  /** Rows that one transaction takes at most; an entry is never split. */
  readonly groupRows?: number
  readonly upcasters?: Upcasters
  /** Where rows go once the database has been away for `afterMs`; without it they wait in memory until it is back. */
  readonly spool?: { readonly file: JournalSpool; readonly afterMs: number }
}

/** An entry that is not in the database yet. */
interface Waiting {
  readonly rows: readonly NumberedRow[]
  /** Null once it was called: the rows are in the spool. */
  onDurable: (() => void) | null
}

const problemOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/**
 * While one group is being written the next one gathers, so that throughput does not fall to one commit per entry.
 * What a callback or a listener throws is logged as an error and stops neither the others nor the writing.
 */
export class PostgresJournal implements Journal {
  readonly #options: JournalOptions
  readonly #upcasters: Upcasters
  readonly #numbering: RowNumbering
  readonly #digest = new JournalDigest()
  readonly #listeners: ((health: JournalHealth) => void)[] = []
  #waiting: Waiting[] = []
  #pending = 0
  #settlers: (() => void)[] = []
  #health: JournalHealth = { state: 'durable' }
  #writing = false
  #closed = false
  #retry: { readonly timer: Timer; readonly giveUp: () => void } | null = null

  private constructor(options: JournalOptions, last: LastRows) {
    this.#options = options
    this.#upcasters = options.upcasters ?? UPCASTERS
    this.#numbering = new RowNumbering(options.lease, last, this.#upcasters)
  }

  /** Finds where the account's journal stands, and sees that the projections stand there too. @throws DatabaseFailedError */
  static async open(options: JournalOptions): Promise<PostgresJournal> {
    await projectJournal(options.sql, options.lease.account, options.log)
    return new PostgresJournal(options, await lastRows(options.sql, options.lease.account))
  }

  /** @throws NotJsonError for a body that JSON cannot carry: the entry is not journaled then. */
  append(entry: JournalEntry, onDurable: () => void): void {
    if (this.#ended()) return
    const rows = this.#numbering.rowsOf(entry)
    for (const row of rows) this.#digest.add(row, row.bodyText)
    this.#waiting.push({ rows, onDurable })
    this.#pending += 1
    if (this.#isSpooling()) queueMicrotask(() => this.#spool())
    if (this.#writing) return
    this.#writing = true
    queueMicrotask(() => void this.#write())
  }

  get pending(): number {
    return this.#pending
  }

  settled(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve()
    return new Promise((resolve) => this.#settlers.push(resolve))
  }

  health(): JournalHealth {
    return this.#health
  }

  onHealth(listener: (health: JournalHealth) => void): void {
    this.#listeners.push(listener)
  }

  async *read(): AsyncGenerator<StoredRow> {
    for await (const row of storedRows(this.#options.sql, this.#options.lease.account)) {
      const body = upcast(row.type, row.version, row.body, this.#upcasters)
      yield { ...row, body, version: eventVersion(row.type, this.#upcasters) }
    }
  }

  /** SHA-256 over every row appended here, in hexadecimal: independent of grouping and of when rows became durable. */
  hash(): string {
    return this.#digest.hash()
  }

  /** Rows appended here, by event type. */
  countsByType(): Readonly<Record<string, number>> {
    return this.#digest.countsByType()
  }

  /** Rows appended here. */
  rows(): number {
    return this.#digest.rows()
  }

  /** Stops trying: what is not durable yet never will be here, and nothing is called back any more. */
  close(): void {
    this.#closed = true
    this.#dropWaiting()
    this.#retry?.giveUp()
  }

  async #write(): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    while (this.#waiting.length > 0 && !this.#ended()) {
      const group = this.#nextGroup()
      if (await this.#isDurable(group)) {
        retryMs = FIRST_RETRY_MS
        if (!this.#ended()) this.#release(group.length)
      } else if (!this.#ended()) {
        this.#spool()
        await this.#pause(this.#untilSpool(retryMs))
        retryMs = Math.min(LAST_RETRY_MS, retryMs * 2)
      }
    }
    this.#writing = false
  }

  #nextGroup(): readonly Waiting[] {
    const most = this.#options.groupRows ?? GROUP_ROWS
    let rows = 0
    let entries = 0
    for (const waiting of this.#waiting) {
      rows += waiting.rows.length
      if (entries > 0 && rows > most) break
      entries += 1
    }
    return this.#waiting.slice(0, entries)
  }

  async #isDurable(group: readonly Waiting[]): Promise<boolean> {
    const { sql, lease, clock, log } = this.#options
    const rows = group.flatMap((waiting) => waiting.rows)
    try {
      const outcome = await appendRows(sql, lease, rows, clock.now(), log)
      if (outcome !== 'written') this.#fence(outcome, rows)
      else if (this.#health.state === 'away') this.#become({ state: 'durable' })
      return outcome === 'written'
    } catch (cause) {
      if (this.#health.state === 'durable')
        this.#become({ state: 'away', sinceAt: clock.now(), problem: problemOf(cause), rows: 'waiting' })
      return false
    }
  }

  /** They are in the database. */
  #release(entries: number): void {
    this.#tell(this.#waiting.splice(0, entries))
    const { spool } = this.#options
    // What the file still holds is in the database too by now; were it not emptied, the next start would find that out.
    if (spool !== undefined && !this.#waiting.some(({ onDurable }) => onDurable === null))
      this.#guarded('the spool could not be emptied', () => spool.file.clear(), { path: spool.file.path })
  }

  /** Callbacks in the order of the appends; they may append again. */
  #tell(durable: readonly Waiting[]): void {
    for (const waiting of durable) {
      const { rows, onDurable } = waiting
      if (onDurable === null) continue
      if (this.#ended()) return
      waiting.onDurable = null
      this.#guarded('a callback of the journal threw', onDurable, { stream: rows[0]?.stream, pos: rows[0]?.pos })
      this.#pending = Math.max(0, this.#pending - 1)
    }
    if (this.#pending === 0) this.#settle()
  }

  /** Whether the database has been away for so long that rows go to the spool. */
  #isSpooling(): boolean {
    const { spool, clock } = this.#options
    return spool !== undefined && this.#health.state === 'away' && clock.now() >= this.#health.sinceAt + spool.afterMs
  }

  /** Puts what waits in memory on the disk beside the database, and lets its effects leave. */
  #spool(): void {
    const { spool, log } = this.#options
    const health = this.#health
    if (spool === undefined || health.state !== 'away' || !this.#isSpooling() || this.#closed) return
    const unspooled = this.#waiting.filter(({ onDurable }) => onDurable !== null)
    if (unspooled.length === 0) return
    try {
      spool.file.append(unspooled.flatMap(({ rows }) => rows))
    } catch (cause) {
      if (health.rows === 'unwritten') return
      log.error('neither the database nor the spool can be written', { problem: problemOf(cause) })
      this.#become({ ...health, problem: problemOf(cause), rows: 'unwritten' })
      return
    }
    if (health.rows !== 'spooled') {
      log.warn('the journal goes to the spool until the database is back', { path: spool.file.path })
      this.#become({ ...health, rows: 'spooled' })
    }
    this.#tell(unspooled)
  }

  /** How long to wait before the database is asked again: not beyond the moment from which rows are spooled. */
  #untilSpool(retryMs: number): number {
    const { spool, clock } = this.#options
    if (spool === undefined || this.#health.state !== 'away' || this.#isSpooling()) return retryMs
    return Math.min(retryMs, this.#health.sinceAt + spool.afterMs - clock.now())
  }

  #fence(outcome: 'fenced' | 'taken', rows: readonly NumberedRow[]): void {
    const { account, epoch } = this.#options.lease
    const reason = outcome === 'fenced' ? 'the lease has another epoch' : 'other rows stand at these positions'
    this.#options.log.error('journal fenced', { account, epoch, reason, pos: rows[0]?.pos })
    this.#become({ state: 'fenced', epoch })
    this.#dropWaiting()
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#options
    return new Promise((resolve) => {
      const timer = clock.at(clock.now() + ms, resolve)
      this.#retry = {
        timer,
        giveUp: () => {
          timer.cancel()
          resolve()
        },
      }
    })
  }

  #become(health: JournalHealth): void {
    this.#health = health
    if (health.state === 'away' && health.rows === 'waiting')
      this.#options.log.warn('journal away', { problem: health.problem })
    if (health.state === 'durable') this.#options.log.info('journal durable again')
    for (const listener of this.#listeners) this.#guarded('a listener of the journal threw', () => listener(health), {})
  }

  #guarded(what: string, call: () => void, fields: Readonly<Record<string, unknown>>): void {
    try {
      call()
    } catch (cause) {
      this.#options.log.error(what, { ...fields, problem: problemOf(cause) })
    }
  }

  #ended(): boolean {
    return this.#closed || this.#health.state === 'fenced'
  }

  #dropWaiting(): void {
    this.#waiting = []
    this.#pending = 0
    this.#settle()
  }

  #settle(): void {
    const settlers = this.#settlers
    this.#settlers = []
    for (const resolve of settlers) resolve()
  }
}

import { JournalDigest } from '../../src/adapters/persistence/journal-digest.ts'
import {
  type NumberedRow,
  RowNumbering,
  type StoredRow,
  type Writer,
} from '../../src/adapters/persistence/journal-rows.ts'
import { UPCASTERS } from '../../src/adapters/persistence/upcasters.ts'
import type { Journal, JournalEntry, JournalHealth } from '../../src/ports/journal.ts'

interface Waiting {
  readonly rows: readonly NumberedRow[]
  readonly onDurable: () => void
}

/** What outlives a journal: hand the same disk to the next one, as after a restart. */
export interface MemoryDisk {
  readonly rows: NumberedRow[]
}

const WRITER: Writer = { account: 'memory', epoch: 1, incarnation: 'memory' }

const TURNS = 20

/**
 * A journal in memory with the ordering of the real one: rows are durable on the next microtask, or, after `hold`,
 * when `release` says so.
 */
export class MemoryJournal implements Journal {
  /** What callbacks threw: the next one is called all the same. */
  readonly failures: unknown[] = []
  readonly #disk: MemoryDisk
  readonly #numbering: RowNumbering
  readonly #digest = new JournalDigest()
  readonly #listeners: ((health: JournalHealth) => void)[] = []
  #waiting: Waiting[] = []
  #pending = 0
  #settlers: (() => void)[] = []
  #health: JournalHealth = { state: 'durable' }
  #held = false
  #scheduled = false

  constructor(writer: Writer = WRITER, disk: MemoryDisk = { rows: [] }) {
    this.#disk = disk
    const sequences = new Map(disk.rows.map((row) => [row.stream, row.sequence]))
    this.#numbering = new RowNumbering(writer, { pos: disk.rows.length, sequences }, UPCASTERS)
  }

  append(entry: JournalEntry, onDurable: () => void): void {
    if (this.#health.state === 'fenced') return
    const rows = this.#numbering.rowsOf(entry)
    for (const row of rows) this.#digest.add(row, row.bodyText)
    this.#waiting.push({ rows, onDurable })
    this.#pending += 1
    this.#schedule()
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
    for (const { bodyText, ...row } of this.#disk.rows) yield { ...row, body: JSON.parse(bodyText) }
  }

  hash(): string {
    return this.#digest.hash()
  }

  countsByType(): Readonly<Record<string, number>> {
    return this.#digest.countsByType()
  }

  rows(): number {
    return this.#digest.rows()
  }

  /** From now on nothing becomes durable. */
  hold(): void {
    this.#held = true
  }

  /** As `hold`, and says so. */
  goAway(problem: string, at: number): void {
    this.#held = true
    this.#become({ state: 'away', sinceAt: at, problem, rows: 'waiting' })
  }

  /** Still away, but rows are written beside the database: what waited becomes durable there, and what follows at once. */
  spool(problem: string, at: number): void {
    this.#held = false
    this.#become({ state: 'away', sinceAt: at, problem, rows: 'spooled' })
    this.#schedule()
  }

  /** What waited becomes durable, and what follows does so at once again. */
  release(): void {
    this.#held = false
    if (this.#health.state === 'away') this.#become({ state: 'durable' })
    this.#schedule()
  }

  /** Another process has taken the account. */
  fence(epoch: number): void {
    this.#waiting = []
    this.#pending = 0
    this.#become({ state: 'fenced', epoch })
    this.#settle()
  }

  #schedule(): void {
    if (this.#scheduled || this.#held) return
    this.#scheduled = true
    void this.#spin().then(() => {
      this.#scheduled = false
      this.#write()
    })
  }

  /** A disk is slower than the promises of the moment: what they lead to is heard before anything is durable. */
  async #spin(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn += 1) await null
  }

  #write(): void {
    while (!this.#held) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      this.#disk.rows.push(...next.rows)
      try {
        next.onDurable()
      } catch (cause) {
        this.failures.push(cause)
      }
      this.#pending = Math.max(0, this.#pending - 1)
    }
    if (this.#pending === 0) this.#settle()
  }

  #become(health: JournalHealth): void {
    this.#health = health
    for (const listener of this.#listeners) listener(health)
  }

  #settle(): void {
    const settlers = this.#settlers
    this.#settlers = []
    for (const resolve of settlers) resolve()
  }
}

/** A journal in memory whose process can die at any append: before the rows are down, after it, or with the effects gone. */
import type { NumberedRow, StoredRow } from '../../src/adapters/persistence/journal-rows.ts'
import type { JournalEntry } from '../../src/ports/journal.ts'
import { type MemoryDisk, MemoryJournal } from '../support/memory-journal.ts'

export type DeathMoment = 'crash-before-commit' | 'crash-after-commit' | 'crash-after-effects'

export interface JournalWatch {
  /** The rows of this entry are on the disk; what follows from them has not left yet. */
  onCommit(entry: JournalEntry): void
  onDeath(moment: DeathMoment): void
}

const READ = new WeakMap<NumberedRow, StoredRow>()

export class CrashJournal extends MemoryJournal {
  readonly disk: MemoryDisk
  readonly #watch: JournalWatch
  #death: { readonly moment: DeathMoment; readonly append: number } | null = null
  #appends = 0
  #isDead = false

  constructor(life: number, disk: MemoryDisk, watch: JournalWatch) {
    super({ account: 'memory', epoch: life, incarnation: `life ${life}` }, disk)
    this.disk = disk
    this.#watch = watch
  }

  /** What is appended gets onto a disk, and its effects leave. */
  get isWriting(): boolean {
    const health = this.health()
    return !this.#isDead && (health.state === 'durable' || (health.state === 'away' && health.rows === 'spooled'))
  }

  /** Dies at the `appends`-th append from now. */
  dieAt(moment: DeathMoment, appends: number): void {
    this.#death ??= { moment, append: this.#appends + appends }
  }

  /** Takes a death back that has not come yet. */
  spare(): void {
    this.#death = null
  }

  override append(entry: JournalEntry, onDurable: () => void): void {
    this.#appends += 1
    const moment = this.#appends === this.#death?.append ? this.#death.moment : null
    if (moment === 'crash-before-commit') this.#end(moment)
    super.append(entry, () => {
      this.#watch.onCommit(entry)
      if (moment === 'crash-after-commit') this.#end(moment)
      if (this.#isDead) return
      onDurable()
      if (moment === 'crash-after-effects') this.#end(moment)
    })
  }

  /** From now on nothing is written and nobody is called back. */
  die(): void {
    this.#isDead = true
    this.hold()
  }

  /** The rows as they stand on the disk; parsed once, however many lives read them. */
  override async *read(): AsyncGenerator<StoredRow> {
    for (const row of this.disk.rows) {
      let read = READ.get(row)
      if (read === undefined) {
        const { bodyText, ...rest } = row
        read = { ...rest, body: JSON.parse(bodyText) }
        READ.set(row, read)
      }
      yield read
    }
  }

  /** The database is away, and the rows are written beside it: what waited leaves. */
  override spool(problem: string, at: number): void {
    if (!this.#isDead) super.spool(problem, at)
  }

  override release(): void {
    if (!this.#isDead) super.release()
  }

  #end(moment: DeathMoment): void {
    if (this.#isDead) return
    this.die()
    this.#watch.onDeath(moment)
  }
}

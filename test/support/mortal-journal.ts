/** A journal whose process can die at any of its commits: what was not on the disk by then never gets there. */
import type { JournalEntry } from '../../src/ports/journal.ts'
import { type MemoryDisk, MemoryJournal } from './memory-journal.ts'

/** Death at the n-th commit: before its effects leave, or right after they have left. */
export interface Death {
  readonly commit: number
  readonly when: 'before-effects' | 'after-effects'
}

export class MortalJournal extends MemoryJournal {
  /** Entries that became durable in this life. */
  commits = 0
  isDead = false
  readonly #death: Death | null

  constructor(epoch: number, disk: MemoryDisk, death: Death | null) {
    super({ account: 'memory', epoch, incarnation: `life ${epoch}` }, disk)
    this.#death = death
  }

  override append(entry: JournalEntry, onDurable: () => void): void {
    super.append(entry, () => {
      this.commits += 1
      const isLast = this.commits === this.#death?.commit
      if (isLast && this.#death?.when === 'before-effects') return this.die()
      onDurable()
      if (isLast) this.die()
    })
  }

  /** From now on nothing is written and nobody is called back. */
  die(): void {
    this.isDead = true
    this.hold()
  }
}

/** Where looks at positions and the account are kept: a store that is away at times, slow, or loses its answers. */
import type { Look } from '../../src/domain/money-snapshot.ts'
import type { Clock, RandomSource } from '../../src/ports/clock.ts'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { between, pick, waiting, whole } from './draw.ts'
import type { FaultScript } from './faults.ts'
import type { Life } from './life.ts'

const MINUTE = 60_000
const TROUBLE_MEAN_MS = 15 * MINUTE
const TROUBLE_MS = { least: MINUTE / 2, most: 12 * MINUTE }
/** A statement of a database that does not answer is given up after this. */
const DEADLINE_MS = 5_000
const SLOW_MS = { least: 500, most: 30_000 }
const TROUBLES = ['snapshots-away', 'snapshots-slow', 'snapshots-answer-lost'] as const

/** What a look says of one position, or of the account. */
export interface Row {
  readonly of: string
  readonly at: number
}

export interface LooksParts {
  readonly clock: Clock
  readonly random: RandomSource
  readonly script: FaultScript
}

export class Looks {
  /** Rows that are kept. */
  readonly counts = { position: 0, portfolio: 0 }
  /** Hears of every row as it is kept for the first time. */
  onRow: (row: Row) => void = () => undefined
  /** Hears of what is asked of the store. */
  onSave: (looks: number, underWay: number) => void = () => undefined
  readonly #parts: LooksParts
  readonly #kept = new Set<string>()
  #trouble: (typeof TROUBLES)[number] | null = null
  #soundSince = 0
  #isOver = false

  constructor(parts: LooksParts) {
    this.#parts = parts
  }

  /** Since when whatever is given is kept at once; null while it is not. */
  get soundSince(): number | null {
    return this.#trouble === null ? this.#soundSince : null
  }

  schedule(): void {
    const { clock, random } = this.#parts
    clock.at(clock.now() + waiting(random, TROUBLE_MEAN_MS), () => {
      if (this.#isOver) return
      this.#trouble = pick(random, TROUBLES)
      clock.at(clock.now() + whole(random, TROUBLE_MS.least, TROUBLE_MS.most), () => {
        this.#recover()
        this.schedule()
      })
    })
  }

  /** There for good. */
  end(): void {
    this.#isOver = true
    if (this.#trouble !== null) this.#recover()
  }

  #recover(): void {
    this.#trouble = null
    // What was slow still comes.
    this.#soundSince = this.#parts.clock.now() + SLOW_MS.most
  }

  /** The store as one life of the process has it. */
  connect(life: Life): SnapshotStore {
    let underWay = 0
    return {
      save: async (looks) => {
        if (life.isDead) return new Promise(() => undefined)
        underWay += 1
        this.onSave(looks.length, underWay)
        try {
          await this.#save(life, looks)
        } finally {
          underWay -= 1
        }
      },
    }
  }

  async #save(life: Life, looks: readonly Look[]): Promise<void> {
    const { random, script } = this.#parts
    const trouble = this.#trouble
    if (trouble === null) return this.#keep(looks)
    script.count(trouble, `${looks.length} looks`)
    if (trouble === 'snapshots-slow') {
      await this.#wait(life, between(random, SLOW_MS.least, SLOW_MS.most))
      return this.#keep(looks)
    }
    if (trouble === 'snapshots-answer-lost') this.#keep(looks)
    await this.#wait(life, DEADLINE_MS)
    throw new Error('the database did not answer')
  }

  #wait(life: Life, ms: number): Promise<void> {
    const { clock } = this.#parts
    return new Promise((resolve) => void clock.at(clock.now() + Math.round(ms), () => life.deliver(() => resolve())))
  }

  #keep(looks: readonly Look[]): void {
    for (const { positions, portfolio } of looks) {
      for (const { positionId, at } of positions) if (this.#isNew({ of: positionId, at })) this.counts.position += 1
      if (portfolio !== null && this.#isNew({ of: 'account', at: portfolio.at })) this.counts.portfolio += 1
    }
  }

  #isNew(row: Row): boolean {
    const name = `${row.of} ${row.at}`
    if (this.#kept.has(name)) return false
    this.#kept.add(name)
    this.onRow(row)
    return true
  }
}

/** The process, life after life on the same disk and before the same venue: how each begins, sleeps, wakes and ends. */
import type { Books } from '../../actors/books.ts'
import type { RunningSystem } from '../../actors/start.ts'
import type { MemoryDisk } from '../support/memory-journal.ts'
import type { Calm } from './calm.ts'
import { between, chance, whole } from './draw.ts'
import type { Invariants } from './invariants.ts'
import { CrashJournal, type DeathMoment } from './journal.ts'
import { Life } from './life.ts'
import { Remembering, strayMachine } from './remembering.ts'
import { Broken } from './scene.ts'
import { type LifeParts, startLife } from './start-life.ts'

const SECOND = 1_000
const HOUR = 3_600_000

/** A continuation of everything that was promised. */
const turn = (): Promise<void> => new Promise((done) => setImmediate(done))

export interface LivesParts extends LifeParts {
  readonly calm: Calm
  readonly invariants: Invariants
}

export class Lives {
  readonly #parts: LivesParts
  readonly disk: MemoryDisk = { rows: [] }
  readonly #remembering = new Remembering()
  /** Of the present life, or of the last one. */
  #journal: CrashJournal | null = null
  #books: Books | null = null
  #life: Life | null = null
  #count = 0
  #system: RunningSystem | null = null
  #fallen: DeathMoment | null = null
  #offUntil = 0
  /** What must be done between two steps. */
  #tasks: (() => Promise<void> | void)[] = []

  constructor(parts: LivesParts) {
    this.#parts = parts
  }

  /** How many there were. */
  get count(): number {
    return this.#count
  }
  /** The one that runs or begins; null while the process is down. */
  get life(): Life | null {
    return this.#life
  }
  /** The journal of the present life, or of the last one. */
  get journal(): CrashJournal | null {
    return this.#journal
  }
  /** Running and awake. */
  get isUp(): boolean {
    return this.#system !== null && this.#life !== null && !this.#life.isAsleep
  }
  /** Asleep, or switched off for long. */
  get isAway(): boolean {
    return this.#life === null ? this.#parts.world.clock.now() < this.#offUntil : this.#life.isAsleep
  }
  get system(): RunningSystem | null {
    return this.#system
  }
  /** @throws while no system runs */
  get up(): RunningSystem {
    if (this.#system === null) throw new Error('no system runs')
    return this.#system
  }

  /** A start of the process, on the same disk, before the same venue. */
  async boot(): Promise<void> {
    const { world, calm, invariants } = this.#parts
    this.#count += 1
    this.#fallen = null
    const life = new Life(this.#count, world.clock)
    const journal = this.#openJournal(life)
    this.#life = life
    this.#journal = journal
    const system = await startLife(this.#parts, life, journal, {
      onBooks: (books) => {
        this.#books = books
      },
      onPublish: (fact) => {
        invariants.onPublish(fact)
        this.#remembering.onPublish(fact.id)
      },
      onEnd: (because, reason) => this.#tasks.push(() => this.#ended(life, because, reason)),
    })
    if (life.isDead) return system.stop()
    world.note(`# life ${this.#count} began`)
    this.#system = system
    calm.disturb()
  }

  #openJournal(life: Life): CrashJournal {
    const { world, invariants } = this.#parts
    return new CrashJournal(life.number, this.disk, {
      onCommit: (entry) => {
        invariants.onCommit(entry)
        this.#remembering.onCommit(entry)
      },
      onDeath: (moment) => {
        world.script.count(moment, `life ${life.number}`)
        this.#fallen = moment
      },
    })
  }

  /** A new life has read its journal back. */
  checkMemory(): void {
    const problem = this.#books === null ? null : this.#remembering.problem(this.#books)
    if (problem !== null) this.#parts.invariants.fail('a boot remembers what the process knew', problem)
  }

  /** kill -9: every actor gone at once, nothing more written. */
  bury(): void {
    const { invariants } = this.#parts
    const journal = this.#journal
    const isLocked = this.#fallen === null && journal?.pending === 0
    if (this.#system !== null && isLocked) {
      const stray = strayMachine(this.#system, this.disk)
      if (stray !== null) invariants.fail('a machine stands where its journal leads', stray)
    }
    if (this.#books !== null && this.#life !== null) this.#remembering.onDeath(this.#books, journal?.pending ?? 0)
    this.#life?.die()
    journal?.die()
    this.#system?.stop()
    this.#system = null
    this.#life = null
    invariants.onDeath()
  }

  /** The process dies at once, and comes back after a while. */
  fall(moment: DeathMoment | 'killed'): void {
    this.#parts.world.note(`# life ${this.#count} died: ${moment}`)
    this.bury()
    this.#bootAfter(this.#downMs())
  }

  #ended(life: Life, because: string, reason: string): void {
    if (life.isDead) return
    if (because === 'gave-up' || because === 'fenced')
      throw new Broken('the process does not give up', `${because}: ${reason}`)
    this.#parts.world.note(`# life ${life.number} ended: ${because}`)
    this.bury()
    this.#bootAfter(this.#downMs())
  }

  /** How long a process stays away: mostly seconds, at times hours. */
  #downMs(): number {
    const random = this.#parts.world.chance
    return chance(random, 0.8)
      ? Math.round(between(random, SECOND, 90 * SECOND))
      : Math.round(between(random, 90 * SECOND, 4 * HOUR))
  }

  #bootAfter(ms: number): void {
    const { clock } = this.#parts.world
    clock.at(clock.now() + ms, () => this.#tasks.push(() => this.#bootIfDown()))
  }

  async #bootIfDown(): Promise<void> {
    if (this.#life !== null) return
    const offMs = this.#offUntil - this.#parts.world.clock.now()
    if (offMs > 0) this.#bootAfter(offMs)
    else await this.boot()
  }

  /** The process that is down stays down until then. */
  stayOff(until: number): void {
    this.#offUntil = until
  }

  async wake(life: Life): Promise<void> {
    if (life.isDead || !life.isAsleep) return
    const { world, calm } = this.#parts
    world.note('# the machine wakes')
    calm.disturb()
    const next = life.wake()
    while (next()) await this.settled()
    await this.settled()
    if (this.#system === null || life.isDead) return
    // As the real clock's alarm does within a second.
    life.clock.at(life.clock.now() + whole(world.chance, 0, SECOND), () =>
      this.#system?.house.addresses.tell('system', {
        type: 'picture.doubted',
        reason: 'the clock went forward',
        stopTrading: true,
        seenAt: life.clock.now(),
      }),
    )
  }

  /** Everything that was promised is done, and so are the deaths and starts that came of it. */
  async settled(): Promise<void> {
    await turn()
    for (;;) {
      if (this.#fallen !== null && this.#life !== null) this.fall(this.#fallen)
      const task = this.#tasks.shift()
      if (task === undefined) return
      await task()
      await turn()
    }
  }
}

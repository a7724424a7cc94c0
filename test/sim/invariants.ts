/** What must hold after every step, whatever went wrong: the system's picture against what really happened at the venue. */
import type { RunningSystem } from '../../actors/start.ts'
import type { Fact } from '../../src/domain/facts.ts'
import type { JournalEntry } from '../../src/ports/journal.ts'
import { Bags } from './bags.ts'
import { Borrowed } from './borrowed.ts'
import { makeUp } from './closing.ts'
import { Effects } from './effects.ts'
import { Forced } from './forced.ts'
import { Gate } from './gate.ts'
import { Latches } from './latches.ts'
import type { Attempt } from './line.ts'
import { Minutes } from './minutes.ts'
import { Protection } from './protection.ts'
import { Broken, type Fail, type Scene } from './scene.ts'
import { Standing } from './standing.ts'
import { Trails } from './trails.ts'

export class Invariants {
  readonly #scene: Scene
  readonly #gate = new Gate()
  readonly #effects: Effects
  readonly #protection: Protection
  readonly #standing: Standing
  readonly #latches: Latches
  readonly #trails: Trails
  readonly #bags: Bags
  readonly #borrowed: Borrowed
  readonly #forced: Forced
  readonly minutes: Minutes
  #broken: Broken | null = null
  #checked = -1
  /** A person asked for a halt, and has not taken it back. */
  isHaltTold = false

  constructor(scene: Scene) {
    const fail: Fail = (invariant, detail) => this.fail(invariant, detail)
    this.#scene = scene
    this.#latches = new Latches(fail)
    this.#effects = new Effects(scene, this.#gate, this.#latches, fail)
    this.#protection = new Protection(scene, this.#gate, fail)
    this.#standing = new Standing(scene, this.#effects, fail)
    this.#trails = new Trails(fail)
    this.#bags = new Bags(scene.truth, fail)
    this.#borrowed = new Borrowed(scene, fail)
    this.#forced = new Forced(scene, fail)
    this.minutes = new Minutes(scene, fail)
    scene.truth.onTerms = (order) => this.#trails.onStop(order)
  }

  /** Facts published over all lives, by what they say happened. */
  get told(): ReadonlyMap<string, number> {
    return this.#effects.told
  }

  /** Noted where it happens, thrown after the step: what is called back must not throw. */
  fail(invariant: string, detail: string): void {
    this.#broken ??= new Broken(invariant, detail)
  }

  /** A placement leaves the process. */
  onPlace(attempt: Attempt): void {
    this.#effects.onPlace(attempt)
    this.#forced.onPlace(attempt)
  }

  /** These rows are on the disk. */
  onCommit(entry: JournalEntry): void {
    this.#effects.onCommit(entry)
    this.#trails.onCommit(entry)
    for (const fact of entry.facts) {
      this.#latches.onFact(fact)
      this.#bags.onFact(fact)
      this.#borrowed.onFact(fact)
      this.#forced.onFact(fact)
      this.minutes.onFact(fact)
    }
  }

  /** A fact is heard on the bus. */
  onPublish(fact: Fact): void {
    this.#effects.onPublish(fact)
  }

  /** The process is gone: what it had not written down is forgotten. */
  onDeath(): void {
    this.isHaltTold = this.#gate.isHalted
  }

  /** After every step. @throws Broken */
  check(): void {
    this.#throwBroken()
    this.#protection.checkHoldings()
    this.#protection.checkPairs()
    this.#throwBroken()
    this.#protection.checkWithdrawn()
    this.#forced.check()
    this.minutes.check()
    const version = this.#scene.truth.version + this.#effects.published
    if (version === this.#checked) return
    this.#checked = version
    this.#standing.check(this.isHaltTold)
    this.#borrowed.check()
    this.#throwBroken()
  }

  /** Once everything is over. @throws Broken */
  conclude(system: RunningSystem): void {
    this.#bags.conclude()
    this.#borrowed.conclude(system.house.books)
    this.#forced.conclude(system.house.books)
    this.minutes.conclude(system)
    makeUp(this.#scene, this.#bags.held, system, (invariant, detail) => this.fail(invariant, detail))
    this.#throwBroken()
  }

  #throwBroken(): void {
    if (this.#broken !== null) throw this.#broken
  }
}

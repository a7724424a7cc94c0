/** One life of the process: its clock stands while it sleeps, and nothing reaches it once it is dead. */
import type { Clock } from '../../src/ports/clock.ts'

export class Life {
  readonly number: number
  readonly clock: Clock
  #isDead = false
  #isAsleep = false
  #held: (() => void)[] = []

  constructor(number: number, world: Clock) {
    this.number = number
    this.clock = {
      now: () => world.now(),
      at: (dueAt, callback) => {
        let isCancelled = false
        const timer = world.at(dueAt, () => this.deliver(() => (isCancelled ? undefined : callback())))
        return {
          // Also one that fell due while the machine slept.
          cancel: () => {
            isCancelled = true
            timer.cancel()
          },
        }
      },
    }
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get isAsleep(): boolean {
    return this.#isAsleep
  }

  /** Runs what reaches the process: at once, when it wakes, or never. */
  deliver(callback: () => void): void {
    if (this.#isDead) return
    if (this.#isAsleep) this.#held.push(callback)
    else callback()
  }

  /** The machine sleeps: timers that fall due, answers and reports wait. */
  sleep(): void {
    this.#isAsleep = true
  }

  /** Awake again: what waited happens now, in its order, one call of the result at a time; null when nothing is left. */
  wake(): () => boolean {
    this.#isAsleep = false
    const held = this.#held
    this.#held = []
    return () => {
      held.shift()?.()
      return held.length > 0
    }
  }

  die(): void {
    this.#isDead = true
    this.#held = []
  }
}

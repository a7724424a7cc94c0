/**
 * The one lane of signed calls. Kraken wants each nonce above the last, so a call leaves when the one before it has been
 * answered. A call that hangs holds the others up for a second and no longer: an exit never waits behind it, and a nonce
 * that is overtaken on the wire is refused before the engine.
 */
import type { Clock } from '../../../ports/clock.ts'

/** Who goes first: a call whose nonce was refused, then what changes orders, then questions. */
export type Rank = 'again' | 'order' | 'read'
const RANKS: readonly Rank[] = ['again', 'order', 'read']

export const HOLD_MS = 1_000

export class Lane {
  readonly #clock: Clock
  readonly #waiting: Readonly<Record<Rank, (() => void)[]>> = { again: [], order: [], read: [] }
  readonly #idle: (() => void)[] = []
  #isHeld = false
  #inFlight = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs `send` in its turn: first come first served within a rank. Its outcome is passed on as it is. */
  run<T>(rank: Rank, send: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting[rank].push(() => this.#start(send, resolve, reject))
      this.#next()
    })
  }

  /** Resolves when nothing waits and nothing is on its way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve)
      this.#next()
    })
  }

  #start<T>(send: () => Promise<T>, resolve: (value: T) => void, reject: (error: unknown) => void): void {
    let holds = true
    const release = (): void => {
      if (!holds) return
      holds = false
      hold.cancel()
      this.#isHeld = false
      this.#next()
    }
    const hold = this.#clock.at(this.#clock.now() + HOLD_MS, release)
    this.#inFlight += 1
    send()
      .then(resolve, reject)
      .finally(() => {
        this.#inFlight -= 1
        release()
        this.#next()
      })
  }

  #next(): void {
    if (this.#isHeld) return
    for (const rank of RANKS) {
      const begin = this.#waiting[rank].shift()
      if (begin === undefined) continue
      this.#isHeld = true
      begin()
      return
    }
    if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}

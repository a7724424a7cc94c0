/** What could not be delivered: a bounded list, newest last, and a counter of all there ever were. */
import { inspect } from 'node:util'
import type { DeadLetter, Envelope } from '../../ports/bus.ts'
import type { Clock } from '../../ports/clock.ts'
import { Fifo } from './fifo.ts'

export class DeadLetters {
  readonly #clock: Clock
  readonly #limit: number
  readonly #letters = new Fifo<DeadLetter>()
  #total = 0

  constructor(clock: Clock, limit: number) {
    this.#clock = clock
    this.#limit = limit
  }

  /** All there ever were, also those that the list has forgotten. */
  get total(): number {
    return this.#total
  }

  add(reason: DeadLetter['reason'], problem: string, envelope: Envelope, subscriberId: string | null): void {
    this.#total += 1
    this.#letters.push(Object.freeze({ envelope, subscriberId, reason, problem, at: this.#clock.now() }))
    if (this.#letters.size > this.#limit) this.#letters.shift()
  }

  list(): readonly DeadLetter[] {
    return this.#letters.toArray()
  }
}

/** One line about anything that can be thrown. */
export const problemOf = (thrown: unknown): string =>
  thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : inspect(thrown, { breakLength: Infinity, depth: 1 })

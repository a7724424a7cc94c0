/** Requests on their way to the paper venue, and the promises that wait for their answers. */
import type { VenueOrderId } from '../../../domain/ids.ts'
import type { Clock, Timer } from '../../../ports/clock.ts'
import type { VenueAnswer } from '../../../ports/exchange.ts'
import type { Outcome } from './order-entry.ts'
import type { Delivery } from './outbox.ts'

type Lose = (problem: string) => void

interface Pending {
  answered(outcome: Outcome): void
  readonly lose: Lose
}

const lost = (problem: string) => ({ kind: 'lost', problem }) as const

export class Requests {
  readonly #clock: Clock
  readonly #latency: () => number
  readonly #pending = new Map<number, Pending>()
  readonly #reads = new Map<Timer, Lose>()
  #lastEffectiveAt = 0

  constructor(clock: Clock, latency: () => number) {
    this.#clock = clock
    this.#latency = latency
  }

  /** When a request sent now reaches the engine: one line carries them all, so none overtakes another. */
  effectiveAt(): number {
    this.#lastEffectiveAt = Math.max(this.#lastEffectiveAt, this.#clock.now() + this.#latency())
    return this.#lastEffectiveAt
  }

  /** The answer to `ticket`, whenever the engine gives it. */
  answerTo<T>(ticket: number, toValue: (id: VenueOrderId) => T): Promise<VenueAnswer<T>> {
    return new Promise((resolve) => {
      const answered = (outcome: Outcome): void => {
        if ('message' in outcome) resolve({ kind: 'refused', ...outcome })
        else resolve({ kind: 'done', value: toValue(outcome.venueOrderId) })
      }
      this.#pending.set(ticket, { answered, lose: (problem) => resolve(lost(problem)) })
    })
  }

  /** The answer ready to leave; null when nobody waits for it (it was asked for before a restart). */
  answer(ticket: number, outcome: Outcome): Delivery | null {
    const pending = this.#pending.get(ticket)
    if (pending === undefined) return null
    this.#pending.delete(ticket)
    return { send: () => pending.answered(outcome), lose: pending.lose }
  }

  /** A question: `ask` runs once it has reached the venue, and its answer leaves through `post`. */
  question<T>(ask: () => VenueAnswer<T>, post: (delivery: Delivery) => void): Promise<VenueAnswer<T>> {
    return new Promise((resolve) => {
      const lose: Lose = (problem) => resolve(lost(problem))
      const timer = this.#clock.at(this.effectiveAt(), () => {
        this.#reads.delete(timer)
        const answer = ask()
        post({ send: () => resolve(answer), lose })
      })
      this.#reads.set(timer, lose)
    })
  }

  /** Nobody will hear an answer any more. */
  loseAll(problem: string): void {
    for (const pending of this.#pending.values()) pending.lose(problem)
    this.#pending.clear()
    for (const [timer, lose] of this.#reads) {
      timer.cancel()
      lose(problem)
    }
    this.#reads.clear()
  }
}

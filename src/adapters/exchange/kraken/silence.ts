/** Watches a line for signs of life: silence is asked about once, and silence after that is a dead line. */
import type { Clock, Timer } from '../../../ports/clock.ts'

export interface SilenceParts {
  readonly clock: Clock
  /** Silence before the venue is asked, and for its answer. */
  readonly silenceMs: number
  readonly pongMs: number
  readonly ask: () => void
  readonly giveUp: () => void
}

export class SilenceWatch {
  readonly #parts: SilenceParts
  #timer: Timer | null = null
  #heardAt = 0
  /** Asked, and not heard since. */
  #isDoubted = false

  constructor(parts: SilenceParts) {
    this.#parts = parts
  }

  start(): void {
    this.heard()
    this.#look()
  }

  heard(): void {
    this.#heardAt = this.#parts.clock.now()
    this.#isDoubted = false
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #look(): void {
    const { clock, silenceMs, pongMs, ask, giveUp } = this.#parts
    const now = clock.now()
    if (this.#isDoubted) {
      giveUp()
      return
    }
    if (now >= this.#heardAt + silenceMs) {
      this.#isDoubted = true
      ask()
      this.#arm(now + pongMs)
    } else this.#arm(this.#heardAt + silenceMs)
  }

  #arm(dueAt: number): void {
    this.#timer?.cancel()
    this.#timer = this.#parts.clock.at(dueAt, () => this.#look())
  }
}

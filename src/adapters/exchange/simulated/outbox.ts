/** Nothing leaves the paper venue before its state is saved: answers and reports wait here, in order. */
import type { Clock, Timer } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import type { VenueStore } from '../../../ports/venue-store.ts'

/** Something on its way out. `lose` is for answers alone: what the caller hears when saving fails. */
export interface Delivery {
  send(): void
  lose?(problem: string): void
}

export interface OutboxParts {
  readonly store: VenueStore | null
  readonly clock: Clock
  readonly log: Log
  /** The state to save, taken at the last moment, so that one save covers all that happened before it. */
  readonly state: () => Readonly<Record<string, unknown>>
  /** Told of the first failure to save, and with null of the first success after it. */
  readonly onTrouble: (problem: string | null) => void
}

const SAVE_DEADLINE_MS = 5_000
const RETRY_MS = 1_000

const textOf = (problem: unknown): string => (problem instanceof Error ? problem.message : String(problem))

/** One save at a time; what comes meanwhile goes with the next. Without a store everything leaves at once. */
export class Outbox {
  readonly #parts: OutboxParts
  #waiting: Delivery[] = []
  #isDirty = false
  #isSaving = false
  #trouble: string | null = null
  #retry: Timer | null = null
  #idle: (() => void)[] = []
  #savedAt = Number.NEGATIVE_INFINITY

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  /** When the state was last saved or being saved, milliseconds UTC. */
  get savedAt(): number {
    return this.#savedAt
  }

  post(delivery: Delivery): void {
    if (this.#parts.store === null) {
      delivery.send()
      return
    }
    this.#waiting.push(delivery)
    this.#pump(this.#parts.store)
  }

  /** Saves although nothing waits to leave. */
  checkpoint(): void {
    if (this.#parts.store === null) return
    this.#isDirty = true
    this.#pump(this.#parts.store)
  }

  /** Resolves when all is saved and sent, or when saving fails. */
  settled(): Promise<void> {
    if (!this.#isSaving) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Gives up retrying; waiting answers are lost, waiting reports are found by look-up after the next start. */
  close(): void {
    this.#retry?.cancel()
    this.#retry = null
    for (const delivery of this.#waiting.splice(0)) delivery.lose?.('the paper venue was stopped')
  }

  #pump(store: VenueStore): void {
    if (this.#isSaving || this.#retry !== null || (this.#waiting.length === 0 && !this.#isDirty)) return
    const { clock } = this.#parts
    const batch = this.#waiting
    this.#waiting = []
    this.#isSaving = true
    this.#isDirty = false
    this.#savedAt = clock.now()
    // The save goes on after its deadline, for two of them could land in the wrong order; only the callers stop waiting.
    const deadline = clock.at(clock.now() + SAVE_DEADLINE_MS, () => {
      this.#fail(batch, `saving the paper venue takes longer than ${SAVE_DEADLINE_MS} ms`)
    })
    const attempt = (async () => store.save(this.#parts.state()))()
    attempt.then(
      () => {
        deadline.cancel()
        this.#isSaving = false
        this.#recover()
        for (const delivery of batch) delivery.send()
        this.#next(store)
      },
      (problem: unknown) => {
        deadline.cancel()
        this.#isSaving = false
        this.#isDirty = true
        this.#waiting = [...batch.filter((delivery) => delivery.lose === undefined), ...this.#waiting]
        this.#retry = clock.at(clock.now() + RETRY_MS, () => {
          this.#retry = null
          this.#pump(store)
        })
        this.#fail(batch, textOf(problem))
      },
    )
  }

  #next(store: VenueStore): void {
    this.#pump(store)
    if (!this.#isSaving) this.#release()
  }

  #fail(batch: readonly Delivery[], problem: string): void {
    for (const delivery of batch) delivery.lose?.(problem)
    if (this.#trouble === null) {
      this.#parts.log.error('the paper venue cannot save its state', { problem })
      this.#parts.onTrouble(problem)
    }
    this.#trouble = problem
    this.#release()
  }

  #recover(): void {
    if (this.#trouble === null) return
    this.#trouble = null
    this.#parts.log.info('the paper venue saves its state again')
    this.#parts.onTrouble(null)
  }

  #release(): void {
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}

/** The matching engine as something that answers at once, and wakes up by itself when something in it falls due. */
import type { MatchingEngine } from '../adapters/exchange/simulated/engine.ts'
import type { Outcome } from '../adapters/exchange/simulated/order-entry.ts'
import type { VenueEvent } from '../adapters/exchange/simulated/venue-events.ts'
import type { Clock, Timer } from '../ports/clock.ts'

type Listener = (event: VenueEvent) => void

export class EngineLine {
  readonly engine: MatchingEngine
  readonly #clock: Clock
  readonly #listeners = new Set<Listener>()
  #timer: Timer | null = null

  constructor(engine: MatchingEngine, clock: Clock) {
    this.engine = engine
    this.#clock = clock
  }

  /** Milliseconds UTC; never before what the engine has seen. */
  now(): number {
    return Math.max(this.#clock.now(), this.engine.now)
  }

  /** The answer to a request (by its ticket) that takes effect at once; what it led to has been told by then. */
  ask(request: (engine: MatchingEngine, at: number) => number): Outcome {
    const at = this.now()
    const ticket = request(this.engine, at)
    const events = this.engine.advanceTo(at)
    const answer = events.find((event) => event.kind === 'answered' && event.ticket === ticket)
    this.tell(events)
    if (answer?.kind !== 'answered') throw new Error('the engine owes an answer')
    return answer.outcome
  }

  /** Tells what the engine said has happened, in order. */
  tell(events: ReturnType<MatchingEngine['advanceTo']>): void {
    for (const event of events)
      if (event.kind !== 'answered') for (const listener of [...this.#listeners]) listener(event)
    this.#rearm()
  }

  /** The answer ends it. */
  onEvent(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Nothing happens by itself any more, and nobody hears of anything. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#listeners.clear()
  }

  #rearm(): void {
    this.#timer?.cancel()
    const dueAt = this.engine.nextDueAt()
    this.#timer = dueAt === null ? null : this.#clock.at(dueAt, () => this.tell(this.engine.advanceTo(this.now())))
  }
}

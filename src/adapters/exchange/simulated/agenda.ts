/** What the venue has to do, and when: requests on their way, starts and expiries of orders, rollovers, the dead-man switch. */
import type { Blotter } from './blotter.ts'
import type { Command } from './engine-state.ts'
import type { WorkingOrder } from './venue-order.ts'

/** What is done when its time has come. */
export interface Duties {
  expire(order: WorkingOrder, at: number): void
  start(order: WorkingOrder, at: number): void
  /** When the next rollover of a position is due; infinite where none is. */
  readonly rolloverAt: number
  rollOver(at: number): void
  /** The dead-man switch went off. */
  cancelAll(at: number): void
  obey(command: Command, at: number): void
}

type Request<C = Command> = C extends Command ? Omit<C, 'ticket'> : never

const NEVER = Number.POSITIVE_INFINITY
const expiryOf = (order: WorkingOrder): number => order.expiresAt ?? NEVER
const startOf = (order: WorkingOrder): number => (order.isPending ? (order.startsAt ?? NEVER) : NEVER)

export class Agenda {
  /** Requests numbered so far. */
  tickets = 0
  /** The latest moment seen, milliseconds UTC; never goes back. */
  now = 0
  #queue: Command[] = []
  #cancelAllAt: number | null = null
  #dueAt = NEVER
  readonly #blotter: Blotter
  readonly #duties: Duties

  constructor(blotter: Blotter, duties: Duties) {
    this.#blotter = blotter
    this.#duties = duties
  }

  /** When something is to happen by itself; null when nothing waits. */
  get dueAt(): number | null {
    return Number.isFinite(this.#dueAt) ? this.#dueAt : null
  }

  get queue(): readonly Command[] {
    return this.#queue
  }

  /** When the dead-man switch goes off; null while it is disarmed. */
  get cancelAllAt(): number | null {
    return this.#cancelAllAt
  }

  /** Puts a request behind all of its time or earlier; answers its ticket. */
  ask(request: Request): number {
    this.tickets += 1
    const command: Command = { ...request, ticket: this.tickets }
    let index = this.#queue.length
    while (index > 0 && (this.#queue[index - 1]?.at ?? 0) > command.at) index -= 1
    this.#queue.splice(index, 0, command)
    this.#dueAt = Math.min(this.#dueAt, command.at)
    return command.ticket
  }

  /** Everything due up to `at`, in order of time; what happens by itself goes before a request of the same moment. */
  moveTo(at: number): void {
    while (this.#dueAt <= at) {
      const dueAt = this.#dueAt
      this.now = Math.max(this.now, dueAt)
      for (const order of [...this.#blotter.live()]) {
        if (expiryOf(order) <= dueAt) this.#duties.expire(order, this.now)
        else if (startOf(order) <= dueAt) this.#duties.start(order, this.now)
      }
      if (this.#duties.rolloverAt <= dueAt) this.#duties.rollOver(this.now)
      if (this.#cancelAllAt !== null && this.#cancelAllAt <= dueAt) {
        this.#cancelAllAt = null
        this.#duties.cancelAll(this.now)
      }
      const next = this.#queue[0]
      if (next !== undefined && next.at <= dueAt) {
        this.#queue.shift()
        this.#duties.obey(next, this.now)
      }
      this.rearm()
    }
    if (at > this.now) this.now = at
  }

  /** Arms the dead-man switch for `at`; null disarms it. */
  armSwitch(at: number | null): void {
    this.#cancelAllAt = at
    this.rearm()
  }

  /** Call it once the live orders are there. */
  restore(saved: {
    readonly now: number
    readonly tickets: number
    readonly queue: readonly Command[]
    readonly cancelAllAt: number | null
  }): void {
    this.now = saved.now
    this.tickets = saved.tickets
    this.#queue = [...saved.queue]
    this.armSwitch(saved.cancelAllAt)
  }

  /** Finds out anew what is due next. */
  rearm(): void {
    let dueAt = Math.min(this.#queue[0]?.at ?? NEVER, this.#cancelAllAt ?? NEVER, this.#duties.rolloverAt)
    for (const order of this.#blotter.live()) dueAt = Math.min(dueAt, expiryOf(order), startOf(order))
    this.#dueAt = dueAt
  }
}

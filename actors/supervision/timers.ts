/**
 * The one timer service. A machine states a deadline as an absolute time; the service rings it back as a message to the
 * actor's name, so a restarted or restored actor only has to state its deadlines again.
 */
import type { Clock, Timer } from '../../src/ports/clock.ts'

export interface DeadlineMessage {
  readonly type: 'deadline.reached'
  readonly name: string
  readonly dueAt: number
  readonly seenAt: number
}

export interface Timers {
  /** Sets, moves or (null) clears the deadline of that actor and name. */
  set(actor: string, name: string, at: number | null): void
  /** Clears all of an actor's deadlines: when it is done. */
  clear(actor: string): void
  /** Clears everything: the process ends. */
  stop(): void
  readonly waiting: number
}

export function createTimers(clock: Clock, ring: (actor: string, message: DeadlineMessage) => void): Timers {
  const byActor = new Map<string, Map<string, Timer>>()
  let waiting = 0
  const drop = (actor: string, name: string): void => {
    const timers = byActor.get(actor)
    const timer = timers?.get(name)
    if (timers === undefined || timer === undefined) return
    timer.cancel()
    waiting -= 1
    timers.delete(name)
    if (timers.size === 0) byActor.delete(actor)
  }
  return {
    set: (actor, name, at) => {
      drop(actor, name)
      if (at === null) return
      const timers = byActor.get(actor) ?? new Map<string, Timer>()
      byActor.set(actor, timers)
      waiting += 1
      timers.set(
        name,
        clock.at(at, () => {
          drop(actor, name)
          ring(actor, { type: 'deadline.reached', name, dueAt: at, seenAt: clock.now() })
        }),
      )
    },
    clear: (actor) => {
      for (const name of [...(byActor.get(actor)?.keys() ?? [])]) drop(actor, name)
    },
    stop: () => {
      for (const actor of [...byActor.keys()])
        for (const name of [...(byActor.get(actor)?.keys() ?? [])]) drop(actor, name)
    },
    get waiting() {
      return waiting
    },
  }
}

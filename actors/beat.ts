/** What is done again and again while the system runs. */
import type { Clock } from '../src/ports/clock.ts'

/**
 * Calls `work` every `everyMs` until it is told to stop, without drift. After a sleep the beats that were missed are not
 * made up for, and after the clock was set back none is waited for longer than usual. Returns how to stop it.
 */
export function beat(clock: Clock, everyMs: number, work: () => void): () => void {
  let timer = clock.at(clock.now() + everyMs, () => next(clock.now()))
  function next(dueAt: number): void {
    const now = clock.now()
    const nextAt = Math.min(Math.max(dueAt + everyMs, now), now + everyMs)
    timer = clock.at(nextAt, () => next(nextAt))
    work()
  }
  return () => timer.cancel()
}

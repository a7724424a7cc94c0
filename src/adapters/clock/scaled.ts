/** A clock that stands at another moment and runs faster or slower than the one it is made from. */
import type { Clock } from '../../ports/clock.ts'

/** Stands at `from` now, and moves `speed` seconds for each second of `base`. */
export function scaledClock(base: Clock, from: number, speed: number): Clock {
  const began = base.now()
  return {
    now: () => from + (base.now() - began) * speed,
    at: (dueAt, callback) => base.at(began + Math.ceil((dueAt - from) / speed), callback),
  }
}

/** Playing a simulated clock: it moves on only when nothing is queued, in flight or waiting for the disk. */
import type { Clock, SimulatedClock } from '../ports/clock.ts'

/** What must stand still before time may move. */
export interface Playable {
  isQuiet(): boolean
  /** Lets everything that has been promised happen: pending writes first, then every continuation. */
  settle(): Promise<void>
}

/** Plays no faster than `speed` simulated seconds a second. */
export interface Pace {
  readonly wall: Clock
  readonly speed: number
}

/** Fires timers one by one until `isOver` or until none is left. */
export async function play(
  clock: SimulatedClock,
  playable: Playable,
  isOver: () => boolean,
  pace: Pace | null,
): Promise<void> {
  const began = pace === null ? null : { at: clock.now(), wallAt: pace.wall.now() }
  while (!isOver()) {
    if (!playable.isQuiet()) await playable.settle()
    if (isOver()) return
    const dueAt = clock.nextDueAt()
    if (dueAt === null) return
    if (pace !== null && began !== null) await until(pace.wall, began.wallAt + (dueAt - began.at) / pace.speed)
    clock.fireNext()
  }
}

/** Plays on until the promise has an answer. */
export async function playUntil<T>(clock: SimulatedClock, playable: Playable, promise: Promise<T>): Promise<T> {
  let answered = false
  const settled = promise.finally(() => {
    answered = true
  })
  for (;;) {
    await playable.settle()
    if (answered) return settled
    if (!clock.fireNext()) throw new Error('the clock ran out before the answer came')
  }
}

const until = (wall: Clock, at: number): Promise<void> =>
  at <= wall.now() ? Promise.resolve() : new Promise((resolve) => wall.at(at, resolve))

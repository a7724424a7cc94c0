/** Time, timers, ids and chance: everything that is not in the input comes through these. */

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since 1970 UTC. While a due callback runs, this is its due time on the simulated clock. */
  now(): number
  /** Runs `callback` at `dueAt` (at once, but never synchronously, when that has passed). */
  at(dueAt: number, callback: () => void): Timer
}

/** A clock that stands still until told: replays, backtests, tests. */
export interface SimulatedClock extends Clock {
  /** Due time of the next timer; null when nothing waits. */
  nextDueAt(): number | null
  /** Moves to the next due time and fires exactly one timer, first-scheduled first among equals; false when none waits. */
  fireNext(): boolean
  /** Fires everything due up to and including `at`, in order, then stands at `at`. */
  advanceTo(at: number): void
}

/**
 * How long our own work takes. Never for what is decided, stated or journaled: a replay takes another time and must find
 * the same.
 */
export interface Stopwatch {
  /** Since some moment; never goes back. */
  microseconds(): number
}

/** Fresh identities. UUID v4 in form; seeded in replays. */
export interface IdSource {
  next(): string
}

/** Chance: uniform in [0, 1). Seeded by stream name, so that one consumer's draws do not move another's. */
export interface RandomSource {
  next(): number
  /** An independent sequence, the same for the same seed and name. */
  stream(name: string): RandomSource
}

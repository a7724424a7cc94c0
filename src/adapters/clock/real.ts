/** The clock on the wall, and an alarm for when it jumps or the machine has slept. */
import type { Clock, Stopwatch, Timer } from '../../ports/clock.ts'

/** Longest delay that setTimeout takes: more than this fires at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1
const HEARTBEAT_MS = 1_000
/** Slewing by a time daemon and a busy event loop stay below this; a step or a sleep does not. */
const TOLERANCE_MS = 2_000
/** A heartbeat this late means that the process stood still, also where the monotonic clock counts the sleep. */
const STALLED_MS = 10_000

export interface ClockJump {
  /** `stalled`: wall and monotonic time agree, but nothing ran in between. */
  readonly kind: 'forward' | 'backward' | 'stalled'
  /** How far wall time and running time came apart; for `stalled`, how late the heartbeat was. Positive. */
  readonly byMs: number
  /** Wall time after the jump. */
  readonly at: number
}

export interface RealClock extends Clock {
  /** Hears of jumps and sleeps within a second of waking; returns how to stop hearing. */
  onJump(listener: (jump: ClockJump) => void): () => void
}

/** What the operating system gives; handed in by tests. */
export interface TimeSources {
  /** Milliseconds since 1970 UTC; may be set back or forth. */
  wall(): number
  /** Milliseconds since some moment; never goes back. */
  monotonic(): number
  /** Runs once after `delayMs`; an unheld timer does not keep the process alive. Returns how to cancel. */
  delay(delayMs: number, held: boolean, callback: () => void): () => void
}

const SYSTEM_TIME: TimeSources = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  delay(delayMs, held, callback) {
    const handle = setTimeout(callback, delayMs)
    if (!held) handle.unref()
    return () => clearTimeout(handle)
  },
}

export const systemStopwatch: Stopwatch = { microseconds: () => performance.now() * 1_000 }

/** Calls back where the process still lives after `delayMs`; does not keep it alive. */
export function ifStillAlive(delayMs: number, callback: () => void): void {
  SYSTEM_TIME.delay(delayMs, false, callback)
}

interface Reading {
  readonly wall: number
  readonly monotonic: number
}

/** What happened between two heartbeats that should be a second apart; null when nothing did. */
function jumpBetween(before: Reading, after: Reading): ClockJump | null {
  const ran = after.monotonic - before.monotonic
  const drift = after.wall - before.wall - ran
  if (drift > TOLERANCE_MS) return { kind: 'forward', byMs: drift, at: after.wall }
  if (drift < -TOLERANCE_MS) return { kind: 'backward', byMs: -drift, at: after.wall }
  const late = ran - HEARTBEAT_MS
  return late > STALLED_MS ? { kind: 'stalled', byMs: late, at: after.wall } : null
}

/** Calls `onJump` for every jump until the returned function is called. */
function watchForJumps(time: TimeSources, onJump: (jump: ClockJump) => void): () => void {
  const read = (): Reading => ({ wall: time.wall(), monotonic: time.monotonic() })
  let before = read()
  let cancel = (): void => {}
  const beat = (): void => {
    const after = read()
    const jump = jumpBetween(before, after)
    before = after
    cancel = time.delay(HEARTBEAT_MS, false, beat)
    if (jump !== null) onJump(jump)
  }
  cancel = time.delay(HEARTBEAT_MS, false, beat)
  return () => cancel()
}

interface ArmedTimer extends Timer {
  /** Measures the wait afresh from wall time. */
  rearm(): void
}

/**
 * A timer by wall time that never waits longer than was asked: should wall time be set back meanwhile, it fires when the
 * asked-for time has run, so that a deadline stays a deadline.
 */
function armTimer(time: TimeSources, dueAt: number, onFired: () => void): ArmedTimer {
  const askedMs = Math.max(0, dueAt - time.wall())
  const askedAt = time.monotonic()
  let stop = (): void => {}
  const arm = (): void => {
    const waitMs = Math.ceil(Math.min(Math.max(dueAt - time.wall(), 1), LONGEST_DELAY_MS))
    stop = time.delay(waitMs, true, wake)
  }
  const wake = (): void => {
    const remainingMs = dueAt - time.wall()
    const hasRun = time.monotonic() - askedAt >= askedMs
    if (remainingMs <= 0 || (hasRun && remainingMs > TOLERANCE_MS)) onFired()
    else arm()
  }
  arm()
  return {
    cancel: () => stop(),
    rearm() {
      stop()
      arm()
    },
  }
}

/**
 * Wall time in milliseconds UTC. Timers keep the process alive, reach beyond setTimeout's 24.8 days, never fire before
 * they are due (but see `armTimer` for a clock set back), and are due on time again after a jump that is heard of.
 * The heartbeat that finds jumps runs only while somebody listens and does not keep the process alive.
 * @throws RangeError for a timer due at NaN.
 */
export function realClock(time: TimeSources = SYSTEM_TIME): RealClock {
  const armed = new Set<ArmedTimer>()
  const listeners = new Set<(jump: ClockJump) => void>()
  let stopWatching: (() => void) | null = null

  const tell = (jump: ClockJump): void => {
    // A clock set back leaves the running waits as they are: they already end when the asked-for time has run.
    if (jump.kind !== 'backward') for (const timer of [...armed]) timer.rearm()
    for (const listener of [...listeners]) listener(jump)
  }

  return {
    now: () => time.wall(),
    at(dueAt, callback) {
      if (Number.isNaN(dueAt)) throw new RangeError('a timer cannot be due at NaN')
      const timer = armTimer(time, dueAt, () => {
        armed.delete(timer)
        callback()
      })
      armed.add(timer)
      return {
        cancel() {
          armed.delete(timer)
          timer.cancel()
        },
      }
    },
    onJump(listener) {
      // A wrapper of its own, so that one function heard twice is also ended one by one.
      const own = (jump: ClockJump): void => listener(jump)
      listeners.add(own)
      stopWatching ??= watchForJumps(time, tell)
      return () => {
        listeners.delete(own)
        if (listeners.size > 0) return
        stopWatching?.()
        stopWatching = null
      }
    },
  }
}

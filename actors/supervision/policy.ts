/** When a child comes back, with whom, after how long, and when to give up. Pure functions; OTP's words and arithmetic. */
import type { RandomSource } from '../../src/ports/clock.ts'

export const strategies = ['one_for_one', 'one_for_all', 'rest_for_one'] as const
export type Strategy = (typeof strategies)[number]

export const restartKinds = ['permanent', 'transient', 'temporary'] as const
export type RestartKind = (typeof restartKinds)[number]

/** At most `restarts` restarts in any `periodMs`; one more and the supervisor gives up. */
export interface Intensity {
  readonly restarts: number
  readonly periodMs: number
}

/** How long a crashed child waits before it comes back. */
export interface Backoff {
  readonly initialMs: number
  /** Each further crash multiplies the wait by this; at least 1. */
  readonly factor: number
  readonly maxMs: number
  /** A child that ran this long before it crashed waits `initialMs` again. */
  readonly quietMs: number
  /** Share of the wait, 0 to 1, that chance may take off. Absent: none. */
  readonly jitter?: number
}

export interface RestartBudget {
  /** Restart times, ms, that still count, oldest first, the present one included. */
  readonly times: readonly number[]
  readonly exceeded: boolean
}

/**
 * OTP's restart intensity: remembers the restart at `now`, forgets those older than the period, and gives up when more
 * than `intensity.restarts` remain. A restart exactly `periodMs` ago still counts.
 */
export function recordRestart(times: readonly number[], now: number, intensity: Intensity): RestartBudget {
  const counted = [...times.filter((at) => now - at <= intensity.periodMs), now]
  return { times: counted, exceeded: counted.length > intensity.restarts }
}

/** The number of the coming attempt, from 1: one more than the last, or 1 again when the child ran a quiet period. */
export function nextAttempt(attempt: number, ranMs: number, backoff: Backoff): number {
  return ranMs >= backoff.quietMs ? 1 : attempt + 1
}

/** Milliseconds to wait before attempt number `attempt` (from 1): `initialMs · factor^(attempt−1)`, at most `maxMs`. */
export function backoffDelayMs(attempt: number, backoff: Backoff, random: RandomSource | null): number {
  const { initialMs, factor, maxMs } = backoff
  // Zero times an overflowed power would be NaN.
  const fullMs = initialMs === 0 ? 0 : Math.min(maxMs, initialMs * factor ** (attempt - 1))
  const jitter = backoff.jitter ?? 0
  return random === null || jitter === 0 ? fullMs : Math.round(fullMs * (1 - jitter * random.next()))
}

/** Whether a child of this kind comes back after it ended in this way. */
export function comesBack(kind: RestartKind, ending: 'done' | 'crashed'): boolean {
  switch (kind) {
    case 'permanent':
      return true
    case 'transient':
      return ending === 'crashed'
    case 'temporary':
      return false
  }
}

/** Whom the end of `culprit` concerns, itself included, in start order. `ids` are all children in start order. */
export function affectedBy(strategy: Strategy, ids: Iterable<string>, culprit: string): readonly string[] {
  switch (strategy) {
    case 'one_for_one':
      return [culprit]
    case 'one_for_all':
      return [...ids]
    case 'rest_for_one': {
      const ordered = [...ids]
      return ordered.slice(ordered.indexOf(culprit))
    }
  }
}

/**
 * How well positions were protected.
 *
 * `unprotectedSeconds` is the time, past the protection deadline, during which a position has quantity and neither a
 * live stop nor a working exit. The deadline runs anew each time it becomes bare: from its first fill, and from the
 * moment it loses its stop. The gap is the time from the first fill to the first protection.
 */

export const PROTECTION_DEADLINE_MS = 10_000

/** One position's meter; plain JSON. Times in milliseconds UTC. */
export interface ProtectionMeter {
  readonly deadlineMs: number
  /** Since when it has had quantity without protection; null while it has none, or is protected. */
  readonly bareSinceAt: number | null
  readonly lastAt: number | null
  readonly firstFillAt: number | null
  /** First fill to first protection; null until both have been. */
  readonly gapMs: number | null
  /** Past the deadline, of bare times that have ended. */
  readonly endedUnprotectedMs: number
}

export interface ProtectionObservation {
  readonly at: number
  readonly hasQuantity: boolean
  readonly hasLiveStopOrWorkingExit: boolean
}

export const newProtectionMeter = (deadlineMs: number = PROTECTION_DEADLINE_MS): ProtectionMeter => ({
  deadlineMs,
  bareSinceAt: null,
  lastAt: null,
  firstFillAt: null,
  gapMs: null,
  endedUnprotectedMs: 0,
})

const pastDeadline = (meter: ProtectionMeter, at: number): number =>
  meter.bareSinceAt === null ? 0 : Math.max(0, at - meter.bareSinceAt - meter.deadlineMs)

/** The meter after one more look. A look that is older than the last one counts as made at the last one's time. */
export function observed(meter: ProtectionMeter, seen: ProtectionObservation): ProtectionMeter {
  const at = Math.max(seen.at, meter.lastAt ?? seen.at)
  const isBare = seen.hasQuantity && !seen.hasLiveStopOrWorkingExit
  const isProtected = seen.hasQuantity && seen.hasLiveStopOrWorkingExit
  const firstFillAt = meter.firstFillAt ?? (seen.hasQuantity ? at : null)
  const gapMs = meter.gapMs ?? (isProtected && firstFillAt !== null ? at - firstFillAt : null)
  if (isBare) return { ...meter, lastAt: at, firstFillAt, gapMs, bareSinceAt: meter.bareSinceAt ?? at }
  const endedUnprotectedMs = meter.endedUnprotectedMs + pastDeadline(meter, at)
  return { ...meter, lastAt: at, firstFillAt, gapMs, bareSinceAt: null, endedUnprotectedMs }
}

/** Seconds unprotected up to `at`, a bare time that still runs included. */
export const unprotectedSeconds = (meter: ProtectionMeter, at: number): number =>
  (meter.endedUnprotectedMs + pastDeadline(meter, at)) / 1000

/** Whether the position is bare past its deadline now: protect or flatten at once. */
export const isOverdue = (meter: ProtectionMeter, at: number): boolean => pastDeadline(meter, at) > 0

export interface GapStatistics {
  readonly count: number
  /** Milliseconds; null where nothing was measured. Percentiles by nearest rank. */
  readonly p50: number | null
  readonly p99: number | null
  readonly max: number | null
}

/** Percentiles of the gaps from first fill to protection. */
export function gapStatistics(gapsMs: readonly number[]): GapStatistics {
  const sorted = [...gapsMs].sort((a, b) => a - b)
  const rank = (share: number): number | null => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
  return { count: sorted.length, p50: rank(0.5), p99: rank(0.99), max: sorted.at(-1) ?? null }
}

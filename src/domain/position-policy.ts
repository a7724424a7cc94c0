/** How a position is looked after; journaled with its birth, so that a later configuration changes nothing of it. */
import type { TrailingTerms } from './trailing.ts'
import type { Numeric } from './units.ts'

export interface PositionPolicy {
  /** From the first unprotected unit to its live stop; past it the position is flattened. */
  readonly protectMs: number
  /** How long the venue's stop may take to answer a cross before the local watch acts. */
  readonly graceMs: number
  /** How long a closing may take before it becomes an emergency, and between two tries of one. */
  readonly exitMs: number
  readonly retryMs: number
  /** How its stop follows the price from its birth on; null where it stands still until that is asked for. */
  readonly trailing: TrailingTerms | null
  /** How long after a refusal a stop that follows is asked for again, with no new best price. */
  readonly trailSweepMs: number
  /** The least move of its stop that the venue is asked for, per cent of where it is. */
  readonly amendMinChangePct: Numeric
  /** Between two changes of the price of its stop. */
  readonly amendMinIntervalMs: number
}

/** What a position begins with. */
import type { Approved } from './approved.ts'
import type { PositionId } from './ids.ts'
import type { Instrument } from './instrument.ts'
import type { OrderRequest } from './order.ts'
import type { PositionSide } from './position.ts'
import type { OrderDirective, PositionRecord } from './position-story.ts'
import type { Numeric } from './units.ts'

export interface PositionPolicy {
  /** From the first unprotected unit to its live stop; past it the position is flattened. */
  readonly protectMs: number
  /** How long the venue's stop may take to answer a cross before the local watch acts. */
  readonly graceMs: number
  /** How long a closing may take before it becomes an emergency, and between two tries of one. */
  readonly exitMs: number
  readonly retryMs: number
}

/** The birth of a position: journaled as its first row. */
export interface PositionBirth {
  readonly positionId: PositionId
  readonly proposalId: string
  readonly side: PositionSide
  readonly leverage: number
  readonly instrument: Instrument
  readonly entry: Approved<OrderRequest>
  readonly stopLoss: Numeric
  readonly takeProfit: Numeric | null
  readonly policy: PositionPolicy
  readonly seenAt: number
}

/** A position that holds nothing yet, with its entry to be placed. */
export const newPosition = ({
  entry,
  seenAt,
  ...birth
}: PositionBirth): PositionRecord & {
  readonly policy: PositionPolicy
  readonly directives: readonly OrderDirective[]
} => ({
  ...birth,
  ...{ stopWanted: null, closeReason: null, dust: '0', openedAt: seenAt, updatedAt: seenAt, closedAt: null },
  slots: [{ request: entry, view: null, dropped: false }],
  directives: [{ kind: 'place', request: entry }],
})

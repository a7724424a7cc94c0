/** What a position begins with. */
import type { Approved } from './approved.ts'
import type { PositionId } from './ids.ts'
import type { Instrument } from './instrument.ts'
import type { OrderRequest } from './order.ts'
import type { PositionSide } from './position.ts'
import type { PositionPolicy } from './position-policy.ts'
import { newSlot } from './position-slot.ts'
import type { OrderDirective, PositionRecord } from './position-story.ts'
import type { Numeric } from './units.ts'

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
}: PositionBirth): PositionRecord & { readonly directives: readonly OrderDirective[] } => ({
  ...birth,
  ...{ stopWanted: null, stopGiven: birth.stopLoss, closeReason: null, dust: '0', news: [] },
  ...{ openedAt: seenAt, updatedAt: seenAt, closedAt: null },
  trailing: birth.policy.trailing === null ? null : { ...birth.policy.trailing, bestPrice: null },
  slots: [newSlot(entry)],
  directives: [{ kind: 'place', request: entry }],
})

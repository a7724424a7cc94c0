/** What a position begins with. */
import type { Approved } from './approved.ts'
import type { PositionId } from './ids.ts'
import type { Instrument } from './instrument.ts'
import type { OrderRequest } from './order.ts'
import type { PositionSide } from './position.ts'
import type { PositionPolicy } from './position-policy.ts'
import { newSlot } from './position-slot.ts'
import { type OrderDirective, type PositionRecord, stopProblem } from './position-story.ts'
import { amount, type Numeric } from './units.ts'

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

/** The most that any pair is lent. */
const MOST_LEVERAGE = 5

/**
 * Why a position may not be born like this; null when it may. A bad number is a reason too. A market entry has no price
 * to compare its stop with; its average is 0 until it is filled, and so is its profit.
 */
export function positionProblem({
  entry,
  leverage,
  side,
  stopLoss,
  takeProfit,
}: Omit<PositionBirth, 'policy' | 'seenAt'>): string | null {
  try {
    if (!(Number.isInteger(leverage) && leverage >= 1 && leverage <= MOST_LEVERAGE))
      return 'leverage is a whole number from 1 to 5'
    if (!amount(entry.quantity).gt(0)) return 'its size must be above zero'
    const at = amount(entry.limitPrice ?? 0)
    if (at.lt(0)) return 'its entry cannot be below zero'
    const isBehind = side === 'long' ? amount(stopLoss).lt(at) : amount(stopLoss).gt(at)
    if (at.gt(0) && !isBehind) return `its stop must be ${side === 'long' ? 'below' : 'above'} its entry`
    return stopProblem(side, stopLoss, takeProfit)
  } catch {
    return 'its size and its prices are numbers'
  }
}

/** A position that holds nothing yet, with its entry to be placed. */
export const newPosition = ({
  entry,
  seenAt,
  ...birth
}: PositionBirth): PositionRecord & { readonly directives: readonly OrderDirective[] } => ({
  ...birth,
  ...{ stopWanted: null, stopGiven: birth.stopLoss, closeReason: null, dust: '0', news: [] },
  ...{ reduction: null, closeWish: { reference: null, note: null }, financing: '0' },
  ...{ openedAt: seenAt, updatedAt: seenAt, closedAt: null },
  trailing: birth.policy.trailing === null ? null : { ...birth.policy.trailing, bestPrice: null },
  slots: [newSlot(entry)],
  directives: [{ kind: 'place', request: entry }],
})

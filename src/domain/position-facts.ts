/** What a position tells beside its plain facts, and the triggers it has watched. */
import type { FactDraft } from './facts.ts'
import type { Pair, PositionId } from './ids.ts'
import type { PositionPhase, PositionSide } from './position.ts'
import { type Exposure, isCovered } from './position-cover.ts'
import { isHolding, type PositionRecord, positionFact, positionView, withVenueStop } from './position-story.ts'
import type { Numeric } from './units.ts'

/** A stop rests at the venue for all that is held. */
export const protectedFact = (record: PositionRecord & Exposure): FactDraft => ({
  type: 'position.protected',
  position: positionView(record, 'protected'),
  gapMs: record.gapMs,
})

export const closingFact = (record: PositionRecord): FactDraft => ({
  type: 'position.closing',
  position: positionView(record, 'closing'),
  reason: record.closeReason ?? 'api',
})

/** That it must be flattened, and that it is naked where it is; nothing where nothing is held any more. */
export function emergencyFacts(record: PositionRecord & Exposure): FactDraft[] {
  if (!isHolding(record)) return []
  const { positionId, instrument, closeReason, unprotectedSince, updatedAt } = record
  const emergency: FactDraft = {
    type: 'position.emergency',
    position: positionView(record, 'emergencyExit'),
    problem: closeReason ?? 'exit overdue',
  }
  if (isCovered(record)) return [emergency]
  const sinceAt = unprotectedSince ?? updatedAt
  return [emergency, { type: 'position.unprotected', positionId, symbol: instrument.symbol, sinceAt }]
}

/** What closed it, where that deserves a fact of its own. */
function hitFacts(record: PositionRecord): FactDraft[] {
  const position = positionView(record, 'closed')
  if (record.closeReason === 'stop_loss') return [{ type: 'position.stopHit', position }]
  return record.closeReason === 'take_profit' ? [{ type: 'position.targetHit', position }] : []
}

/** The end: dust given over, the stop or target that was hit, and that it is closed. */
export function closedFacts(record: PositionRecord): FactDraft[] {
  const { dust } = record
  const given: FactDraft[] =
    dust === '0' ? [] : [{ type: 'position.dustTransferred', position: positionView(record, 'closed'), quantity: dust }]
  return [...given, ...hitFacts(record), positionFact('position.closed', record, 'closed')]
}

/** A position's answer to a command that it cannot obey. */
export const positionDenied = ({ positionId, instrument }: PositionRecord, reason: string): FactDraft => ({
  ...{ type: 'position.denied', positionId, symbol: instrument.symbol, reason },
})

/** A change of the stop that the venue does not have, and where it has the stop, should that be news. */
export function stopStands(record: PositionRecord, here: PositionPhase, why = 'refused'): FactDraft[] {
  const { stopLoss } = withVenueStop(record)
  const moved: FactDraft[] =
    stopLoss === record.stopLoss ? [] : [positionFact('position.amended', { ...record, stopLoss }, here)]
  if (record.stopWanted === null) return moved
  return [...moved, positionDenied(record, `the stop stays at ${stopLoss}: ${why}`)]
}

/** Prices that are watched locally; null where nothing is. */
export interface WatchedTriggers {
  readonly positionId: PositionId
  readonly symbol: Pair
  readonly side: PositionSide
  readonly stopLoss: Numeric | null
  readonly takeProfit: Numeric | null
  /** On the target's side: where a stop that follows the price is looked at next. */
  readonly trail: Numeric | null
}

/** The position's stop and target, to be watched or let go. */
export const triggersOf = (
  { positionId, instrument, side, stopLoss, takeProfit }: PositionRecord,
  watched: boolean,
): WatchedTriggers => ({
  ...{ positionId, symbol: instrument.symbol, side },
  stopLoss: watched ? stopLoss : null,
  takeProfit: watched ? takeProfit : null,
  trail: null,
})

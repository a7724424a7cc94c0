/** What a position tells beside its plain facts, and the triggers it has watched. */
import { assertNever } from './assert.ts'
import type { FactDraft } from './facts.ts'
import type { Pair, PositionId } from './ids.ts'
import type { PositionPhase, PositionSide } from './position.ts'
import { type Exposure, isCovered, unprotectedSince } from './position-cover.ts'
import {
  changeProblem,
  type ExitChange,
  isHolding,
  type PositionRecord,
  positionFact,
  positionView,
} from './position-story.ts'
import { nextTrailLook } from './position-trail.ts'
import type { Numeric } from './units.ts'

/** A stop rests at the venue for all that is held. */
export const protectedFacts = (record: PositionRecord & Exposure): FactDraft[] => [
  { type: 'position.protected', position: positionView(record, 'protected'), gapMs: record.gapMs },
]

/** That it is on its way out, why, and what whoever asked for it had in mind. */
export const closingFacts = (record: PositionRecord): FactDraft[] => [
  {
    ...{ type: 'position.closing', position: positionView(record, 'closing') },
    ...{ reason: record.closeReason ?? 'api', ...record.closeWish },
  },
]

/** That it must be flattened, and that it is naked where it is; nothing where nothing is held any more. */
export function emergencyFacts(record: PositionRecord & Exposure): FactDraft[] {
  if (!isHolding(record)) return []
  const { positionId, instrument, closeReason, updatedAt } = record
  const emergency: FactDraft = {
    type: 'position.emergency',
    position: positionView(record, 'emergencyExit'),
    problem: closeReason ?? 'exit overdue',
  }
  if (isCovered(record)) return [emergency]
  const sinceAt = unprotectedSince(record) ?? updatedAt
  return [emergency, { type: 'position.unprotected', positionId, symbol: instrument.symbol, sinceAt }]
}

/** What closed it, where that deserves a fact of its own. */
function hitFacts(record: PositionRecord): FactDraft[] {
  const position = positionView(record, 'closed')
  if (record.closeReason === 'stop_loss' || record.closeReason === 'trailing_stop')
    return [{ type: 'position.stopHit', position }]
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

/** Why its stop and target stay as they are. */
export const changeDenied = (record: PositionRecord, change: ExitChange): FactDraft[] => [
  positionDenied(record, changeProblem(record, change) ?? 'its stop and its target stay as they are'),
]

/** What the last message made of it: what is held only where no change of state tells it. */
export function newsFacts(record: PositionRecord, here: PositionPhase): FactDraft[] {
  const staysAsItIs = isHolding(record) && here !== 'opening' && (here !== 'protected' || isCovered(record))
  return record.news.flatMap((one): FactDraft[] => {
    switch (one.kind) {
      case 'held':
        return staysAsItIs ? [positionFact('position.filled', record, here)] : []
      case 'amended':
        return [positionFact('position.amended', record, here)]
      case 'reducing':
        return [
          {
            ...{ type: 'position.reducing', position: positionView(record, here) },
            ...{ reason: one.reason, quantity: one.quantity },
          },
        ]
      case 'reduced':
        return [{ type: 'position.reduced', position: positionView(record, here), reason: one.reason }]
      case 'liquidated':
        return [{ type: 'position.liquidated', position: positionView(record, here) }]
      case 'denied':
        return [positionDenied(record, one.reason)]
      default:
        return assertNever(one)
    }
  })
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

/** The position's prices, to be watched or let go. */
export const triggersOf = (record: PositionRecord, watched: boolean): WatchedTriggers => ({
  ...{ positionId: record.positionId, symbol: record.instrument.symbol, side: record.side },
  stopLoss: watched ? record.stopLoss : null,
  takeProfit: watched ? record.takeProfit : null,
  trail: watched ? nextTrailLook(record) : null,
})

/** Whether other prices are to be watched than before. */
export const hasOtherTriggers = (before: PositionRecord, after: PositionRecord): boolean =>
  JSON.stringify(triggersOf(before, true)) !== JSON.stringify(triggersOf(after, true))

/**
 * The target of a position on margin: it rests at the venue beside the stop, as one pair of which either fill cancels the
 * other. On spot it would hold the base a second time: there it is watched here alone.
 */
import { isOnMargin, sentLeverage } from './margin-lots.ts'
import type { CloseReason } from './position.ts'
import { coverOf, toProtect } from './position-cover.ts'
import { growsAt, isAtVenue, isSamePrice, isSlotLive, type OrderSlot, unfilled, wasTakenBack } from './position-slot.ts'
import { isHolding, ofPurpose, type PositionRecord } from './position-story.ts'
import { type Amount, amount, maxOf, minOf, type Numeric } from './units.ts'

export const liveTarget = (record: PositionRecord): OrderSlot | undefined =>
  ofPurpose(record, 'target').find(isSlotLive)

/** A price that reaches it is the venue's to answer first. */
export function isTargetResting(record: PositionRecord): boolean {
  const view = liveTarget(record)?.view ?? null
  return view !== null && isAtVenue(view)
}

/** Whether a target of its own is to rest at the venue. */
export const isTargetWanted = ({ side, leverage, takeProfit }: PositionRecord): boolean =>
  takeProfit !== null && isOnMargin({ leverage: sentLeverage(side, leverage) })

const priceOf = ({ view, request }: OrderSlot): Numeric | null => view?.triggerPrice ?? request.triggerPrice

/** When the last target was asked for, where at this price it was refused or taken back unasked; null where it was not. */
function turnedDownAt(record: PositionRecord): number | null {
  const last = ofPurpose(record, 'target').at(-1)
  if (last === undefined || last.isWithdrawn || !isSamePrice(priceOf(last), record.takeProfit)) return null
  if (last.dropped) return last.droppedAt ?? null
  return last.view !== null && (last.view.status === 'ERROR' || wasTakenBack(last)) ? last.view.createdAt : null
}

const later = (now: number, at: number | null | undefined, ms: number): number | null =>
  at !== null && at !== undefined && at + ms > now ? at + ms : null

/** When a target that was turned down is asked for again; until then it is watched here. Null: it may be asked for now. */
export const targetBarredUntil = (record: PositionRecord): number | null =>
  later(record.updatedAt, turnedDownAt(record), record.policy.trailSweepMs)

/** Base units that it should still sell: never more than is held, and it grows only with what the stop covers. */
export function targetSize(record: PositionRecord, target: OrderSlot | undefined): Amount {
  const resting = target === undefined ? amount(0) : unfilled(target)
  const most = toProtect(record)
  return resting.gt(most) ? most : maxOf(resting, minOf(most, coverOf(record)))
}

/** Whether it rests elsewhere by too little for the venue to amend it: it is then taken back and placed anew. */
export function isNudged({ takeProfit, policy }: PositionRecord, target: OrderSlot): boolean {
  const from = priceOf(target)
  if (from === null || takeProfit === null || isSamePrice(from, takeProfit)) return false
  const move = amount(takeProfit).minus(amount(from)).abs()
  return move.times(100).lt(amount(from).times(policy.amendMinChangePct))
}

/** When it is to be looked at again though nobody reports anything; null where nothing waits. Milliseconds UTC. */
export function nextTargetLook(record: PositionRecord): number | null {
  if (!isTargetWanted(record) || !isHolding(record)) return null
  const { policy, takeProfit, updatedAt } = record
  const target = liveTarget(record)
  if (target === undefined) return targetBarredUntil(record)
  if (target.view === null || target.asked !== undefined) return null
  const isElsewhere = !isSamePrice(target.view.triggerPrice, takeProfit)
  if (!isElsewhere && targetSize(record, target).eq(unfilled(target))) return null
  return (
    later(updatedAt, target.refusedAt, policy.retryMs) ??
    (targetSize(record, target).gt(unfilled(target)) ? later(updatedAt, growsAt(target, policy), 0) : null) ??
    (isElsewhere ? later(updatedAt, target.repricedAt, policy.amendMinIntervalMs) : null)
  )
}

const lastFilledAt = (record: PositionRecord, purpose: 'stop' | 'target'): number =>
  ofPurpose(record, purpose).reduce((last, { view }) => {
    if (view === null || amount(view.filled).isZero()) return last
    return Math.max(last, view.fills.at(-1)?.at ?? view.updatedAt)
  }, Number.NEGATIVE_INFINITY)

const isSoldByTarget = (record: PositionRecord): boolean =>
  lastFilledAt(record, 'target') > lastFilledAt(record, 'stop')

/** Nothing is held any more, and the target sold the last of it. */
export const isEndedByTarget = (record: PositionRecord): boolean => !isHolding(record) && isSoldByTarget(record)

/** Why it ends though a rest is held that is too little to sell: its target sold all but that, or there was never more. */
export const dustReason = (record: PositionRecord): CloseReason => (isSoldByTarget(record) ? 'take_profit' : 'dust')

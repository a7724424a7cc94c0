/** A position's stop that follows the price: what a price makes of it, and at which price it is looked at next. */
import type { CloseReason } from './position.ts'
import { isCovered, isDust, toProtect } from './position-cover.ts'
import { growsAt, isSamePrice, unfilled } from './position-slot.ts'
import { entryPrice, isHolding, liveStop, ofPurpose, type PositionRecord, stopToBe } from './position-story.ts'
import { isEndedByTarget, nextTargetLook } from './position-target.ts'
import {
  activationPrice,
  aheadOf,
  DEFAULT_ACTIVATION_PCT,
  isAhead,
  isWorthMoving,
  nextLook,
  stopBehind,
  type TrailingTerms,
} from './trailing.ts'
import { type Amount, amount, type Numeric, text } from './units.ts'

/** The tightest of where the stop is and where it is wanted: the price alone never asks for less. */
const tightest = (record: PositionRecord): Amount =>
  aheadOf(record.side, amount(record.stopLoss), amount(stopToBe(record)))

/** The price where it follows from; null where it does not, or nothing is held. */
function activationOf(record: PositionRecord): Amount | null {
  const { trailing } = record
  return trailing === null || !isHolding(record)
    ? null
    : activationPrice(record, entryPrice(record), trailing.activationPct)
}

/** The stop that the best price so far asks for, where it is tighter by the least move; else null. */
export function trailedStop(record: PositionRecord): Numeric | null {
  const { trailing, side, policy } = record
  if (trailing?.bestPrice === undefined || trailing.bestPrice === null) return null
  const stop = stopBehind(record, amount(trailing.bestPrice), trailing.distancePct)
  return isWorthMoving(side, tightest(record), stop, policy.amendMinChangePct) ? text(stop) : null
}

/** The record with the stop wanted that its best price asks for. */
export const withTrailedStop = <R extends PositionRecord>(record: R): R => ({
  ...record,
  stopWanted: trailedStop(record) ?? record.stopWanted,
})

/** The record once that price was seen: from its activation on the best price counts. */
export function withPrice<R extends PositionRecord>(record: R, price: Numeric): R {
  const { trailing, side } = record
  const activation = activationOf(record)
  const seen = amount(price)
  if (trailing === null || activation === null) return record
  if (trailing.bestPrice === null && isAhead(side, activation, seen)) return record
  const bestPrice = text(aheadOf(side, amount(trailing.bestPrice ?? price), seen))
  return withTrailedStop({ ...record, trailing: { ...trailing, bestPrice } })
}

/** The price at which the stop is looked at next: its activation, then wherever it would move by the least move. */
export function nextTrailLook(record: PositionRecord): Numeric | null {
  const { trailing, policy } = record
  const activation = activationOf(record)
  if (trailing === null || activation === null) return null
  if (trailing.bestPrice === null) return text(activation)
  return text(nextLook(record, amount(trailing.bestPrice), trailing, tightest(record), policy.amendMinChangePct))
}

/** A distance of its own for one position; what is not said stays as it is. */
export interface TrailingChange {
  readonly distancePct: Numeric
  readonly activationPct?: Numeric
}

export const trailingTerms = (
  { trailing, policy }: PositionRecord,
  { distancePct, activationPct }: TrailingChange,
): TrailingTerms => ({
  distancePct,
  activationPct: activationPct ?? (trailing ?? policy.trailing)?.activationPct ?? DEFAULT_ACTIVATION_PCT,
})

/** The record with a stop that follows from now on, or by another distance; a best price that it had is kept. */
export const withTrailing = <R extends PositionRecord>(record: R, change: TrailingChange): R =>
  withTrailedStop({
    ...record,
    trailing: { ...trailingTerms(record, change), bestPrice: record.trailing?.bestPrice ?? null },
    news: [...record.news, { kind: 'amended' as const }],
  })

/** When its stop is to be looked at again though nobody reports anything; null where nothing waits. */
function nextStopLook(record: PositionRecord): number | null {
  const stop = liveStop(record)
  const { policy, updatedAt } = record
  if (stop === undefined || stop.view === null || stop.asked !== undefined) return null
  const later = (at: number | undefined, ms: number): number | null =>
    at !== undefined && at + ms > updatedAt ? at + ms : null
  const isElsewhere = !isSamePrice(stop.view.triggerPrice, stopToBe(record))
  // The target sold a part, and the venue would not make the stop smaller.
  const isTooLarge = unfilled(stop).gt(toProtect(record)) && !isDust(record)
  const refused = isElsewhere || isTooLarge ? later(stop.refusedAt, policy.retryMs) : null
  if (refused !== null) return refused
  const isTooSmall = unfilled(stop).lt(toProtect(record)) && !isCovered(record)
  const growth = isTooSmall ? later(growsAt(stop, policy), 0) : null
  if (growth !== null) return growth
  if (isElsewhere) return later(stop.repricedAt, policy.amendMinIntervalMs)
  return trailedStop(record) === null ? null : later(stop.refusedAt, policy.trailSweepMs)
}

/** When its stop or its target is to be looked at again though nobody reports anything; null: never. Milliseconds UTC. */
export function nextAmendAt(record: PositionRecord): number | null {
  const looks = [nextStopLook(record), nextTargetLook(record)].filter((at) => at !== null)
  return looks.length === 0 ? null : Math.min(...looks)
}

/** What sold it, where nobody had it closed: force, its target, or its stop, called by the price that it had at the venue. */
export function stopReason(record: PositionRecord): CloseReason {
  if (!isHolding(record) && record.slots.some(({ isForced }) => isForced)) return 'liquidated'
  if (isEndedByTarget(record)) return 'take_profit'
  const price = ofPurpose(record, 'stop').at(-1)?.view?.triggerPrice ?? record.stopLoss
  const isTrailed = record.trailing !== null && record.trailing.bestPrice !== null
  return isTrailed && !isSamePrice(price, record.stopGiven) ? 'trailing_stop' : 'stop_loss'
}

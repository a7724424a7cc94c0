/** How far what a position holds is covered by a stop at the venue, and since when it is not. */
import { roundDownToLot } from './instrument.ts'
import { isSlotLive, mayStillFill, unfilled } from './position-slot.ts'
import { heldBy, isEntryLive, isHolding, liveStop, ofPurpose, type PositionRecord } from './position-story.ts'
import { type Amount, amount, maxOf, type Numeric, text, ZERO } from './units.ts'

/** How much the stop at the venue would sell. */
export function coverOf(record: PositionRecord): Amount {
  const stop = liveStop(record)
  const atVenue = stop?.view !== undefined && stop.view !== null && stop.view.status !== 'PENDING'
  return atVenue && stop !== undefined ? unfilled(stop) : ZERO
}

/** Too little for an order of its own: below the pair's least quantity or cost, at the price of the stop. */
export const isCrumb = ({ instrument, stopLoss }: PositionRecord, size: Amount): boolean =>
  size.lt(amount(instrument.orderMin)) || size.times(stopLoss).lt(amount(instrument.costMin))

/**
 * A stop rests at the venue for all that is held. While the entry still fills, what came since and is too little for an
 * order is watched locally: the stop need not follow every crumb.
 */
export function isCovered(record: PositionRecord): boolean {
  if (liveStop(record) === undefined) return false
  const bare = toProtect(record).minus(coverOf(record))
  return bare.lte(0) || (coverOf(record).gt(0) && isEntryLive(record) && isCrumb(record, bare))
}

/** What an exit may sell: whole lots of what is held. */
export const sellable = (record: PositionRecord): Amount =>
  roundDownToLot(maxOf(heldBy(record), ZERO), record.instrument)

/** What of a reduction is not sold yet, base units. */
export const leftToSell = (record: PositionRecord): Amount =>
  record.reduction === null
    ? ZERO
    : ofPurpose(record, 'exit')
        .slice(record.reduction.from)
        .reduce((left, { view }) => left.minus(amount(view?.filled ?? 0)), amount(record.reduction.quantity))

/** What the stop is for: all that is held, less what is being sold. */
export const toProtect = (record: PositionRecord): Amount =>
  maxOf(sellable(record).minus(maxOf(leftToSell(record), ZERO)), ZERO)

/** How long something held has had no stop. Times in milliseconds UTC. */
export interface Exposure {
  /** Of the part that has waited longest; null while all is covered, or nothing is held. */
  readonly unprotectedSince: number | null
  /** What was held then, or when a stop was last asked for: one for so much has caught up with that moment. */
  readonly heldThen: Numeric
  /** When more came that a stop for `heldThen` does not cover; null where nothing came since. */
  readonly grewAt: number | null
  /** How long the last part had to wait. */
  readonly gapMs: number
}

export const NO_EXPOSURE: Exposure = { unprotectedSince: null, heldThen: '0', grewAt: null, gapMs: 0 }

/**
 * The clock of each part that is held runs by itself: where fills trickle in faster than the stop can follow, there is
 * always something bare, and none of it for long. Too little for any order is watched here, and its time is none of what
 * comes after it.
 */
export function exposureOf(record: PositionRecord & Exposure): Exposure {
  const { unprotectedSince: since, updatedAt } = record
  if (!isHolding(record) || isCovered(record) || isDust(record))
    return { ...NO_EXPOSURE, gapMs: since === null ? record.gapMs : updatedAt - since }
  const held = text(heldBy(record))
  if (since === null) return { unprotectedSince: updatedAt, heldThen: held, grewAt: null, gapMs: record.gapMs }
  const grewAt = record.grewAt ?? (heldBy(record).gt(record.heldThen) ? updatedAt : null)
  if (coverOf(record).lt(record.heldThen))
    return { unprotectedSince: since, heldThen: record.heldThen, grewAt, gapMs: record.gapMs }
  return { unprotectedSince: grewAt ?? updatedAt, heldThen: held, grewAt: null, gapMs: updatedAt - since }
}

/**
 * A deadline that passed while nobody was there is none: the stop that was asked for may be at the venue, and its time to
 * be found begins with the return. One that still runs goes on.
 */
export const afterAbsence = ({
  unprotectedSince: since,
  updatedAt,
  policy: { protectMs },
}: PositionRecord & Exposure): Pick<Exposure, 'unprotectedSince'> => ({
  unprotectedSince: since === null || updatedAt < since + protectMs ? since : null,
})

/** What is held is under the pair's minimum: no order can sell it. */
export function isDust(record: PositionRecord): boolean {
  const held = heldBy(record)
  return held.gt(0) && isCrumb(record, held)
}

/** Too little to sell, and nothing in flight that could add to it or sell it. */
export const isStranded = (record: PositionRecord): boolean =>
  isDust(record) && !record.slots.some((slot) => isSlotLive(slot) || mayStillFill(slot))

/** How far what a position holds is covered by a stop at the venue, and since when it is not. */
import { roundDownToLot } from './instrument.ts'
import { isSlotLive, mayStillFill, unfilled } from './position-slot.ts'
import { heldBy, isEntryLive, isHolding, liveStop, ofPurpose, type PositionRecord } from './position-story.ts'
import { type Amount, amount, maxOf, type Numeric, sumOf, text, ZERO } from './units.ts'

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

/** Base units that no stop covers, and since when, milliseconds UTC. */
export interface BarePart {
  readonly quantity: Numeric
  readonly since: number
}

/** What of a position has no stop. */
export interface Exposure {
  /** In the order in which a stop covers them: what came first, first. None while all is covered, or nothing is held. */
  readonly bare: readonly BarePart[]
  /** What the stop covered then, base units. */
  readonly covered: Numeric
  /** How long the last part that was covered had to wait. */
  readonly gapMs: number
}

export const NO_EXPOSURE: Exposure = { bare: [], covered: '0', gapMs: 0 }

/** Of the part that has waited longest; null where nothing is bare. */
export const unprotectedSince = ({ bare }: Exposure): number | null =>
  bare.length === 0 ? null : Math.min(...bare.map(({ since }) => since))

/** How much has to wait for a stop. Too little for any order is watched here, and its time is none of what comes after it. */
function bareSize(record: PositionRecord): Amount {
  if (!isHolding(record) || isCovered(record) || isDust(record)) return ZERO
  const bare = toProtect(record).minus(coverOf(record))
  return bare.gt(0) ? bare : heldBy(record)
}

/** What is left of the parts once a stop covers so much of them. */
function withoutFirst(parts: readonly BarePart[], quantity: Amount): readonly BarePart[] {
  let covered = quantity
  return parts.flatMap((part) => {
    const rest = amount(part.quantity).minus(covered)
    covered = maxOf(rest.negated(), ZERO)
    return rest.gt(0) ? [{ ...part, quantity: text(rest) }] : []
  })
}

/**
 * The clock of each part runs by itself: where fills trickle in faster than the stop can follow, there is always something
 * bare, and none of it for long. A stop that goes and comes back covers again what it had covered: the clock of what it
 * never covered runs on.
 */
export function exposureOf(record: PositionRecord & Exposure): Exposure {
  const { gapMs, updatedAt: since } = record
  const cover = coverOf(record)
  const lost = amount(record.covered).minus(cover)
  const bare = [...(lost.gt(0) ? [{ quantity: text(lost), since }] : []), ...record.bare]
  const came = bareSize(record).minus(sumOf(bare.map(({ quantity }) => amount(quantity))))
  const covered = text(cover)
  if (came.gte(0)) return { bare: came.isZero() ? bare : [...bare, { quantity: text(came), since }], covered, gapMs }
  const first = unprotectedSince(record)
  return { bare: withoutFirst(bare, came.negated()), covered, gapMs: first === null ? gapMs : since - first }
}

/**
 * A deadline that passed while nobody was there is none: the stop that was asked for may be at the venue, and its time to
 * be found begins with the return. One that still runs goes on.
 */
export function afterAbsence(record: PositionRecord & Exposure): Pick<Exposure, 'bare'> {
  const since = unprotectedSince(record)
  return { bare: since === null || record.updatedAt < since + record.policy.protectMs ? record.bare : [] }
}

/** What is held is under the pair's minimum: no order can sell it. */
export function isDust(record: PositionRecord): boolean {
  const held = heldBy(record)
  return held.gt(0) && isCrumb(record, held)
}

/** Too little to sell, and nothing in flight that could add to it or sell it. */
export const isStranded = (record: PositionRecord): boolean =>
  isDust(record) && !record.slots.some((slot) => isSlotLive(slot) || mayStillFill(slot))

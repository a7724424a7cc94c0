/**
 * A part of a position is sold and the rest stays: its stop is first amended to what will remain, then the part goes at
 * market. All that is not promised to that sale stays covered.
 */

import { roundDownToLot } from './instrument.ts'
import type { OrderView } from './order.ts'
import type { CloseReason } from './position.ts'
import { afterAbsence, type Exposure, isCrumb, leftToSell, sellable } from './position-cover.ts'
import { isSlotLive } from './position-slot.ts'
import {
  heldBy,
  type News,
  ofPurpose,
  type PositionRecord,
  withOrder,
  withOrders,
  withoutOrder,
} from './position-story.ts'
import { amount, type Numeric, text } from './units.ts'

export interface ReduceWish {
  /** Above 0, below 1. */
  readonly share: Numeric
  readonly reason: CloseReason
}

const shareOf = (share: Numeric): boolean => {
  try {
    return amount(share).gt(0) && amount(share).lte(1)
  } catch {
    return false
  }
}

/** Of what is held now, in lots, rounded down; what a withdrawn entry still brings in the race stays. */
const partOf = (record: PositionRecord, share: Numeric) =>
  roundDownToLot(sellable(record).times(amount(share)), record.instrument)

/** What would remain is dust: the whole is sold. */
export const closesWhole = (record: PositionRecord, { share }: ReduceWish): boolean =>
  shareOf(share) && record.reduction === null && isCrumb(record, sellable(record).minus(partOf(record, share)))

/** Why no part of it is sold; null when one is. */
function problemOf(record: PositionRecord, { share }: ReduceWish): string | null {
  if (!shareOf(share)) return 'the share to sell is above 0 and at most 1'
  if (record.reduction !== null) return 'it is being reduced already'
  return isCrumb(record, partOf(record, share)) ? 'the part to sell is below the minimum of the pair' : null
}

/** The record with that part to be sold, or with the reason why not. */
export function withReduction<R extends PositionRecord>(record: R, wish: ReduceWish): R {
  const reason = problemOf(record, wish)
  if (reason !== null) return { ...record, news: [...record.news, { kind: 'denied', reason }] }
  const quantity = text(partOf(record, wish.share))
  const reduction = { quantity, reason: wish.reason, from: ofPurpose(record, 'exit').length }
  return { ...record, reduction, news: [...record.news, { kind: 'reducing', reason: wish.reason, quantity }] }
}

/**
 * The record once its sale is over: sold, or given up where the order ended before that, was turned away, or the stop would
 * not shrink. What was not sold is covered again.
 */
function withSale<R extends PositionRecord>(record: R, before: PositionRecord, turnedAway = false): R {
  const { reduction } = record
  if (reduction === null) return record
  const { reason } = reduction
  const last = ofPurpose(record, 'exit').slice(reduction.from).at(-1)
  const isSold = leftToSell(record).lte(0)
  const isStopStuck =
    last === undefined && record.slots.some((slot, at) => slot.refusedAt !== before.slots[at]?.refusedAt)
  const isOver = last !== undefined && !isSlotLive(last) && (last.view !== null || turnedAway)
  if (!isSold && !isOver && !isStopStuck) return record
  const news: readonly News[] = [
    ...(leftToSell(record).lt(amount(reduction.quantity)) ? [{ kind: 'reduced', reason } as const] : []),
    ...(isSold || record.closeReason !== null || heldBy(record).lte(0)
      ? []
      : [{ kind: 'denied', reason: `${text(leftToSell(record))} of it was not sold` } as const]),
  ]
  return { ...record, reduction: null, news: [...record.news, ...news] }
}

/** The record once one of its orders was reported, and why a change of that was refused where it was. */
export const afterReport = <R extends PositionRecord>(record: R, order: OrderView, amendRefused?: string): R =>
  withSale(withOrder(record, order, amendRefused), record)

/** After a restart, by its orders as they are now. */
export const afterReturn = <R extends PositionRecord & Exposure>(record: R, orders: readonly OrderView[]): R => ({
  ...withSale(withOrders(record, orders), record),
  ...afterAbsence(record),
})

/** The order desk turned an order away before it was written down. */
export const afterRefusal = <R extends PositionRecord>(record: R, key: string): R =>
  withSale(withoutOrder(record, key), record, true)

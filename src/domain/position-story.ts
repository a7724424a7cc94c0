/**
 * What a position holds and what its orders should be: pure decisions behind the position machine.
 *
 * A position's quantity is never stored, it is what its orders' fills add up to; so a report that is lost, repeated or
 * late can at worst delay a decision, not falsify it.
 */
import type { Approved } from './approved.ts'
import type { FactDraft } from './facts.ts'
import type { PositionId } from './ids.ts'
import { type Instrument, roundDownToLot } from './instrument.ts'
import { isLive, type OrderRequest, type OrderView, type Side } from './order.ts'
import {
  averagePrice,
  type CloseReason,
  heldQuantity,
  holdingsOf,
  type PositionPhase,
  type PositionSide,
  type PositionView,
  realisedGross,
} from './position.ts'
import { approveReduction, type LiveExit } from './risk.ts'
import { type Amount, amount, maxOf, type Numeric, text, ZERO } from './units.ts'

/** An order that the position asked for: its latest view, or null while nothing has been heard of it. */
export interface OrderSlot {
  readonly request: Approved<OrderRequest>
  readonly view: OrderView | null
  /** The order was never born: after a crash, or refused before it was written down. */
  readonly dropped: boolean
}

/** What the position asks of its orders, by their keys. */
export type OrderDirective =
  | { readonly kind: 'place'; readonly request: Approved<OrderRequest> }
  | { readonly kind: 'cancel'; readonly key: string; readonly reason: string }
  | { readonly kind: 'amend'; readonly key: string; readonly quantity?: Numeric; readonly triggerPrice?: Numeric }

export interface PositionRecord {
  readonly positionId: PositionId
  readonly proposalId: string
  readonly side: PositionSide
  readonly leverage: number
  readonly instrument: Instrument
  /** What protects it: the price of its stop at the venue, once it has one. */
  readonly stopLoss: Numeric
  /** A stop that the venue has been asked for and has not confirmed; null when there is none. */
  readonly stopWanted: Numeric | null
  readonly takeProfit: Numeric | null
  readonly slots: readonly OrderSlot[]
  readonly closeReason: CloseReason | null
  /** Base units given over to the core book because no exit could sell them. */
  readonly dust: Numeric
  readonly openedAt: number
  readonly updatedAt: number
  readonly closedAt: number | null
}

export const isSlotLive = (slot: OrderSlot): boolean => !slot.dropped && (slot.view === null || isLive(slot.view))
const ofPurpose = (record: PositionRecord, purpose: OrderRequest['purpose']) =>
  record.slots.filter((slot) => slot.request.purpose === purpose)
const viewsOf = (record: PositionRecord): OrderView[] =>
  record.slots.flatMap((slot) => (slot.view === null ? [] : [slot.view]))
const unfilled = (slot: OrderSlot): Amount =>
  slot.view === null ? amount(slot.request.quantity) : amount(slot.view.quantity).minus(amount(slot.view.filled))

/** Base units held and not given over as dust. */
export const heldBy = (record: PositionRecord): Amount =>
  heldQuantity(holdingsOf(viewsOf(record))).minus(amount(record.dust))
export const isEntryLive = (record: PositionRecord): boolean => ofPurpose(record, 'entry').some(isSlotLive)
export const liveStop = (record: PositionRecord): OrderSlot | undefined => ofPurpose(record, 'stop').find(isSlotLive)
export const liveExit = (record: PositionRecord): OrderSlot | undefined => ofPurpose(record, 'exit').find(isSlotLive)

/** A cancelled or expired entry may still bring a late fill: its position waits for the end of that window. */
const mayStillFill = ({ request, view }: OrderSlot): boolean =>
  request.purpose === 'entry' &&
  view !== null &&
  view.phase !== 'done' &&
  (view.status === 'CANCELLED' || view.status === 'EXPIRED')

/** Nothing held, and nothing in flight that could change that. */
export const isFlat = (record: PositionRecord): boolean =>
  heldBy(record).lte(0) && !record.slots.some((slot) => isSlotLive(slot) || mayStillFill(slot))
export const isHolding = (record: PositionRecord): boolean => heldBy(record).gt(0)

/** How much the stop at the venue would sell. */
function coverOf(record: PositionRecord): Amount {
  const stop = liveStop(record)
  const atVenue = stop?.view !== undefined && stop.view !== null && stop.view.status !== 'PENDING'
  return atVenue && stop !== undefined ? unfilled(stop) : ZERO
}

/** Too little for an order of its own: below the pair's least quantity or cost, at the price of the stop. */
const isCrumb = ({ instrument, stopLoss }: PositionRecord, size: Amount): boolean =>
  size.lt(amount(instrument.orderMin)) || size.times(stopLoss).lt(amount(instrument.costMin))

/**
 * A stop rests at the venue for all that is held. While the entry still fills, what came since and is too little for an
 * order is watched locally: the stop need not follow every crumb.
 */
export function isCovered(record: PositionRecord): boolean {
  if (liveStop(record) === undefined) return false
  const bare = sellable(record).minus(coverOf(record))
  return bare.lte(0) || (coverOf(record).gt(0) && isEntryLive(record) && isCrumb(record, bare))
}

/** What an exit may sell: whole lots of what is held. */
const sellable = (record: PositionRecord): Amount => roundDownToLot(maxOf(heldBy(record), ZERO), record.instrument)

/** How long something held has had no stop. Times in milliseconds UTC. */
export interface Exposure {
  /** Of the part that has waited longest; null while all is covered, or nothing is held. */
  readonly unprotectedSince: number | null
  /** What was held then: a stop for so much has caught up with that moment. */
  readonly heldThen: Numeric
  /** When more came that a stop for `heldThen` does not cover; null where nothing came since. */
  readonly grewAt: number | null
  /** How long the last part had to wait. */
  readonly gapMs: number
}

export const NO_EXPOSURE: Exposure = { unprotectedSince: null, heldThen: '0', grewAt: null, gapMs: 0 }

/**
 * The clock of each part that is held runs by itself: where fills trickle in faster than the stop can follow, there is
 * always something bare, and none of it for long.
 */
export function exposureOf(record: PositionRecord & Exposure): Exposure {
  const { unprotectedSince: since, updatedAt } = record
  if (!isHolding(record) || isCovered(record))
    return { ...NO_EXPOSURE, gapMs: since === null ? record.gapMs : updatedAt - since }
  const held = text(heldBy(record))
  if (since === null) return { unprotectedSince: updatedAt, heldThen: held, grewAt: null, gapMs: record.gapMs }
  const grewAt = record.grewAt ?? (heldBy(record).gt(record.heldThen) ? updatedAt : null)
  if (coverOf(record).lt(record.heldThen))
    return { unprotectedSince: since, heldThen: record.heldThen, grewAt, gapMs: record.gapMs }
  return { unprotectedSince: grewAt ?? updatedAt, heldThen: held, grewAt: null, gapMs: updatedAt - since }
}

/** What is held is under the pair's minimum: no order can sell it. */
export function isDust(record: PositionRecord): boolean {
  const held = heldBy(record)
  return held.gt(0) && isCrumb(record, held)
}

/** Too little to sell, and nothing in flight that could add to it or sell it. */
export const isStranded = (record: PositionRecord): boolean =>
  isDust(record) && !record.slots.some((slot) => isSlotLive(slot) || mayStillFill(slot))

/** Where its stop should be: what is wanted of the venue, else what protects it. */
const stopToBe = ({ stopWanted, stopLoss }: PositionRecord): Numeric => stopWanted ?? stopLoss

/** Whether this view of its stop shows that the venue has the price that was wanted. */
export const confirmsStop = ({ stopWanted }: PositionRecord, { request, status, triggerPrice }: OrderView): boolean =>
  stopWanted !== null &&
  request.purpose === 'stop' &&
  (status === 'OPEN' || status === 'PARTIALLY_FILLED') &&
  triggerPrice === stopWanted

const confirmed = (record: PositionRecord, orders: readonly OrderView[]): PositionRecord =>
  orders.some((order) => confirmsStop(record, order))
    ? { ...record, stopLoss: stopToBe(record), stopWanted: null }
    : record

/** The record with one order's latest view in its slot; views of orders it never asked for change nothing. */
export function withOrder(record: PositionRecord, order: OrderView): PositionRecord {
  const slots = record.slots.map((slot) => (slot.request.key === order.request.key ? { ...slot, view: order } : slot))
  return confirmed({ ...record, slots }, [order])
}

/** After a restart: the orders as they are now; those that were never written down are dropped, to be decided anew. */
export function withOrders(record: PositionRecord, orders: readonly OrderView[]): PositionRecord {
  const byKey = new Map(orders.map((order) => [order.request.key, order]))
  const slots = record.slots.map((slot) => {
    const view = byKey.get(slot.request.key) ?? slot.view
    return { ...slot, view, dropped: slot.dropped || view === null }
  })
  return confirmed({ ...record, slots }, orders)
}

export const withoutOrder = (record: PositionRecord, key: string): PositionRecord => ({
  ...record,
  slots: record.slots.map((slot) =>
    slot.request.key === key && slot.view === null ? { ...slot, dropped: true } : slot,
  ),
})

/** New slots and the directives that go with them. */
export interface OrderPlan {
  readonly slots: readonly OrderSlot[]
  readonly directives: readonly OrderDirective[]
}

const exitSide = (side: PositionSide): Side => (side === 'long' ? 'sell' : 'buy')

const liveExits = (record: PositionRecord): LiveExit[] =>
  record.slots
    .filter((slot) => slot.request.purpose !== 'entry' && isSlotLive(slot))
    .map((slot) => ({
      key: slot.request.key,
      remaining: text(unfilled(slot)),
      unknown: slot.view?.phase === 'unknown',
      ocoGroup: null,
    }))

function reduction(record: PositionRecord, purpose: 'stop' | 'exit', size: Amount): Approved<OrderRequest> | null {
  const request: OrderRequest = {
    key: `${record.positionId}/${purpose}/${ofPurpose(record, purpose).length + 1}`,
    symbol: record.instrument.symbol,
    side: exitSide(record.side),
    type: purpose === 'stop' ? 'stop-loss' : 'market',
    quantity: text(size),
    limitPrice: null,
    triggerPrice: purpose === 'stop' ? stopToBe(record) : null,
    timeInForce: 'GTC',
    expiresAt: null,
    postOnly: false,
    reduceOnly: record.leverage > 1,
    leverage: record.leverage,
    intent: purpose === 'stop' ? 'reduce' : 'close',
    purpose,
    book: 'trading',
    positionId: record.positionId,
    planId: null,
  }
  const held = { side: record.side, quantity: text(maxOf(heldBy(record), ZERO)) }
  const verdict = approveReduction(request, held, liveExits(record))
  return verdict.kind === 'approved' ? verdict.order : null
}

const placed = (record: PositionRecord, request: Approved<OrderRequest>): OrderPlan => ({
  slots: [...record.slots, { request, view: null, dropped: false }],
  directives: [{ kind: 'place', request }],
})

/** The venue took it and cancelled it, and nothing of it was filled. */
const wasTakenBack = ({ view }: OrderSlot): boolean => view?.status === 'CANCELLED' && view.filled === '0'

/**
 * The last order of this purpose was refused, or taken back by the venue: another one waits for the retry, so that neither
 * can spin.
 */
function hasJustFailed(record: PositionRecord, purpose: 'stop' | 'exit'): boolean {
  const last = ofPurpose(record, purpose).at(-1)
  return last !== undefined && (last.dropped || last.view?.status === 'ERROR' || wasTakenBack(last))
}

/** So many stops taken back within a minute are no protection. */
const MOST_TAKEN_BACK = 3
const TAKEN_BACK_WITHIN_MS = 60_000

/** Stops are placed and taken back, one after the other: what is held is better sold. */
export function isStopFutile(record: PositionRecord): boolean {
  const last = ofPurpose(record, 'stop').slice(-MOST_TAKEN_BACK)
  const since = last[0]?.view?.createdAt ?? Number.NEGATIVE_INFINITY
  return last.length === MOST_TAKEN_BACK && last.every(wasTakenBack) && record.updatedAt <= since + TAKEN_BACK_WITHIN_MS
}

/**
 * One stop for all that is held: placed, or amended where it rests for another quantity or trigger.
 * `retry` allows one more after a refusal.
 */
export function planProtection(record: PositionRecord, retry: boolean): OrderPlan {
  const unchanged: OrderPlan = { slots: record.slots, directives: [] }
  if ((!retry && hasJustFailed(record, 'stop')) || isStopFutile(record)) return unchanged
  const size = sellable(record)
  if (size.lte(0) || isDust(record) || liveExit(record) !== undefined) return unchanged
  const stop = liveStop(record)
  if (stop === undefined) {
    const request = reduction(record, 'stop', size)
    return request === null ? unchanged : placed(record, request)
  }
  if (stop.view === null || stop.view.status === 'PENDING' || stop.view.phase === 'cancelling') return unchanged
  const total = amount(stop.view.filled).plus(size)
  const grows = total.gt(stop.view.quantity)
  const amendsSize = grows ? !isCovered(record) : !total.eq(stop.view.quantity)
  const amendsTrigger = stop.view.triggerPrice !== stopToBe(record)
  if (!amendsSize && !amendsTrigger) return unchanged
  const directive: OrderDirective = {
    kind: 'amend',
    key: stop.request.key,
    ...(amendsSize ? { quantity: text(total) } : {}),
    ...(amendsTrigger ? { triggerPrice: stopToBe(record) } : {}),
  }
  return { slots: record.slots, directives: [directive] }
}

/**
 * The way out: entry and stop are cancelled first; what is left is sold at market once nothing else could sell it.
 * `retry` allows one more after a refusal.
 */
export function planExit(record: PositionRecord, retry: boolean): OrderPlan {
  const inTheWay = record.slots.filter((slot) => isSlotLive(slot) && slot.request.purpose !== 'exit')
  const cancels = inTheWay
    .filter((slot) => slot.view === null || slot.view.phase !== 'cancelling')
    .map((slot): OrderDirective => ({ kind: 'cancel', key: slot.request.key, reason: 'position is closing' }))
  if (inTheWay.length > 0 || liveExit(record) !== undefined) return { slots: record.slots, directives: cancels }
  if (!retry && hasJustFailed(record, 'exit')) return { slots: record.slots, directives: [] }
  const size = sellable(record)
  const request = size.gt(0) && !isDust(record) ? reduction(record, 'exit', size) : null
  return request === null ? { slots: record.slots, directives: [] } : placed(record, request)
}

/** Cancels what is left of the entry, for a position that is closed before it was opened. */
export const planWithdrawal = (record: PositionRecord): OrderPlan => ({
  slots: record.slots,
  directives: ofPurpose(record, 'entry')
    .filter(isSlotLive)
    .map((slot) => ({ kind: 'cancel', key: slot.request.key, reason: 'position is closing' })),
})

export function positionView(record: PositionRecord, phase: PositionPhase): PositionView {
  const holdings = holdingsOf(viewsOf(record))
  return {
    positionId: record.positionId,
    symbol: record.instrument.symbol,
    side: record.side,
    status: phase === 'closed' ? 'closed' : 'open',
    phase,
    leverage: record.leverage,
    quantity: text(maxOf(heldBy(record), ZERO)),
    entryPrice: text(averagePrice(holdings.entryCost, holdings.entered)),
    exitPrice: text(averagePrice(holdings.exitCost, holdings.exited)),
    stopLoss: record.stopLoss,
    takeProfit: record.takeProfit,
    realisedGross: text(realisedGross(record.side, holdings)),
    fees: text(holdings.fees),
    closeReason: record.closeReason,
    openedAt: record.openedAt,
    updatedAt: record.updatedAt,
    closedAt: phase === 'closed' ? record.updatedAt : null,
  }
}

type PlainFact = 'position.opening' | 'position.filled' | 'position.amended' | 'position.closed'

export const positionFact = (type: PlainFact, record: PositionRecord, phase: PositionPhase): FactDraft => ({
  type,
  position: positionView(record, phase),
})

/** A stop and a target, either of which may stay as it is; a null target takes it away. */
export interface ExitChange {
  readonly stopLoss?: Numeric
  readonly takeProfit?: Numeric | null
}

/** The target is ours to change; the stop is wanted until the venue has it. */
export const withExits = <R extends PositionRecord>(record: R, { stopLoss, takeProfit }: ExitChange): R => ({
  ...record,
  // Back to where it is, while another price is on its way: that is wanted of the venue too.
  stopWanted:
    stopLoss === undefined || (record.stopWanted === null && stopLoss === record.stopLoss)
      ? record.stopWanted
      : stopLoss,
  takeProfit: takeProfit === undefined ? record.takeProfit : takeProfit,
})

/** The stop as the venue has it, and nothing more is wanted of it. */
export function withVenueStop(record: PositionRecord): Pick<PositionRecord, 'stopLoss' | 'stopWanted'> {
  const view = liveStop(record)?.view
  const isAtVenue = view?.status === 'OPEN' || view?.status === 'PARTIALLY_FILLED'
  return { stopLoss: (isAtVenue ? view.triggerPrice : null) ?? record.stopLoss, stopWanted: null }
}

/** Why its exits would be on the wrong side of each other after the change; null when they would not. */
export function changeProblem(record: PositionRecord, change: ExitChange): string | null {
  const changed = withExits(record, change)
  return stopProblem(changed.side, stopToBe(changed), changed.takeProfit)
}

/** Why a change of stop or target cannot be made; null when it can. `mark` is not needed: the sides are the entry's. */
export function stopProblem(side: PositionSide, stopLoss: Numeric, takeProfit: Numeric | null): string | null {
  if (amount(stopLoss).lte(0)) return 'the stop must be above zero'
  if (takeProfit === null) return null
  const rightWayRound =
    side === 'long' ? amount(takeProfit).gt(amount(stopLoss)) : amount(takeProfit).lt(amount(stopLoss))
  return rightWayRound ? null : `the target must be ${side === 'long' ? 'above' : 'below'} the stop`
}

/**
 * What a position holds and what its orders should be: pure decisions behind the position machine.
 *
 * A position's quantity is never stored, it is what its orders' fills add up to; so a report that is lost, repeated or
 * late can at worst delay a decision, not falsify it.
 */
import type { Approved } from './approved.ts'
import type { FactDraft } from './facts.ts'
import type { PositionId } from './ids.ts'
import type { Instrument } from './instrument.ts'
import type { OrderRequest, OrderView } from './order.ts'
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
import type { PositionPolicy } from './position-policy.ts'
import {
  heardOf,
  isAtVenue,
  isLost,
  isSamePrice,
  isSlotLive,
  mayStillFill,
  newSlot,
  type OrderSlot,
  recovered,
} from './position-slot.ts'
import { isAhead, type TrailingStop } from './trailing.ts'
import { type Amount, amount, maxOf, type Numeric, text, ZERO } from './units.ts'

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
  readonly policy: PositionPolicy
  /** What protects it: the price of its stop at the venue, once it has one. */
  readonly stopLoss: Numeric
  /** A stop that the venue has been asked for and has not confirmed; null when there is none. */
  readonly stopWanted: Numeric | null
  /** The last stop that a plan or a person set; where the stop is another, the price has moved it. */
  readonly stopGiven: Numeric
  readonly takeProfit: Numeric | null
  /** How the stop follows the price; null where it stands still. */
  readonly trailing: TrailingStop | null
  readonly slots: readonly OrderSlot[]
  /** A part that is to be sold; null while none is. */
  readonly reduction: Reduction | null
  readonly closeReason: CloseReason | null
  /** What whoever closed it had in mind; recorded, and no part of any sum. */
  readonly closeWish: CloseWish
  /** What the venue has charged for it on margin so far, quote units. */
  readonly financing: Numeric
  /** Base units given over to the core book because no exit could sell them. */
  readonly dust: Numeric
  readonly openedAt: number
  readonly updatedAt: number
  readonly closedAt: number | null
  /** What the last message made of it, as far as that must be told. */
  readonly news: readonly News[]
}

export interface Reduction {
  /** Base units. */
  readonly quantity: Numeric
  readonly reason: CloseReason
  /** Exits of its own come after so many others. */
  readonly from: number
}

export interface CloseWish {
  readonly reference: Numeric | null
  readonly note: string | null
}

export type News =
  /** It holds more, or less. */
  | { readonly kind: 'held' }
  /** Its stop or its target is another, or how its stop follows. */
  | { readonly kind: 'amended' }
  | { readonly kind: 'reducing'; readonly reason: CloseReason; readonly quantity: Numeric }
  | { readonly kind: 'reduced'; readonly reason: CloseReason }
  /** It was closed, or a part of it, by an order that is not ours. */
  | { readonly kind: 'liquidated' }
  /** Something will not be done. */
  | { readonly kind: 'denied'; readonly reason: string }

export const ofPurpose = (record: PositionRecord, purpose: OrderRequest['purpose']) =>
  record.slots.filter((slot) => slot.request.purpose === purpose)
const viewsOf = (record: PositionRecord): OrderView[] =>
  record.slots.flatMap((slot) => (slot.view === null ? [] : [slot.view]))

/** Base units held and not given over as dust. */
export const heldBy = (record: PositionRecord): Amount =>
  heldQuantity(holdingsOf(viewsOf(record))).minus(amount(record.dust))
export const isEntryLive = (record: PositionRecord): boolean => ofPurpose(record, 'entry').some(isSlotLive)
export const liveStop = (record: PositionRecord): OrderSlot | undefined => ofPurpose(record, 'stop').find(isSlotLive)
export const liveExit = (record: PositionRecord): OrderSlot | undefined => ofPurpose(record, 'exit').find(isSlotLive)

/** Nothing held, and nothing in flight that could change that. */
export const isFlat = (record: PositionRecord): boolean =>
  heldBy(record).lte(0) && !record.slots.some((slot) => isSlotLive(slot) || mayStillFill(slot))
export const isHolding = (record: PositionRecord): boolean => heldBy(record).gt(0)

/** Where its stop should be: what is wanted of the venue, else what protects it. */
export const stopToBe = ({ stopWanted, stopLoss }: PositionRecord): Numeric => stopWanted ?? stopLoss

/** Where the average of its entry lies, quote units; 0 while nothing was bought. */
export function entryPrice(record: PositionRecord): Amount {
  const { entered, entryCost } = holdingsOf(viewsOf(record))
  return averagePrice(entryCost, entered)
}

/**
 * The stop that this view of an order shows at the venue, where a move of it is wanted or was asked for. One that follows
 * stays where it is tighter too: a move that was given up for lost may be made late, and is never taken back.
 */
function stopShownBy(record: PositionRecord, order: OrderView): Numeric | null {
  const { request, triggerPrice } = order
  if (request.purpose !== 'stop' || triggerPrice === null || !isAtVenue(order)) return null
  const asked = record.slots.find((slot) => slot.request.key === request.key)?.asked?.triggerPrice
  const isMoved = record.stopWanted !== null || isSamePrice(triggerPrice, asked)
  const isTighter = isAhead(record.side, amount(triggerPrice), amount(record.stopLoss))
  return isMoved || (record.trailing !== null && isTighter) ? triggerPrice : null
}

/** What protects it is what the venue has; a wish that is not that one yet stays a wish. */
function withShownStop<R extends PositionRecord>(record: R, shown: Numeric | null): R {
  if (shown === null) return record
  const isAsWanted = isSamePrice(shown, record.stopWanted)
  return { ...record, stopLoss: shown, stopWanted: isAsWanted ? null : record.stopWanted }
}

/** A change of its stop that the venue refused: the stop is where the venue has it, and only a later wish lives on. */
function withRefusal<R extends PositionRecord>(record: R, order: OrderView, why: string): R {
  if (order.request.purpose !== 'stop') return record
  const asked = record.slots.find(({ request }) => request.key === order.request.key)?.asked
  const isRefused = asked === undefined || isSamePrice(asked.triggerPrice, record.stopWanted)
  const stopLoss = (isAtVenue(order) ? order.triggerPrice : null) ?? record.stopLoss
  const reason = `the stop stays at ${stopLoss}: ${why}`
  return {
    ...{ ...record, stopLoss, stopWanted: isRefused ? null : record.stopWanted },
    news: record.stopWanted !== null && isRefused ? [...record.news, { kind: 'denied', reason }] : record.news,
  }
}

const newsOf = (before: PositionRecord, after: PositionRecord): readonly News[] => [
  ...(heldBy(after).eq(heldBy(before)) ? [] : [{ kind: 'held' } as const]),
  ...(after.stopLoss === before.stopLoss ? [] : [{ kind: 'amended' } as const]),
  ...after.news,
]

/** An exit of this position that it never asked for, and that was executed: the venue's own, or a hand's at the venue. */
const isForced = (record: PositionRecord, { request, fills }: OrderView): boolean =>
  request.positionId === record.positionId && request.purpose === 'exit' && fills.length > 0

function withForced<R extends PositionRecord>(record: R, order: OrderView): R {
  // Nothing was approved: nobody asked us.
  const request = order.request as Approved<OrderRequest>
  const forced = { ...record, slots: [...record.slots, { ...newSlot(request), view: order, isForced: true }] }
  // What ended it is why it ended, whatever it had been about to do.
  const closeReason = isHolding(record) && !isHolding(forced) ? 'liquidated' : record.closeReason
  return { ...forced, closeReason, news: [...newsOf(record, forced), { kind: 'liquidated' }] }
}

/**
 * The record with one order's latest view in its slot, and why a change of it was refused where it was; views of orders
 * that it never asked for change nothing.
 */
export function withOrder<R extends PositionRecord>(
  record: R,
  order: OrderView,
  amendRefused: string | null = null,
): R {
  const { updatedAt } = record
  const slot = record.slots.find(({ request }) => request.key === order.request.key)
  if (slot === undefined) return isForced(record, order) ? withForced(record, order) : record
  const refused = amendRefused ?? (isLost(slot, order) ? 'the request never arrived' : null)
  const slots = record.slots.map((one) => (one === slot ? heardOf(slot, order, refused !== null, updatedAt) : one))
  const told = refused === null ? record : withRefusal(record, order, refused)
  const heard = { ...withShownStop(told, stopShownBy(record, order)), slots }
  return { ...heard, news: newsOf(record, heard) }
}

/** After a restart: the orders as they are now; those that were never written down are dropped, to be decided anew. */
export function withOrders<R extends PositionRecord>(record: R, orders: readonly OrderView[]): R {
  const byKey = new Map(orders.map((order) => [order.request.key, order]))
  const shown = orders.map((order) => stopShownBy(record, order)).find((one) => one !== null) ?? null
  const slots = record.slots.map((slot) => recovered(slot, byKey.get(slot.request.key), record.updatedAt))
  const known = new Set(slots.map(({ request }) => request.key))
  const forced = orders.filter((order) => !known.has(order.request.key) && isForced(record, order))
  return forced.reduce(withForced, { ...withShownStop(record, shown), slots })
}

export const withoutOrder = <R extends PositionRecord>(record: R, key: string): R => ({
  ...record,
  slots: record.slots.map((slot) =>
    slot.request.key === key && slot.view === null ? { ...slot, dropped: true, droppedAt: record.updatedAt } : slot,
  ),
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
    trailing: record.trailing,
    realisedGross: text(realisedGross(record.side, holdings)),
    fees: text(holdings.fees),
    financing: record.financing,
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
  /** Null is refused: nobody holds a position without a stop. */
  readonly stopLoss?: Numeric | null
  readonly takeProfit?: Numeric | null
}

/** The target is ours to change; the stop is wanted until the venue has it. */
export function withExits<R extends PositionRecord>(record: R, { stopLoss, takeProfit }: ExitChange): R {
  // Back to where it is, while another price is on its way: that is wanted of the venue too.
  const isThere = record.stopWanted === null && isSamePrice(stopLoss, record.stopLoss)
  return {
    ...record,
    stopWanted: isThere ? record.stopWanted : (stopLoss ?? record.stopWanted),
    stopGiven: stopLoss ?? record.stopGiven,
    takeProfit: takeProfit === undefined ? record.takeProfit : takeProfit,
    news: takeProfit === undefined ? record.news : [...record.news, { kind: 'amended' }],
  }
}

/** Why its exits would be on the wrong side of each other after the change; null when they would not. */
export function changeProblem(record: PositionRecord, change: ExitChange): string | null {
  if (change.stopLoss === null) return 'a stop can be replaced, never cleared'
  if (change.stopLoss === undefined && change.takeProfit === undefined) return 'neither a stop nor a target is named'
  const takeProfit = change.takeProfit === undefined ? record.takeProfit : change.takeProfit
  return stopProblem(record.side, change.stopLoss ?? stopToBe(record), takeProfit)
}

/** Why a change of stop or target cannot be made; null when it can. `mark` is not needed: the sides are the entry's. */
export function stopProblem(side: PositionSide, stopLoss: Numeric, takeProfit: Numeric | null): string | null {
  try {
    if (amount(stopLoss).lte(0)) return 'the stop must be above zero'
    if (takeProfit === null) return null
    if (amount(takeProfit).lte(0)) return 'the target must be above zero'
    const rightWayRound =
      side === 'long' ? amount(takeProfit).gt(amount(stopLoss)) : amount(takeProfit).lt(amount(stopLoss))
    return rightWayRound ? null : `the target must be ${side === 'long' ? 'above' : 'below'} the stop`
  } catch {
    return 'a stop and a target are prices'
  }
}

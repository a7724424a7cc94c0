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
import { isLive, type OrderRequest, type OrderView } from './order.ts'
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
export const ofPurpose = (record: PositionRecord, purpose: OrderRequest['purpose']) =>
  record.slots.filter((slot) => slot.request.purpose === purpose)
const viewsOf = (record: PositionRecord): OrderView[] =>
  record.slots.flatMap((slot) => (slot.view === null ? [] : [slot.view]))
/** What of it may still be executed, base units. */
export const unfilled = (slot: OrderSlot): Amount =>
  slot.view === null ? amount(slot.request.quantity) : amount(slot.view.quantity).minus(amount(slot.view.filled))

/** Base units held and not given over as dust. */
export const heldBy = (record: PositionRecord): Amount =>
  heldQuantity(holdingsOf(viewsOf(record))).minus(amount(record.dust))
export const isEntryLive = (record: PositionRecord): boolean => ofPurpose(record, 'entry').some(isSlotLive)
export const liveStop = (record: PositionRecord): OrderSlot | undefined => ofPurpose(record, 'stop').find(isSlotLive)
export const liveExit = (record: PositionRecord): OrderSlot | undefined => ofPurpose(record, 'exit').find(isSlotLive)

/** A cancelled or expired entry may still bring a late fill: its position waits for the end of that window. */
export const mayStillFill = ({ request, view }: OrderSlot): boolean =>
  request.purpose === 'entry' &&
  view !== null &&
  view.phase !== 'done' &&
  (view.status === 'CANCELLED' || view.status === 'EXPIRED')

/** Nothing held, and nothing in flight that could change that. */
export const isFlat = (record: PositionRecord): boolean =>
  heldBy(record).lte(0) && !record.slots.some((slot) => isSlotLive(slot) || mayStillFill(slot))
export const isHolding = (record: PositionRecord): boolean => heldBy(record).gt(0)

/** Where its stop should be: what is wanted of the venue, else what protects it. */
export const stopToBe = ({ stopWanted, stopLoss }: PositionRecord): Numeric => stopWanted ?? stopLoss

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

/** Whether this view of an order changes what is held. */
export const movesHolding = (record: PositionRecord, order: OrderView): boolean =>
  !heldBy(withOrder(record, order)).eq(heldBy(record))

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
    trailing: null,
    realisedGross: text(realisedGross(record.side, holdings)),
    fees: text(holdings.fees),
    financing: '0',
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

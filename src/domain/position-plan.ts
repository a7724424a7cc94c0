/** What a position asks of its orders: one stop for all that is held, on margin a target beside it, or the way out. */
import type { Approved } from './approved.ts'
import { isOnMargin, sentLeverage } from './margin-lots.ts'
import type { OrderRequest, Side } from './order.ts'
import type { PositionSide } from './position.ts'
import { isCovered, isCrumb, isDust, leftToSell, sellable, toProtect } from './position-cover.ts'
import {
  changeNow,
  isAtVenue,
  isSamePrice,
  isSlotLive,
  newSlot,
  type OrderSlot,
  type SlotChange,
  unfilled,
  wasTakenBack,
  withAsked,
} from './position-slot.ts'
import {
  heldBy,
  isEntryLive,
  liveExit,
  liveStop,
  type OrderDirective,
  ofPurpose,
  type PositionRecord,
  stopToBe,
} from './position-story.ts'
import { isNudged, isTargetWanted, liveTarget, targetBarredUntil, targetSize } from './position-target.ts'
import { approveReduction } from './risk.ts'
import { type LiveExit, ocoGroupOf } from './risk-reduction.ts'
import { type Amount, amount, maxOf, minOf, type Numeric, text, ZERO } from './units.ts'

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
      ...{ purpose: slot.request.purpose, ocoGroup: ocoGroupOf(slot.request) },
    }))

/** How each way out is ordered, and the price that it waits for. */
const TYPE = { stop: 'stop-loss', target: 'take-profit', exit: 'market' } as const
const triggerOf = (record: PositionRecord, purpose: keyof typeof TYPE): Numeric | null =>
  ({ stop: stopToBe(record), target: record.takeProfit, exit: null })[purpose]

function reduction(
  record: PositionRecord,
  purpose: keyof typeof TYPE,
  size: Amount,
  intent: 'reduce' | 'close',
): Approved<OrderRequest> | null {
  const leverage = sentLeverage(record.side, record.leverage)
  const request: OrderRequest = {
    key: `${record.positionId}/${purpose}/${ofPurpose(record, purpose).length + 1}`,
    symbol: record.instrument.symbol,
    side: exitSide(record.side),
    type: TYPE[purpose],
    quantity: text(size),
    limitPrice: null,
    triggerPrice: triggerOf(record, purpose),
    timeInForce: 'GTC',
    expiresAt: null,
    postOnly: false,
    reduceOnly: isOnMargin({ leverage }),
    leverage,
    intent,
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
  slots: [...record.slots, newSlot(request)],
  directives: [{ kind: 'place', request }],
})

/**
 * The last stop, or the last sale of the whole, was refused or taken back by the venue: another one waits for the retry, so
 * that neither can spin. The sale of a part is another story.
 */
function hasJustFailed(record: PositionRecord, purpose: 'stop' | 'exit'): boolean {
  const last = ofPurpose(record, purpose).findLast(({ request }) => purpose === 'stop' || request.intent === 'close')
  return last !== undefined && (last.dropped || last.view?.status === 'ERROR' || wasTakenBack(last))
}

/** Refused for what it was, not for when it came: the same again is refused too, until a comparison finds what is held. */
const isRefusedForGood = ({ view }: OrderSlot): boolean =>
  view?.status === 'ERROR' && /^(validation|funds): /.test(view.reason ?? '')

/** Tried so often as usual, then at twice the distance each time, up to this many times it. */
const TRIED_AS_USUAL = 2
const LONGEST_WAIT = 16

/**
 * When an exit is tried again. One after the other is always on its way, and while one is, nobody can tell what the venue has:
 * exits that are refused for good in a row leave ever more time for that.
 */
export function exitRetryAt(record: PositionRecord): number {
  const exits = ofPurpose(record, 'exit').filter((slot) => !isSlotLive(slot))
  const inVain = exits.length - 1 - exits.findLastIndex((slot) => !isRefusedForGood(slot))
  const times = Math.min(2 ** Math.max(inVain - TRIED_AS_USUAL, 0), LONGEST_WAIT)
  return record.updatedAt + record.policy.retryMs * times
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

/** Takes back a resting exit that is not wanted as it is. */
const withdrawn = (record: PositionRecord, slot: OrderSlot, reason: string): OrderPlan => ({
  slots: record.slots.map((one) => (one === slot ? { ...slot, isWithdrawn: true } : one)),
  directives: [{ kind: 'cancel', key: slot.request.key, reason }],
})

/**
 * Too little is left for an order. One that could sell more than that goes, for it cannot be amended to so little, and at
 * the venue what it sold too much would be another position's on the same pair; one that cannot may sell the rest.
 */
function planDust(record: PositionRecord, exit: OrderSlot | undefined): OrderPlan {
  const isTooLarge = exit !== undefined && unfilled(exit).gt(toProtect(record))
  if (!isTooLarge || exit.view?.phase === 'cancelling') return { slots: record.slots, directives: [] }
  return withdrawn(record, exit, 'too little is left of the position')
}

/**
 * One stop for all that is held: placed, or amended where it rests for another quantity or trigger.
 * `retry` allows one more after a refusal.
 */
function planStop(record: PositionRecord, retry: boolean): OrderPlan {
  const unchanged: OrderPlan = { slots: record.slots, directives: [] }
  if ((!retry && hasJustFailed(record, 'stop')) || isStopFutile(record)) return unchanged
  const size = toProtect(record)
  const isClosing = record.reduction === null && liveExit(record) !== undefined
  const stop = liveStop(record)
  if (isClosing) return unchanged
  if (isCrumb(record, size)) return planDust(record, stop)
  if (stop === undefined) {
    const request = reduction(record, 'stop', size, 'reduce')
    return request === null ? unchanged : placed(record, request)
  }
  if (stop.view === null || !isAtVenue(stop.view) || stop.view.phase === 'cancelling') return unchanged
  const total = amount(stop.view.filled).plus(size)
  const grows = total.gt(stop.view.quantity)
  const amendsSize = grows ? !isCovered(record) : !total.eq(stop.view.quantity)
  const amendsTrigger = !isSamePrice(stop.view.triggerPrice, stopToBe(record))
  return amended(record, stop, {
    ...(amendsSize ? { quantity: text(total) } : {}),
    ...(amendsTrigger ? { triggerPrice: stopToBe(record) } : {}),
  })
}

/** A change is on its way that would have the stop sell more than what will remain. */
function isStopGrowing(record: PositionRecord): boolean {
  const stop = liveStop(record)
  if (stop?.asked?.quantity === undefined) return false
  return amount(stop.asked.quantity)
    .minus(stop.view?.filled ?? 0)
    .gt(toProtect(record))
}

/**
 * On margin a target for all that the stop covers, its pair: it follows the stop, is amended with what is held, and ends
 * where no target is wanted. One that the venue will not have is watched here, and asked for again later.
 */
function planTarget(record: PositionRecord): OrderPlan {
  const unchanged: OrderPlan = { slots: record.slots, directives: [] }
  const target = liveTarget(record)
  if (target !== undefined && target.view?.phase === 'cancelling') return unchanged
  if (target !== undefined && (!isTargetWanted(record) || isNudged(record, target)))
    return withdrawn(record, target, 'the target is another')
  const isClosing = record.reduction === null && liveExit(record) !== undefined
  const size = targetSize(record, target)
  if (!isTargetWanted(record) || isClosing) return unchanged
  if (isCrumb(record, size)) return planDust(record, target)
  if (target === undefined) {
    const isAllowed = targetBarredUntil(record) === null
    const request = isAllowed ? reduction(record, 'target', size, 'reduce') : null
    return request === null ? unchanged : placed(record, request)
  }
  if (target.view === null || record.takeProfit === null || !isAtVenue(target.view)) return unchanged
  const isAsLarge = size.eq(unfilled(target))
  const isThere = isSamePrice(target.view.triggerPrice, record.takeProfit)
  return amended(record, target, {
    ...(isAsLarge ? {} : { quantity: text(amount(target.view.filled).plus(size)) }),
    ...(isThere ? {} : { triggerPrice: record.takeProfit }),
  })
}

/**
 * The part that is to be sold goes once the stop has shrunk to what will remain, and its pair with it: until then it is
 * promised to them. An entry that still works is withdrawn.
 */
function planReduction(record: PositionRecord): OrderPlan {
  const unchanged: OrderPlan = { slots: record.slots, directives: [] }
  if (record.reduction === null) return unchanged
  const isWithdrawn = ofPurpose(record, 'entry').every(({ view }) => view?.phase === 'cancelling')
  const directives = isWithdrawn ? [] : planWithdrawal(record).directives
  const left = minOf(leftToSell(record), sellable(record))
  if (left.lte(0) || liveExit(record) !== undefined || isStopGrowing(record)) return { slots: record.slots, directives }
  const request = reduction(record, 'exit', left, 'reduce')
  if (request === null) return { slots: record.slots, directives }
  const sale = placed(record, request)
  return { slots: sale.slots, directives: [...directives, ...sale.directives] }
}

/** What the position asks for while it stays: its stop, its target where that rests, then what of it is to be sold. */
export function planProtection(record: PositionRecord, retry: boolean): OrderPlan {
  const stop = planStop(record, retry)
  const target = planTarget({ ...record, slots: stop.slots })
  const sale = planReduction({ ...record, slots: target.slots })
  return { slots: sale.slots, directives: [...stop.directives, ...target.directives, ...sale.directives] }
}

/** A resting exit as it should be, where it may be asked for that now; one change at a time, and the latest wins. */
function amended(record: PositionRecord, slot: OrderSlot, wanted: SlotChange): OrderPlan {
  const at = record.updatedAt
  const change = changeNow(slot, wanted, record.policy, { now: at, mayGrowOn: isEntryLive(record) })
  if (change === null) return { slots: record.slots, directives: [] }
  return {
    slots: record.slots.map((one) => (one === slot ? withAsked(slot, change, record.policy, at) : one)),
    directives: [{ kind: 'amend', key: slot.request.key, ...change }],
  }
}

/**
 * The way out: entry, stop and target are cancelled first; what is left is sold at market once nothing else could sell it.
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
  const request = size.gt(0) && !isDust(record) ? reduction(record, 'exit', size, 'close') : null
  return request === null ? { slots: record.slots, directives: [] } : placed(record, request)
}

/** Cancels what is left of the entry, for a position that is closed before it was opened. */
export const planWithdrawal = (record: PositionRecord): OrderPlan => ({
  slots: record.slots,
  directives: ofPurpose(record, 'entry')
    .filter(isSlotLive)
    .map((slot) => ({ kind: 'cancel', key: slot.request.key, reason: 'position is closing' })),
})

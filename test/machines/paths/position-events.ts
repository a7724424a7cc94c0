/**
 * What a position may hear next: of each of its orders everything that can follow from what was last heard of it. Ten XRP
 * at 100; a part is five, or one, which is under the pair's minimum of two.
 */
import type { PositionContext, PositionHears } from '../../../machines/position.machine.ts'
import { orderId, pair, tradeId, venueOrderId } from '../../../src/domain/ids.ts'
import type { Instrument } from '../../../src/domain/instrument.ts'
import { isFinal, type OrderRequest, type OrderView } from '../../../src/domain/order.ts'
import { toProtect } from '../../../src/domain/position-cover.ts'
import type { OrderSlot } from '../../../src/domain/position-slot.ts'
import { heldBy } from '../../../src/domain/position-story.ts'
import { amount, text } from '../../../src/domain/units.ts'
import { entryRequest } from './order-events.ts'

export const XRP: Instrument = {
  ...{ symbol: pair('XRP/USDT'), tick: '0.01', lot: '1', orderMin: '2', costMin: '0.5' },
  ...{ costDecimals: 8, leverages: [] },
}
const PRICE: Readonly<Record<OrderRequest['purpose'], string>> = {
  entry: '100',
  stop: '95',
  target: '105',
  exit: '98',
  rebalance: '1',
  hodl: '1',
  external: '1',
}

/** The activation of an entry at 100, and a price far beyond it. */
const TRAILED_TO = ['101', '110']

/** An order as it was asked for, before anything was heard of it. */
export const unheard = (request: OrderRequest, at: number): OrderView => ({
  ...{ orderId: orderId(request.key), request, status: 'PENDING', phase: 'submitting', venueOrderId: null },
  ...{ quantity: request.quantity, limitPrice: request.limitPrice, triggerPrice: request.triggerPrice },
  ...{ filled: '0', cost: '0', fees: '0', fills: [], reason: null, createdAt: at, updatedAt: at },
})

const filledTo = (view: OrderView, filled: string): OrderView => ({
  ...view,
  ...{ filled, cost: text(amount(filled).times(amount(PRICE[view.request.purpose]))), fees: '0' },
  ...(filled === view.quantity
    ? ({ status: 'FILLED', phase: 'settling' } as const)
    : ({ status: 'PARTIALLY_FILLED', phase: view.phase === 'cancelling' ? 'cancelling' : 'partiallyFilled' } as const)),
})

function parts(view: OrderView): string[] {
  const wanted = view.request.purpose === 'entry' ? ['1', '5'] : [text(amount(view.quantity).minus(1))]
  return wanted.filter((part) => amount(part).gt(amount(view.filled)) && amount(part).lt(amount(view.quantity)))
}

/** The venue does what an amendment asked: the stop is for all that is not being sold, at the position's price. */
function amended(view: OrderView, context: PositionContext): OrderView[] {
  if (view.request.purpose !== 'stop') return []
  const quantity = text(amount(view.filled).plus(toProtect(context)))
  const triggerPrice = context.stopWanted ?? context.stopLoss
  const isAsIs = quantity === view.quantity && view.triggerPrice === triggerPrice
  return isAsIs || heldBy(context).lte(0) ? [] : [{ ...view, quantity, triggerPrice }]
}

/** Every view that may follow of a live order. */
export function next(slot: OrderSlot, context: PositionContext): OrderView[] {
  const view = slot.view ?? unheard(slot.request, context.updatedAt)
  const known = { ...view, venueOrderId: venueOrderId(`O-${slot.request.key}`) }
  const isAtVenue = view.status === 'OPEN' || view.status === 'PARTIALLY_FILLED'
  const isUntouched = view.filled === '0'
  const ends: OrderView[] = [
    { ...known, status: 'CANCELLED', phase: 'settling', reason: 'asked' },
    ...(isUntouched && !isAtVenue
      ? [{ ...known, status: 'ERROR', phase: 'settling', reason: 'refused' } as const]
      : []),
    ...(slot.request.purpose === 'entry' ? [{ ...known, status: 'EXPIRED', phase: 'settling' } as const] : []),
  ]
  return [
    ...(slot.view === null ? [view] : []),
    ...(view.phase === 'unknown' ? [] : [{ ...known, status: 'PENDING', phase: 'unknown' } as const]),
    ...(isUntouched ? [{ ...known, status: 'OPEN', phase: 'open' } as const] : []),
    ...(isAtVenue ? [{ ...known, phase: 'cancelling' } as const, ...amended(known, context)] : []),
    ...[...parts(view), view.quantity].map((filled) => filledTo(known, filled)),
    ...ends,
  ]
}

/** A fill that the venue tells of after it told of the end: counted, and the order stays as it ended. */
const late = (view: OrderView): OrderView[] =>
  view.request.purpose === 'entry' && (view.status === 'CANCELLED' || view.status === 'EXPIRED')
    ? [
        ...parts(view).map((filled) => ({
          ...filledTo(view, filled),
          status: view.status,
          phase: 'settling' as const,
        })),
        filledTo(view, view.quantity),
      ]
    : []

/** Reports of one order: what may follow while it lives; once it ended, late fills and the end of their window. */
function reportsOf(slot: OrderSlot, context: PositionContext): OrderView[] {
  if (slot.dropped) return []
  if (slot.view === null || !isFinal(slot.view.status)) return next(slot, context)
  return slot.view.phase === 'settling' ? [...late(slot.view), { ...slot.view, phase: 'done' }] : []
}

export function positionEvents(context: PositionContext): readonly PositionHears[] {
  const seenAt = context.updatedAt + 100
  const foreign = unheard({ ...entryRequest, key: 'p-9/entry/1' }, seenAt)
  const orders = context.slots.flatMap((slot) => (slot.view === null ? [] : [slot.view]))
  const isEntryOver = orders[0] !== undefined && isFinal(orders[0].status)
  const unborn = context.slots.filter((slot) => slot.view === null && !slot.dropped)
  return [
    ...[...context.slots.flatMap((slot) => reportsOf(slot, context)), foreign].map(
      (order) => ({ type: 'order.reported', order, seenAt }) as const,
    ),
    ...orders
      .filter(({ request, status }) => request.purpose === 'stop' && status === 'OPEN')
      .map((order) => ({ type: 'order.reported', order, amendRefused: 'too soon', seenAt }) as const),
    ...unborn.map(({ request }) => ({ type: 'order.turnedAway', key: request.key, reason: 'no', seenAt }) as const),
    { type: 'order.turnedAway', key: 'p-9/entry/1', reason: 'no', seenAt },
    { type: 'orders.recovered', orders, seenAt },
    { type: 'position.financed', chargeId: 'L1', amount: '0.5', financing: '0.5', at: seenAt, seenAt },
    { type: 'trigger.crossed', trigger: 'stopLoss', price: '95', seenAt },
    { type: 'trigger.crossed', trigger: 'takeProfit', price: '115', seenAt },
    { type: 'trigger.crossed', trigger: 'trail', price: '100.99', seenAt },
    { type: 'enable-trailing', distancePct: '0', seenAt },
    { type: 'close-position', reason: 'api', seenAt },
    { type: 'reduce-position', share: '0', reason: 'breaker', seenAt },
    ...(isEntryOver ? [{ type: 'modify-position', stopLoss: '96', seenAt } as const] : []),
    { type: 'modify-position', stopLoss: '130', seenAt },
    { type: 'modify-position', takeProfit: null, seenAt },
    { type: 'deadline.reached', name: 'protect', dueAt: 1, seenAt },
    ...Object.entries(context.deadlines).flatMap(([name, dueAt]) =>
      typeof dueAt === 'number'
        ? [{ type: 'deadline.reached', name, dueAt, seenAt: Math.max(seenAt, dueAt) } as const]
        : [],
    ),
  ]
}

/** The venue sells all that is held, or half of it, by an order of its own. */
function forced(context: PositionContext): OrderView[] {
  const held = heldBy(context)
  const key = `${context.positionId}/liquidation/V`
  if (held.lte(0) || context.slots.some(({ request }) => request.key === key)) return []
  const request = { ...entryRequest, key, side: 'sell', type: 'market', purpose: 'exit', intent: 'close' } as const
  const fill = { tradeId: tradeId('forced'), price: '90', fee: '0', liquidity: 'taker', at: context.updatedAt } as const
  return [held, held.div(2).floor()]
    .filter((part) => part.gt(0))
    .map((part) => text(part))
    .map((filled) => ({
      ...unheard({ ...request, positionId: context.positionId, quantity: filled }, context.updatedAt),
      ...{ status: 'FILLED', phase: 'done', filled, cost: text(amount(filled).times(90)) },
      fills: [{ ...fill, quantity: filled }],
    }))
}

/** Of those, what is heard around an order of the venue's own. */
export function forcedEvents(context: PositionContext): readonly PositionHears[] {
  const seenAt = context.updatedAt + 100
  const isPossible = (event: PositionHears): boolean => {
    if (event.type !== 'order.reported') return event.type !== 'modify-position' && event.type !== 'order.turnedAway'
    const { phase, status, request, quantity } = event.order
    const isSold = request.purpose !== 'entry' && status === 'FILLED'
    if (isSold) return amount(quantity).lte(heldBy(context))
    return phase === 'open' || status === 'FILLED' || (status === 'CANCELLED' && context.closeReason !== null)
  }
  const sold = forced(context).map((order) => ({ type: 'order.reported', order, seenAt }) as const)
  return [...positionEvents(context).filter(isPossible), ...sold]
}

/** What only reduces sells no more than is held: the venue cancels the rest. */
function reduceOnly(order: OrderView, context: PositionContext): OrderView {
  const before = context.slots.find(({ request }) => request.key === order.request.key)?.view?.filled ?? '0'
  const most = amount(before).plus(heldBy(context))
  if (order.request.purpose === 'entry' || amount(order.filled).lte(most)) return order
  return { ...filledTo(order, text(most)), status: 'CANCELLED', phase: 'settling', reason: 'nothing left to reduce' }
}

/** The target as the venue reports it: half of it was sold, or all but dust, or what was asked of it is done. */
const targetNow = ({ slots }: PositionContext): OrderView[] =>
  slots.flatMap(({ request, view, asked }) => {
    if (request.purpose !== 'target' || view?.phase !== 'open') return []
    const { quantity = view.quantity, triggerPrice = view.triggerPrice } = asked ?? {}
    const sold = view.quantity === '10' ? [filledTo(view, '5'), filledTo(view, '9')] : []
    return [...sold, ...(asked === undefined ? [] : [{ ...view, quantity, triggerPrice }])]
  })

/** Of those, what a stop and a target meet that rest together, while the stop itself goes well. */
export function pairEvents(context: PositionContext): readonly PositionHears[] {
  const seenAt = context.updatedAt + 100
  const isOfPair = (event: PositionHears): boolean => {
    if (event.type === 'modify-position') return event.takeProfit === null
    if (event.type === 'trigger.crossed') return event.trigger === 'takeProfit'
    if (event.type === 'deadline.reached') return true
    if (event.type !== 'order.reported') return false
    const { phase, status, request } = event.order
    const mayFail = request.purpose === 'target' ? status === 'ERROR' : context.closeReason !== null
    return phase === 'open' || status === 'FILLED' || (mayFail && (status === 'ERROR' || status === 'CANCELLED'))
  }
  return [
    ...positionEvents(context)
      .filter(isOfPair)
      .map((event) =>
        event.type === 'order.reported' ? { ...event, order: reduceOnly(event.order, context) } : event,
      ),
    ...targetNow(context).map(
      (order) => ({ type: 'order.reported', order: reduceOnly(order, context), seenAt }) as const,
    ),
    { type: 'modify-position', takeProfit: '120', seenAt },
  ]
}

/** Of those, what a reduction meets. */
export function reducingEvents(context: PositionContext): readonly PositionHears[] {
  const seenAt = context.updatedAt + 100
  const isFilledAtOnce = (event: PositionHears): boolean => {
    if (event.type === 'modify-position' || event.type === 'trigger.crossed') return false
    if (event.type === 'order.turnedAway') return event.key.includes('/exit/')
    if (event.type !== 'order.reported') return event.type !== 'enable-trailing'
    const { phase, status, request } = event.order
    if (request.purpose === 'exit') return context.closeReason === null || status === 'FILLED'
    return phase === 'open' || status === 'FILLED' || (status === 'CANCELLED' && context.closeReason !== null)
  }
  return [
    ...positionEvents(context).filter(isFilledAtOnce),
    { type: 'reduce-position', share: '0.5', reason: 'breaker', seenAt },
    { type: 'reduce-position', share: '0.9', reason: 'breaker', seenAt },
  ]
}

/** Of those, what a stop that follows meets while everything else goes well, and the prices that it follows. */
export function trailingEvents(context: PositionContext): readonly PositionHears[] {
  const seenAt = context.updatedAt + 100
  const goesWell = (event: PositionHears): boolean => {
    if (event.type === 'modify-position') return event.stopLoss === '96'
    if (event.type === 'order.turnedAway') return false
    if (event.type !== 'order.reported') return true
    const { phase, status } = event.order
    return phase === 'open' || status === 'FILLED' || (status === 'CANCELLED' && context.closeReason !== null)
  }
  const prices = TRAILED_TO.filter((price) => amount(price).gt(amount(context.trailing?.bestPrice ?? 0)))
  return [
    ...positionEvents(context).filter(goesWell),
    ...prices.map((price) => ({ type: 'trigger.crossed', trigger: 'trail', price, seenAt }) as const),
    { type: 'enable-trailing', distancePct: '1.5', seenAt },
  ]
}

/**
 * An entry of 10 XRP, and what the venue may say about it: two fills that complete it, and a third, which is too much
 * unless the order was amended to 20.
 */
import type { OrderContext, OrderHears } from '../../../machines/order.machine.ts'
import { orderId, pair, positionId, tradeId, venueOrderId } from '../../../src/domain/ids.ts'
import type { Fill, OrderRequest } from '../../../src/domain/order.ts'
import type { VenueOrder } from '../../../src/domain/reports.ts'
import { amount, type Numeric, sumOf, text } from '../../../src/domain/units.ts'

export const NOON = Date.UTC(2026, 0, 5, 12)
export const ORDER = orderId('00000000-0000-4000-8000-000000000001')
export const VENUE_ORDER = venueOrderId('OABC-1')

export const entryRequest: OrderRequest = {
  ...{ key: 'p-1/entry/1', symbol: pair('XRP/USDT'), side: 'buy', type: 'limit', quantity: '10' },
  ...{ limitPrice: '100', triggerPrice: null, timeInForce: 'GTD', expiresAt: NOON + 900_000, postOnly: false },
  ...{ reduceOnly: false, leverage: 1, intent: 'open', purpose: 'entry', book: 'trading' },
  ...{ positionId: positionId('p-1'), planId: null },
}

const fill = (id: string, quantity: string): Fill => ({
  ...{ tradeId: tradeId(id), price: '100', quantity, fee: '0.1', liquidity: 'maker', at: NOON },
})
const FIRST = fill('T1', '4')
const REST = fill('T2', '6')
const FILLS: readonly Fill[] = [FIRST, REST, fill('T3', '10')]
const AMENDED = '20'
const CHANGE = { quantity: AMENDED, limitPrice: '99' }

/** What a look-up may find: an order of the quantity that we know of, with none, the first or all of its fills. */
function findings(quantity: Numeric): readonly VenueOrder[] {
  const whole = quantity === AMENDED ? FILLS : [FIRST, REST]
  const found = (status: VenueOrder['status'], fills: readonly Fill[]): VenueOrder => ({
    ...{ venueOrderId: VENUE_ORDER, status, quantity, limitPrice: '100', triggerPrice: null, fills, reason: null },
    filled: text(sumOf(fills.map((one) => amount(one.quantity)))),
  })
  return [
    ...[found('pending', []), found('open', []), found('open', [FIRST]), found('filled', whole)],
    ...[found('cancelled', []), found('cancelled', [FIRST]), found('expired', [FIRST])],
  ]
}

/** Everything an order may hear next: each fill and each finding, and look-ups that came back empty at three moments. */
export function orderEvents(context: OrderContext): readonly OrderHears[] {
  const seenAt = context.updatedAt + 100
  const { name, at } = context.deadline
  const emptyTimes = [
    seenAt,
    context.acceptBefore + 5_000,
    ...(context.emptyAt === null ? [] : [context.emptyAt + 2_000]),
  ]
  return [
    { type: 'venue.sent', seenAt },
    { type: 'venue.acknowledged', venueOrderId: VENUE_ORDER, seenAt },
    { type: 'venue.refused', code: 'funds', message: 'EOrder:Insufficient funds', seenAt },
    { type: 'venue.refused', code: 'rate', message: 'EOrder:Rate limit exceeded', seenAt },
    { type: 'venue.answerLost', problem: 'timeout', seenAt },
    { type: 'venue.opened', venueOrderId: VENUE_ORDER, seenAt },
    ...FILLS.map((one) => ({ type: 'venue.filled', venueOrderId: VENUE_ORDER, fill: one, seenAt }) as const),
    { type: 'venue.amended', quantity: AMENDED, limitPrice: '99', triggerPrice: null, seenAt },
    { type: 'venue.amendAccepted', ...CHANGE, seenAt },
    { type: 'venue.amendRefused', code: 'invalid', message: 'no', seenAt },
    { type: 'venue.cancelled', reason: 'asked', seenAt },
    { type: 'venue.cancelled', reason: 'asked', filled: '10', seenAt },
    { type: 'venue.expired', seenAt },
    { type: 'venue.expired', filled: '10', seenAt },
    { type: 'venue.cancelRefused', code: 'gone', message: 'not there', seenAt },
    { type: 'venue.cancelRefused', code: 'rate', message: 'EOrder:Rate limit exceeded', seenAt },
    ...findings(context.quantity).map((order) => ({ type: 'venue.found', order, seenAt }) as const),
    ...emptyTimes.map((time) => ({ type: 'venue.notFound', seenAt: Math.max(seenAt, time) }) as const),
    { type: 'venue.lookupFailed', problem: 'timeout', seenAt },
    { type: 'cancel-order', reason: 'asked', seenAt },
    { type: 'amend-order', ...CHANGE, seenAt },
    { type: 'amend-order', limitPrice: '100.01', seenAt },
    { type: 'recover-order', seenAt },
    { type: 'deadline.reached', name, dueAt: 1, seenAt },
    ...(at === null ? [] : [{ type: 'deadline.reached', name, dueAt: at, seenAt: Math.max(seenAt, at) } as const]),
  ]
}

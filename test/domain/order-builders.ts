/** Orders and fills for tests, to be bent one field at a time. */
import type { Approved } from '../../src/domain/approved.ts'
import { orderId, pair, positionId, tradeId } from '../../src/domain/ids.ts'
import type { Fill, OrderRequest, OrderView } from '../../src/domain/order.ts'
import type { PositionPolicy } from '../../src/domain/position-policy.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'

export const AT = 1_800_000_000_000
export const POSITION = positionId('p1')

export const POLICY: PositionPolicy = {
  ...{ protectMs: 10_000, graceMs: 3_000, exitMs: 30_000, retryMs: 2_000 },
  ...{ trailing: null, trailSweepMs: 60_000, amendMinChangePct: '0.1', amendMinIntervalMs: 5_000 },
}

export const requestOf = (changes: Partial<OrderRequest> = {}): Approved<OrderRequest> => {
  const request: OrderRequest = {
    ...{ key: 'p1/entry/1', symbol: pair('BTC/USDT'), side: 'buy', type: 'limit', quantity: '1', limitPrice: '100' },
    ...{ triggerPrice: null, timeInForce: 'GTC', expiresAt: null, postOnly: false, reduceOnly: false, leverage: 1 },
    ...{ intent: 'open', purpose: 'entry', book: 'trading', positionId: POSITION, planId: null },
    ...changes,
  }
  return request as Approved<OrderRequest>
}

export const fillOf = (id: string, price: string, quantity: string, fee = '0', at = AT): Fill => ({
  ...{ tradeId: tradeId(id), price, quantity, fee, liquidity: 'taker', at },
})

/** An order at the venue with these fills. */
export const orderOf = (
  request: OrderRequest,
  fills: readonly Fill[] = [],
  changes: Partial<OrderView> = {},
): OrderView => ({
  ...{ orderId: orderId(`o ${request.key}`), request, phase: 'open', venueOrderId: null },
  ...{ quantity: request.quantity, limitPrice: request.limitPrice, triggerPrice: request.triggerPrice },
  filled: text(sumOf(fills.map((fill) => amount(fill.quantity)))),
  cost: text(sumOf(fills.map((fill) => amount(fill.quantity).times(amount(fill.price))))),
  fees: text(sumOf(fills.map((fill) => amount(fill.fee)))),
  status: fills.length === 0 ? 'OPEN' : 'PARTIALLY_FILLED',
  ...{ fills, reason: null, createdAt: AT, updatedAt: AT },
  ...changes,
})

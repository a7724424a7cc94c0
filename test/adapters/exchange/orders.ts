/** Requests for tests; every field of an order request has a plain default. */
import type { Approved } from '../../../src/domain/approved.ts'
import { type OrderId, orderId, type Pair, pair } from '../../../src/domain/ids.ts'
import type { OrderRequest } from '../../../src/domain/order.ts'

export const BTC: Pair = pair('BTC/USDT')

/** A limit buy of 0.01 BTC/USDT at 40,000, good till cancelled, unless said otherwise. */
export function orderRequest(changes: Partial<OrderRequest> = {}): Approved<OrderRequest> {
  const request: OrderRequest = {
    key: 'test',
    symbol: BTC,
    side: 'buy',
    type: 'limit',
    quantity: '0.01',
    limitPrice: '40000',
    triggerPrice: null,
    timeInForce: 'GTC',
    expiresAt: null,
    postOnly: false,
    reduceOnly: false,
    leverage: 1,
    intent: 'open',
    purpose: 'entry',
    book: 'trading',
    positionId: null,
    planId: null,
    ...changes,
  }
  return request as Approved<OrderRequest>
}

/** The n-th client order id, a UUID. */
export const clientId = (n: number): OrderId => orderId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)

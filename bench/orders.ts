/** Requests that benchmarks send. */
import type { Approved } from '../src/domain/approved.ts'
import { type OrderId, orderId, pair } from '../src/domain/ids.ts'
import type { OrderRequest } from '../src/domain/order.ts'

export const BTC = pair('BTC/USDT')

/** A limit buy of 0.01 BTC, far below the market unless `limitPrice` says otherwise. */
export function entry(number: number, limitPrice = '40000'): Approved<OrderRequest> {
  const request: OrderRequest = {
    ...{ key: `p/entry/${number}`, symbol: BTC, side: 'buy', type: 'limit', quantity: '0.01', limitPrice },
    ...{ triggerPrice: null, timeInForce: 'GTC', expiresAt: null, postOnly: false, reduceOnly: false, leverage: 1 },
    ...{ intent: 'open', purpose: 'entry', book: 'trading', positionId: null, planId: null },
  }
  return request as Approved<OrderRequest>
}

/** The n-th client order id, a UUID. */
export const clientId = (number: number): OrderId =>
  orderId(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`)

/**
 * The slippage guard. Kraken's market orders have none of their own: one that adds risk or trades the core book leaves as a
 * limit at the guard's edge that is filled at once or cancelled. Exits have no guard: out is out.
 */
import { type Instrument, roundDownToTick, roundUpToTick } from './instrument.ts'
import type { OrderRequest, Side } from './order.ts'
import { type Amount, amount, type Price, text } from './units.ts'

/** The worst price that may be paid or taken: `guardPct` per cent from the mark, rounded towards it. */
export function guardPrice(side: Side, mark: Amount, guardPct: number, instrument: Instrument): Price {
  const slip = mark.times(amount(guardPct)).div(100)
  return side === 'buy' ? roundDownToTick(mark.plus(slip), instrument) : roundUpToTick(mark.minus(slip), instrument)
}

/** A market order with its guard; any other order as it is. */
export const guarded = (request: OrderRequest, worst: Price): OrderRequest =>
  request.type === 'market'
    ? { ...request, type: 'limit', limitPrice: text(worst), timeInForce: 'IOC', expiresAt: null }
    : request

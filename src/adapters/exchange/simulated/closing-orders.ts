/** One triggers another: the orders that fills of an order with closing terms spawn on the other side. */
import { text } from '../../../domain/units.ts'
import type { Spawn } from './execution.ts'
import { checkPrices, priceProblem } from './order-rules.ts'
import { REFUSED, type Refusal } from './refusals.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { CloseTerms, NewOrder, VenueOrderType } from './venue-order.ts'

const CLOSING: readonly VenueOrderType[] = [
  'limit',
  'stop-loss',
  'take-profit',
  'stop-loss-limit',
  'take-profit-limit',
  'trailing-stop',
  'trailing-stop-limit',
]

const otherSide = (side: NewOrder['side']): NewOrder['side'] => (side === 'buy' ? 'sell' : 'buy')

/** Are the terms ones that a closing order could have? Its size is not known before the fill. */
export function closeProblem(order: Pick<NewOrder, 'side' | 'close'>, market: SymbolMarket): Refusal | null {
  if (order.close === null) return null
  if (!CLOSING.includes(order.close.type)) return REFUSED.closeTerms
  const terms = { ...order.close, side: otherSide(order.side) }
  const problem = priceProblem(terms, market)
  if (problem !== null) return problem
  const prices = checkPrices(terms, market)
  return 'message' in prices ? prices : null
}

/** An order of the fill's own size on the other side, which no later fill or end of the primary touches. */
export function closingOrderOf({ primary, size }: Spawn, terms: CloseTerms): NewOrder {
  const { symbol, userref, trigger, leverage, selfTrade } = primary
  return {
    ...{ clientOrderId: null, userref, symbol, side: otherSide(primary.side), ...terms, trigger, leverage, selfTrade },
    ...{ quantity: text(size), quantityInQuote: false, displayQuantity: null, timeInForce: 'GTC', feeIn: 'quote' },
    ...{ startsAt: null, expiresAt: null, postOnly: false, close: null, deadlineAt: null },
    reduceOnly: leverage > 1,
  }
}

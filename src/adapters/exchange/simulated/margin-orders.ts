/** What is particular to orders on margin before they reach the book. */
import { type Asset, quoteOf } from '../../../domain/ids.ts'
import { minOf, text } from '../../../domain/units.ts'
import type { MarginDesk } from './margin-desk.ts'
import type { Position, Positions } from './positions.ts'
import { REFUSED, type Refusal } from './refusals.ts'
import type { NewOrder, WorkingOrder } from './venue-order.ts'

/** Settles what an order is to close; a refusal where there is nothing to reduce, or too little to settle with. */
export function marginProblem(order: WorkingOrder, margin: MarginDesk): Refusal | null {
  const open = margin.closable(order)
  if (order.type === 'settle-position') {
    if (open.isZero()) return REFUSED.noPosition
    order.quantity = order.quantity.isZero() ? open : minOf(order.quantity, open)
    order.reduceOnly = true
    return margin.maySettle(order) ? null : REFUSED.funds
  }
  if (order.reduceOnly) return open.isZero() ? REFUSED.noPosition : null
  order.closes = text(minOf(order.quantity, margin.unclaimed(order)))
  return null
}

/** One market order for all that is open of each pair in this collateral. */
export function liquidationsOf(positions: Positions, quote: Asset): readonly NewOrder[] {
  const firsts = new Map<string, Position>()
  for (const position of positions.all())
    if (quoteOf(position.symbol) === quote && !firsts.has(position.symbol)) firsts.set(position.symbol, position)
  return [...firsts.values()].map(({ symbol, side, leverage }) => ({
    ...{ clientOrderId: null, userref: null, symbol, side: side === 'buy' ? 'sell' : 'buy', type: 'market' },
    ...{ quantity: text(positions.sizeOf(symbol, side)), quantityInQuote: false, limitPrice: null, triggerPrice: null },
    ...{ trailing: null, limitOffset: null, displayQuantity: null, trigger: 'last', timeInForce: 'GTC' },
    ...{ startsAt: null, expiresAt: null, postOnly: false, reduceOnly: true, leverage, feeIn: 'quote' },
    ...{ selfTrade: 'cancel-oldest', close: null, deadlineAt: null },
  }))
}

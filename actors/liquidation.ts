/**
 * A trade that no order of ours made closed what our positions had open on margin: the venue liquidated them, or a hand
 * closed them there, where all of a pair is one. It is an exit of those positions, oldest first, and nobody's flow.
 */
import type { VenueTrade } from '../src/domain/account-history.ts'
import { countFills } from '../src/domain/fills.ts'
import { orderId, type PositionId } from '../src/domain/ids.ts'
import { closable, sentLeverage } from '../src/domain/margin-lots.ts'
import type { Fill, OrderView } from '../src/domain/order.ts'
import { heldQuantity, holdingsOf } from '../src/domain/position.ts'
import { type Amount, amount, minOf, roundDownTo, text } from '../src/domain/units.ts'
import { isSpot } from '../src/domain/valuation.ts'
import type { House } from './house.ts'
import { record } from './record.ts'

interface Part {
  /** Null for what no position holds any more: a crumb that was too little for an order. */
  readonly positionId: PositionId | null
  readonly leverage: number
  readonly quantity: Amount
}

const FEE_DECIMALS = 10

/** Who had what of it. */
function partsOf({ books }: House, trade: VenueTrade): readonly Part[] {
  const side = trade.side === 'buy' ? 'short' : 'long'
  let rest = minOf(amount(trade.fill.quantity), closable(books.marginLots(), trade))
  const parts: Part[] = []
  const open = books.openPositions(trade.symbol).filter((position) => !isSpot(position) && position.side === side)
  for (const { positionId, leverage } of [...open].sort((a, b) => a.openedAt - b.openedAt)) {
    const quantity = minOf(rest, heldQuantity(holdingsOf(books.ordersOf(positionId))))
    if (quantity.lte(0)) continue
    parts.push({ positionId, leverage: sentLeverage(side, leverage), quantity })
    rest = rest.minus(quantity)
  }
  return rest.gt(0) ? [...parts, { positionId: null, leverage: trade.leverage, quantity: rest }] : parts
}

/** The order that closed it, as an exit of one position. */
function exitOf(trade: VenueTrade, { positionId, leverage, quantity }: Part, now: number): OrderView {
  const { symbol, side, venueOrderId, fill } = trade
  const key = `${positionId ?? 'nobody'}/liquidation/${venueOrderId}`
  return {
    orderId: orderId(key),
    request: {
      ...{ key, symbol, side, type: 'market', quantity: text(quantity), limitPrice: null, triggerPrice: null },
      ...{ timeInForce: 'GTC', expiresAt: null, postOnly: false, reduceOnly: true, leverage },
      ...{ intent: 'close', purpose: 'exit', book: 'trading', positionId, planId: null },
    },
    ...{
      status: 'FILLED',
      phase: 'done',
      venueOrderId,
      quantity: text(quantity),
      limitPrice: null,
      triggerPrice: null,
    },
    ...{
      filled: '0',
      cost: '0',
      fees: '0',
      fills: [],
      reason: 'not an order of ours',
      createdAt: fill.at,
      updatedAt: now,
    },
  }
}

/** Writes it down for each position, which hears of it as of an order. A trade is booked once by its id. */
export function bookTaking(house: House, trade: VenueTrade): void {
  const { books, clock, log } = house
  const { fill, symbol } = trade
  const parts = partsOf(house, trade)
  let fee = amount(fill.fee)
  for (const [index, part] of parts.entries()) {
    const share = fee
      .times(part.quantity)
      .div(parts.slice(index).reduce((sum, one) => sum.plus(one.quantity), amount(0)))
    const paid = index === parts.length - 1 ? fee : roundDownTo(share, FEE_DECIMALS)
    fee = fee.minus(paid)
    const fresh = exitOf(trade, part, clock.now())
    const known = books.order(fresh.orderId) ?? fresh
    const own: Fill = { ...fill, quantity: text(part.quantity), fee: text(paid) }
    const counted = { ...known, ...countFills(known, [own]), updatedAt: clock.now() }
    const order = { ...counted, quantity: counted.filled, request: { ...known.request, quantity: counted.filled } }
    log.warn('what was open on margin was closed by an order that is not ours', { symbol, positionId: part.positionId })
    const draft = {
      type: 'order.filledLate',
      order,
      fill: own,
      book: 'trading',
      at: fill.at,
      origin: 'reconciled',
    } as const
    record(house, 'book-liquidation', draft, 'orders')
  }
}

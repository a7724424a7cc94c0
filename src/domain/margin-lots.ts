/**
 * What is open on margin at the venue, by our own reckoning: one lot per opening trade, all of a pair on one side, closed
 * oldest first, whichever of our positions an order was for. A fill on margin moves no base and no cost: the quote alone
 * moves, by its fee and by what the lots that it closed had gained or lost.
 */
import type { Pair, TradeId } from './ids.ts'
import type { Fill, OrderRequest } from './order.ts'
import type { PositionSide } from './position.ts'
import { type Amount, amount, minOf, type Numeric, sumOf, text, ZERO } from './units.ts'
import { closingValueUsd, type PriceOf } from './valuation.ts'

/** An open part of one opening trade, in the form in which positions are valued. Plain JSON. */
export interface MarginLot {
  /** The trade that opened it: the venue charges its financing under this id. */
  readonly tradeId: TradeId
  readonly symbol: Pair
  readonly side: PositionSide
  /** The venue's. */
  readonly leverage: number
  /** Base units still open. */
  readonly quantity: Numeric
  readonly entryPrice: Numeric
}

export interface MarginTrade extends Pick<OrderRequest, 'symbol' | 'side' | 'leverage'> {
  readonly fill: Pick<Fill, 'tradeId' | 'price' | 'quantity' | 'at'>
}

/** What is open, and how it came to that of late: a fill may be heard after others that were traded later. Plain JSON. */
export interface MarginBook {
  readonly lots: readonly MarginLot[]
  /** As they were before the trades. */
  readonly before: readonly MarginLot[]
  /** The latest, in the order in which they were traded. */
  readonly trades: readonly MarginTrade[]
}

/** That many trades may be heard before one that was traded earlier than they. */
const KEPT_TRADES = 100

export interface Netted {
  readonly lots: readonly MarginLot[]
  /** Quote units that the closed part gained (above zero) or lost, before fees. */
  readonly profit: Amount
  /** Base units of it that closed something. */
  readonly closed: Amount
}

/** Leverage 1 is spot at the venue: a short at 1 is sent at 2. */
export const isOnMargin = ({ leverage }: Pick<OrderRequest, 'leverage'>): boolean => leverage > 1

/** The leverage at which a position's orders are sent: a short at 1 cannot be had, and is sent at 2. */
export const sentLeverage = (side: PositionSide, leverage: number): number =>
  side === 'short' ? Math.max(2, leverage) : leverage

/** What the venue does with one trade on margin: closes what is open on the other side, oldest first, and opens the rest. */
export function netted(lots: readonly MarginLot[], { symbol, side, leverage, fill }: MarginTrade): Netted {
  const opens: PositionSide = side === 'buy' ? 'long' : 'short'
  const price = amount(fill.price)
  let rest: Amount = amount(fill.quantity)
  let profit: Amount = ZERO
  const left: MarginLot[] = []
  for (const lot of lots) {
    const part = lot.symbol === symbol && lot.side !== opens ? minOf(rest, amount(lot.quantity)) : ZERO
    const move = price.minus(amount(lot.entryPrice)).times(part)
    profit = lot.side === 'long' ? profit.plus(move) : profit.minus(move)
    rest = rest.minus(part)
    const open = amount(lot.quantity).minus(part)
    if (open.gt(0)) left.push({ ...lot, quantity: text(open) })
  }
  const closed = amount(fill.quantity).minus(rest)
  if (rest.gt(0))
    left.push({ tradeId: fill.tradeId, symbol, side: opens, leverage, quantity: text(rest), entryPrice: fill.price })
  return { lots: left, profit, closed }
}

export const marginBookOf = (lots: readonly MarginLot[]): MarginBook => ({ lots, before: lots, trades: [] })

function nettedAll(lots: readonly MarginLot[], trades: readonly MarginTrade[]): Omit<Netted, 'closed'> {
  let all: Omit<Netted, 'closed'> = { lots, profit: ZERO }
  for (const trade of trades) {
    const after = netted(all.lots, trade)
    all = { lots: after.lots, profit: all.profit.plus(after.profit) }
  }
  return all
}

/**
 * A trade that is heard. Where others that were traded after it were heard before, it takes its place among them, and its
 * profit is what all of them have gained more, or less, than they seemed to.
 */
export function afterTrade(
  book: MarginBook,
  trade: MarginTrade,
): { readonly book: MarginBook; readonly profit: Amount } {
  const place = book.trades.findLastIndex(({ fill }) => fill.at <= trade.fill.at) + 1
  const trades = book.trades.toSpliced(place, 0, trade)
  const isLate = place < book.trades.length
  const { lots, profit } = isLate ? nettedAll(book.before, trades) : netted(book.lots, trade)
  const seemed = isLate ? nettedAll(book.before, book.trades).profit : ZERO
  const old = trades.slice(0, -KEPT_TRADES)
  const before = nettedAll(book.before, old).lots
  return { book: { lots, before, trades: trades.slice(old.length) }, profit: profit.minus(seemed) }
}

/** Base units that an order of this side would close of a pair. */
export const closable = (lots: readonly MarginLot[], { symbol, side }: Pick<OrderRequest, 'symbol' | 'side'>): Amount =>
  sumOf(
    lots
      .filter((lot) => lot.symbol === symbol && lot.side === (side === 'buy' ? 'short' : 'long'))
      .map((lot) => amount(lot.quantity)),
  )

/** What closing everything at these prices would bring, USD before fees; null without a price. */
export function marginPnlUsd(lots: readonly MarginLot[], priceOf: PriceOf): Amount | null {
  let sum: Amount = ZERO
  for (const lot of lots) {
    const value = closingValueUsd(lot, priceOf)
    if (value === null) return null
    sum = sum.plus(value)
  }
  return sum
}

/** Margin positions: one per opening trade, all of a pair on one side, closed oldest first. */
import { type Asset, baseOf, type Pair, quoteOf, type TradeId, type VenueOrderId } from '../../../domain/ids.ts'
import type { Side } from '../../../domain/order.ts'
import { type Amount, amount, minOf, type Numeric, roundDownTo, sumOf, text, ZERO } from '../../../domain/units.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { VenueOrderType } from './venue-order.ts'

/** An open position: plain JSON. Amounts in quote units unless said. */
export interface PositionRow {
  /** The id of the trade that opened it. */
  readonly positionId: TradeId
  readonly venueOrderId: VenueOrderId
  readonly symbol: Pair
  /** `buy` is long. */
  readonly side: Side
  readonly type: VenueOrderType
  readonly leverage: number
  readonly price: Numeric
  /** Base units that were opened, and how many of them are closed again. */
  readonly quantity: Numeric
  readonly closed: Numeric
  readonly cost: Numeric
  /** Fees of the opening trade, of opening and of rollovers so far. */
  readonly fee: Numeric
  /** What the open part ties up. */
  readonly margin: Numeric
  readonly openedAt: number
  /** When the next rollover fee is due, milliseconds UTC. */
  readonly rolloverAt: number
}

type Exact = 'price' | 'quantity' | 'closed' | 'cost' | 'fee' | 'margin'
export type Position = { -readonly [K in Exclude<keyof PositionRow, Exact>]: PositionRow[K] } & Record<Exact, Amount>

/** A part of one position that was closed. */
export interface ClosedPart {
  readonly positionId: TradeId
  readonly price: Amount
  readonly size: Amount
}

export const openPart = (position: Position): Amount => position.quantity.minus(position.closed)
const rowOf = (position: Position): PositionRow => ({
  ...position,
  price: text(position.price),
  quantity: text(position.quantity),
  closed: text(position.closed),
  cost: text(position.cost),
  fee: text(position.fee),
  margin: text(position.margin),
})

/** What a part would bring, or cost, at this price. */
export const profitOf = (side: Side, size: Amount, from: Amount, to: Amount): Amount =>
  (side === 'buy' ? to.minus(from) : from.minus(to)).times(size)

export class Positions {
  #open: Position[] = []

  all(): readonly Position[] {
    return this.#open
  }

  add(position: Position): void {
    this.#open.push(position)
  }

  has(symbol: string): boolean {
    return this.#open.some((position) => position.symbol === symbol)
  }

  /** Base units open on this side of the pair. */
  sizeOf(symbol: Pair, side: Side): Amount {
    return sumOf(this.#open.filter((each) => each.symbol === symbol && each.side === side).map(openPart))
  }

  /** Closes up to `size` of what is open on this side, oldest first. */
  reduce(symbol: Pair, side: Side, size: Amount, costDecimals: number): readonly ClosedPart[] {
    let rest = size
    const parts: ClosedPart[] = []
    for (const position of this.#open) {
      if (position.symbol !== symbol || position.side !== side || rest.lte(0)) continue
      const part = minOf(rest, openPart(position))
      const released = roundDownTo(position.margin.times(part).div(openPart(position)), costDecimals)
      rest = rest.minus(part)
      position.closed = position.closed.plus(part)
      position.margin = position.margin.minus(released)
      parts.push({ positionId: position.positionId, price: position.price, size: part })
    }
    this.#open = this.#open.filter((position) => openPart(position).gt(0))
    return parts
  }

  /** What all positions of pairs with this quote tie up. */
  marginOf(quote: Asset): Amount {
    return sumOf(this.#open.filter((each) => quoteOf(each.symbol) === quote).map((each) => each.margin))
  }

  /** What all positions of pairs with this quote would bring at the last prices. */
  unrealised(quote: Asset, markets: ReadonlyMap<string, SymbolMarket>): Amount {
    return sumOf(
      this.#open
        .filter((each) => quoteOf(each.symbol) === quote)
        .map((each) => {
          const last = markets.get(each.symbol)?.last ?? null
          return last === null ? ZERO : profitOf(each.side, openPart(each), each.price, amount(last))
        }),
    )
  }

  rows(): PositionRow[] {
    return this.#open.map(rowOf)
  }

  restore(rows: readonly PositionRow[]): void {
    this.#open = rows.map((row) => ({
      ...row,
      price: amount(row.price),
      quantity: amount(row.quantity),
      closed: amount(row.closed),
      cost: amount(row.cost),
      fee: amount(row.fee),
      margin: amount(row.margin),
    }))
  }
}

/** What a settlement of a part moves: the base changes hands at the price it was opened at. */
export const settledMovements = (symbol: Pair, side: Side, { price, size }: ClosedPart) => {
  const [base, quote] = [baseOf(symbol), quoteOf(symbol)]
  const cost = price.times(size)
  return side === 'buy'
    ? [
        { asset: quote, amount: cost.negated(), fee: ZERO },
        { asset: base, amount: size, fee: ZERO },
      ]
    : [
        { asset: base, amount: size.negated(), fee: ZERO },
        { asset: quote, amount: cost, fee: ZERO },
      ]
}

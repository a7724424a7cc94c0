/** What fills on margin leave open, by our own reckoning: all of a pair on one side, what came first is closed first. */
import type { Pair } from '../../src/domain/ids.ts'
import type { Fill, OrderRequest } from '../../src/domain/order.ts'
import { type Amount, amount, minOf, sumOf, ZERO } from '../../src/domain/units.ts'

interface Lot {
  /** Above zero long, below it short. */
  size: Amount
  readonly price: Amount
}

/** At the venue, spot is leverage 1. */
export const isOnMargin = ({ leverage }: Pick<OrderRequest, 'leverage'>): boolean => leverage > 1

export class TrueLots {
  readonly #lots = new Map<Pair, Lot[]>()

  open(symbol: Pair): Amount {
    return sumOf((this.#lots.get(symbol) ?? []).map(({ size }) => size))
  }

  /** Quote units that the part of it which closes something has gained, or lost. */
  trade({ symbol, side }: Pick<OrderRequest, 'symbol' | 'side'>, fill: Pick<Fill, 'price' | 'quantity'>): Amount {
    const price = amount(fill.price)
    const sign = side === 'buy' ? 1 : -1
    const lots = this.#lots.get(symbol) ?? []
    let rest = amount(fill.quantity)
    let gained = ZERO
    for (const lot of lots) {
      if (lot.size.times(sign).gte(0)) continue
      const part = minOf(rest, lot.size.abs())
      gained = gained.plus(price.minus(lot.price).times(part).times(-sign))
      lot.size = lot.size.plus(part.times(sign))
      rest = rest.minus(part)
    }
    const left = lots.filter(({ size }) => !size.isZero())
    this.#lots.set(symbol, rest.isZero() ? left : [...left, { size: rest.times(sign), price }])
    return gained
  }
}

/** An incoming order takes what the market offers, and never meets an own resting one. */
import { type Amount, minOf } from '../../../domain/units.ts'
import type { Execution } from './execution.ts'
import { sizeLeft } from './holds.ts'
import { awaitsTrigger, worksAsLimit } from './order-conditions.ts'
import { hasLimit } from './order-rules.ts'
import { CANCELLED } from './refusals.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { WorkingOrder } from './venue-order.ts'

/** An own resting order on the other side, and its price. */
interface OwnOffer {
  readonly order: WorkingOrder
  readonly price: Amount
}

/** The limit that the order works at now; null where it takes any price. */
const limitOf = (order: WorkingOrder): Amount | null => (hasLimit(order.type) ? order.limitPrice : null)

const isBetter = (taker: WorkingOrder, price: Amount, than: Amount): boolean =>
  taker.side === 'buy' ? price.lt(than) : price.gt(than)

export class Taking {
  readonly #execution: Execution

  constructor(execution: Execution) {
    this.#execution = execution
  }

  /** Would a limit order trade at once, with the market or with us? `base` as in the market's estimate. */
  wouldTake(order: WorkingOrder, market: SymbolMarket, base: Amount | null, at: number): boolean {
    if (this.#ownOffer(order, market) !== null) return true
    return order.limitPrice !== null && market.crosses(order.side, order.limitPrice, at, base)
  }

  /** Could all of a limit order be had at once, without meeting an own order? */
  canFill(order: WorkingOrder, market: SymbolMarket, at: number): boolean {
    if (order.limitPrice === null) return false
    const own = this.#ownOffer(order, market)
    const before = own === null ? null : own.price.plus(order.side === 'buy' ? market.tick.negated() : market.tick)
    const limit = before ?? order.limitPrice
    return market.canFill(order.side, limit, sizeLeft(order, limit, market.lot), at)
  }

  /**
   * Walks the book up to the order's limit; without a book, everything at the estimated price. Where that leads to an own
   * resting order, one of the two, or both, are cancelled instead, as the taker says.
   */
  take(order: WorkingOrder, market: SymbolMarket, base: Amount | null, at: number): void {
    const takesAll = limitOf(order) === null
    if (takesAll && !market.fresh) return
    let own = this.#ownOffer(order, market)
    while (own !== null && this.#execution.isLive(order)) {
      this.#trade(order, market, base, at, own.price)
      if (this.#execution.isLive(order)) this.#prevent(order, own.order, at)
      own = this.#ownOffer(order, market)
    }
    if (this.#execution.isLive(order)) this.#trade(order, market, base, at, null)
    if (takesAll && this.#execution.isLive(order)) this.#execution.cancel(order, CANCELLED.liquidity, at)
  }

  /** The best own resting order on the other side that the order's limit reaches; the older one of two at a price. */
  #ownOffer(order: WorkingOrder, market: SymbolMarket): OwnOffer | null {
    const limit = limitOf(order)
    let best: OwnOffer | null = null
    for (const other of market.orders) {
      const price = other.limitPrice
      if (other.side === order.side || price === null || !worksAsLimit(other) || awaitsTrigger(other)) continue
      if (limit !== null && isBetter(order, limit, price)) continue
      if (best === null || isBetter(order, price, best.price)) best = { order: other, price }
    }
    return best
  }

  #prevent(order: WorkingOrder, resting: WorkingOrder, at: number): void {
    if (order.selfTrade !== 'cancel-newest') this.#execution.cancel(resting, CANCELLED.selfTrade, at)
    if (order.selfTrade !== 'cancel-oldest') this.#execution.cancel(order, CANCELLED.selfTrade, at)
  }

  /** Trades at prices within the limit and better than `before`. */
  #trade(order: WorkingOrder, market: SymbolMarket, base: Amount | null, at: number, before: Amount | null): void {
    if (!market.fresh) return
    const limit = limitOf(order)
    const isWithin = (price: Amount): boolean => limit === null || !isBetter(order, limit, price)
    const isBefore = (price: Amount): boolean => before === null || isBetter(order, price, before)
    if (market.knowsDepth(at)) {
      this.#walk(order, market, at, (price) => isWithin(price) && isBefore(price))
      return
    }
    const estimate = market.estimate(order.side, at, base)
    if (estimate === null || !isWithin(estimate.touch)) return
    const price = limit !== null && !isWithin(estimate.price) ? limit : estimate.price
    const size = sizeLeft(order, price, market.lot)
    if (isBefore(price)) this.#execution.fill(order, market, { price, size, liquidity: 'taker' }, at)
  }

  #walk(order: WorkingOrder, market: SymbolMarket, at: number, isWithin: (price: Amount) => boolean): void {
    for (const { level, price, available } of market.levels(order.side, at)) {
      if (!isWithin(price) || !this.#execution.isLive(order)) return
      const size = minOf(available, sizeLeft(order, price, market.lot))
      if (size.lte(0)) {
        this.#execution.finish(order, at)
        return
      }
      market.take(order.side, level, size)
      this.#execution.fill(order, market, { price, size, liquidity: 'taker' }, at)
    }
  }
}

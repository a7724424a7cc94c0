/** When an order trades: what takes liquidity, what rests, what a print sets off. Kraken's rules, pessimistically. */
import { type Amount, amount, minOf, type Numeric, roundDownToStep, ZERO } from '../../../domain/units.ts'
import type { Execution } from './execution.ts'
import { sizeLeft } from './holds.ts'
import { isMatching, type Session } from './market-mode.ts'
import { awaitsMarket, awaitsTrigger, goesThrough, isReached, worksAsLimit } from './order-conditions.ts'
import { triggersBelow } from './order-rules.ts'
import { CANCELLED } from './refusals.ts'
import type { SymbolMarket } from './symbol-market.ts'
import { Taking } from './taking.ts'
import { improves, limitFrom } from './trailing.ts'
import type { WorkingOrder } from './venue-order.ts'

/** One trade at the venue, not ours. */
export interface MarketPrint {
  readonly price: Amount
  readonly quantity: Amount
  /** Side of the aggressor; null where the feed does not say. */
  readonly side: 'buy' | 'sell' | null
  /** The venue's time of the trade: orders younger than it do not see it. */
  readonly tradedAt: number
  /** The present, at which fills happen. */
  readonly at: number
  /** True for the first print of a minute: what lies between it and the print before was jumped over. */
  readonly opens: boolean
}

/** Is the print at the order's price, hitting the order's side of the book, with a queue that we can count? */
const touchesQueue = (order: WorkingOrder, print: MarketPrint): boolean =>
  order.queueAhead !== null && print.side !== order.side && order.limitPrice?.eq(print.price) === true

/** Better price first, then the older one. */
const byPriority = (a: WorkingOrder, b: WorkingOrder): number => {
  if (a.side !== b.side || a.limitPrice === null || b.limitPrice === null) return a.sequence - b.sequence
  const better = a.limitPrice.cmp(b.limitPrice)
  return (a.side === 'buy' ? -better : better) || a.sequence - b.sequence
}

/** The prices between which none of these orders can trade or be set off. */
function calmOf(orders: readonly WorkingOrder[]): { readonly above: number; readonly below: number } {
  let above = Number.NEGATIVE_INFINITY
  let below = Number.POSITIVE_INFINITY
  for (const order of orders) {
    const concerned = awaitsTrigger(order) ? order.triggerPrice : order.limitPrice
    if (concerned === null) return { above: Number.POSITIVE_INFINITY, below }
    const isBelow = awaitsTrigger(order) ? triggersBelow(order) : order.side === 'buy'
    // A better price moves the trigger of a trailing stop.
    const best = awaitsTrigger(order) && order.best !== null ? Number(order.best) : null
    if (isBelow) {
      above = Math.max(above, concerned.toNumber())
      below = Math.min(below, best ?? below)
    } else {
      below = Math.min(below, concerned.toNumber())
      above = Math.max(above, best ?? above)
    }
  }
  return { above, below }
}

export class Matching {
  readonly #execution: Execution
  readonly #taking: Taking
  readonly #session: Session
  readonly #participation: Amount

  constructor(execution: Execution, session: Session, participation: Amount) {
    this.#execution = execution
    this.#taking = new Taking(execution)
    this.#session = session
    this.#participation = participation
  }

  /** What a freshly accepted, or amended, order does at once. */
  begin(order: WorkingOrder, market: SymbolMarket, at: number): void {
    market.calm = null
    if (awaitsTrigger(order)) {
      if (!isMatching(this.#session.mode)) return
      if (market.fresh && market.last !== null && isReached(order, amount(market.last)))
        this.#fire(order, market, null, at)
      return
    }
    this.#work(order, market, null, at)
  }

  /**
   * Is the print certain to concern no order? Floats may say yes, never no: reading a decimal text as a float keeps the
   * order of two numbers, so that what is strictly greater as a float is greater in truth.
   */
  isCalm(market: SymbolMarket, printed: Numeric): boolean {
    market.calm ??= calmOf(market.orders)
    const price = Number(printed)
    return price > market.calm.above && price < market.calm.below
  }

  /** Orders that take whatever comes first: market orders placed, and stops set off, while no price was to be had. */
  resume(market: SymbolMarket, at: number): void {
    for (const order of market.orders.filter(awaitsMarket)) this.#taking.take(order, market, null, at)
  }

  /** A trade somewhere in the market: triggers first, then resting orders, both against this one print. */
  onPrint(market: SymbolMarket, print: MarketPrint): void {
    const seen = market.orders.filter((order) => order.restsSince <= print.tradedAt)
    const resting = seen.filter((order) => worksAsLimit(order) && this.#meets(order, print))
    for (const order of seen) {
      if (!this.#execution.isLive(order) || !awaitsTrigger(order) || order.triggerPrice === null) continue
      if (isReached(order, print.price))
        this.#fire(order, market, print.opens ? print.price : order.triggerPrice, print.at)
      else if (order.best !== null && improves(order.side, amount(order.best), print.price))
        this.#execution.trail(order, market, print.price, print.at)
    }
    this.#fillResting(resting.sort(byPriority), market, print)
  }

  #meets(order: WorkingOrder, print: MarketPrint): boolean {
    return goesThrough(order, print.price) || touchesQueue(order, print)
  }

  /** All our orders together get at most their share of the print. */
  #fillResting(orders: readonly WorkingOrder[], market: SymbolMarket, print: MarketPrint): void {
    let share = roundDownToStep(print.quantity.times(this.#participation), market.lot)
    for (const order of orders) {
      if (order.limitPrice === null || !this.#execution.isLive(order)) continue
      let reaches = print.quantity
      let most = sizeLeft(order, order.limitPrice, market.lot)
      if (goesThrough(order, print.price)) {
        if (order.queueAhead !== null) order.queueAhead = ZERO
      } else if (order.queueAhead !== null) {
        reaches = print.quantity.minus(order.queueAhead)
        order.queueAhead = reaches.lt(0) ? reaches.negated() : ZERO
        // What an iceberg does not display stands behind everybody.
        most = minOf(most, order.displayed ?? most)
      }
      const size = minOf(share, roundDownToStep(reaches, market.lot), most)
      if (size.lte(0)) continue
      share = share.minus(size)
      this.#execution.fill(order, market, { price: order.limitPrice, size, liquidity: 'maker' }, print.at)
      if (order.displayed !== null && this.#execution.isLive(order)) this.#showNext(order, size, market, print.at)
    }
  }

  #fire(order: WorkingOrder, market: SymbolMarket, base: Amount | null, at: number): void {
    order.triggered = true
    if (order.limitOffset !== null && order.triggerPrice !== null)
      order.limitPrice = limitFrom(order.triggerPrice, order.limitOffset, market.tick)
    market.calm = null
    this.#execution.tell('triggered', order, at)
    this.#work(order, market, base, at)
  }

  /** An iceberg whose displayed part is gone displays the next one, behind what stands there now. */
  #showNext(order: WorkingOrder, size: Amount, market: SymbolMarket, at: number): void {
    if (order.displayed === null || order.limitPrice === null) return
    order.displayed = order.displayed.minus(size)
    if (order.displayed.gt(0)) return
    this.#execution.display(order)
    order.queueAhead = market.queueAhead(order.side, order.limitPrice, at)
    this.#execution.tell('restated', order, at)
  }

  #work(order: WorkingOrder, market: SymbolMarket, base: Amount | null, at: number): void {
    if (awaitsMarket(order)) {
      if (isMatching(this.#session.mode)) this.#taking.take(order, market, base, at)
      return
    }
    if (order.limitPrice === null) return
    const isOpen = isMatching(this.#session.mode)
    if (order.timeInForce === 'FOK' && !(isOpen && this.#taking.canFill(order, market, at))) {
      this.#execution.cancel(order, CANCELLED.allOrNothing, at)
      return
    }
    const crossing = this.#taking.wouldTake(order, market, base, at)
    if (crossing && order.postOnly) {
      this.#execution.cancel(order, CANCELLED.postOnly, at)
      return
    }
    if (crossing && isOpen) this.#taking.take(order, market, base, at)
    if (!this.#execution.isLive(order)) return
    if (order.timeInForce === 'IOC') {
      this.#execution.cancel(order, CANCELLED.immediate, at)
      return
    }
    order.restsSince = at
    order.queueAhead = market.queueAhead(order.side, order.limitPrice, at)
    this.#execution.display(order)
  }
}

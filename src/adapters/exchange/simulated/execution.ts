/** Turns matches into money: fills, holds, ends of orders, and the events that tell of them. */
import { baseOf, quoteOf, tradeId } from '../../../domain/ids.ts'
import type { Fill } from '../../../domain/order.ts'
import { type Amount, minOf, text, ZERO } from '../../../domain/units.ts'
import type { ExecutionReport } from '../../../ports/exchange.ts'
import type { Account } from './account.ts'
import { affordable, buyFill, buyNeeds, type FeeRates, feeOf } from './fills.ts'
import { CANCELLED } from './refusals.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { IdOf } from './venue-ids.ts'
import { type OrderRow, rowOf, type WorkingOrder } from './venue-order.ts'

/** Closed orders that a look-up still finds. */
const CLOSED_KEPT = 1_000

interface Match {
  readonly price: Amount
  readonly size: Amount
  readonly liquidity: Fill['liquidity']
}

export const remainingOf = (order: WorkingOrder): Amount => order.quantity.minus(order.filled)

/** Live and closed orders with the account they move. Every change of money goes through here. */
export class Execution {
  account: Account
  readonly live = new Map<string, WorkingOrder>()
  trades = 0
  #closed: OrderRow[] = []
  readonly #closedById = new Map<string, OrderRow>()
  readonly #markets: ReadonlyMap<string, SymbolMarket>
  readonly #rates: FeeRates
  readonly #idOf: IdOf
  readonly #emit: (report: ExecutionReport) => void

  constructor(parts: {
    account: Account
    markets: ReadonlyMap<string, SymbolMarket>
    rates: FeeRates
    idOf: IdOf
    emit: (report: ExecutionReport) => void
  }) {
    this.account = parts.account
    this.#markets = parts.markets
    this.#rates = parts.rates
    this.#idOf = parts.idOf
    this.#emit = parts.emit
  }

  /** What the order must hold for its present rest: base units for a sell, quote units with the fee for a buy. */
  needs(order: WorkingOrder): Amount {
    return this.#needs(order, remainingOf(order))
  }

  isPayable(order: WorkingOrder): boolean {
    return this.needs(order).lte(this.account.free(this.#holds(order)).plus(order.hold))
  }

  /** Takes (or changes) the order's hold to what it needs now. */
  hold(order: WorkingOrder): void {
    this.#setHold(order, this.needs(order))
  }

  open(order: WorkingOrder): void {
    this.hold(order)
    this.live.set(order.clientOrderId, order)
    this.#markets.get(order.symbol)?.orders.push(order)
  }

  /**
   * Fills up to `match.size`. A buy above the price it holds for (a stop that was jumped over) is cut to what the funds
   * cover, and the rest is cancelled.
   */
  fill(order: WorkingOrder, market: SymbolMarket, match: Match, at: number): void {
    const wanted = minOf(match.size, remainingOf(order))
    const size = order.side === 'buy' ? this.#covered(order, market, match, wanted) : wanted
    if (size.gt(0)) this.#settle(order, market, { ...match, size }, at)
    if (remainingOf(order).lte(0)) this.#close(order, 'filled', null)
    else if (size.lt(wanted)) this.cancel(order, CANCELLED.funds, at)
  }

  cancel(order: WorkingOrder, reason: string, at: number): void {
    this.#close(order, 'cancelled', reason)
    this.#emit({ kind: 'cancelled', clientOrderId: order.clientOrderId, reason, at })
  }

  expire(order: WorkingOrder, at: number): void {
    this.#close(order, 'expired', null)
    this.#emit({ kind: 'expired', clientOrderId: order.clientOrderId, at })
  }

  /** A live order by client id or the venue's own. */
  working(id: string): WorkingOrder | undefined {
    return this.live.get(id) ?? [...this.live.values()].find((order) => order.venueOrderId === id)
  }

  /** The same; where none is live, the newest closed one. */
  find(id: string): OrderRow | null {
    const live = this.working(id)
    return live === undefined ? (this.#closedById.get(id) ?? null) : rowOf(live, 'open', null)
  }

  openRows(): OrderRow[] {
    return [...this.live.values()].map((order) => rowOf(order, 'open', null))
  }

  closedRows(): OrderRow[] {
    return [...this.#closed]
  }

  keepClosed(row: OrderRow): void {
    this.#closed.push(row)
    for (const id of [row.clientOrderId, row.venueOrderId]) this.#closedById.set(id, row)
    const oldest = this.#closed.length > CLOSED_KEPT ? this.#closed.shift() : undefined
    if (oldest === undefined) return
    for (const id of [oldest.clientOrderId, oldest.venueOrderId])
      if (this.#closedById.get(id) === oldest) this.#closedById.delete(id)
  }

  #holds = (order: WorkingOrder) => (order.side === 'buy' ? quoteOf(order.symbol) : baseOf(order.symbol))

  #needs(order: WorkingOrder, rest: Amount): Amount {
    const decimals = this.#markets.get(order.symbol)?.instrument.costDecimals ?? 0
    return order.holdPrice === null ? rest : buyNeeds(rest, order.holdPrice, this.#rates, decimals)
  }

  #setHold(order: WorkingOrder, hold: Amount): void {
    this.account.hold(this.#holds(order), hold.minus(order.hold))
    order.hold = hold
  }

  #covered(order: WorkingOrder, market: SymbolMarket, match: Match, wanted: Amount): Amount {
    if (order.holdPrice !== null && match.price.lte(order.holdPrice)) return wanted
    const budget = this.account.free(quoteOf(order.symbol)).plus(order.hold)
    const { costDecimals } = market.instrument
    return minOf(wanted, affordable(budget, match.price, this.#rates[match.liquidity], costDecimals, market.lot))
  }

  #settle(order: WorkingOrder, market: SymbolMarket, { price, size, liquidity }: Match, at: number): void {
    const { costDecimals } = market.instrument
    const [base, quote] = [baseOf(order.symbol), quoteOf(order.symbol)]
    const cost = price.times(size)
    const rate = this.#rates[liquidity]
    const restNeeds = this.#needs(order, remainingOf(order).minus(size))
    let fee: Amount
    if (order.side === 'buy') {
      const budget = this.account.free(quote).plus(order.hold)
      const paid = buyFill(cost, rate, costDecimals, budget, restNeeds)
      fee = paid.fee
      this.#setHold(order, ZERO)
      this.account.change(quote, cost.plus(fee).negated())
      this.account.change(base, size)
      this.#setHold(order, paid.hold)
    } else {
      // A fee is never more than what the sale brings.
      fee = minOf(feeOf(cost, rate, costDecimals), cost)
      this.#setHold(order, restNeeds)
      this.account.change(base, size.negated())
      this.account.change(quote, cost.minus(fee))
    }
    order.filled = order.filled.plus(size)
    this.#report(order, { price, size, liquidity }, fee, at)
  }

  #report(order: WorkingOrder, { price, size, liquidity }: Match, fee: Amount, at: number): void {
    this.trades += 1
    const { clientOrderId, venueOrderId } = order
    const id = tradeId(this.#idOf('T', this.trades))
    const fill: Fill = { tradeId: id, price: text(price), quantity: text(size), fee: text(fee), liquidity, at }
    order.fills.push(fill)
    this.#emit({ kind: 'filled', clientOrderId, venueOrderId, fill, at })
  }

  #close(order: WorkingOrder, status: 'filled' | 'cancelled' | 'expired', reason: string | null): void {
    this.#setHold(order, ZERO)
    this.live.delete(order.clientOrderId)
    const market = this.#markets.get(order.symbol)
    if (market !== undefined) {
      market.orders.splice(market.orders.indexOf(order), 1)
      market.calm = null
    }
    this.keepClosed(rowOf(order, status, reason))
  }
}

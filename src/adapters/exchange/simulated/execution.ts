/** Turns matches into money: fills, holds, ends of orders, and the events that tell of them. */
import { baseOf, quoteOf, type TradeId } from '../../../domain/ids.ts'
import type { Fill } from '../../../domain/order.ts'
import { type Amount, minOf, text, ZERO } from '../../../domain/units.ts'
import type { Account } from './account.ts'
import type { Blotter } from './blotter.ts'
import type { FeeSchedule } from './fee-schedule.ts'
import { affordable, buyFill, buyNeeds, feeOf } from './fills.ts'
import type { Ledger, Movement } from './ledger.ts'
import { CANCELLED } from './refusals.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { TradeRow, VenueEvent } from './venue-events.ts'
import { type Ending, type OrderRow, rowOf, type WorkingOrder } from './venue-order.ts'

interface Match {
  readonly price: Amount
  readonly size: Amount
  readonly liquidity: Fill['liquidity']
}

export const remainingOf = (order: WorkingOrder): Amount => order.quantity.minus(order.filled)

export interface ExecutionParts {
  readonly account: Account
  readonly blotter: Blotter
  readonly ledger: Ledger
  readonly fees: FeeSchedule
  readonly markets: ReadonlyMap<string, SymbolMarket>
  readonly emit: (event: VenueEvent) => void
}

/** Every change of an order's money goes through here. */
export class Execution {
  readonly #parts: ExecutionParts

  constructor(parts: ExecutionParts) {
    this.#parts = parts
  }

  /** What the order must hold for its present rest: base units for a sell, quote units with the fee for a buy. */
  needs(order: WorkingOrder): Amount {
    return this.#needs(order, remainingOf(order))
  }

  isPayable(order: WorkingOrder): boolean {
    return this.needs(order).lte(this.#parts.account.free(this.#holds(order)).plus(order.hold))
  }

  /** Takes (or changes) the order's hold to what it needs now. */
  hold(order: WorkingOrder): void {
    this.#setHold(order, this.needs(order))
  }

  open(order: WorkingOrder): void {
    this.hold(order)
    this.#parts.blotter.add(order)
    this.#parts.markets.get(order.symbol)?.orders.push(order)
  }

  /**
   * Fills up to `match.size`. A buy above the price it holds for (a stop that was jumped over) is cut to what the funds
   * cover, and the rest is cancelled.
   */
  fill(order: WorkingOrder, market: SymbolMarket, match: Match, at: number): void {
    const wanted = minOf(match.size, remainingOf(order))
    const size = order.side === 'buy' ? this.#covered(order, market, match, wanted) : wanted
    if (size.gt(0)) this.#settle(order, market, { ...match, size }, at)
    if (remainingOf(order).lte(0)) this.#close(order, { status: 'filled', reason: null, at })
    else if (size.lt(wanted)) this.cancel(order, CANCELLED.funds, at)
  }

  cancel(order: WorkingOrder, reason: string, at: number): void {
    const row = this.#close(order, { status: 'cancelled', reason, at })
    this.#parts.emit({ kind: 'cancelled', order: row, reason, at })
  }

  expire(order: WorkingOrder, at: number): void {
    const row = this.#close(order, { status: 'expired', reason: null, at })
    this.#parts.emit({ kind: 'expired', order: row, at })
  }

  tell(kind: 'opened' | 'triggered' | 'amended', order: WorkingOrder, at: number): void {
    this.#parts.emit({ kind, order: rowOf(order), at })
  }

  isLive(order: WorkingOrder): boolean {
    return this.#parts.blotter.isLive(order)
  }

  #holds = (order: WorkingOrder) => (order.side === 'buy' ? quoteOf(order.symbol) : baseOf(order.symbol))

  #needs(order: WorkingOrder, rest: Amount): Amount {
    const { markets, fees } = this.#parts
    const decimals = markets.get(order.symbol)?.instrument.costDecimals ?? 0
    return order.holdPrice === null ? rest : buyNeeds(rest, order.holdPrice, fees.rates, decimals)
  }

  #setHold(order: WorkingOrder, hold: Amount): void {
    this.#parts.account.hold(this.#holds(order), hold.minus(order.hold))
    order.hold = hold
  }

  #covered(order: WorkingOrder, market: SymbolMarket, match: Match, wanted: Amount): Amount {
    if (order.holdPrice !== null && match.price.lte(order.holdPrice)) return wanted
    const { account, fees } = this.#parts
    const budget = account.free(quoteOf(order.symbol)).plus(order.hold)
    const { costDecimals } = market.instrument
    return minOf(wanted, affordable(budget, match.price, fees.rates[match.liquidity], costDecimals, market.lot))
  }

  #settle(order: WorkingOrder, market: SymbolMarket, match: Match, at: number): void {
    const { account, fees, ledger } = this.#parts
    const { costDecimals } = market.instrument
    const [base, quote] = [baseOf(order.symbol), quoteOf(order.symbol)]
    const { size } = match
    const cost = match.price.times(size)
    const rate = fees.rates[match.liquidity]
    const restNeeds = this.#needs(order, remainingOf(order).minus(size))
    const tradeId = ledger.nextTradeId()
    let fee: Amount
    let hold = restNeeds
    let movements: Movement[]
    if (order.side === 'buy') {
      const budget = account.free(quote).plus(order.hold)
      const paid = buyFill(cost, rate, costDecimals, budget, restNeeds)
      fee = paid.fee
      hold = paid.hold
      movements = [
        { asset: quote, amount: cost.negated(), fee },
        { asset: base, amount: size, fee: ZERO },
      ]
    } else {
      // A fee is never more than what the sale brings.
      fee = minOf(feeOf(cost, rate, costDecimals), cost)
      movements = [
        { asset: base, amount: size.negated(), fee: ZERO },
        { asset: quote, amount: cost, fee },
      ]
    }
    this.#setHold(order, ZERO)
    const entries = ledger.book('trade', tradeId, movements, at)
    this.#setHold(order, hold)
    order.filled = order.filled.plus(size)
    order.cost = order.cost.plus(cost)
    order.fee = order.fee.plus(fee)
    const ledgers = entries.map((entry) => entry.ledgerId)
    this.#report(order, tradeId, match, { cost, fee, ledgers }, at)
    ledger.tell(entries)
  }

  #report(
    order: WorkingOrder,
    tradeId: TradeId,
    { price, size, liquidity }: Match,
    booked: { readonly cost: Amount; readonly fee: Amount; readonly ledgers: readonly string[] },
    at: number,
  ): void {
    const fee = text(booked.fee)
    const fill: Fill = { tradeId, price: text(price), quantity: text(size), fee, liquidity, at }
    order.fills.push(fill)
    const trade: TradeRow = {
      tradeId,
      venueOrderId: order.venueOrderId,
      positionId: null,
      symbol: order.symbol,
      side: order.side,
      type: order.type,
      price: fill.price,
      quantity: fill.quantity,
      cost: text(booked.cost),
      fee,
      feeAsset: quoteOf(order.symbol),
      liquidity,
      leverage: order.leverage,
      margin: '0',
      ledgers: booked.ledgers,
      at,
    }
    this.#parts.ledger.keepTrade(trade)
    this.#parts.fees.count(order.symbol, booked.cost, at)
    const ending: Ending | null = remainingOf(order).lte(0) ? { status: 'filled', reason: null, at } : null
    this.#parts.emit({ kind: 'filled', order: rowOf(order, ending), trade, at })
  }

  #close(order: WorkingOrder, ending: Ending): OrderRow {
    this.#setHold(order, ZERO)
    const market = this.#parts.markets.get(order.symbol)
    if (market !== undefined) {
      market.orders.splice(market.orders.indexOf(order), 1)
      market.calm = null
    }
    return this.#parts.blotter.close(order, ending)
  }
}

/** Turns matches into money: fills, holds, ends of orders, and the events that tell of them. */
import { baseOf, quoteOf, type TradeId } from '../../../domain/ids.ts'
import type { Fill } from '../../../domain/order.ts'
import { type Amount, amount, minOf, text, ZERO } from '../../../domain/units.ts'
import type { Account } from './account.ts'
import type { Blotter } from './blotter.ts'
import type { FeeSchedule } from './fee-schedule.ts'
import { holdAssetOf, holdPriceOf, isComplete, needsOf, sizeLeft } from './holds.ts'
import type { Ledger } from './ledger.ts'
import { CANCELLED } from './refusals.ts'
import { type Booking, coveredSize, type Payment, spotBooking } from './spot-booking.ts'
import type { SymbolMarket } from './symbol-market.ts'
import { trailedTrigger } from './trailing.ts'
import type { TradeRow, VenueEvent } from './venue-events.ts'
import { type Ending, type OrderRow, rowOf, type WorkingOrder } from './venue-order.ts'

interface Match {
  readonly price: Amount
  readonly size: Amount
  readonly liquidity: Fill['liquidity']
}

/** A fill that spawns a closing order. */
export interface Spawn {
  readonly primary: WorkingOrder
  readonly size: Amount
}

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
  #spawning: Spawn[] = []

  constructor(parts: ExecutionParts) {
    this.#parts = parts
  }

  isPayable(order: WorkingOrder, market: SymbolMarket): boolean {
    return needsOf(order, order, market).lte(this.#budgetOf(order))
  }

  /** Takes (or changes) the order's hold to what it needs now. */
  hold(order: WorkingOrder, market: SymbolMarket): void {
    this.#setHold(order, needsOf(order, order, market))
  }

  /** Takes a new, or restored, order in; it works at once unless it waits for its start time. */
  open(order: WorkingOrder, market: SymbolMarket): void {
    this.hold(order, market)
    this.#parts.blotter.add(order)
    if (!order.isPending) market.orders.push(order)
  }

  /**
   * Its time has come: from now on it works, and a trailing stop counts from the present price. False where the funds do
   * not cover what that needs, and it was cancelled.
   */
  start(order: WorkingOrder, market: SymbolMarket, at: number): boolean {
    const wasHeldAt = order.holdPrice
    if (market.last !== null) this.#follow(order, market, amount(market.last), at)
    if (!this.isPayable(order, market)) {
      order.holdPrice = wasHeldAt
      this.cancel(order, CANCELLED.funds, at)
      return false
    }
    order.isPending = false
    order.restsSince = at
    market.orders.push(order)
    this.hold(order, market)
    this.tell('opened', order, at)
    return true
  }

  /** The best price of a trailing stop moved: its trigger follows, and so does what a buy holds. */
  trail(order: WorkingOrder, market: SymbolMarket, best: Amount, at: number): void {
    this.#follow(order, market, best, at)
    this.hold(order, market)
    market.calm = null
  }

  /** Displays as much of an iceberg's rest as it may. */
  display(order: WorkingOrder): void {
    if (order.displayQuantity !== null)
      order.displayed = minOf(amount(order.displayQuantity), order.quantity.minus(order.filled))
  }

  /** An order in quote units whose rest buys not one lot more is done. */
  finish(order: WorkingOrder, at: number): void {
    if (order.filled.isZero()) return
    const row = this.#close(order, { status: 'filled', reason: null, at })
    this.#parts.emit({ kind: 'restated', order: row, at })
  }

  /**
   * Fills up to `match.size`. A buy above the price it holds for (a stop that was jumped over) is cut to what the funds
   * cover, and the rest is cancelled.
   */
  fill(order: WorkingOrder, market: SymbolMarket, match: Match, at: number): void {
    const rate = this.#parts.fees.ratesAt(at)[match.liquidity]
    const wanted = minOf(match.size, sizeLeft(order, match.price, market.lot))
    const asked: Payment = { price: match.price, size: wanted, rate, budget: this.#budgetOf(order) }
    const size = coveredSize(order, market, asked)
    if (size.gt(0)) this.#settle(order, market, { ...asked, size }, match.liquidity, at)
    if (isComplete(order, match.price, market.lot)) this.#close(order, { status: 'filled', reason: null, at })
    else if (size.lt(wanted)) this.cancel(order, CANCELLED.funds, at)
  }

  /** Fills of orders that have closing terms, since this was last asked. */
  takeSpawning(): readonly Spawn[] {
    const spawning = this.#spawning
    if (spawning.length > 0) this.#spawning = []
    return spawning
  }

  cancel(order: WorkingOrder, reason: string, at: number): void {
    const row = this.#close(order, { status: 'cancelled', reason, at })
    this.#parts.emit({ kind: 'cancelled', order: row, reason, at })
  }

  /** An order that never opened; it is kept as cancelled. */
  turnAway(order: WorkingOrder, reason: string, at: number): void {
    const row = rowOf(order, { status: 'cancelled', reason, at })
    this.#parts.blotter.keepClosed(row)
    this.#parts.emit({ kind: 'cancelled', order: row, reason, at })
  }

  expire(order: WorkingOrder, at: number): void {
    const row = this.#close(order, { status: 'expired', reason: null, at })
    this.#parts.emit({ kind: 'expired', order: row, at })
  }

  tell(kind: 'pending' | 'opened' | 'triggered' | 'amended' | 'restated', order: WorkingOrder, at: number): void {
    this.#parts.emit({ kind, order: rowOf(order), at })
  }

  isLive(order: WorkingOrder): boolean {
    return this.#parts.blotter.isLive(order)
  }

  /** What the order may spend: what is free, and what it holds itself. */
  #budgetOf(order: WorkingOrder): Amount {
    return this.#parts.account.free(holdAssetOf(order)).plus(order.hold)
  }

  #follow(order: WorkingOrder, market: SymbolMarket, best: Amount, at: number): void {
    if (order.trailing === null || order.triggered) return
    order.best = text(best)
    order.triggerPrice = trailedTrigger(order.side, best, order.trailing, market.tick)
    order.holdPrice = holdPriceOf(order, market, at)
  }

  #setHold(order: WorkingOrder, hold: Amount): void {
    this.#parts.account.hold(holdAssetOf(order), hold.minus(order.hold))
    order.hold = hold
  }

  #settle(order: WorkingOrder, market: SymbolMarket, payment: Payment, liquidity: Fill['liquidity'], at: number): void {
    const { ledger } = this.#parts
    const { price, size } = payment
    const booking = spotBooking(order, market, payment)
    const tradeId = ledger.nextTradeId()
    this.#setHold(order, ZERO)
    const entries = ledger.book('trade', tradeId, booking.movements, at)
    this.#setHold(order, booking.hold)
    order.filled = order.filled.plus(size)
    order.cost = order.cost.plus(price.times(size))
    order.fee = order.fee.plus(booking.fee)
    const done = { tradeId, price: text(price), quantity: text(size), liquidity, at }
    order.fills.push({ ...done, fee: text(booking.fee) })
    const ledgers = entries.map((entry) => entry.ledgerId)
    this.#report(order, market, tradeRowOf(order, done, booking, ledgers))
    ledger.tell(entries)
    if (order.close !== null) this.#spawning.push({ primary: order, size })
  }

  #report(order: WorkingOrder, market: SymbolMarket, trade: TradeRow): void {
    const { at } = trade
    const price = amount(trade.price)
    this.#parts.ledger.keepTrade(trade)
    this.#parts.fees.count(order.symbol, price.times(trade.quantity), at)
    const ending: Ending | null = isComplete(order, price, market.lot) ? { status: 'filled', reason: null, at } : null
    this.#parts.emit({ kind: 'filled', order: rowOf(order, ending), trade, at })
  }

  #close(order: WorkingOrder, ending: Ending): OrderRow {
    this.#setHold(order, ZERO)
    const market = this.#parts.markets.get(order.symbol)
    const index = market?.orders.indexOf(order) ?? -1
    if (market !== undefined && index >= 0) {
      market.orders.splice(index, 1)
      market.calm = null
    }
    return this.#parts.blotter.close(order, ending)
  }
}

function tradeRowOf(
  order: WorkingOrder,
  done: Pick<TradeRow, 'price' | 'quantity' | 'liquidity' | 'at'> & { readonly tradeId: TradeId },
  booking: Booking,
  ledgers: readonly string[],
): TradeRow {
  return {
    ...done,
    venueOrderId: order.venueOrderId,
    positionId: null,
    symbol: order.symbol,
    side: order.side,
    type: order.type,
    cost: text(amount(done.price).times(done.quantity)),
    fee: text(booking.paid),
    feeAsset: order.feeIn === 'base' ? baseOf(order.symbol) : quoteOf(order.symbol),
    leverage: order.leverage,
    margin: '0',
    ledgers,
  }
}

/** Turns matches into money: fills, holds, ends of orders, and the events that tell of them. */
import { baseOf, quoteOf, type TradeId } from '../../../domain/ids.ts'
import type { Fill } from '../../../domain/order.ts'
import { type Amount, amount, minOf, text, ZERO } from '../../../domain/units.ts'
import type { Account } from './account.ts'
import type { Blotter } from './blotter.ts'
import type { FeeSchedule } from './fee-schedule.ts'
import { holdAssetOf, holdPriceOf, isComplete, isOnMargin, needsOf, sizeLeft } from './holds.ts'
import type { Ledger } from './ledger.ts'
import type { MarginDesk } from './margin-desk.ts'
import { CANCELLED } from './refusals.ts'
import { coveredSize, type Payment, spotBooking } from './spot-booking.ts'
import type { SymbolMarket } from './symbol-market.ts'
import { trailedTrigger } from './trailing.ts'
import type { LedgerRow, TradeRow, VenueEvent } from './venue-events.ts'
import { type Ending, type OrderRow, rowOf, type WorkingOrder } from './venue-order.ts'

type Liquidity = Fill['liquidity']

/** What was traded, as its row has it. */
type Done = Pick<TradeRow, 'tradeId' | 'price' | 'quantity' | 'liquidity' | 'at'>

/** What was paid for it. `fee` is in quote units, `paid` in the asset it was paid in. */
interface Paid {
  readonly entries: readonly LedgerRow[]
  readonly fee: Amount
  readonly paid: Amount
  readonly positionId: TradeId | null
  readonly margin: Amount
}

interface Match {
  readonly price: Amount
  readonly size: Amount
  readonly liquidity: Liquidity
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
  readonly margin: MarginDesk
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
    const needs = needsOf(order, order, market)
    if (!isOnMargin(order)) return needs.lte(this.#budgetOf(order))
    return needs.isZero() || needs.lte(this.#parts.margin.collateral(quoteOf(order.symbol)).free.plus(order.hold))
  }

  /** Takes (or changes) the order's hold to what it needs now. */
  hold(order: WorkingOrder, market: SymbolMarket): void {
    this.#setHold(order, minOf(needsOf(order, order, market), this.#budgetOf(order)))
  }

  /** Takes a saved order back in, with the hold it had. */
  resume(order: WorkingOrder, market: SymbolMarket): void {
    this.#parts.account.hold(holdAssetOf(order), order.hold)
    this.#keep(order, market)
  }

  /** Takes a new order in; it works at once unless it waits for its start time. */
  open(order: WorkingOrder, market: SymbolMarket): void {
    this.hold(order, market)
    this.#keep(order, market)
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
    const { margin } = this.#parts
    const size = isOnMargin(order) ? margin.coveredSize(order, market, asked) : coveredSize(order, market, asked)
    if (size.gt(0)) this.#settle(order, market, { ...asked, size }, match.liquidity, at)
    if (isComplete(order, match.price, market.lot)) this.#close(order, { status: 'filled', reason: null, at })
    else if (size.lt(wanted)) this.cancel(order, shortfallOf(order), at)
  }

  /** Fills of orders that have closing terms, since this was last asked. */
  takeSpawning(): readonly Spawn[] {
    const spawning = this.#spawning
    if (spawning.length > 0) this.#spawning = []
    return spawning
  }

  /** Hands over, or pays for, what an order to settle a position names: each part at the price it was opened at. */
  settlePosition(order: WorkingOrder, market: SymbolMarket, at: number): void {
    const { margin, ledger } = this.#parts
    while (order.filled.lt(order.quantity)) {
      const tradeId = ledger.nextTradeId()
      const part = margin.settle(order, market, order.quantity.minus(order.filled), tradeId, at)
      if (part === null) break
      const done = { tradeId, price: text(part.price), quantity: text(part.size), liquidity: 'taker', at } as const
      this.#report(order, market, done, { ...part, fee: ZERO, paid: ZERO, margin: ZERO })
    }
    this.#close(order, { status: 'filled', reason: null, at })
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

  #keep(order: WorkingOrder, market: SymbolMarket): void {
    this.#parts.blotter.add(order)
    if (!order.isPending) market.orders.push(order)
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

  #settle(order: WorkingOrder, market: SymbolMarket, payment: Payment, liquidity: Liquidity, at: number): void {
    const { price, size } = payment
    const tradeId = this.#parts.ledger.nextTradeId()
    const paid = isOnMargin(order)
      ? this.#payOnMargin(order, market, payment, tradeId, at)
      : this.#payOnSpot(order, market, payment, tradeId, at)
    this.#report(order, market, { tradeId, price: text(price), quantity: text(size), liquidity, at }, paid)
    if (order.close !== null) this.#spawning.push({ primary: order, size })
  }

  #payOnSpot(order: WorkingOrder, market: SymbolMarket, payment: Payment, tradeId: TradeId, at: number): Paid {
    const booking = spotBooking(order, market, payment)
    this.#setHold(order, ZERO)
    const entries = this.#parts.ledger.book('trade', tradeId, booking.movements, at)
    this.#setHold(order, booking.hold)
    for (const { asset } of booking.movements) this.#parts.margin.replenish(asset)
    const { fee, paid } = booking
    return { entries, fee, paid, positionId: null, margin: ZERO }
  }

  #payOnMargin(order: WorkingOrder, market: SymbolMarket, payment: Payment, tradeId: TradeId, at: number): Paid {
    const { size, price } = payment
    this.#setHold(order, ZERO)
    const done = this.#parts.margin.fill(order, market, payment, tradeId, at)
    const progress = { filled: order.filled.plus(size), cost: order.cost.plus(price.times(size)) }
    this.#setHold(order, minOf(needsOf(order, progress, market), this.#budgetOf(order)))
    return { ...done, paid: done.fee }
  }

  /** Counts the fill, keeps its trade and tells both, and then what was booked. */
  #report(order: WorkingOrder, market: SymbolMarket, done: Done, paid: Paid): void {
    const { ledger, fees, emit } = this.#parts
    const { at } = done
    const price = amount(done.price)
    const cost = price.times(done.quantity)
    order.filled = order.filled.plus(done.quantity)
    order.cost = order.cost.plus(cost)
    order.fee = order.fee.plus(paid.fee)
    order.fills.push({ ...done, fee: text(paid.fee) })
    const trade = tradeRowOf(order, done, cost, paid)
    ledger.keepTrade(trade)
    fees.count(order.symbol, cost, at)
    const ending: Ending | null = isComplete(order, price, market.lot) ? { status: 'filled', reason: null, at } : null
    emit({ kind: 'filled', order: rowOf(order, ending), trade, at })
    ledger.tell(paid.entries)
  }

  #close(order: WorkingOrder, ending: Ending): OrderRow {
    this.#setHold(order, ZERO)
    this.#parts.margin.replenish(holdAssetOf(order))
    const market = this.#parts.markets.get(order.symbol)
    const index = market?.orders.indexOf(order) ?? -1
    if (market !== undefined && index >= 0) {
      market.orders.splice(index, 1)
      market.calm = null
    }
    return this.#parts.blotter.close(order, ending)
  }
}

function tradeRowOf(order: WorkingOrder, done: Done, cost: Amount, paid: Paid): TradeRow {
  return {
    ...done,
    venueOrderId: order.venueOrderId,
    positionId: paid.positionId,
    symbol: order.symbol,
    side: order.side,
    type: order.type,
    cost: text(cost),
    fee: text(paid.paid),
    feeAsset: order.feeIn === 'base' ? baseOf(order.symbol) : quoteOf(order.symbol),
    leverage: order.leverage,
    margin: text(paid.margin),
    ledgers: paid.entries.map((entry) => entry.ledgerId),
  }
}

/** Why the rest of an order is cancelled when less of it could be filled than was to be had. */
function shortfallOf(order: WorkingOrder): string {
  if (!isOnMargin(order)) return CANCELLED.funds
  return order.reduceOnly ? CANCELLED.positionClosed : CANCELLED.margin
}

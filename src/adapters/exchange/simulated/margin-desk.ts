/**
 * Trading on margin. The quote asset of a pair is its collateral: margins are held of it, profits, losses and fees move it.
 * Leverage 1 is spot and never comes here.
 */
import { type Asset, asset, baseOf, quoteOf, type TradeId } from '../../../domain/ids.ts'
import type { Side } from '../../../domain/order.ts'
import {
  type Amount,
  amount,
  maxOf,
  minOf,
  type Numeric,
  roundDownToStep,
  roundUpTo,
  sumOf,
  text,
  ZERO,
} from '../../../domain/units.ts'
import type { Account } from './account.ts'
import type { Blotter } from './blotter.ts'
import { feeOf } from './fills.ts'
import { holdAssetOf } from './holds.ts'
import type { Ledger } from './ledger.ts'
import {
  type Collateral,
  type CollateralRow,
  MARGIN_DEFAULTS,
  type MarginParameters,
  type PricedPosition,
} from './margin-terms.ts'
import { openPart, type PositionRow, type Positions, profitOf, settledMovements } from './positions.ts'
import type { Payment } from './spot-booking.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { LedgerRow } from './venue-events.ts'
import type { WorkingOrder } from './venue-order.ts'

/** What one fill on margin did to the money. */
export interface MarginFill {
  readonly entries: readonly LedgerRow[]
  readonly fee: Amount
  readonly positionId: TradeId
  readonly margin: Amount
}

interface DeskParts {
  readonly account: Account
  readonly blotter: Blotter
  readonly ledger: Ledger
  readonly positions: Positions
  readonly markets: ReadonlyMap<string, SymbolMarket>
  /** Null where margin is off. */
  readonly terms: MarginParameters | null
  /** Ends an order whose hold is needed to pay a loss. */
  readonly cancel: (order: WorkingOrder, at: number) => void
}

const LEVEL_DECIMALS = 4

const otherSide = (side: Side): Side => (side === 'buy' ? 'sell' : 'buy')

export class MarginDesk {
  readonly positions: Positions
  readonly isOn: boolean
  readonly #terms: MarginParameters
  readonly #parts: DeskParts
  readonly #openingFee: Amount
  /** What is held of each collateral for the positions: Σ margins, less where a loss has eaten into them. */
  readonly #reserved = new Map<Asset, Amount>()

  constructor(parts: DeskParts) {
    this.#parts = parts
    this.positions = parts.positions
    this.isOn = parts.terms !== null
    this.#terms = parts.terms ?? MARGIN_DEFAULTS
    this.#openingFee = amount(this.#terms.openingFee)
  }

  /** Oldest first, each with what it would bring at the last price, before fees. */
  rows(): readonly PricedPosition[] {
    return this.positions.rows().map((row) => {
      const last = this.#parts.markets.get(row.symbol)?.last ?? null
      const size = amount(row.quantity).minus(row.closed)
      const net = last === null ? ZERO : profitOf(row.side, size, amount(row.price), amount(last))
      return { ...row, net: text(net) }
    })
  }

  collateralRow(asset: Asset): CollateralRow {
    const { equity, used, free } = this.collateral(asset)
    const level = used.isZero() ? null : text(equity.div(used).toDecimalPlaces(LEVEL_DECIMALS))
    return { asset, equity: text(equity), used: text(used), free: text(free), level }
  }

  collateral(asset: Asset): Collateral {
    const { account, positions, markets } = this.#parts
    const unrealised = positions.unrealised(asset, markets)
    return {
      equity: account.total(asset).plus(unrealised),
      used: positions.marginOf(asset),
      free: account.free(asset).plus(minOf(unrealised, ZERO)),
    }
  }

  /** The share that a margin order's hold has on top of the trade's own fee. */
  get openingFee(): Amount {
    return this.#openingFee
  }

  /** How much of a position the order could close. */
  closable(order: Pick<WorkingOrder, 'symbol' | 'side'>): Amount {
    return this.positions.sizeOf(order.symbol, otherSide(order.side))
  }

  /** The same, less what other orders on its side are already to close. */
  unclaimed(order: WorkingOrder): Amount {
    const claimed = [...this.#parts.blotter.live()]
      .filter((each) => each !== order && each.leverage > 1 && !each.reduceOnly)
      .filter((each) => each.symbol === order.symbol && each.side === order.side)
      .map((each) => maxOf(amount(each.closes).minus(each.filled), ZERO))
    return maxOf(this.closable(order).minus(sumOf(claimed)), ZERO)
  }

  /** How much of a fill there is margin for. What closes a position needs none. */
  coveredSize(order: WorkingOrder, market: SymbolMarket, { price, size, rate, budget }: Payment): Amount {
    const closing = minOf(size, this.closable(order))
    if (order.reduceOnly) return closing
    const opening = size.minus(closing)
    const { costDecimals } = market.instrument
    const needs = (part: Amount): Amount => {
      const cost = part.times(price)
      return roundUpTo(cost.div(order.leverage), costDecimals).plus(
        feeOf(cost, rate.plus(this.#openingFee), costDecimals),
      )
    }
    if (needs(opening).lte(budget)) return size
    const share = amount(1).div(order.leverage).plus(rate).plus(this.#openingFee)
    // Margin and fees are rounded up, by a unit of the last decimal each.
    const spare = budget.minus(amount(10).pow(-costDecimals).times(2))
    return closing.plus(maxOf(roundDownToStep(spare.div(price.times(share)), market.lot), ZERO))
  }

  /** Closes what is open on the other side, opens the rest, and pays. The order's own hold is taken by its caller. */
  fill(order: WorkingOrder, market: SymbolMarket, payment: Payment, tradeId: TradeId, at: number): MarginFill {
    const { price, size, rate } = payment
    const { costDecimals } = market.instrument
    const quote = quoteOf(order.symbol)
    const side = otherSide(order.side)
    this.#release(quote)
    const parts = this.positions.reduce(order.symbol, side, size, costDecimals)
    const profit = sumOf(parts.map((part) => profitOf(side, part.size, part.price, price)))
    const opening = size.minus(sumOf(parts.map((part) => part.size)))
    const cost = opening.times(price)
    const margin = roundUpTo(cost.div(order.leverage), costDecimals)
    const entries = this.#pay(quote, 'margin', tradeId, profit, feeOf(size.times(price), rate, costDecimals), order, at)
    const fee = paidFee(entries)
    if (opening.gt(0)) {
      const openingFee = feeOf(cost, this.#openingFee, costDecimals)
      entries.push(...this.#pay(quote, 'rollover', tradeId, ZERO, openingFee, order, at))
      this.positions.add({
        ...{ positionId: tradeId, venueOrderId: order.venueOrderId, symbol: order.symbol, side: order.side },
        ...{ type: order.type, leverage: order.leverage, price, quantity: opening, closed: ZERO, cost, margin },
        ...{ fee: paidFee(entries), openedAt: at, rolloverAt: at + this.#terms.rolloverEveryMs },
      })
    }
    this.#reserve(quote)
    return { entries, fee, positionId: parts[0]?.positionId ?? tradeId, margin }
  }

  /** May what is open be settled: is the cost of a long, or the base of a short, there? */
  maySettle(order: WorkingOrder): boolean {
    const { account } = this.#parts
    const side = otherSide(order.side)
    if (side === 'sell') return account.free(baseOf(order.symbol)).gte(order.quantity)
    const quote = quoteOf(order.symbol)
    let rest = order.quantity
    let cost: Amount = ZERO
    let released: Amount = ZERO
    for (const position of this.positions.all()) {
      if (position.symbol !== order.symbol || position.side !== side) continue
      const part = minOf(rest, openPart(position))
      rest = rest.minus(part)
      cost = cost.plus(part.times(position.price))
      released = released.plus(position.margin.times(part).div(openPart(position)))
    }
    const kept = this.positions.marginOf(quote).minus(released)
    return cost.plus(kept).lte(account.free(quote).plus(this.#reserved.get(quote) ?? ZERO))
  }

  /** Settles up to `size` of one position, the oldest: what was borrowed is paid, what was bought is handed over. */
  settle(order: WorkingOrder, market: SymbolMarket, size: Amount, tradeId: TradeId, at: number) {
    const quote = quoteOf(order.symbol)
    const side = otherSide(order.side)
    this.#release(quote)
    const oldest = this.positions.all().find((each) => each.symbol === order.symbol && each.side === side)
    const most = oldest === undefined ? ZERO : minOf(size, openPart(oldest))
    const [part] = this.positions.reduce(order.symbol, side, most, market.instrument.costDecimals)
    const movements = part === undefined ? [] : settledMovements(order.symbol, side, part)
    const entries = this.#parts.ledger.book('settled', tradeId, movements, at)
    this.#reserve(quote)
    return part === undefined ? null : { ...part, entries }
  }

  /** When the next rollover is due; infinite where none is. */
  get rolloverAt(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.positions.all().map((position) => position.rolloverAt))
  }

  /** Charges every position whose rollover is due. */
  rollOver(at: number): void {
    const { markets, ledger } = this.#parts
    for (const position of this.positions.all()) {
      if (position.rolloverAt > at) continue
      const quote = quoteOf(position.symbol)
      const decimals = markets.get(position.symbol)?.instrument.costDecimals ?? 0
      const due = feeOf(openPart(position).times(position.price), amount(this.#terms.rolloverFee), decimals)
      this.#release(quote)
      const entries = this.#pay(quote, 'rollover', position.positionId, ZERO, due, null, at)
      position.fee = position.fee.plus(paidFee(entries))
      position.rolloverAt += this.#terms.rolloverEveryMs
      this.#reserve(quote)
      ledger.tell(entries)
    }
  }

  /** Has this collateral fallen so far that its positions are closed by force? */
  isBroken(asset: Asset): boolean {
    const { equity, used } = this.collateral(asset)
    return used.gt(0) && equity.lt(used.times(this.#terms.liquidationLevel))
  }

  /** Something of it became free: positions whose margin a loss had eaten into come first. */
  replenish(asset: Asset): void {
    const reserved = this.#reserved.get(asset)
    if (reserved === undefined || reserved.gte(this.positions.marginOf(asset))) return
    this.#release(asset)
    this.#reserve(asset)
  }

  /** What is held for the positions, by asset. */
  reserved(): Readonly<Record<string, Numeric>> {
    return Object.fromEntries([...this.#reserved].map(([code, held]) => [code, text(held)]))
  }

  /** Takes the place of a fresh desk's positions and what it held for them. */
  restore(rows: readonly PositionRow[], reserved: Readonly<Record<string, Numeric>>): void {
    this.positions.restore(rows)
    for (const [code, held] of Object.entries(reserved)) {
      this.#parts.account.hold(asset(code), amount(held))
      this.#reserved.set(asset(code), amount(held))
    }
  }

  #release(asset: Asset): void {
    this.#parts.account.hold(asset, (this.#reserved.get(asset) ?? ZERO).negated())
    this.#reserved.set(asset, ZERO)
  }

  #reserve(asset: Asset): void {
    const reserved = minOf(this.positions.marginOf(asset), this.#parts.account.free(asset))
    this.#parts.account.hold(asset, reserved)
    this.#reserved.set(asset, reserved)
  }

  /**
   * Books a profit or loss with its fee. Where that is more than what is free, other orders that hold the asset are
   * cancelled, newest first; what is lost beyond everything that is owned is written off, as no balance goes below zero.
   */
  #pay(
    asset: Asset,
    kind: 'margin' | 'rollover',
    refId: string,
    profit: Amount,
    fee: Amount,
    payer: WorkingOrder | null,
    at: number,
  ): LedgerRow[] {
    const { account, blotter, ledger, cancel } = this.#parts
    const holders = [...blotter.live()].filter(
      (each) => each !== payer && holdAssetOf(each) === asset && each.hold.gt(0),
    )
    while (account.free(asset).plus(profit).lt(fee)) {
      const newest = holders.pop()
      if (newest === undefined) break
      cancel(newest, at)
    }
    const gained = maxOf(profit, account.free(asset).negated())
    const paid = minOf(fee, account.free(asset).plus(gained))
    return ledger.book(kind, refId, [{ asset, amount: gained, fee: paid }], at)
  }
}

const paidFee = (entries: readonly LedgerRow[]): Amount => sumOf(entries.map((entry) => amount(entry.fee)))

/** The core book's own trades: what is free of it, and orders within that, through its gate. */
import { bagOf, HODL_CASH, protectedAmounts } from '../src/domain/hodl.ts'
import { type Asset, baseOf, type Pair, type PlanId, quoteOf } from '../src/domain/ids.ts'
import { roundDownToLot, roundToTick, sizeProblem } from '../src/domain/instrument.ts'
import type { OrderRequest, Side } from '../src/domain/order.ts'
import { addsRisk } from '../src/domain/order-birth.ts'
import { freeOf, holdsOf } from '../src/domain/reckoning.ts'
import { approveRebalance } from '../src/domain/risk.ts'
import { guarded, guardPrice } from '../src/domain/slippage.ts'
import {
  type Amount,
  amount,
  maxOf,
  minOf,
  type Numeric,
  price,
  quantity,
  sumOf,
  text,
  ZERO,
} from '../src/domain/units.ts'
import type { Marks } from '../src/domain/valuation.ts'
import type { Account } from './account.ts'
import { spotPositions } from './holdings.ts'
import { type House, instrumentOf } from './house.ts'
import type { OrderDesk } from './orders.actor.ts'
import type { Permission } from './permission.ts'

/**
 * A trade of the core book: so many base units, worth so much when they were planned, or as many as so much USD pays for
 * with the fee.
 */
export interface CoreTrade {
  readonly key: string
  readonly symbol: Pair
  readonly side: Side
  readonly most: { readonly quantity: Numeric; readonly valueUsd: Numeric } | { readonly budgetUsd: Numeric }
  /** Null for a purchase of the hodl bags. */
  readonly planId: PlanId | null
  readonly correlationId: string
}

export interface CoreBook {
  /**
   * What the core book may give of an asset: not held by an order, not a position's, and no hodl bag's. Base units, or USDT;
   * never below zero.
   */
  free(of: Asset): Amount
  /** Whether the pair has a fresh price and no order whose state is unknown: else nothing of it can be placed. */
  isTradable(symbol: Pair): boolean
  /** Whether free USDT can become its hodl bag's, on paper: null when it can, and is then promised to it; else why not. */
  transferProblem(budgetUsd: Numeric): string | null
  /** Asks the order desk at the mark, within what is free. Null when the order is born; else why it is not. */
  place(trade: CoreTrade): string | null
}

export function createCoreBook(
  house: House,
  account: Pick<Account, 'balances' | 'priceOf'>,
  orders: Pick<OrderDesk, 'place' | 'unwritten'>,
  permission: Pick<Permission, 'control' | 'haltedSymbols' | 'isReconciling'>,
  marks: () => Marks,
): CoreBook {
  const { books, clock, settings } = house
  const { orderType, orderLifeMs } = settings.portfolio

  /** What orders of this moment will hold, that the balances do not show yet: of two buys each leaves the other its own. */
  const promised = (of: Asset): Amount => {
    const born = orders.unwritten().filter(addsRisk)
    const holders = born.map((request) => ({ request, ...request, filled: '0' }))
    return amount(holdsOf(holders, settings.fees.taker, ({ request }) => account.priceOf()(request.symbol))[of] ?? ZERO)
  }

  /** Cash that a bag was promised and may not have yet: `bagged` is what it had by then. */
  let moving: { readonly usd: Amount; readonly bagged: Numeric } | null = null
  const bagged = (): Numeric => bagOf(books.hodl(), HODL_CASH).quantity
  const beingMoved = (of: Asset): Amount =>
    of === HODL_CASH && moving !== null && moving.bagged === bagged() ? moving.usd : ZERO

  const free: CoreBook['free'] = (of) => {
    const isOf = (symbol: Pair) => baseOf(symbol) === of
    const inPositions = sumOf(
      spotPositions(books)
        .filter(({ symbol }) => isOf(symbol))
        .map(({ quantity: held }) => amount(held)),
    )
    const exitsHold = sumOf(
      books
        .liveOrders()
        .filter(
          ({ request: { book, side, leverage, symbol } }) =>
            book === 'trading' && side === 'sell' && leverage === 1 && isOf(symbol),
        )
        .map((order) => amount(order.quantity).minus(amount(order.filled))),
    )
    // What exits hold of a position is not free to begin with.
    const positions = maxOf(inPositions.minus(exitsHold), ZERO)
    const bag = amount(protectedAmounts(settings.portfolio.hodl, books.hodl())[of] ?? ZERO)
    return maxOf(
      freeOf(account.balances(), of).minus(positions).minus(bag).minus(promised(of)).minus(beingMoved(of)),
      ZERO,
    )
  }

  const unknownOrderSymbols = (): readonly Pair[] =>
    books
      .liveOrders()
      .filter((order) => order.phase === 'unknown')
      .map((order) => order.request.symbol)
  const gateOf = (symbol: Pair) => {
    const control = permission.control()
    return {
      now: clock.now(),
      paused: control === 'PAUSED',
      halted: control === 'HALTED' || symbol in permission.haltedSymbols(),
      reconciling: permission.isReconciling(),
      unknownOrderSymbols: unknownOrderSymbols(),
      marks: marks(),
      feeRate: settings.fees.taker,
    }
  }

  function requestOf({ key, symbol, side, most, planId }: CoreTrade, mark: Amount, available: Amount): OrderRequest {
    const instrument = instrumentOf(settings, symbol)
    const isLimit = orderType === 'limit'
    const limit = isLimit
      ? roundToTick(mark, instrument)
      : guardPrice(side, mark, settings.limits.slippageGuardPct, instrument)
    const withFee = limit.times(amount(settings.fees.taker).plus(1))
    const affordable = side === 'buy' ? available.div(withFee) : available
    const wanted = 'quantity' in most ? amount(most.quantity) : amount(most.budgetUsd).div(withFee)
    const request: OrderRequest = {
      ...{ key, symbol, side, type: orderType, quantity: text(roundDownToLot(minOf(wanted, affordable), instrument)) },
      ...{ limitPrice: isLimit ? text(limit) : null, triggerPrice: null },
      ...{ timeInForce: isLimit ? 'GTD' : 'GTC', expiresAt: isLimit ? clock.now() + orderLifeMs : null },
      ...{ postOnly: false, reduceOnly: false, leverage: 1, intent: side === 'buy' ? 'increase' : 'reduce' },
      ...{ purpose: planId === null ? 'hodl' : 'rebalance', book: 'core', positionId: null, planId },
    }
    return guarded(request, limit)
  }

  /** A plan's trade under the least trade, planned so or cut so by what is free, is none; null where it is one. */
  function shortProblem({ most }: CoreTrade, { quantity: left }: OrderRequest, mark: Amount): string | null {
    if (!('quantity' in most)) return null
    const { minTradeUsd } = settings.portfolio.rebalance
    const isSmall = amount(left).lt(amount(most.quantity)) || amount(most.valueUsd).lt(minTradeUsd)
    const value = amount(left).times(mark)
    return isSmall && value.lt(minTradeUsd) ? `${value} USD is below the least trade of ${minTradeUsd} USD` : null
  }

  return {
    free,
    isTradable: (symbol) => account.priceOf()(symbol) !== null && !unknownOrderSymbols().includes(symbol),
    transferProblem: (budgetUsd) => {
      if (permission.isReconciling()) return 'RECONCILING: not reconciled with the venue yet'
      moving = null
      const available = free(HODL_CASH)
      if (available.lt(amount(budgetUsd))) return `INSUFFICIENT_BALANCE: ${budgetUsd} USDT needed, ${available} free`
      moving = { usd: amount(budgetUsd), bagged: bagged() }
      return null
    },
    place: (trade) => {
      const { symbol, side, correlationId } = trade
      const mark = account.priceOf()(symbol)
      if (mark === null) return `STALE_DATA: no fresh price of ${symbol}`
      const available = free(side === 'buy' ? quoteOf(symbol) : baseOf(symbol))
      const request = requestOf(trade, mark, available)
      const gate = { ...gateOf(symbol), freeBalance: text(available) }
      const verdict = approveRebalance(request, gate, settings.limits)
      if (verdict.kind === 'refused') return `${verdict.code}: ${verdict.message}`
      const problem = sizeProblem(instrumentOf(settings, symbol), quantity(request.quantity), price(mark))
      if (problem !== null) return `INVALID_ORDER: ${problem}, ${available} free`
      const short = shortProblem(trade, request, mark)
      if (short !== null) return `INVALID_ORDER: ${short}, ${available} free`
      const placed = orders.place(verdict.order, { correlationId })
      return 'refused' in placed ? placed.refused : null
    },
  }
}

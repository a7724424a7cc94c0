/**
 * The account's statement: equityEnd = equityStart + tradingNet + rebalancingFees + revaluation + flows (USD).
 *
 * Each term is calculated on its own from fills, flows and marks; the end equity comes from balances. So a gap means
 * that a fill or a flow is missing, and nothing hides it.
 *
 * Two books. The trading book owns coins only through its positions; the core book owns everything else, cash
 * included. A trading fill in a quote other than USDT is therefore a sale (or purchase) of that quote by the core book
 * at the USD rate of the moment.
 *
 * A fill on margin moves no coins of either book: the trading book gains or loses quote, which is cash of the core book
 * from then on, and what is still open is its unrealised profit.
 */
import { type Asset, asset, baseOf, type Pair, quoteOf } from './ids.ts'
import type { Book, Fill, Side } from './order.ts'
import type { Balance, Ledger } from './portfolio.ts'
import { type Amount, amount, type Numeric, sumOf, text, ZERO_TEXT } from './units.ts'
import { pricesFrom, usdRate } from './valuation.ts'

const CASH = asset('USDT')
type Quantities = Readonly<Record<string, Numeric>>

/** Plain JSON; all amounts as decimal text. */
export interface LedgerState {
  readonly equityStart: Numeric
  /** Value of the core coins at the start, USD, without USDT. */
  readonly coreStartUsd: Numeric
  /** Core coins by asset, without USDT. */
  readonly core: Quantities
  /** What went into core coins less what came out, USD, at the prices paid. */
  readonly coreInvested: Numeric
  /** Open quantities of the trading book by base asset. */
  readonly trading: Quantities
  /** Σ sells − Σ buys − fees of the trading book on spot, and what margin realised less fees and financing, USD. */
  readonly tradingCash: Numeric
  /** Fees of the core book, USD, positive. */
  readonly coreFees: Numeric
  readonly flows: Numeric
}

/** A quantity is to be valued and there is no price for it. */
export class UnpricedAssetError extends Error {
  override readonly name = 'UnpricedAssetError'
  constructor(of: Asset) {
    super(`no price of ${of} in USDT`)
  }
}

const rateOf = (of: Asset, marks: Quantities): Amount => {
  const rate = usdRate(of, pricesFrom(marks))
  if (rate === null) throw new UnpricedAssetError(of)
  return rate
}

const worthOf = (quantities: Quantities, marks: Quantities): Amount =>
  sumOf(
    Object.entries(quantities)
      .map(([of, held]) => [asset(of), amount(held)] as const)
      .filter(([, held]) => !held.isZero())
      .map(([of, held]) => held.times(rateOf(of, marks))),
  )

const added = (quantities: Quantities, of: Asset, change: Amount): Quantities => ({
  ...quantities,
  [of]: text(amount(quantities[of] ?? ZERO_TEXT).plus(change)),
})
const plus = (value: Numeric, change: Amount): Numeric => text(amount(value).plus(change))

const totals = (balances: readonly Balance[]): Quantities =>
  balances.reduce<Quantities>((all, balance) => added(all, balance.asset, amount(balance.total)), {})

/**
 * A ledger that begins with these balances. `openTrading` is what positions hold of them by base asset; it starts at
 * its value. @throws UnpricedAssetError for a balance without a price.
 */
export function emptyLedger(
  startBalances: readonly Balance[],
  startMarks: Quantities,
  openTrading: Quantities = {},
): LedgerState {
  const held = totals(startBalances)
  let core: Quantities = Object.fromEntries(Object.entries(held).filter(([of]) => of !== CASH))
  for (const [of, open] of Object.entries(openTrading)) core = added(core, asset(of), amount(open).negated())
  return {
    equityStart: text(worthOf(held, startMarks)),
    coreStartUsd: text(worthOf(core, startMarks)),
    core,
    coreInvested: ZERO_TEXT,
    trading: openTrading,
    tradingCash: text(worthOf(openTrading, startMarks).negated()),
    coreFees: ZERO_TEXT,
    flows: ZERO_TEXT,
  }
}

/** Coins that come into (or leave) the core book at a price; USDT needs no book. */
function coreTakes(state: LedgerState, of: Asset, change: Amount, rate: Amount): LedgerState {
  if (of === CASH) return state
  return {
    ...state,
    core: added(state.core, of, change),
    coreInvested: plus(state.coreInvested, change.times(rate)),
  }
}

export interface LedgerFill {
  readonly book: Book
  readonly symbol: Pair
  readonly side: Side
  readonly fill: Pick<Fill, 'price' | 'quantity' | 'fee'>
  /** USD per unit of the quote asset at the fill; needed where the quote is not USDT. */
  readonly quoteUsd?: Numeric
}

function quoteRate(symbol: Pair, quoteUsd: Numeric | undefined): Amount {
  if (quoteOf(symbol) === CASH) return amount(1)
  if (quoteUsd === undefined) throw new UnpricedAssetError(quoteOf(symbol))
  return amount(quoteUsd)
}

/** One fill, counted once by its caller. @throws UnpricedAssetError where the quote's rate is needed and not given. */
export function applyFill(state: LedgerState, { book, symbol, side, fill, quoteUsd }: LedgerFill): LedgerState {
  const rate = quoteRate(symbol, quoteUsd)
  const quantity = amount(fill.quantity)
  const cost = amount(fill.price).times(quantity)
  const fee = amount(fill.fee)
  const baseChange = side === 'buy' ? quantity : quantity.negated()
  const costChange = side === 'buy' ? cost : cost.negated()
  const quoteChange = costChange.plus(fee).negated()
  const paid = coreTakes(state, quoteOf(symbol), quoteChange, rate)
  if (book === 'trading')
    return {
      ...paid,
      trading: added(paid.trading, baseOf(symbol), baseChange),
      tradingCash: plus(paid.tradingCash, quoteChange.times(rate)),
    }
  return {
    ...paid,
    core: added(paid.core, baseOf(symbol), baseChange),
    coreInvested: plus(paid.coreInvested, costChange.times(rate)),
    coreFees: plus(paid.coreFees, fee.times(rate)),
  }
}

/** Units of one asset that come or go without a trade of ours behind them, at the USD rate of the moment (1 for USDT). */
interface Move {
  readonly asset: Asset
  readonly quantity: Numeric
  readonly usdRate?: Numeric
}

/** The core book after the move, and what it was worth. @throws UnpricedAssetError where the rate is needed and not given. */
function moved(
  state: LedgerState,
  { asset: of, quantity, usdRate: rate }: Move,
): { taken: LedgerState; worth: Amount } {
  if (of !== CASH && rate === undefined) throw new UnpricedAssetError(of)
  const perUnit = of === CASH ? amount(1) : amount(rate ?? 0)
  const change = amount(quantity)
  return { taken: coreTakes(state, of, change, perUnit), worth: change.times(perUnit) }
}

/**
 * What the trading book gained or lost in the quote without a coin changing hands: the realised part of a margin trade less
 * its fee, or (below zero) a charge of the venue's. @throws UnpricedAssetError where the rate is needed and not given.
 */
export function applyResult(state: LedgerState, result: Move): LedgerState {
  const { taken, worth } = moved(state, result)
  return { ...taken, tradingCash: plus(taken.tradingCash, worth) }
}

/** A deposit (above zero) or withdrawal. @throws UnpricedAssetError where the rate is needed and not given. */
export function applyFlow(state: LedgerState, flow: Move): LedgerState {
  const { taken, worth } = moved(state, flow)
  return { ...taken, flows: plus(taken.flows, worth) }
}

/** Final dust of a position, too small to sell, goes over to the core book at the mark: a booked sale without a fill. */
export function dustTransfer(
  state: LedgerState,
  symbol: Pair,
  quantity: Numeric,
  mark: Numeric,
  quoteUsd?: Numeric,
): LedgerState {
  const rate = amount(mark).times(quoteRate(symbol, quoteUsd))
  const moved = amount(quantity)
  const taken = coreTakes(state, baseOf(symbol), moved, rate)
  return {
    ...taken,
    trading: added(taken.trading, baseOf(symbol), moved.negated()),
    tradingCash: plus(taken.tradingCash, moved.times(rate)),
  }
}

/**
 * The statement at these marks. Revaluation is what the core coins are worth now, less their worth at the start, less
 * what was put into them. `marginPnlUsd` is the unrealised profit of what is open on margin: part of the trading result,
 * and of an equity that no balance shows.
 * @throws UnpricedAssetError for anything held without a price.
 */
export function ledgerOf(
  state: LedgerState,
  balances: readonly Balance[],
  marks: Quantities,
  marginPnlUsd: Numeric = ZERO_TEXT,
): Ledger {
  const revaluation = worthOf(state.core, marks).minus(amount(state.coreStartUsd)).minus(amount(state.coreInvested))
  return {
    equityStart: state.equityStart,
    tradingNet: text(amount(state.tradingCash).plus(worthOf(state.trading, marks)).plus(amount(marginPnlUsd))),
    rebalancingFees: text(amount(state.coreFees).negated()),
    revaluation: text(revaluation),
    flows: state.flows,
    equityEnd: text(worthOf(totals(balances), marks).plus(amount(marginPnlUsd))),
  }
}

/** End equity less what explains it: 0 when the statement closes. */
export function ledgerGap(ledger: Ledger): Amount {
  const { equityStart, tradingNet, rebalancingFees, revaluation, flows } = ledger
  const explained = sumOf([equityStart, tradingNet, rebalancingFees, revaluation, flows].map((part) => amount(part)))
  return amount(ledger.equityEnd).minus(explained)
}

/** The account at this moment: balances, equity, statement and allocation, calculated from the books and the marks. */
import { allocate, type CoreAllocation, type UnknownAllocation } from '../src/domain/allocation.ts'
import type { PricedAt } from '../src/domain/breakers.ts'
import { broughtSince } from '../src/domain/brought-since.ts'
import { externalView, isEnded } from '../src/domain/external-order.ts'
import { protectedAmounts } from '../src/domain/hodl.ts'
import { asset, type Pair } from '../src/domain/ids.ts'
import { ledgerOf } from '../src/domain/ledger.ts'
import { collateralHeld, type MarginFigures, marginFigures } from '../src/domain/margin.ts'
import { marginPnlUsd } from '../src/domain/margin-lots.ts'
import type { OrderView } from '../src/domain/order.ts'
import type { AllocationView, Balance, Ledger } from '../src/domain/portfolio.ts'
import { type PositionView, withFills } from '../src/domain/position.ts'
import { balancesOf, freeOf, holdsOf, type Totals } from '../src/domain/reckoning.ts'
import type { Measure } from '../src/domain/risk-record.ts'
import { type Amount, amount, type Numeric, text, ZERO } from '../src/domain/units.ts'
import {
  freshPrices,
  type Marks,
  type PriceOf,
  pricesFrom,
  usdRate,
  type ValuedPosition,
  valueAccount,
} from '../src/domain/valuation.ts'
import { spotPositions } from './holdings.ts'
import type { House } from './house.ts'

export interface Account {
  balances(): readonly Balance[]
  priceOf(): PriceOf
  /** Account equity in USD; null while a mark is stale or the account is not open. */
  equity(): { readonly usd: Numeric | null; readonly staleMarks: readonly string[] }
  /** Margin in use and free; nothing is in use where there is only spot. */
  margin(): MarginFigures
  allocation(): CoreAllocation | UnknownAllocation
  view(): AllocationView | null
  /** The statement against these balances: the venue's prove it, our own close it by construction. Null while unpriced. */
  ledger(balances: readonly Balance[]): Ledger | null
  /** Equity, trading result and flows; null while a mark is missing or stale: never a zero. */
  measure(): Measure | null
  /** When the prices were made that the trading result rests on, by symbol held. */
  pricedAt(): PricedAt
  /** What trading has brought since then, by its fills and the candles that closed then; null where a price is missing. USD. */
  broughtSince(at: number): Amount | null
}

const CASH = asset('USDT')

/** `closeAt`: what a symbol closed at, at the end of a candle. */
export function createAccount(
  house: House,
  marks: () => Marks,
  closeAt: (symbol: Pair, at: number) => Numeric | null = () => null,
): Account {
  const { books, clock, settings } = house

  const priceOf = (): PriceOf => freshPrices(marks(), clock.now(), settings.limits.markMaxAgeMs)
  const prices = (): Readonly<Record<string, Numeric>> =>
    Object.fromEntries(Object.entries(marks()).map(([symbol, mark]) => [symbol, mark.price]))
  const externals = () =>
    books
      .externals()
      .filter((one) => !isEnded(one))
      .map(externalView)
  const balances = (): readonly Balance[] => {
    const totals = books.totals()
    if (totals === null) return []
    const price = priceOf()
    const live = [...books.liveOrders(), ...externals()]
    const held = holdsOf(live, settings.fees.taker, (order) => price(order.request.symbol), leverageOf)
    return balancesOf(totals, withCollateral(held))
  }
  /** A position's own, which for a short at 1 is not the venue's. */
  const leverageOf = ({ request: { positionId, leverage } }: Pick<OrderView, 'request'>): number =>
    (positionId === null ? null : books.position(positionId)?.leverage) ?? leverage
  const open = (): readonly PositionView[] =>
    books.openPositions().map((position) => withFills(position, books.ordersOf(position.positionId)))
  const withCollateral = (held: Totals): Totals => {
    const all: Record<string, Numeric> = { ...held }
    for (const [of, collateral] of Object.entries(collateralHeld(open())))
      all[of] = text(amount(all[of] ?? ZERO).plus(collateral))
    return all
  }
  /** On spot what positions hold, as the balances have it; on margin what is open at the venue, which nets by itself. */
  const positions = (): readonly ValuedPosition[] => [...spotPositions(books), ...books.marginLots()]
  const equity: Account['equity'] = () => {
    if (books.totals() === null) return { usd: null, staleMarks: [] }
    const valued = valueAccount(balances(), positions(), priceOf())
    return { usd: valued.equityUsd, staleMarks: valued.staleMarks }
  }
  const ledger: Account['ledger'] = (given) => {
    const state = books.ledger()
    if (state === null || given.length === 0) return null
    const known = prices()
    const totals = given.map((one) => [one.asset, one.total] as const)
    const priced = [...Object.entries(state.core), ...Object.entries(state.trading), ...totals].every(
      ([of, held]) => amount(held).isZero() || usdRate(asset(of), pricesFrom(known)) !== null,
    )
    const onMargin = marginPnlUsd(books.marginLots(), pricesFrom(known))
    return priced && onMargin !== null ? ledgerOf(state, given, known, text(onMargin)) : null
  }
  const margin: Account['margin'] = () =>
    marginFigures({
      ...{ positions: open(), liveOrders: books.liveOrders(), leverageOf, priceOf: priceOf() },
      freeCash: freeOf(balances(), CASH),
      unrealisedUsd: marginPnlUsd(books.marginLots(), priceOf()),
    })
  const allocation: Account['allocation'] = () =>
    books.totals() === null
      ? { kind: 'unknown', reason: 'what the account holds is not known yet' }
      : allocate({
          balances: balances(),
          positions: positions(),
          hodl: protectedAmounts(settings.portfolio.hodl, books.hodl()),
          targets: settings.portfolio.targets,
          priceOf: priceOf(),
          exitFeeRate: settings.fees.taker,
        })

  return {
    balances,
    priceOf,
    equity,
    margin,
    allocation,
    ledger,
    pricedAt: () => {
      const held = positions().filter(({ quantity }) => quantity !== '0')
      const now = marks()
      return Object.fromEntries(held.flatMap(({ symbol }) => (now[symbol] ? [[symbol, now[symbol].at]] : [])))
    },
    broughtSince: (at) => {
      const then = (symbol: Pair): Amount | null => {
        const close = closeAt(symbol, at)
        return close === null ? null : amount(close)
      }
      return broughtSince({ at, orders: books.orders(), held: positions(), priceOf: priceOf(), priceThen: then })
    },
    view: () => {
      const statement = ledger(balances())
      const core = allocation()
      const { usd, staleMarks } = equity()
      if (statement === null || core.kind === 'unknown' || usd === null) return null
      return {
        at: clock.now(),
        equity: usd,
        coreEquity: core.coreEquityUsd,
        holdings: core.rows,
        maxDeviationPct: core.maxDeviationPct,
        balances: balances(),
        ledger: statement,
        staleMarks,
      }
    },
    measure: () => {
      const { usd } = equity()
      const statement = usd === null ? null : ledger(balances())
      if (usd === null || statement === null) return null
      const { tradingNet, flows } = statement
      return { at: clock.now(), equityUsd: usd, tradingNet, flowsUsd: flows }
    },
  }
}

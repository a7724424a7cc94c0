/** What things are worth in USD: balances and positions at marks, through quote currencies. USDT counts 1:1. */
import { type Asset, asset, baseOf, type Pair, pairOf, quoteOf } from './ids.ts'
import type { Balance } from './portfolio.ts'
import type { PositionSide } from './position.ts'
import { type Amount, amount, type Numeric, text, ZERO } from './units.ts'

/** The last price of a pair and when it was seen, milliseconds UTC. */
export interface Mark {
  readonly price: Numeric
  readonly at: number
}
export type Marks = Readonly<Record<string, Mark>>
/** Price of a pair, or null where none may be used. */
export type PriceOf = (symbol: Pair) => Amount | null

const USDT = asset('USDT')
const DOLLARS: readonly Asset[] = [USDT, asset('USD')]
const BRIDGES: readonly Asset[] = [asset('BTC'), asset('ETH')]

export const DEFAULT_MARK_MAX_AGE_MS = 60_000

/** The mark when it is there, positive and no older than `maxAgeMs` (nor that far in the future); else null. */
export function freshPrice(marks: Marks, symbol: Pair, now: number, maxAgeMs = DEFAULT_MARK_MAX_AGE_MS): Amount | null {
  const mark = marks[symbol]
  if (mark === undefined || !(Math.abs(now - mark.at) <= maxAgeMs)) return null
  const value = amount(mark.price)
  return value.gt(0) ? value : null
}

export const freshPrices =
  (marks: Marks, now: number, maxAgeMs = DEFAULT_MARK_MAX_AGE_MS): PriceOf =>
  (symbol) =>
    freshPrice(marks, symbol, now, maxAgeMs)

/** Prices without times: statements about a past moment. */
export const pricesFrom =
  (prices: Readonly<Record<string, Numeric>>): PriceOf =>
  (symbol) => {
    const known = prices[symbol]
    if (known === undefined) return null
    const value = amount(known)
    return value.gt(0) ? value : null
  }

/**
 * What is found of each pair on the shortest way from an asset to dollars on which all are found: nothing for a dollar, its
 * own pair in dollars, or two through BTC or ETH. Null where no way leads there.
 */
function wayToDollars<Found>(of: Asset, find: (symbol: Pair) => Found | null): readonly Found[] | null {
  if (DOLLARS.includes(of)) return []
  for (const dollar of DOLLARS) {
    const direct = find(pairOf(of, dollar))
    if (direct !== null) return [direct]
  }
  for (const bridge of BRIDGES) {
    const first = bridge === of ? null : find(pairOf(of, bridge))
    const second = first === null ? null : find(pairOf(bridge, USDT))
    if (first !== null && second !== null) return [first, second]
  }
  return null
}

/** USD for one unit: 1 for a dollar, else by its price in dollars, else through BTC or ETH; null where no price may be used. */
export function usdRate(of: Asset, priceOf: PriceOf): Amount | null {
  const way = wayToDollars(of, priceOf)
  if (way === null) return null
  const [first = amount(1), second] = way
  return second === undefined ? first : first.times(second)
}

/** The listed pairs whose prices value an asset: none are needed for a dollar. Null where none can. */
export const pairsToValue = (of: Asset, listed: ReadonlySet<Pair>): readonly Pair[] | null =>
  wayToDollars(of, (symbol) => (listed.has(symbol) ? symbol : null))

/** What valuation needs to know of an open position. A long at leverage 1 is spot: its base is in the balances. */
export interface ValuedPosition {
  readonly symbol: Pair
  readonly side: PositionSide
  readonly leverage: number
  /** Exchange volume, base units. */
  readonly quantity: Numeric
  readonly entryPrice: Numeric
}

export const isSpot = (position: Pick<ValuedPosition, 'side' | 'leverage'>): boolean =>
  position.side === 'long' && position.leverage === 1

/**
 * What closing at the mark would bring, in USD before fees: the proceeds of a spot long, the profit or loss of a
 * margin position. Null without a price.
 */
export function closingValueUsd(position: ValuedPosition, priceOf: PriceOf): Amount | null {
  const held = amount(position.quantity)
  if (held.isZero()) return ZERO
  const baseUsd = usdRate(baseOf(position.symbol), priceOf)
  const quoteUsd = usdRate(quoteOf(position.symbol), priceOf)
  if (baseUsd === null || quoteUsd === null) return null
  const now = held.times(baseUsd)
  if (isSpot(position)) return now
  const then = held.times(amount(position.entryPrice)).times(quoteUsd)
  return position.side === 'long' ? now.minus(then) : then.minus(now)
}

export interface ValuedHolding {
  readonly asset: Asset
  readonly quantity: Numeric
  /** Null where the mark is stale or missing: never zero. */
  readonly valueUsd: Numeric | null
}

export interface Valuation {
  /** Null while anything held has no fresh mark. */
  readonly equityUsd: Numeric | null
  readonly holdings: readonly ValuedHolding[]
  /** Symbols whose fresh price is wanted, sorted. */
  readonly staleMarks: readonly string[]
}

/**
 * Account equity in USD: Σ balances at the mark + unrealised profit of margin positions. What is held without a fresh
 * mark is named, and equity is then unknown rather than understated. Empty balances need no mark.
 */
export function valueAccount(
  balances: readonly Balance[],
  positions: readonly ValuedPosition[],
  priceOf: PriceOf,
): Valuation {
  const stale = new Set<string>()
  let equity: Amount = ZERO
  const holdings = balances.map((balance): ValuedHolding => {
    const held = amount(balance.total)
    const quantity = text(held)
    if (held.isZero()) return { asset: balance.asset, quantity, valueUsd: text(ZERO) }
    const rate = usdRate(balance.asset, priceOf)
    if (rate === null) {
      stale.add(pairOf(balance.asset, USDT))
      return { asset: balance.asset, quantity, valueUsd: null }
    }
    const value = held.times(rate)
    equity = equity.plus(value)
    return { asset: balance.asset, quantity, valueUsd: text(value) }
  })
  for (const position of positions) {
    const value = closingValueUsd(position, priceOf)
    if (value === null) stale.add(position.symbol)
    else if (!isSpot(position)) equity = equity.plus(value)
  }
  return { equityUsd: stale.size > 0 ? null : text(equity), holdings, staleMarks: [...stale].sort() }
}

/** The core book's allocation against its targets, and the trades that would bring it back. */
import { type Asset, asset, baseOf, type Pair, pair } from './ids.ts'
import { type Instrument, roundDownToLot, sizeProblem } from './instrument.ts'
import type { AllocationRow, Balance } from './portfolio.ts'
import { type Amount, amount, maxOf, minOf, type Numeric, price, roundToCent, sumOf, text, ZERO } from './units.ts'
import { closingValueUsd, isSpot, type PriceOf, usdRate, type ValuedPosition } from './valuation.ts'

const CASH = asset('USDT')
const PERCENT_TOLERANCE = 0.1

/** Per cent by asset; USDT is the cash that the others trade against. */
export type Targets = Readonly<Record<string, number>>
export const DEFAULT_TARGETS: Targets = { BTC: 33.33, XRP: 33.33, USDT: 33.34 }

export interface RebalanceSettings {
  /** Per cent; only a larger deviation triggers. */
  readonly thresholdPct: number
  readonly minTradeUsd: number
  /** Share of the cost that a buy must leave for its fee. */
  readonly feeRate: number
}
export const DEFAULT_REBALANCE: RebalanceSettings = { thresholdPct: 5, minTradeUsd: 10, feeRate: 0.008 }

/** Why the targets cannot be used; null when they can. */
export function targetProblem(targets: Targets): string | null {
  const shares = Object.values(targets)
  if (targets[CASH] === undefined) return 'targets name no USDT'
  if (!shares.every((share) => share >= 0 && share <= 100)) return 'each target must be within 0–100 %'
  const sum = sumOf(shares.map((share) => amount(share)))
  const isWhole = sum.minus(100).abs().lte(PERCENT_TOLERANCE)
  return isWhole ? null : `sums to ${sum} and must sum to 100 (±${PERCENT_TOLERANCE})`
}

export interface CoreInput {
  readonly balances: readonly Balance[]
  /** Every open position of the trading book. */
  readonly positions: readonly ValuedPosition[]
  /** Protected amounts by asset; never available. */
  readonly hodl: Readonly<Record<string, Numeric>>
  readonly targets: Targets
  readonly priceOf: PriceOf
  /** Share of what is sold or bought that closing a position would take as its fee. */
  readonly exitFeeRate: Numeric
}

export interface CoreAllocation {
  readonly kind: 'known'
  readonly coreEquityUsd: Numeric
  readonly rows: readonly AllocationRow[]
  readonly maxDeviationPct: Numeric
  /** Assets whose hodl bag is larger than the balance. */
  readonly hodlExceedsBalance: readonly Asset[]
}
/** Nothing can be said, and nothing is traded. */
export interface UnknownAllocation {
  readonly kind: 'unknown'
  readonly reason: string
}

interface CoreHolding {
  readonly asset: Asset
  readonly quantity: Amount
  readonly rate: Amount
}

/** What closing the position at the mark would bring net of the exit's fee, USD; null without a price. */
function netClosingUsd(position: ValuedPosition, { priceOf, exitFeeRate }: CoreInput): Amount | null {
  const value = closingValueUsd(position, priceOf)
  const rate = usdRate(baseOf(position.symbol), priceOf)
  if (value === null || rate === null) return value
  return value.minus(amount(position.quantity).times(rate).times(amount(exitFeeRate)))
}

/** What the core book would hold if every position were closed at the mark: without its base, its net value as USDT. */
function coreHoldings(input: CoreInput): { holdings: CoreHolding[]; stale: string[]; exceeded: Asset[] } {
  const stale = new Set<string>()
  const exceeded: Asset[] = []
  let closed: Amount = ZERO
  for (const position of input.positions) {
    const value = netClosingUsd(position, input)
    if (value === null) stale.add(position.symbol)
    else closed = closed.plus(value)
  }
  const holdings: CoreHolding[] = []
  for (const name of Object.keys(input.targets)) {
    const of = asset(name)
    const total = sumOf(input.balances.filter((one) => one.asset === of).map((one) => amount(one.total)))
    const inPositions = input.positions.filter((one) => isSpot(one) && baseOf(one.symbol) === of)
    const held = total.minus(sumOf(inPositions.map((one) => amount(one.quantity))))
    const bag = amount(input.hodl[name] ?? ZERO)
    const free = held.minus(bag)
    if (bag.gt(held)) exceeded.push(of)
    const core = maxOf(ZERO, of === CASH ? free.plus(closed) : free)
    const rate = usdRate(of, input.priceOf)
    if (rate === null) stale.add(`${of}/${CASH}`)
    else holdings.push({ asset: of, quantity: core, rate })
  }
  return { holdings, stale: [...stale].sort(), exceeded }
}

/**
 * The core book as if every position were closed at the mark; hodl bags left out. Zero equity reports the targets.
 * Percentages to six decimals.
 */
export function allocate(input: CoreInput): CoreAllocation | UnknownAllocation {
  const { holdings, stale, exceeded } = coreHoldings(input)
  if (stale.length > 0) return { kind: 'unknown', reason: `no fresh price of ${stale.join(', ')}` }
  const equity = sumOf(holdings.map((one) => one.quantity.times(one.rate)))
  const rows = holdings.map((one): AllocationRow => {
    const value = one.quantity.times(one.rate)
    const target = amount(input.targets[one.asset] ?? 0)
    const current = equity.isZero() ? target : value.times(100).div(equity).toDecimalPlaces(6)
    return {
      asset: one.asset,
      quantity: text(one.quantity),
      valueUsd: text(value),
      currentPct: text(current),
      targetPct: text(target),
      deviationPct: text(current.minus(target)),
    }
  })
  const deviations = rows.map((row) => amount(row.deviationPct).abs())
  return {
    kind: 'known',
    coreEquityUsd: text(equity),
    rows,
    maxDeviationPct: text(maxOf(ZERO, ...deviations)),
    hodlExceedsBalance: exceeded,
  }
}

/** One trade that a rebalance wants, before it is spread over batches. */
export interface RebalanceLeg {
  readonly symbol: Pair
  readonly side: 'buy' | 'sell'
  /** Base units, in lots. */
  readonly quantity: Numeric
  /** To the cent. */
  readonly valueUsd: Numeric
}

export interface RebalanceNeed {
  readonly action: 'no_action' | 'rebalance'
  readonly reason: string
  /** Sells before buys. */
  readonly legs: readonly RebalanceLeg[]
}

export interface RebalanceMeans {
  readonly priceOf: PriceOf
  readonly instruments: readonly Instrument[]
  /** USDT that is free and not promised: position value counts in the allocation, but cannot be spent. */
  readonly spendableUsdt: Numeric
}

interface Wanted {
  readonly row: AllocationRow
  /** Above zero: buy. */
  readonly value: Amount
}

/** The leg in lots; null where it is no trade: under the minimum, or nothing that the venue takes. */
function legOf(wanted: Wanted, value: Amount, means: RebalanceMeans, minTradeUsd: number): RebalanceLeg | null {
  const symbol = pair(`${wanted.row.asset}/${CASH}`)
  const rate = usdRate(asset(wanted.row.asset), means.priceOf)
  const instrument = means.instruments.find((one) => one.symbol === symbol)
  if (rate === null || instrument === undefined) return null
  const wantedQuantity = value.div(rate)
  const isSell = wanted.value.isNegative()
  const bounded = isSell ? minOf(wantedQuantity, amount(wanted.row.quantity)) : wantedQuantity
  const size = roundDownToLot(bounded, instrument)
  if (size.times(rate).lt(minTradeUsd) || sizeProblem(instrument, size, price(rate)) !== null) return null
  return {
    symbol,
    side: isSell ? 'sell' : 'buy',
    quantity: text(size),
    valueUsd: text(roundToCent(size.times(rate))),
  }
}

/** The largest deviation to the last digit, per cent: a row's percentages are rounded, and 5 is not above 5. */
export function largestDeviation({ coreEquityUsd, rows }: CoreAllocation): Amount {
  const equity = amount(coreEquityUsd)
  if (equity.isZero()) return ZERO
  const deviations = rows.map((row) => amount(row.valueUsd).times(100).div(equity).minus(amount(row.targetPct)).abs())
  return maxOf(ZERO, ...deviations)
}

/**
 * The trades that bring the core book to its targets when the largest deviation is above the threshold. Trades under
 * the minimum are dropped, only core coins are sold, and buys are scaled to the USDT that there will be.
 */
export function rebalanceNeed(
  allocation: CoreAllocation,
  means: RebalanceMeans,
  settings: RebalanceSettings = DEFAULT_REBALANCE,
): RebalanceNeed {
  const equity = amount(allocation.coreEquityUsd)
  const deviation = largestDeviation(allocation)
  const figures = `largest deviation ${deviation.toDecimalPlaces(2)} %, threshold ${settings.thresholdPct} %`
  if (deviation.lte(settings.thresholdPct)) return { action: 'no_action', reason: figures, legs: [] }
  const wanted = allocation.rows
    .filter((row) => row.asset !== CASH)
    .map((row): Wanted => ({ row, value: equity.times(amount(row.targetPct)).div(100).minus(amount(row.valueUsd)) }))
  const selling = wanted.filter((one) => one.value.isNegative())
  const sells = selling
    .map((one) => legOf(one, one.value.abs(), means, settings.minTradeUsd))
    .filter((leg) => leg !== null)

  const keeps = amount(1).minus(amount(settings.feeRate))
  const proceeds = sumOf(sells.map((leg) => amount(leg.valueUsd))).times(keeps)
  const spendable = maxOf(ZERO, amount(means.spendableUsdt))
    .plus(proceeds)
    .div(amount(1).plus(amount(settings.feeRate)))
  const buying = wanted.filter((one) => one.value.gte(settings.minTradeUsd))
  const total = sumOf(buying.map((one) => one.value))
  const scale = total.gt(spendable) ? spendable.div(total) : amount(1)
  const buys = buying
    .map((one) => legOf(one, one.value.times(scale), means, settings.minTradeUsd))
    .filter((leg) => leg !== null)
  const legs = [...sells, ...buys]
  if (legs.length === 0) return { action: 'no_action', reason: `${figures}; no trade reaches the minimum`, legs }
  return { action: 'rebalance', reason: figures, legs }
}

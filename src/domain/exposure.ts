/** What the trading book has at stake: each position, each entry that may still fill, and what they come to. */
import { type OrderId, type Pair, type PositionId, quoteOf } from './ids.ts'
import type { OrderView } from './order.ts'
import { type PositionSide, type PositionView, unrealisedGross } from './position.ts'
import type { RiskLimits } from './risk-limits.ts'
import { type Amount, amount, maxOf, type Numeric, price, text, ZERO } from './units.ts'
import { type PriceOf, usdRate } from './valuation.ts'

/** In USD at the mark; each is null while a mark that it needs is missing or stale, and never reads as zero. */
export interface Stake {
  /** Volume × mark of what is held. */
  readonly notionalUsd: Numeric | null
  /** Size × mark: notional ÷ leverage. */
  readonly marginUsd: Numeric | null
  /** Before fees. */
  readonly unrealisedUsd: Numeric | null
  /** Fees and financing so far. */
  readonly feesUsd: Numeric | null
  /** Volume × price of entries that may still fill. */
  readonly pendingUsd: Numeric | null
  /** Notional and pending entries, per cent of account equity: what the exposure limit is about. */
  readonly equityPct: Numeric | null
}

export interface PositionStake extends Stake {
  readonly positionId: PositionId
  readonly symbol: Pair
  readonly side: PositionSide
  readonly leverage: number
  readonly quantity: Numeric
  readonly entryPrice: Numeric
  readonly mark: Numeric | null
}

/** An entry that works at the venue, of a position that holds nothing yet or not all of it. */
export interface PendingStake {
  readonly orderId: OrderId
  readonly positionId: PositionId | null
  readonly symbol: Pair
  readonly side: PositionSide
  readonly leverage: number
  /** Base units that may still fill. */
  readonly quantity: Numeric
  readonly limitPrice: Numeric | null
  readonly notionalUsd: Numeric | null
  readonly marginUsd: Numeric | null
}

export interface SideStake extends Stake {
  readonly symbol: Pair
  readonly side: PositionSide
  readonly positions: number
  readonly pendingEntries: number
}

/** A position takes one slot with all its orders, and an entry takes it from its approval on. */
export interface Slots {
  readonly most: number
  readonly used: number
  readonly free: number
}

/** The trading book's exposure at one moment; core holdings are beside it and no part of any sum. Plain JSON. */
export interface ExposureView {
  readonly at: number
  readonly equityUsd: Numeric | null
  readonly staleMarks: readonly string[]
  readonly positions: readonly PositionStake[]
  readonly pendingEntries: readonly PendingStake[]
  readonly bySide: readonly SideStake[]
  readonly total: Stake
  /** Per cent of equity that `total.equityPct` may reach. */
  readonly limitPct: number
  readonly slots: Slots & { readonly bySymbol: Readonly<Record<string, Slots>> }
  /** The core book's equity, USD; null while it cannot be valued. */
  readonly coreUsd: Numeric | null
}

export interface ExposureInput {
  readonly now: number
  /** Open positions of the trading book. */
  readonly positions: readonly PositionView[]
  /** Live entries. */
  readonly entries: readonly OrderView[]
  /** Symbols of entries that are approved and not born yet: they take slots, and have no order to show. */
  readonly reserved: readonly Pair[]
  readonly symbols: readonly Pair[]
  readonly priceOf: PriceOf
  readonly equityUsd: Numeric | null
  readonly staleMarks: readonly string[]
  readonly coreUsd: Numeric | null
  readonly limits: Pick<RiskLimits, 'maxExposurePct' | 'maxPositions' | 'maxPositionsPerSymbol'>
}

const sideOf = ({ request }: OrderView): PositionSide => (request.side === 'buy' ? 'long' : 'short')

/** Null as soon as one of them is. */
function sumOrNull(values: readonly (Numeric | null)[]): Numeric | null {
  let total: Amount = ZERO
  for (const value of values) {
    if (value === null) return null
    total = total.plus(amount(value))
  }
  return text(total)
}

/** Share of equity in per cent, to six decimals; null where either is unknown or there is no equity. */
function percentOf(part: Numeric | null, equityUsd: Numeric | null): Numeric | null {
  if (part === null || equityUsd === null || amount(equityUsd).lte(0)) return null
  return text(amount(part).times(100).div(amount(equityUsd)).toDecimalPlaces(6))
}

function inUsd(quoted: Amount, symbol: Pair, priceOf: PriceOf): Numeric | null {
  if (quoted.isZero()) return '0'
  const rate = usdRate(quoteOf(symbol), priceOf)
  return rate === null ? null : text(quoted.times(rate))
}

function pendingOf(order: OrderView, priceOf: PriceOf): PendingStake {
  const { leverage, positionId, symbol } = order.request
  const left = maxOf(amount(order.quantity).minus(amount(order.filled)), ZERO)
  const at = order.limitPrice === null ? priceOf(symbol) : amount(order.limitPrice)
  const notional = at === null ? null : left.times(at)
  return {
    ...{ orderId: order.orderId, positionId, symbol, side: sideOf(order), leverage },
    ...{ quantity: text(left), limitPrice: order.limitPrice },
    notionalUsd: notional === null ? null : inUsd(notional, symbol, priceOf),
    marginUsd: notional === null ? null : inUsd(notional.div(leverage), symbol, priceOf),
  }
}

function stakeOf(position: PositionView, pending: readonly PendingStake[], input: ExposureInput): PositionStake {
  const { positionId, symbol, side, leverage, quantity, entryPrice, fees, financing } = position
  const mark = input.priceOf(symbol)
  const at = (value: (price: Amount) => Amount): Numeric | null =>
    quantity === '0' ? '0' : mark === null ? null : inUsd(value(mark), symbol, input.priceOf)
  const notionalUsd = at((now) => now.times(amount(quantity)))
  const own = pending.filter((entry) => entry.positionId === positionId)
  const pendingUsd = sumOrNull(own.map((entry) => entry.notionalUsd))
  return {
    ...{ positionId, symbol, side, leverage, quantity, entryPrice, mark: mark === null ? null : text(mark) },
    ...{ notionalUsd, marginUsd: at((now) => now.times(amount(quantity)).div(leverage)) },
    unrealisedUsd: at((now) => unrealisedGross(position, price(now))),
    feesUsd: inUsd(amount(fees).plus(amount(financing)), symbol, input.priceOf),
    ...{ pendingUsd, equityPct: percentOf(sumOrNull([notionalUsd, pendingUsd]), input.equityUsd) },
  }
}

function sumOfStakes(
  positions: readonly PositionStake[],
  entries: readonly PendingStake[],
  equityUsd: Numeric | null,
): Stake {
  const over = (name: keyof Stake): Numeric | null => sumOrNull(positions.map((one) => one[name]))
  const notionalUsd = over('notionalUsd')
  const pendingUsd = sumOrNull(entries.map((one) => one.notionalUsd))
  return {
    ...{ notionalUsd, pendingUsd, marginUsd: over('marginUsd'), unrealisedUsd: over('unrealisedUsd') },
    ...{ feesUsd: over('feesUsd'), equityPct: percentOf(sumOrNull([notionalUsd, pendingUsd]), equityUsd) },
  }
}

function slotsOf(input: ExposureInput): ExposureView['slots'] {
  const held = input.positions.filter(({ quantity }) => quantity !== '0')
  const alone = input.entries.filter(({ request }) => !held.some((one) => one.positionId === request.positionId))
  const taken = [...held.map(({ symbol }) => symbol), ...alone.map(({ request }) => request.symbol), ...input.reserved]
  const slots = (most: number, used: number): Slots => ({ most, used, free: Math.max(0, most - used) })
  const { maxPositions, maxPositionsPerSymbol } = input.limits
  const bySymbol = input.symbols.map(
    (symbol) => [symbol, slots(maxPositionsPerSymbol, taken.filter((one) => one === symbol).length)] as const,
  )
  return { ...slots(maxPositions, taken.length), bySymbol: Object.fromEntries(bySymbol) }
}

/** Adds the trading book up; a position's own pending entry is shown with it and in the sums once. */
export function exposureOf(input: ExposureInput): ExposureView {
  const { now, equityUsd, staleMarks, coreUsd, limits, priceOf } = input
  const pendingEntries = input.entries.map((order) => pendingOf(order, priceOf))
  const positions = input.positions.map((position) => stakeOf(position, pendingEntries, input))
  const sides = new Map(
    [...positions, ...pendingEntries].map(({ symbol, side }) => [`${symbol} ${side}`, { symbol, side }]),
  )
  const bySide = [...sides.values()].map(({ symbol, side }): SideStake => {
    const isHere = (one: { readonly symbol: Pair; readonly side: PositionSide }) =>
      one.symbol === symbol && one.side === side
    const [held, entries] = [positions.filter(isHere), pendingEntries.filter(isHere)]
    const counts = { positions: held.length, pendingEntries: entries.length }
    return { symbol, side, ...counts, ...sumOfStakes(held, entries, equityUsd) }
  })
  const total = sumOfStakes(positions, pendingEntries, equityUsd)
  return {
    ...{ at: now, equityUsd, staleMarks, positions, pendingEntries, bySide, total },
    ...{ limitPct: limits.maxExposurePct, slots: slotsOf(input), coreUsd },
  }
}

/** Spreading a large rebalance over time: batches that add up to the cent, sells ahead of the buys they pay for. */

import type { RebalanceLeg } from './allocation.ts'
import { type Instrument, roundDownToLot, sizeProblem } from './instrument.ts'
import type { RebalanceTrade } from './portfolio.ts'
import { type Amount, amount, price, roundDownTo, sumOf, text } from './units.ts'

export interface DcaSettings {
  readonly enabled: boolean
  /** Only a trade above this is spread. */
  readonly thresholdUsd: number
  readonly batches: number
  readonly intervalMs: number
  readonly minTradeUsd: number
}
export const DEFAULT_DCA: DcaSettings = {
  enabled: true,
  thresholdUsd: 500,
  batches: 6,
  intervalMs: 4 * 3_600_000,
  minTradeUsd: 10,
}

export interface DcaSchedule {
  readonly batches: number
  /** By batch; within one, sells before buys. */
  readonly trades: readonly RebalanceTrade[]
}

/** `value` in `count` parts of whole cents (or of `decimals`); the remainder is in the first. They sum to it exactly. */
export function splitExactly(value: Amount, count: number, decimals = 2): readonly Amount[] {
  const part = roundDownTo(value.div(count), decimals)
  return Array.from({ length: count }, (_, index) => (index === 0 ? value.minus(part.times(count - 1)) : part))
}

function splitQuantity(leg: RebalanceLeg, count: number, instrument: Instrument): readonly Amount[] {
  const whole = amount(leg.quantity)
  const part = roundDownToLot(whole.div(count), instrument)
  return Array.from({ length: count }, (_, index) => (index === 0 ? whole.minus(part.times(count - 1)) : part))
}

/** Whether the smallest part of the leg is still a trade: worth the minimum, and an order that the venue takes. */
function canSplit(leg: RebalanceLeg, count: number, instrument: Instrument, settings: DcaSettings): boolean {
  const smallestUsd = splitExactly(amount(leg.valueUsd), count).at(-1) ?? amount(0)
  const smallest = roundDownToLot(amount(leg.quantity).div(count), instrument)
  const perUnit = amount(leg.valueUsd).div(amount(leg.quantity))
  return smallestUsd.gte(settings.minTradeUsd) && sizeProblem(instrument, smallest, price(perUnit)) === null
}

function batchesFor(leg: RebalanceLeg, instrument: Instrument, settings: DcaSettings): number {
  let count = Math.max(1, settings.batches)
  while (count > 1 && !canSplit(leg, count, instrument, settings)) count--
  return count
}

/** Sells begin with the first batch, buys end with the last: what is bought has been sold for by then. */
function tradesOf(leg: RebalanceLeg, count: number, last: number, instrument: Instrument, now: number, step: number) {
  const values = splitExactly(amount(leg.valueUsd), count)
  const quantities = splitQuantity(leg, count, instrument)
  const first = leg.side === 'sell' ? 1 : last - count + 1
  return values.map((value, index): RebalanceTrade => {
    const batch = first + index
    return {
      symbol: leg.symbol,
      side: leg.side,
      quantity: text(quantities[index] ?? amount(0)),
      valueUsd: text(value),
      batch,
      dueAt: now + (batch - 1) * step,
    }
  })
}

/** By batch; within one, sells before buys. */
export const bySellsFirst = (a: RebalanceTrade, b: RebalanceTrade): number =>
  a.batch - b.batch || (a.side === b.side ? 0 : a.side === 'sell' ? -1 : 1)

/**
 * The legs as trades with their times. When one is above the threshold, all are spread over the batches, so that buys
 * never run ahead of the sells that pay for them; a leg has fewer batches where one would fall under a minimum.
 */
export function scheduleTrades(
  legs: readonly RebalanceLeg[],
  instruments: readonly Instrument[],
  now: number,
  settings: DcaSettings = DEFAULT_DCA,
): DcaSchedule {
  const isLarge = settings.enabled && legs.some((leg) => amount(leg.valueUsd).gt(settings.thresholdUsd))
  const plans = legs.flatMap((leg) => {
    const instrument = instruments.find((one) => one.symbol === leg.symbol)
    if (instrument === undefined) return []
    return [{ leg, instrument, count: isLarge ? batchesFor(leg, instrument, settings) : 1 }]
  })
  const last = Math.max(1, ...plans.map((plan) => plan.count))
  const trades = plans
    .flatMap(({ leg, count, instrument }) => tradesOf(leg, count, last, instrument, now, settings.intervalMs))
    .sort(bySellsFirst)
  return { batches: last, trades }
}

/**
 * After downtime: of the batches that are overdue only the earliest goes now, and all later ones keep their distance
 * to it. Trades that are not overdue stay as they are.
 */
export function shiftOverdue(trades: readonly RebalanceTrade[], now: number): readonly RebalanceTrade[] {
  const earliest = Math.min(...trades.map((trade) => trade.dueAt))
  if (!(earliest < now)) return trades
  return trades.map((trade) => ({ ...trade, dueAt: trade.dueAt + (now - earliest) }))
}

/** Σ of the trades' values, USD. */
export const totalValueUsd = (trades: readonly RebalanceTrade[]): Amount =>
  sumOf(trades.map((trade) => amount(trade.valueUsd)))

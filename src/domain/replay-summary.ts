/** What a replay comes to: the figures that `run --feed replay:… --json` prints, and how they are rounded to the cent. */
import type { OrderStatus } from './order.ts'
import type { Balance, Ledger } from './portfolio.ts'
import { type Amount, amount, type Numeric, roundToCent, sumOf, text } from './units.ts'

/** What the running system's books say of it. */
export interface Figures {
  readonly candles: number
  readonly decisions: number
  readonly trades: number
  readonly pnlNet: string
  readonly feesPaid: string
  readonly maxDrawdownPct: string
  readonly unprotectedSeconds: number
  readonly gapsMs: readonly number[]
  /** The account's statement against these balances; null where it cannot be priced. */
  ledger(balances: readonly Balance[]): Ledger | null
}

export interface ReplaySummary {
  /** One-minute candles read. */
  readonly candles: number
  /** Trading decisions taken, HOLD included. */
  readonly decisions: number
  /** Orders by final (or last) state; states that no order is in may be left out. */
  readonly orders: Readonly<Partial<Record<OrderStatus, number>>>
  /** Positions closed. */
  readonly trades: number
  /** USD, after fees and financing. */
  readonly pnlNet: Numeric
  /** USD, positive, all orders. */
  readonly feesPaid: Numeric
  /** Largest fall from the highest equity, per cent of it, positive. */
  readonly maxDrawdownPct: Numeric
  /** USD; equityEnd = equityStart + tradingNet + rebalancingFees + revaluation + flows. */
  readonly equityStart: Numeric
  readonly equityEnd: Numeric
  readonly tradingNet: Numeric
  /** ≤ 0. */
  readonly rebalancingFees: Numeric
  readonly revaluation: Numeric
  readonly flows: Numeric
  /** Time any position was open without a working stop, beyond its protection deadline. */
  readonly unprotectedSeconds: number
  /** From a position's first fill to its acknowledged stop; null where no position was protected. */
  readonly protectGapMs: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null }
  /** Actors restarted by their supervisor. */
  readonly restarts: number
  readonly eventsByType: Readonly<Record<string, number>>
  readonly journalEvents: number
  readonly journalHash: string
  /** Wall time of the run. */
  readonly seconds: number
}

const CENT = amount('0.01')
const HALF_A_CENT = amount('0.005')

/** The statement's parts in the order in which they are printed; they add up to `equityEnd`. */
export const STATEMENT_PARTS = ['equityStart', 'tradingNet', 'rebalancingFees', 'revaluation', 'flows'] as const
type StatementPart = (typeof STATEMENT_PARTS)[number]

/**
 * The parts in cents, so that they add up to the total in cents: each is rounded down, and the cents still missing go to
 * those with the largest remainders (Hamilton's method of largest remainders; the first of equals). No part moves by a
 * whole cent. Where the exact parts miss the total by half a cent or more, something is missing: the rounded ones then
 * miss it by as much, to the cent.
 */
export function partsToTheCent(total: Amount, parts: readonly Amount[]): readonly Amount[] {
  const gap = total.minus(sumOf(parts))
  const unexplained = gap.abs().lt(HALF_A_CENT) ? amount(0) : gap
  const goal = roundToCent(total.minus(unexplained))
  const floors = parts.map((part) => part.div(CENT).floor().times(CENT))
  const missing = goal.minus(sumOf(floors)).div(CENT).round().toNumber()
  const byRemainder = parts
    .map((part, index) => ({ index, remainder: part.minus(floors[index] ?? part) }))
    .sort((a, b) => b.remainder.cmp(a.remainder) || a.index - b.index)
  const raised = new Set(byRemainder.slice(0, missing).map(({ index }) => index))
  return floors.map((floor, index) => (raised.has(index) ? floor.plus(CENT) : floor))
}

/**
 * The summary with its money in cents; the statement still closes when it closed before. Percentages to two decimals,
 * seconds to three.
 */
export function summaryToTheCent(summary: ReplaySummary): ReplaySummary {
  const exact = STATEMENT_PARTS.map((part) => amount(summary[part]))
  const rounded = partsToTheCent(amount(summary.equityEnd), exact)
  const part = (name: StatementPart): Numeric => text(rounded[STATEMENT_PARTS.indexOf(name)] ?? amount(summary[name]))
  const cents = (value: Numeric): Numeric => text(roundToCent(amount(value)))
  const thousandths = (value: number): number => Math.round(value * 1_000) / 1_000
  // The same figure twice on a page must not differ by a cent.
  const isAllTrading = amount(summary.pnlNet).eq(amount(summary.tradingNet))
  return {
    ...summary,
    pnlNet: isAllTrading ? part('tradingNet') : cents(summary.pnlNet),
    feesPaid: cents(summary.feesPaid),
    maxDrawdownPct: cents(summary.maxDrawdownPct),
    equityStart: part('equityStart'),
    equityEnd: cents(summary.equityEnd),
    tradingNet: part('tradingNet'),
    rebalancingFees: part('rebalancingFees'),
    revaluation: part('revaluation'),
    flows: part('flows'),
    unprotectedSeconds: thousandths(summary.unprotectedSeconds),
    seconds: thousandths(summary.seconds),
  }
}

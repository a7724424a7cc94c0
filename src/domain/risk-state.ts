/** What the risk engine is told: the proposal and the state of account, book and breakers at one moment. Plain JSON. */
import type { LatchedBreaker } from './breakers.ts'
import type { Pair, PositionId } from './ids.ts'
import type { Instrument } from './instrument.ts'
import type { PositionSide } from './position.ts'
import { type RiskLimits, stepped } from './risk-limits.ts'
import { amount, type Numeric } from './units.ts'
import type { Marks } from './valuation.ts'
import type { Proposal, Regime } from './views.ts'

/** A proposal that opens risk, with the identity that its position will have. */
export interface ProposalForRisk
  extends Pick<
    Proposal,
    | 'proposalId'
    | 'symbol'
    | 'action'
    | 'confidence'
    | 'entryPrice'
    | 'stopLoss'
    | 'takeProfit'
    | 'sizePct'
    | 'leverage'
  > {
  readonly positionId: PositionId
  readonly instrument: Instrument
  /** True where a take-profit is not wanted (a trailing exit); LOW_RR is then not asked. */
  readonly takeProfitExempt?: boolean
  /** Confidences of the views present, for the warning that they are far apart. */
  readonly viewConfidences?: readonly number[]
}

/** One open position or pending entry of the trading book, in USD. */
export interface Exposure {
  readonly symbol: Pair
  readonly side: PositionSide
  /** Volume × price. */
  readonly notionalUsd: Numeric
  /** Notional × (distance to the stop + both fees): what its stop would cost. */
  readonly riskUsd: Numeric
}

/** An entry that is approved, sent or resting: it takes its slot and its money from the moment of approval. */
export interface PendingEntry extends Exposure {
  readonly marginUsd: Numeric
  /** Quote units with fee that a spot entry will take; 0 on margin. */
  readonly costQuote: Numeric
  /** True once the venue holds the money, so that the free balance already lacks it. */
  readonly heldAtVenue: boolean
}

/** Trading loss of a period: positive is a loss, realised and unrealised, net of fees and financing. */
export interface PeriodLoss {
  readonly lossUsd: Numeric
  readonly openingEquityUsd: Numeric
}

/** Loss streak of the account, and rest per symbol. */
export interface StreakState {
  readonly lossStreak: number
  /** Milliseconds UTC by symbol. */
  readonly cooldownUntil: Readonly<Record<string, number>>
}

export interface RiskState extends StreakState {
  readonly now: number
  /** From the coordinator: the one combination of states in which risk may be opened. */
  readonly mayOpenRisk: boolean
  /** Why symbols are halted on their own, by symbol. */
  readonly haltedSymbols: Readonly<Record<string, string>>
  /** Account equity in USD; null while a mark is missing. */
  readonly equityUsd: Numeric | null
  readonly marks: Marks
  /** Symbols held without a fresh mark. */
  readonly staleMarks: readonly string[]
  /** Free balance by quote asset, in its own units. */
  readonly freeQuote: Readonly<Record<string, Numeric>>
  readonly margin: { readonly usedUsd: Numeric; readonly freeUsd: Numeric }
  /** Shares of the notional; the taker's on both sides unless the entry is post-only. */
  readonly fees: { readonly entry: Numeric; readonly exit: Numeric }
  /** Null where they cannot be counted. */
  readonly positions: readonly Exposure[] | null
  readonly pendingEntries: readonly PendingEntry[]
  readonly unknownOrderSymbols: readonly Pair[]
  /** Adopted regime by symbol; a symbol without one is `unknown`. */
  readonly regimes: Readonly<Record<string, Regime>>
  /** Symbols that are in a spike of volatility now. */
  readonly volatilitySpikes: readonly Pair[]
  readonly breakers: readonly LatchedBreaker[]
  readonly day: PeriodLoss
  readonly week: PeriodLoss
  /** The trading book's fall from its peak, per cent of account equity. */
  readonly drawdownPct: Numeric
}

const MINUTE_MS = 60_000

type Cooldowns = Pick<RiskLimits, 'cooldownMinutes'>

/** The symbol rests until then, or until later where it rests already: the longest running cooldown counts. */
export function afterCooldown(
  state: StreakState,
  { symbol, until }: { readonly symbol: Pair; readonly until: number },
): StreakState {
  const runs = state.cooldownUntil[symbol] ?? 0
  return { ...state, cooldownUntil: { ...state.cooldownUntil, [symbol]: Math.max(runs, until) } }
}

/**
 * Streak and cooldown after a trade closed with `net` (quote units, after fees). The cooldown of the symbol is the
 * longest that applies. A trade that broke even leaves the streak.
 */
export function afterTrade(
  state: StreakState,
  trade: { readonly symbol: Pair; readonly net: Numeric; readonly at: number },
  limits: Cooldowns,
): StreakState {
  const net = amount(trade.net)
  const lost = net.lt(0)
  const lossStreak = lost ? state.lossStreak + 1 : net.gt(0) ? 0 : state.lossStreak
  const { afterTrade: rest, afterLoss, byLosses } = limits.cooldownMinutes
  const minutes = lost ? Math.max(rest, afterLoss, stepped(byLosses, lossStreak, 0)) : rest
  return afterCooldown({ ...state, lossStreak }, { symbol: trade.symbol, until: trade.at + minutes * MINUTE_MS })
}

/** Every symbol that a plan traded rests once the plan is over, however many batches it took. */
export function afterRebalance(
  state: StreakState,
  plan: { readonly symbols: Iterable<Pair>; readonly at: number },
  limits: Cooldowns,
): StreakState {
  const until = plan.at + limits.cooldownMinutes.afterRebalance * MINUTE_MS
  let rested = state
  for (const symbol of plan.symbols) rested = afterCooldown(rested, { symbol, until })
  return rested
}

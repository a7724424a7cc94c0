/** Circuit breakers of trading: which there are, and what the risk engine remembers of account and symbols. */
import type { Numeric } from './units.ts'

export const BREAKERS = ['daily_loss', 'weekly_loss', 'drawdown', 'straight_losses'] as const
export type BreakerName = (typeof BREAKERS)[number]

/** A breaker that has tripped and stands. Milliseconds UTC. */
export interface LatchedBreaker {
  readonly name: BreakerName
  readonly trippedAt: number
  /** Null stands until a person resets it. */
  readonly until: number | null
  /** Whether a person has seen it; the weekly one is lifted only after that. */
  readonly acknowledged: boolean
}

/** How a day or a week began. USD; milliseconds UTC. */
export interface RiskPeriod {
  readonly beganAt: number
  readonly openingEquityUsd: Numeric
  /** The trading book's result so far when it began. */
  readonly tradingNet: Numeric
}

/** All that the risk engine remembers from one moment to the next. Plain JSON. */
export interface RiskRecord {
  /** Null before the first look at the account. */
  readonly day: RiskPeriod | null
  readonly week: RiskPeriod | null
  /** Highest equity of the account, and highest result of the trading book. USD. */
  readonly peakEquityUsd: Numeric
  readonly peakTradingNet: Numeric
  readonly lossStreak: number
  /** Milliseconds UTC by symbol. */
  readonly cooldownUntil: Readonly<Record<string, number>>
  readonly breakers: readonly LatchedBreaker[]
}

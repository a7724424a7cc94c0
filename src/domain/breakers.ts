/**
 * Circuit breakers of trading: which there are, when they trip and when they are lifted, and what the risk engine
 * remembers of account and symbols.
 */
import { type RiskLimits, stepped } from './risk-limits.ts'
import { amount, type Numeric } from './units.ts'
import { nextDayAt, nextWeekAt } from './utc.ts'

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
  /** The account's equity when trading stood highest: what its fall is measured against. 0 before the first look. */
  readonly peakBaseUsd: Numeric
  /** Deposits − withdrawals that openings and peaks were moved by. USD. */
  readonly flowsUsd: Numeric
  /** Whether the account's own drawdown was warned of and has not recovered since. */
  readonly drawdownWarned: boolean
  readonly lossStreak: number
  /** The streak at which `straight_losses` was told last; 0 once a win ended it. */
  readonly toldLossStreak: number
  /** Milliseconds UTC by symbol. */
  readonly cooldownUntil: Readonly<Record<string, number>>
  readonly breakers: readonly LatchedBreaker[]
}

/** Per cent, losses positive; null while unknown: a mark is missing or stale, or the period has not been opened yet. */
export interface RiskReading {
  readonly at: number
  readonly dayLossPct: Numeric | null
  readonly weekLossPct: Numeric | null
  /** The trading book's fall from its peak. */
  readonly drawdownPct: Numeric | null
  /** The account's own, core holdings included: reported and warned of, no breaker. */
  readonly accountDrawdownPct: Numeric | null
  readonly lossStreak: number
}

/** A breaker that trips now. `value` and `threshold` are per cent, or losses in a row. */
export interface Trip {
  readonly breaker: BreakerName
  readonly value: Numeric
  readonly threshold: number
  readonly until: number | null
}

/** When the prices were made that a trading result rests on, by symbol held; the venue's time, milliseconds UTC. */
export type PricedAt = Readonly<Record<string, number>>

/** The first reading at a threshold, and the prices behind it. */
export interface Doubt {
  readonly since: number
  readonly pricedAt: PricedAt
}
/** What stands at a threshold and has not tripped yet. */
export type Doubts = Readonly<Partial<Record<BreakerName, Doubt>>>

export interface Judged {
  readonly tripped: readonly Trip[]
  readonly lifted: readonly BreakerName[]
  readonly doubts: Doubts
}

/** A loss pauses the day, sells half or everything, by a peak that was one: a wrong print must do none of it. */
export const SECOND_READING_MS = 1_000

type Remembered = Pick<RiskRecord, 'breakers' | 'toldLossStreak'>

/** Over by time; the weekly one also waits for a person, the drawdown for nothing else. */
const isOver = ({ name, until, acknowledged }: LatchedBreaker, at: number): boolean =>
  until !== null && at >= until && (name !== 'weekly_loss' || acknowledged)

/**
 * Whether a reading is the second one: a second after the first, and on prices that are as much newer. What is not held any
 * more, or was not then, has no price to wait for; a price that nobody renews is stale within a minute, and freezes this.
 */
export const isSecond = (doubt: Doubt, at: number, pricedAt: PricedAt): boolean =>
  // Either way, for the clock may have been set back.
  Math.abs(at - doubt.since) >= SECOND_READING_MS &&
  Object.entries(pricedAt).every(([symbol, now]) => !(now < (doubt.pricedAt[symbol] ?? 0) + SECOND_READING_MS))

/**
 * What trips and what is lifted by this reading. A loss trips on a second reading at its threshold, once a day or ISO week,
 * and a drawdown once until it is reset; a streak once for every loss that makes it longer. What is unknown trips nothing,
 * neither begins nor ends a doubt, and lifts nothing but what is over by time.
 */
export function judgeBreakers(
  reading: RiskReading,
  pricedAt: PricedAt,
  { breakers, toldLossStreak }: Remembered,
  doubts: Doubts,
  { breakers: at, cooldownMinutes }: Pick<RiskLimits, 'breakers' | 'cooldownMinutes'>,
): Judged {
  const { at: now, dayLossPct, weekLossPct, drawdownPct, lossStreak } = reading
  const hasTripped = (name: BreakerName): boolean =>
    breakers.some((one) => one.name === name && (one.until === null || now < one.until))
  const tripped: Trip[] = []
  const doubted: Partial<Record<BreakerName, Doubt>> = {}
  const doubt = (breaker: BreakerName, value: Numeric | null, threshold: number, until: number | null): void => {
    if (hasTripped(breaker)) return
    const known = doubts[breaker]
    if (value === null) {
      if (known !== undefined) doubted[breaker] = known
    } else if (amount(value).gte(threshold)) {
      if (known !== undefined && isSecond(known, now, pricedAt)) tripped.push({ breaker, value, threshold, until })
      else doubted[breaker] = known ?? { since: now, pricedAt }
    }
  }
  doubt('daily_loss', dayLossPct, at.dailyLossPct, nextDayAt(now))
  doubt('weekly_loss', weekLossPct, at.weeklyLossPct, nextWeekAt(now))
  doubt('drawdown', drawdownPct, at.drawdownPct, null)
  if (lossStreak >= at.straightLosses && lossStreak > toldLossStreak) {
    const until = now + stepped(cooldownMinutes.byLosses, lossStreak, 0) * 60_000
    tripped.push({ breaker: 'straight_losses', value: String(lossStreak), threshold: at.straightLosses, until })
  }
  return { tripped, lifted: breakers.filter((one) => isOver(one, now)).map(({ name }) => name), doubts: doubted }
}

/** The earliest moment at which something latched may be over by time; null where nothing waits for time. */
export function nextLiftAt(breakers: readonly LatchedBreaker[], now: number): number | null {
  const ends = breakers.flatMap(({ until }) => (until !== null && until > now ? [until] : []))
  return ends.length === 0 ? null : Math.min(...ends)
}

/**
 * The latched breakers that forbid new risk, with the moment at which they cease to: the weekly one not before a person
 * has seen it. After straight losses each symbol rests for itself: told, but nothing more is forbidden.
 */
export const forbidding = (breakers: readonly LatchedBreaker[]): readonly LatchedBreaker[] =>
  breakers
    .filter(({ name }) => name !== 'straight_losses')
    .map((one) => (one.name === 'weekly_loss' && !one.acknowledged ? { ...one, until: null } : one))

/**
 * Two alarms of the market, for the risk engine: a spike of volatility (the ATR far above its own mean) and a fast move (the
 * price a good way off within minutes). Incremental, fed one closed bar at a time; floats, for nothing here is money.
 */
import { type Candle, TIMEFRAME_MS, type Timeframe } from '../domain/candle.ts'
import { DEFAULT_RISK_LIMITS, type RiskLimits } from '../domain/risk-limits.ts'
import type { Bar } from './bar.ts'
import { Sma } from './indicators/moving-average.ts'

/** What counts as a spike and as a fast move. */
export type VolatilityRules = Pick<RiskLimits, 'volatilitySpike' | 'fastMove'>

export interface VolatilityReading {
  /** When the spike that stands began: its first bar's closing time, milliseconds UTC. Null outside of one. */
  readonly spikeSince: number | null
  /** Within the minutes before the last bar closed. */
  readonly hasMovedFast: boolean
}

/** The ATR against its simple mean, the present reading included, as a chart draws it. */
export class VolatilitySpike {
  /** Milliseconds UTC; null outside of a spike. */
  since: number | null = null
  private readonly mean: Sma
  private readonly multiple: number

  constructor(multiple: number, periods: number) {
    this.multiple = multiple
    this.mean = new Sma(periods)
  }

  /** Takes the ATR after a bar that closed at `closedAt`; NaN, before it is warm, is passed over. */
  push(atr: number, closedAt: number): void {
    if (Number.isNaN(atr)) return
    this.mean.push(atr)
    if (atr > this.multiple * this.mean.value) this.since ??= closedAt
    else this.since = null
  }
}

/** The largest rise or fall between any two prices of the last minutes; within one bar either may have come first. */
export class FastMove {
  isOn = false
  private readonly share: number
  private readonly windowMs: number
  private bars: Bar[] = []

  constructor(pct: number, minutes: number) {
    this.share = pct / 100
    this.windowMs = minutes * 60_000
  }

  push(bar: Bar): void {
    this.bars = this.bars.filter(({ openAt }) => openAt > bar.openAt - this.windowMs)
    this.bars.push(bar)
    let lowest = Number.POSITIVE_INFINITY
    let highest = 0
    this.isOn = false
    for (const { high, low } of this.bars) {
      lowest = Math.min(lowest, low)
      highest = Math.max(highest, high)
      if (high - lowest > lowest * this.share || highest - low > highest * this.share) this.isOn = true
    }
  }
}

/** Both alarms of one symbol. */
export class Volatility {
  private readonly timeframe: Timeframe
  private readonly spike: VolatilitySpike
  private readonly move: FastMove
  private readonly longestBarMs: number

  constructor({ volatilitySpike, fastMove }: VolatilityRules = DEFAULT_RISK_LIMITS) {
    this.timeframe = volatilitySpike.timeframe
    this.spike = new VolatilitySpike(volatilitySpike.atrMultiple, volatilitySpike.meanPeriods)
    this.move = new FastMove(fastMove.pct, fastMove.minutes)
    this.longestBarMs = fastMove.minutes * 60_000
  }

  /** Takes a closed candle with the ATR of its time frame after it; `isBase`: it came from the feed itself. */
  push({ openAt, timeframe }: Candle, bar: Bar, atr: number, isBase: boolean): void {
    const intervalMs = TIMEFRAME_MS[timeframe]
    if (timeframe === this.timeframe) this.spike.push(atr, openAt + intervalMs)
    // A bar longer than the window says nothing of so few minutes.
    if (isBase && intervalMs <= this.longestBarMs) this.move.push(bar)
  }

  read(): VolatilityReading {
    return { spikeSince: this.spike.since, hasMovedFast: this.move.isOn }
  }
}

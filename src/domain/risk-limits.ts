/** The risk engine's figures: one typed record, and the tables that turn a streak or a drawdown into a cap. */
import type { Timeframe } from './candle.ts'
import { REGIME_RULES, STRICTNESS_FLOOR } from './regime.ts'
import type { Regime, Strictness } from './views.ts'

/** The value of the highest step reached counts. */
export interface Step {
  readonly atLeast: number
  readonly value: number
}

/** ATR above so many times its own mean: the size is cut while it lasts, and its beginning is a rest. */
export interface VolatilitySpikeRules {
  /** Whose ATR 14. */
  readonly timeframe: Timeframe
  readonly atrMultiple: number
  /** Readings of the ATR in the mean, the present one among them. */
  readonly meanPeriods: number
  /** Times the size. */
  readonly size: number
  readonly cooldownMinutes: number
}

/** The price moved by more than `pct` per cent within so many minutes, up or down. */
export interface FastMoveRules {
  readonly pct: number
  readonly minutes: number
  readonly cooldownMinutes: number
}

/** Percentages are of account equity unless said; all bounds are inclusive. */
export interface RiskLimits {
  readonly maxLeverage: number
  /** Collateral of one position: size × price. */
  readonly maxCollateralPct: number
  /** Notional × (distance to the stop + both fees) of one position. */
  readonly maxRiskPct: number
  /** The day's loss + Σ open notional × (distance + fees). */
  readonly maxOpenRiskPct: number
  /** Σ notional of the trading book. */
  readonly maxExposurePct: number
  /** Entry from the last price, per cent of the last price. */
  readonly maxEntryDistancePct: number
  /** Per cent of the entry. */
  readonly minStopPct: number
  readonly maxStopPct: number
  readonly maxStopPctBySymbol: Readonly<Record<string, number>>
  /** Target distance ÷ stop distance. */
  readonly minRewardRisk: number
  /** (target distance − fees) ÷ (stop distance + fees). */
  readonly minNetRewardRisk: number
  readonly requireTakeProfit: boolean
  readonly maxCorrelatedPct: number
  /** Share of `maxCorrelatedPct` above which HIGH_CORRELATION is given. */
  readonly correlationWarningShare: number
  /** Only correlations above this count. */
  readonly correlationThreshold: number
  /** By `A|B` in either order. */
  readonly correlations: Readonly<Record<string, number>>
  readonly unlistedCorrelation: number
  readonly maxMarginPct: number
  readonly maxPositions: number
  readonly maxPositionsPerSymbol: number
  readonly markMaxAgeMs: number
  /** Agents' confidences further apart than this give AGENT_DISAGREEMENT. */
  readonly disagreement: number
  readonly floorByLosses: readonly Step[]
  readonly sizeByLosses: readonly Step[]
  readonly leverageByLosses: readonly Step[]
  /** Drawdown of the trading book from its peak, per cent. */
  readonly leverageByDrawdown: readonly Step[]
  readonly volatilitySpike: VolatilitySpikeRules
  readonly fastMove: FastMoveRules
  /** Trading losses, per cent of the period's opening account equity; drawdown from the peak. */
  readonly breakers: {
    readonly dailyLossPct: number
    readonly weeklyLossPct: number
    readonly drawdownPct: number
    /** So many losses in a row are told; rest and size after them are the steps above. */
    readonly straightLosses: number
  }
  /** Minutes of rest on the symbol. */
  readonly cooldownMinutes: {
    readonly afterTrade: number
    readonly afterLoss: number
    readonly byLosses: readonly Step[]
    /** Once a plan, on each symbol that it traded. */
    readonly afterRebalance: number
  }
  readonly entry: { readonly type: 'limit' | 'market'; readonly lifeMs: number }
  readonly margin: { readonly enabled: boolean }
  /** Limit price of a rebalance from the mark, per cent. */
  readonly slippageGuardPct: number
}

export const DEFAULT_RISK_LIMITS: RiskLimits = {
  maxLeverage: 5,
  maxCollateralPct: 20,
  maxRiskPct: 2,
  maxOpenRiskPct: 5,
  maxExposurePct: 80,
  maxEntryDistancePct: 1,
  minStopPct: 0.5,
  maxStopPct: 5,
  maxStopPctBySymbol: { 'BTC/USDT': 3, 'XRP/USDT': 5, 'XRP/BTC': 5 },
  minRewardRisk: 1.5,
  minNetRewardRisk: 0.75,
  requireTakeProfit: true,
  maxCorrelatedPct: 40,
  correlationWarningShare: 0.8,
  correlationThreshold: 0.5,
  correlations: { 'BTC/USDT|XRP/USDT': 0.75, 'BTC/USDT|XRP/BTC': 0.6, 'XRP/USDT|XRP/BTC': 0.85 },
  unlistedCorrelation: 0.75,
  maxMarginPct: 50,
  maxPositions: 5,
  maxPositionsPerSymbol: 2,
  markMaxAgeMs: 60_000,
  disagreement: 0.2,
  floorByLosses: [
    { atLeast: 3, value: 0.1 },
    { atLeast: 5, value: 0.2 },
  ],
  sizeByLosses: [{ atLeast: 5, value: 0.5 }],
  leverageByLosses: [
    { atLeast: 3, value: 2 },
    { atLeast: 5, value: 1 },
  ],
  leverageByDrawdown: [
    { atLeast: 5, value: 3 },
    { atLeast: 10, value: 2 },
    { atLeast: 15, value: 1 },
  ],
  volatilitySpike: { timeframe: '1h', atrMultiple: 3, meanPeriods: 20, size: 0.5, cooldownMinutes: 15 },
  fastMove: { pct: 3, minutes: 5, cooldownMinutes: 10 },
  breakers: { dailyLossPct: 5, weeklyLossPct: 10, drawdownPct: 20, straightLosses: 5 },
  cooldownMinutes: {
    afterTrade: 5,
    afterLoss: 10,
    byLosses: [
      { atLeast: 3, value: 30 },
      { atLeast: 5, value: 60 },
    ],
    afterRebalance: 30,
  },
  entry: { type: 'limit', lifeMs: 900_000 },
  margin: { enabled: false },
  slippageGuardPct: 0.5,
}

/** The value of the highest step that `reached` has come to; `none` below the first. Steps ascend. */
export function stepped(steps: readonly Step[], reached: number, none: number): number {
  let value = none
  for (const step of steps) if (reached >= step.atLeast) value = step.value
  return value
}

/** Sums and products of confidences are compared at nine decimals, so that .55 + .10 is .65. */
export const roundConfidence = (value: number): number => Math.round(value * 1e9) / 1e9

/** What the raw confidence must reach: the regime's base. */
export const baseConfidenceFloor = (regime: Regime): number => REGIME_RULES[regime].confidenceFloor

/**
 * What the boosted confidence must reach: the regime's base, raised after straight losses and by strictness (the
 * regime's own unless a stricter or laxer one is configured), at most 1.
 */
export function confidenceFloor(
  regime: Regime,
  lossStreak: number,
  limits: Pick<RiskLimits, 'floorByLosses'>,
  strictness: Strictness = REGIME_RULES[regime].strictness,
): number {
  const raised = stepped(limits.floorByLosses, lossStreak, 0)
  return Math.min(1, roundConfidence(baseConfidenceFloor(regime) + raised + STRICTNESS_FLOOR[strictness]))
}

/** 1 for the same symbol; a pair that is not listed counts as correlated. */
export function correlationOf(first: string, second: string, limits: RiskLimits): number {
  if (first === second) return 1
  return (
    limits.correlations[`${first}|${second}`] ?? limits.correlations[`${second}|${first}`] ?? limits.unlistedCorrelation
  )
}

export const maxStopPct = (symbol: string, limits: RiskLimits): number =>
  Math.min(limits.maxStopPct, limits.maxStopPctBySymbol[symbol] ?? limits.maxStopPct)

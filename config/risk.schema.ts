/** `risk:` of risk.yaml: the risk engine's limits, breakers, cooldowns and correlations. */
import { z } from 'zod'
import { TIMEFRAMES } from '../src/domain/candle.ts'
import { parsePair } from '../src/domain/ids.ts'
import { type RiskLimits, type Step, DEFAULT_RISK_LIMITS as usual } from '../src/domain/risk-limits.ts'
import { flag, integer, listOf, number, oneOf, seconds, section, symbol } from './scalars.ts'

const percent = () => number({ above: 0, max: 100 })

/** Steps ascend by `at_least`; the highest one reached counts. */
const steps = (value: z.ZodType<number, string>, otherwise: readonly Step[]) =>
  listOf(section({ at_least: number({ min: 0 }), value }))
    .refine((given) => given.every((step, index) => index === 0 || step.atLeast > (given[index - 1]?.atLeast ?? 0)), {
      error: 'must ascend by at_least',
    })
    .default([...otherwise])

const limits = section({
  max_leverage: integer({ min: 1, max: 5 }).default(usual.maxLeverage),
  max_collateral_pct: percent().default(usual.maxCollateralPct),
  max_risk_pct: percent().default(usual.maxRiskPct),
  max_open_risk_pct: percent().default(usual.maxOpenRiskPct),
  max_exposure_pct: number({ above: 0, max: 500 }).default(usual.maxExposurePct),
  max_entry_distance_pct: percent().default(usual.maxEntryDistancePct),
  min_stop_pct: percent().default(usual.minStopPct),
  max_stop_pct: percent().default(usual.maxStopPct),
  max_stop_pct_by_symbol: z.record(symbol(), percent()).default({ ...usual.maxStopPctBySymbol }),
  min_reward_risk: number({ min: 0 }).default(usual.minRewardRisk),
  min_net_reward_risk: number({ min: 0 }).default(usual.minNetRewardRisk),
  require_take_profit: flag().default(usual.requireTakeProfit),
  max_margin_pct: percent().default(usual.maxMarginPct),
  mark_max_age_seconds: seconds().default(usual.markMaxAgeMs),
  disagreement: number({ min: 0, max: 1 }).default(usual.disagreement),
})
  .superRefine(({ minStopPct, maxStopPct }, context) => {
    if (minStopPct <= maxStopPct) return
    context.addIssue({ code: 'custom', path: ['min_stop_pct'], message: 'must not be above max_stop_pct' })
  })
  .prefault({})

const symbolPair = z.string().transform((given, context) => {
  const symbols = given.split('|').map((each) => parsePair(each))
  if (symbols.length === 2 && !symbols.includes(null)) return symbols.join('|')
  context.addIssue({ code: 'custom', message: 'must be two symbols, such as BTC/USDT|XRP/USDT' })
  return z.NEVER
})

const correlations = section({
  max_exposure_pct: percent().default(usual.maxCorrelatedPct),
  warning_share: number({ above: 0, max: 1 }).default(usual.correlationWarningShare),
  above: number({ min: 0, max: 1 }).default(usual.correlationThreshold),
  unlisted: number({ min: 0, max: 1 }).default(usual.unlistedCorrelation),
  pairs: z.record(symbolPair, number({ min: -1, max: 1 })).default({ ...usual.correlations }),
}).prefault({})

const byLosses = section({
  confidence_floor: steps(number({ min: 0, max: 1 }), usual.floorByLosses),
  size: steps(number({ above: 0, max: 1 }), usual.sizeByLosses),
  leverage: steps(integer({ min: 1, max: 5 }), usual.leverageByLosses),
  cooldown_minutes: steps(number({ min: 0 }), usual.cooldownMinutes.byLosses),
}).prefault({})

export const riskSchema = section({
  limits,
  correlations,
  by_losses: byLosses,
  leverage_by_drawdown: steps(integer({ min: 1, max: 5 }), usual.leverageByDrawdown),
  volatility_spike: section({
    timeframe: oneOf(TIMEFRAMES).default(usual.volatilitySpike.timeframe),
    atr_multiple: number({ min: 1 }).default(usual.volatilitySpike.atrMultiple),
    mean_periods: integer({ min: 1, max: 500 }).default(usual.volatilitySpike.meanPeriods),
    size: number({ above: 0, max: 1 }).default(usual.volatilitySpike.size),
    cooldown_minutes: number({ min: 0 }).default(usual.volatilitySpike.cooldownMinutes),
  }).prefault({}),
  fast_move: section({
    pct: percent().default(usual.fastMove.pct),
    minutes: integer({ min: 1, max: 60 }).default(usual.fastMove.minutes),
    cooldown_minutes: number({ min: 0 }).default(usual.fastMove.cooldownMinutes),
  }).prefault({}),
  breakers: section({
    daily_loss_pct: percent().default(usual.breakers.dailyLossPct),
    weekly_loss_pct: percent().default(usual.breakers.weeklyLossPct),
    drawdown_pct: percent().default(usual.breakers.drawdownPct),
    straight_losses: integer({ min: 1 }).default(usual.breakers.straightLosses),
  }).prefault({}),
  cooldown_minutes: section({
    after_trade: number({ min: 0 }).default(usual.cooldownMinutes.afterTrade),
    after_loss: number({ min: 0 }).default(usual.cooldownMinutes.afterLoss),
    after_rebalance: number({ min: 0 }).default(usual.cooldownMinutes.afterRebalance),
  }).prefault({}),
}).prefault({})

/** What the risk engine takes; slots, entries, margin and the slippage guard come from `execution:`. */
export function riskLimits(
  read: z.output<typeof riskSchema>,
  execution: Pick<RiskLimits, 'maxPositions' | 'maxPositionsPerSymbol' | 'entry' | 'margin' | 'slippageGuardPct'>,
): RiskLimits {
  const { correlations: correlated, byLosses: streak } = read
  return {
    ...read.limits,
    ...execution,
    maxCorrelatedPct: correlated.maxExposurePct,
    correlationWarningShare: correlated.warningShare,
    correlationThreshold: correlated.above,
    correlations: correlated.pairs,
    unlistedCorrelation: correlated.unlisted,
    floorByLosses: streak.confidenceFloor,
    sizeByLosses: streak.size,
    leverageByLosses: streak.leverage,
    leverageByDrawdown: read.leverageByDrawdown,
    volatilitySpike: read.volatilitySpike,
    fastMove: read.fastMove,
    breakers: read.breakers,
    cooldownMinutes: { ...read.cooldownMinutes, byLosses: streak.cooldownMinutes },
  }
}

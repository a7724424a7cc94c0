/** Facts of what was seen, proposed and judged. */
import type { BreakerName, RiskRecord } from '../breakers.ts'
import type { Pair, PositionId } from '../ids.ts'
import type { RiskCode, RiskWarning } from '../risk-verdict.ts'
import type { Topic } from '../topics.ts'
import type { Numeric } from '../units.ts'
import type { Proposal, RegimeView, SentimentView, TechnicalView } from '../views.ts'

export const SIGNAL_DROP_REASONS = [
  'HOLD',
  'PAUSED',
  'HALTED',
  'SYMBOL_HALTED',
  'RECONCILING',
  'EMERGENCY',
  'BUSY',
  'SHORT_UNAVAILABLE',
  'NOTHING_TO_CLOSE',
  'CONFIDENCE_TOO_LOW',
  'CONFLICT_WAIT',
  'STALE_INPUTS',
  'USED_FALLBACK',
  'NO_VERDICT',
  'TOO_LATE',
] as const
export type SignalDropReason = (typeof SIGNAL_DROP_REASONS)[number]

export interface DecisionFacts {
  'ta.analysed': { readonly symbol: Pair; readonly view: TechnicalView }
  'regime.detected': { readonly symbol: Pair; readonly view: RegimeView; readonly changedFrom: string | null }
  'sentiment.scored': { readonly symbol: Pair; readonly view: SentimentView }
  'decision.proposed': { readonly symbol: Pair; readonly proposal: Proposal }
  /** The coordinator let a proposal go, and why. */
  'signal.dropped': { readonly symbol: Pair; readonly proposalId: string; readonly reason: SignalDropReason }
  'signal.accepted': {
    readonly symbol: Pair
    readonly proposalId: string
    readonly confidence: number
    readonly multiplier: number
    readonly agreeing: number
    readonly present: number
  }
  'risk.approved': {
    readonly symbol: Pair
    readonly proposalId: string
    readonly positionId: PositionId
    readonly quantity: Numeric
    readonly leverage: number
    readonly warnings: readonly RiskWarning[]
    readonly riskPct: Numeric
    readonly exposurePct: Numeric
  }
  'risk.denied': {
    readonly symbol: Pair
    readonly proposalId: string
    readonly codes: readonly RiskCode[]
    readonly warnings: readonly RiskWarning[]
  }
  /** `until` null: stands until a person resets it. Milliseconds UTC. */
  'risk.breakerTripped': {
    readonly breaker: BreakerName
    readonly valuePct: Numeric
    readonly thresholdPct: Numeric
    readonly until: number | null
  }
  /** A person has seen that it tripped; `by` says who. */
  'risk.breakerAcknowledged': { readonly breaker: BreakerName; readonly by: string }
  /** It stands no longer: `by` is `time`, or who reset it. */
  'risk.breakerLifted': { readonly breaker: BreakerName; readonly by: string }
  /** A rest on a symbol that no trade of ours began. Milliseconds UTC. */
  'risk.cooldownBegan': {
    readonly symbol: Pair
    readonly cause: 'volatility_spike' | 'fast_move'
    readonly until: number
  }
  /** What openings, peak, streak, cooldowns and breakers have come to: told whenever any of it changed. */
  'risk.stateChanged': { readonly risk: RiskRecord }
}

export const DECISION_TOPICS = {
  'ta.analysed': 'TA_SIGNALS',
  'regime.detected': 'REGIME_UPDATES',
  'sentiment.scored': 'SENTIMENT_UPDATES',
  'decision.proposed': 'TRADING_SIGNALS',
  'signal.dropped': 'SYSTEM_EVENTS',
  'signal.accepted': 'SYSTEM_EVENTS',
  'risk.approved': 'RISK_ALERTS',
  'risk.denied': 'RISK_ALERTS',
  'risk.breakerTripped': 'RISK_ALERTS',
  'risk.breakerAcknowledged': 'RISK_ALERTS',
  'risk.breakerLifted': 'RISK_ALERTS',
  'risk.cooldownBegan': 'RISK_ALERTS',
  'risk.stateChanged': 'RISK_ALERTS',
} as const satisfies Readonly<Record<keyof DecisionFacts, Topic>>

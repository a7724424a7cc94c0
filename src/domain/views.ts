/** What the analysing agents think: typed opinions about one symbol at one moment. Scores are floats, prices are not. */
import type { Timeframe } from './candle.ts'
import type { Pair } from './ids.ts'
import type { Numeric } from './units.ts'

export const REGIMES = [
  'trending_bull',
  'trending_bear',
  'ranging',
  'volatile_bull',
  'volatile_bear',
  'choppy',
  'breakout_potential',
  'unknown',
] as const
export type Regime = (typeof REGIMES)[number]
export type Strictness = 'relaxed' | 'normal' | 'strict' | 'very_strict'
export type Bias = 'long' | 'short' | 'neutral'
export type AgentName =
  | 'technical_analysis'
  | 'regime_detection'
  | 'sentiment_analysis'
  | 'trading_decision'
  | 'portfolio_rebalance'

/** What every agent's output carries. */
export interface AgentOutput {
  readonly agent: AgentName
  readonly symbol: Pair
  readonly timestamp: number
  /** 0–1. */
  readonly confidence: number
  readonly reasoning: string
  /** The model that answered; `rules` without one. */
  readonly model: string
  readonly tokens: number
  readonly costUsd: number
  readonly latencyMs: number
  readonly promptHash: string | null
  readonly snapshotHash: string
  /** True when a configured model failed and the rules stood in. */
  readonly usedFallback: boolean
}

export interface TechnicalView extends AgentOutput {
  readonly agent: 'technical_analysis'
  readonly bias: Bias
  readonly trend: {
    readonly direction: 'bullish' | 'bearish' | 'neutral'
    readonly strength: number
    /** −1…1 per timeframe that could be computed. */
    readonly alignment: Readonly<Partial<Record<Timeframe, number>>>
  }
  readonly momentum: {
    readonly score: number
    readonly rsiSignal: 'overbought' | 'oversold' | 'neutral' | null
    readonly macdSignal: 'bullish' | 'bearish' | 'neutral' | null
  }
  readonly levels: {
    readonly resistance: Numeric | null
    readonly support: Numeric | null
    readonly position: number | null
  }
  readonly signals: {
    readonly primary: string
    readonly secondary: readonly string[]
    readonly warnings: readonly string[]
  }
}

export interface RegimeView extends AgentOutput {
  readonly agent: 'regime_detection'
  readonly regime: Regime
  readonly volatility: 'low' | 'normal' | 'high' | 'extreme' | null
  readonly trendStrength: number
  readonly volumeProfile: 'decreasing' | 'stable' | 'increasing' | 'spike' | null
  readonly choppiness: number | null
  readonly adx: number | null
  /** When this regime began, and for how many detections it has held. */
  readonly startedAt: number
  readonly periods: number
  readonly transitionProbabilities: Readonly<Partial<Record<Regime, number>>>
  readonly sizeMultiplier: number
  readonly stopMultiplier: number
  readonly targetMultiplier: number
  readonly strictness: Strictness
}

export interface SentimentView extends AgentOutput {
  readonly agent: 'sentiment_analysis'
  /** −1…1. */
  readonly score: number
  readonly label: 'very_bullish' | 'bullish' | 'neutral' | 'bearish' | 'very_bearish'
}

export type TradeAction = 'BUY' | 'SELL' | 'HOLD' | 'CLOSE_LONG' | 'CLOSE_SHORT'

/** A trading decision before anyone has judged it. */
export interface Proposal extends AgentOutput {
  readonly agent: 'trading_decision'
  readonly proposalId: string
  readonly action: TradeAction
  readonly entryPrice: Numeric | null
  readonly stopLoss: Numeric | null
  readonly takeProfit: Numeric | null
  /** Collateral wanted, as a share of equity in per cent. */
  readonly sizePct: number
  readonly leverage: number
}

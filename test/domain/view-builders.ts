/** Views with a say, to be bent one field at a time. */
import { pair } from '../../src/domain/ids.ts'
import type { RegimeView, SentimentView, TechnicalView } from '../../src/domain/views.ts'

export const AT = 1_800_000_000_000
const output = {
  symbol: pair('BTC/USDT'),
  timestamp: AT,
  confidence: 0.8,
  reasoning: '',
  model: 'rules',
  tokens: 0,
  costUsd: 0,
  latencyMs: 0,
  promptHash: null,
  snapshotHash: 'h',
  usedFallback: false,
}

export const technical = (over: Partial<TechnicalView> = {}): TechnicalView => ({
  ...output,
  agent: 'technical_analysis',
  bias: 'long',
  trend: { direction: 'bullish', strength: 0.5, alignment: {} },
  momentum: { score: 0.5, rsiSignal: null, macdSignal: null },
  levels: { resistance: null, support: null, position: null },
  signals: { primary: '', secondary: [], warnings: [] },
  ...over,
})

export const regime = (over: Partial<RegimeView> = {}): RegimeView => ({
  ...output,
  agent: 'regime_detection',
  regime: 'trending_bull',
  volatility: 'normal',
  trendStrength: 0.5,
  volumeProfile: 'stable',
  choppiness: 40,
  adx: 30,
  startedAt: AT,
  periods: 3,
  transitionProbabilities: {},
  sizeMultiplier: 1,
  stopMultiplier: 1.2,
  targetMultiplier: 2,
  strictness: 'normal',
  ...over,
})

export const sentiment = (over: Partial<SentimentView> = {}): SentimentView => ({
  ...output,
  agent: 'sentiment_analysis',
  score: 0.5,
  label: 'bullish',
  ...over,
})

/** What a view cannot know by itself: the moment, and where it stands in the trail of evidence. */

import type { Pair } from '../../domain/ids.ts'
import type { AgentName, AgentOutput } from '../../domain/views.ts'

export interface ViewStamp {
  readonly symbol: Pair
  /** Milliseconds UTC. */
  readonly timestamp: number
  readonly snapshotHash: string
  readonly latencyMs: number
  /** `rules`: no model is configured. `fallback`: a configured one failed, and the rules stand in with low confidence. */
  readonly mode: 'rules' | 'fallback'
}

/** The agent's share of a view that rules made. */
export const rulesOutput = <A extends AgentName>(
  agent: A,
  stamp: ViewStamp,
  confidence: number,
  reasoning: string,
): AgentOutput & { readonly agent: A } => ({
  agent,
  symbol: stamp.symbol,
  timestamp: stamp.timestamp,
  confidence,
  reasoning,
  model: 'rules',
  tokens: 0,
  costUsd: 0,
  latencyMs: stamp.latencyMs,
  promptHash: null,
  snapshotHash: stamp.snapshotHash,
  usedFallback: stamp.mode === 'fallback',
})

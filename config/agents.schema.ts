/** `agents:` of agents.yaml: the figures of the rule-based agents. */

import { DEFAULT_DECISION, DEFAULT_REGIME_CHANGE } from '../src/domain/agent-rules.ts'
import { integer, number, section } from './scalars.ts'

export const agentsSchema = section({
  regime_detection: section({
    change_detections: integer({ min: 1 }).default(DEFAULT_REGIME_CHANGE.detections),
    change_confidence: number({ min: 0, max: 1 }).default(DEFAULT_REGIME_CHANGE.confidence),
  }).prefault({}),
  trading_decision: section({
    stop_atr: number({ above: 0 }).default(DEFAULT_DECISION.stopAtr),
    least_target: number({ above: 0 }).default(DEFAULT_DECISION.leastTarget),
    size_pct: number({ above: 0, max: 100 }).default(DEFAULT_DECISION.sizePct),
  }).prefault({}),
}).prefault({})

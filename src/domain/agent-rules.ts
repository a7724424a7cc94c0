/** Figures of the rule-based agents that configuration may change. */

/** What a change of regime needs. */
export interface RegimeChangeRules {
  /** Detections of the new one in a row. */
  readonly detections: number
  /** Least confidence of each. */
  readonly confidence: number
}
export const DEFAULT_REGIME_CHANGE: RegimeChangeRules = { detections: 2, confidence: 0.7 }

export interface DecisionRules {
  /** Stop distance in ATR(14, 1h), before the regime's multiplier. */
  readonly stopAtr: number
  /** Least target distance, in stop distances. */
  readonly leastTarget: number
  /** Collateral wanted, per cent of equity; the risk engine makes it smaller by regime, losses and limits. */
  readonly sizePct: number
}
export const DEFAULT_DECISION: DecisionRules = { stopAtr: 2, leastTarget: 2, sizePct: 10 }

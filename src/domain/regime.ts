/** The regime table: what each class allows. Figures are the owner's; strictness adds to the confidence floor. */
import type { Regime, Strictness } from './views.ts'

export interface RegimeRules {
  readonly sizeMultiplier: number
  readonly stopMultiplier: number
  readonly targetMultiplier: number
  readonly strictness: Strictness
  readonly maxLeverage: number
  /** Base of the confidence floor. */
  readonly confidenceFloor: number
}

const rules = (
  sizeMultiplier: number,
  stopMultiplier: number,
  targetMultiplier: number,
  strictness: Strictness,
  maxLeverage: number,
  confidenceFloor: number,
): RegimeRules => ({ sizeMultiplier, stopMultiplier, targetMultiplier, strictness, maxLeverage, confidenceFloor })

export const REGIME_RULES: Readonly<Record<Regime, RegimeRules>> = {
  trending_bull: rules(1, 1.2, 2, 'normal', 5, 0.55),
  trending_bear: rules(1, 1.2, 2, 'normal', 3, 0.55),
  ranging: rules(0.75, 0.8, 1.5, 'strict', 2, 0.6),
  volatile_bull: rules(0.5, 1.5, 2.5, 'strict', 2, 0.65),
  volatile_bear: rules(0.5, 1.5, 2.5, 'strict', 2, 0.65),
  choppy: rules(0.25, 1, 1, 'very_strict', 1, 0.75),
  breakout_potential: rules(0.75, 1, 3, 'strict', 3, 0.6),
  unknown: rules(0.25, 1, 1, 'very_strict', 1, 0.7),
}

export const STRICTNESS_FLOOR: Readonly<Record<Strictness, number>> = {
  relaxed: -0.05,
  normal: 0,
  strict: 0.05,
  very_strict: 0.1,
}

export const FAVOURS_BUY: readonly Regime[] = ['trending_bull', 'volatile_bull', 'breakout_potential']
export const FAVOURS_SELL: readonly Regime[] = ['trending_bear', 'volatile_bear', 'breakout_potential']

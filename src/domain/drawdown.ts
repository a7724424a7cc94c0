/** The fall from the highest equity so far. */
import { type Amount, amount, maxOf, type Numeric, text, ZERO, ZERO_TEXT } from './units.ts'

/** Plain JSON. Percentages of the peak, positive. */
export interface Drawdown {
  readonly peak: Numeric
  readonly equity: Numeric
  readonly drawdownPct: Numeric
  readonly maxDrawdownPct: Numeric
}

export const NO_DRAWDOWN: Drawdown = {
  peak: ZERO_TEXT,
  equity: ZERO_TEXT,
  drawdownPct: ZERO_TEXT,
  maxDrawdownPct: ZERO_TEXT,
}

/** The drawdown after one more mark of equity. Percentages to six decimals; none below a peak of zero. */
export function afterEquity(state: Drawdown, equity: Numeric): Drawdown {
  const now = amount(equity)
  const peak = maxOf(amount(state.peak), now)
  const fall = peak.gt(0) ? peak.minus(now).times(100).div(peak).toDecimalPlaces(6) : ZERO
  return {
    peak: text(peak),
    equity: text(now),
    drawdownPct: text(fall),
    maxDrawdownPct: text(maxOf(fall, amount(state.maxDrawdownPct))),
  }
}

/** The drawdown after a deposit (above zero) or withdrawal: peak and equity move in one proportion; it is no fall. USD. */
export function afterFlow(state: Drawdown, value: Amount): Drawdown {
  const before = amount(state.equity)
  const after = before.plus(value)
  if (value.isZero() || before.lte(0) || after.lte(0)) return state
  return { ...state, peak: text(amount(state.peak).times(after).div(before)), equity: text(after) }
}

/** The largest fall from a peak over marks in order of time, per cent. */
export function maxDrawdownPct(equities: Iterable<Numeric>): Numeric {
  let state = NO_DRAWDOWN
  for (const equity of equities) state = afterEquity(state, equity)
  return state.maxDrawdownPct
}

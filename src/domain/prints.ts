/** How a closed minute candle is played back as trade prints: the path that replays and the paper venue agree on. */
import { type Candle, TIMEFRAME_MS } from './candle.ts'
import { amount, type Numeric, text } from './units.ts'

/** One synthetic trade. `at` is milliseconds UTC, `quantity` base units. */
export interface Print {
  readonly at: number
  readonly price: Numeric
  readonly quantity: Numeric
}

/** Which extreme comes first. Low first is the pessimist's path while long or flat, high first while short. */
export type PrintPath = 'low-first' | 'high-first'

/**
 * Four prints at 0, ¼, ½ and ¾ of the bar (0, 15, 30, 45 s of a minute): open, the two extremes, close, each with a
 * quarter of the bar's volume (exact: a division by four always ends).
 * @throws NotANumberError when the volume is no number.
 */
export function printsOf(candle: Candle, path: PrintPath): readonly Print[] {
  const step = TIMEFRAME_MS[candle.timeframe] / 4
  const quantity = text(amount(candle.volume).div(4))
  const { openAt, open, low, high, close } = candle
  const [first, second] = path === 'low-first' ? [low, high] : [high, low]
  return [
    { at: openAt, price: open, quantity },
    { at: openAt + step, price: first, quantity },
    { at: openAt + 2 * step, price: second, quantity },
    { at: openAt + 3 * step, price: close, quantity },
  ]
}

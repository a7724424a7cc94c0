/** Candles and time frames. */
import type { Pair } from './ids.ts'
import type { Numeric } from './units.ts'

export const TIMEFRAMES = ['1m', '5m', '15m', '30m', '1h', '4h', '12h', '1d', '1w'] as const
export type Timeframe = (typeof TIMEFRAMES)[number]

const MINUTE_MS = 60_000
export const TIMEFRAME_MS: Readonly<Record<Timeframe, number>> = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  '4h': 240 * MINUTE_MS,
  '12h': 720 * MINUTE_MS,
  '1d': 1440 * MINUTE_MS,
  '1w': 10_080 * MINUTE_MS,
}

/** One closed bar. `openAt` is the bar's opening time in milliseconds UTC; weeks begin on Monday. */
export interface Candle {
  readonly symbol: Pair
  readonly timeframe: Timeframe
  readonly openAt: number
  readonly open: Numeric
  readonly high: Numeric
  readonly low: Numeric
  readonly close: Numeric
  /** Base units. */
  readonly volume: Numeric
}

/** Candles made up for tests. */
import { type Candle, TIMEFRAME_MS, type Timeframe } from '../../src/domain/candle.ts'
import { type Pair, pair } from '../../src/domain/ids.ts'

export const BTC: Pair = pair('BTC/USDT')
/** A Monday, 00:00 UTC. */
export const MONDAY = Date.UTC(2025, 0, 6)
export const MINUTE = TIMEFRAME_MS['1m']
export const HOUR = TIMEFRAME_MS['1h']
export const DAY = TIMEFRAME_MS['1d']

export const candle = (openAt: number, changes: Partial<Candle> = {}): Candle => ({
  symbol: BTC,
  timeframe: '1m',
  openAt,
  open: '100',
  high: '101',
  low: '99',
  close: '100',
  volume: '1',
  ...changes,
})

/** `count` candles in a row, flat but for what `at` changes. */
export const candles = (
  count: number,
  timeframe: Timeframe = '1m',
  from = MONDAY,
  change: (index: number) => Partial<Candle> = () => ({}),
): Candle[] =>
  Array.from({ length: count }, (_, index) =>
    candle(from + index * TIMEFRAME_MS[timeframe], { timeframe, ...change(index) }),
  )

/** Candles that follow a path of closes; each opens where the last closed. */
export const path = (closes: readonly number[], timeframe: Timeframe = '1h', from = MONDAY): Candle[] =>
  candles(closes.length, timeframe, from, (index) => {
    const close = closes[index] ?? 0
    const open = closes[index - 1] ?? close
    const high = Math.max(open, close) * 1.001
    const low = Math.min(open, close) * 0.999
    return { open: open.toFixed(4), high: high.toFixed(4), low: low.toFixed(4), close: close.toFixed(4) }
  })

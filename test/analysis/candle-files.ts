/** Candles of the market data as domain candles and bars. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Bar } from '../../src/analysis/bar.ts'
import type { Candle, Timeframe } from '../../src/domain/candle.ts'
import type { Pair } from '../../src/domain/ids.ts'

function rowsOf(path: string): string[][] {
  const raw = readFileSync(path)
  const content = (path.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8')
  return content
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(','))
}

/** A file of `time or index,open,high,low,close,volume`; bars are put one minute apart. */
export const barsOfCsv = (path: string): Bar[] =>
  rowsOf(path).map(([, open, high, low, close, volume], at) => ({
    openAt: at * 60_000,
    open: Number(open),
    high: Number(high),
    low: Number(low),
    close: Number(close),
    volume: Number(volume),
  }))

export const candlesOfCsv = (path: string, symbol: Pair, timeframe: Timeframe): Candle[] =>
  rowsOf(path).map(([openAt = '', open = '', high = '', low = '', close = '', volume = '']) => ({
    symbol,
    timeframe,
    openAt: Number(openAt),
    open,
    high,
    low,
    close,
    volume,
  }))

/** Snapshots made up for the tests of views. */
import { type IndicatorReading, IndicatorSet } from '../../src/analysis/indicator-set.ts'
import type { Snapshot, SnapshotTimeframe, TimeframeReading } from '../../src/analysis/snapshot.ts'
import { gatherSnapshot } from '../../src/analysis/snapshot.ts'
import type { ViewStamp } from '../../src/analysis/views/stamp.ts'
import { type Candle, TIMEFRAME_MS } from '../../src/domain/candle.ts'
import { BTC, candle, DAY, MONDAY } from './candles.ts'

export const NOW = MONDAY + 30 * DAY

export const STAMP: ViewStamp = { symbol: BTC, timestamp: NOW, snapshotHash: 'hash', latencyMs: 0, mode: 'rules' }
export const FALLBACK: ViewStamp = { ...STAMP, mode: 'fallback' }

/** A time frame whose last candle closed just now. */
export function reading(
  timeframe: SnapshotTimeframe,
  indicators: Partial<IndicatorReading> = {},
  changes: Partial<Candle> = {},
): TimeframeReading {
  const last = candle(NOW - TIMEFRAME_MS[timeframe], { timeframe, ...changes })
  return {
    timeframe,
    last,
    close: Number(last.close),
    indicators: { ...new IndicatorSet().read(), ...indicators },
    candles: [last],
    range: timeframe === '1h' ? { highest: '110', lowest: '90' } : null,
  }
}

/** All six time frames there; `directions` says how many of them point up and down (the rest are level). */
export function snapshot(
  primary: Partial<IndicatorReading>,
  directions: { readonly up?: number; readonly down?: number } = {},
  last = '100',
): Snapshot {
  const { up = 0, down = 0 } = directions
  const trend = (index: number): Partial<IndicatorReading> => {
    if (index < up) return { ema_9: 2, ema_21: 1 }
    return index < up + down ? { ema_9: 1, ema_21: 2 } : { ema_9: 1, ema_21: 1 }
  }
  const wide = { open: last, high: last, low: last, close: last }
  const result = gatherSnapshot({
    symbol: BTC,
    now: NOW,
    expected: ['1m', '5m', '15m', '1h', '4h', '1d'],
    slackMs: 0,
    book: 'none',
    readings: {
      '1m': reading('1m', trend(0), wide),
      '5m': reading('5m', trend(1), wide),
      '15m': reading('15m', trend(2), wide),
      '1h': reading('1h', { ...trend(3), ...primary }, wide),
      '4h': reading('4h', trend(4), wide),
      '1d': reading('1d', trend(5), wide),
    },
  })
  if (result.kind === 'refused') throw new Error('the made-up snapshot was refused')
  return result.snapshot
}

export const macd = (histogram: number): IndicatorReading['macd'] => ({ line: histogram, signal: 0, histogram })

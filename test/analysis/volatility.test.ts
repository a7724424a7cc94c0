import { describe, expect, it } from 'vitest'
import { barOf } from '../../src/analysis/bar.ts'
import { MarketState } from '../../src/analysis/market-state.ts'
import { FastMove, VolatilitySpike } from '../../src/analysis/volatility.ts'
import type { Candle } from '../../src/domain/candle.ts'
import { DEFAULT_RISK_LIMITS } from '../../src/domain/risk-limits.ts'
import { BTC, candle, candles, HOUR, MINUTE, MONDAY } from './candles.ts'

/** A bar from `low` to `high`, so many minutes after the first. */
const bar = (minute: number, low: string, high: string) =>
  barOf(candle(MONDAY + minute * MINUTE, { low, high, open: low, close: high }))
const moves = (...bars: readonly ReturnType<typeof bar>[]): readonly boolean[] => {
  const move = new FastMove(3, 5)
  return bars.map((one) => {
    move.push(one)
    return move.isOn
  })
}

describe('a fast move', () => {
  it('is more than 3 % up: exactly 3 % is none', () => {
    expect(moves(bar(0, '100', '100'), bar(1, '100', '102.999'))).toEqual([false, false])
    expect(moves(bar(0, '100', '100'), bar(1, '100', '103'))).toEqual([false, false])
    expect(moves(bar(0, '100', '100'), bar(1, '100', '103.001'))).toEqual([false, true])
  })

  it('is more than 3 % down, of the price that it fell from', () => {
    expect(moves(bar(0, '100', '100'), bar(1, '97.001', '98'))).toEqual([false, false])
    expect(moves(bar(0, '100', '100'), bar(1, '97', '98'))).toEqual([false, false])
    expect(moves(bar(0, '100', '100'), bar(1, '96.999', '98'))).toEqual([false, true])
  })

  it('may be within one minute, or creep through five; the sixth minute is out of it', () => {
    expect(moves(bar(0, '96.9', '100'))).toEqual([true])
    expect(moves(bar(0, '100', '100'), bar(4, '103.1', '103.1'))).toEqual([false, true])
    expect(moves(bar(0, '100', '100'), bar(5, '103.1', '103.1'))).toEqual([false, false])
  })

  it('ends when its minutes are over', () => {
    const calm = [5, 6].map((minute) => bar(minute, '104', '104'))
    expect(moves(bar(0, '100', '100'), bar(1, '104', '104'), bar(4, '104', '104'), ...calm)).toEqual([
      ...[false, true, true],
      ...[false, false],
    ])
  })
})

describe('a spike of volatility', () => {
  /** The ATRs in turn; when the spike that stands after each of them began. */
  const since = (...atrs: readonly number[]): readonly (number | null)[] => {
    const spike = new VolatilitySpike(3, 4)
    return atrs.map((atr, index) => {
      spike.push(atr, index)
      return spike.since
    })
  }

  it('is an ATR above three times its mean: exactly three times is none', () => {
    // 9 of (1 + 1 + 1 + 9) ÷ 4 = 3: three times exactly.
    expect(since(1, 1, 1, 9)).toEqual([null, null, null, null])
    expect(since(1, 1, 1, 8.99)).toEqual([null, null, null, null])
    expect(since(1, 1, 1, 9.01)).toEqual([null, null, null, 3])
  })

  it('lasts from its first bar until the ATR is no longer so far above', () => {
    expect(since(1, 1, 1, 20, 100, 100, 1, 1, 1, 1, 30)).toEqual([
      ...[null, null, null, 3, 3, null, null],
      ...[null, null, null, 10],
    ])
  })

  it('is none while ATR or mean are warming up', () => {
    expect(since(Number.NaN, 1, 1, 50)).toEqual([null, null, null, null])
  })
})

describe('the market of one symbol', () => {
  const shock = { high: '9000', low: '10', close: '100' }
  const hours = (count: number, change: (index: number) => Partial<Candle> = () => ({})) =>
    candles(count, '1h', MONDAY, change)

  it('measures the spike by the hours of its history, and a live hour may begin one', () => {
    const market = new MarketState({ symbol: BTC })
    market.warmUp(hours(40))
    expect(market.volatility()).toEqual({ spikeSince: null, hasMovedFast: false })
    const loud = new MarketState({ symbol: BTC })
    loud.warmUp(hours(41, (index) => (index === 40 ? shock : {})))
    expect(loud.volatility().spikeSince).toBe(MONDAY + 41 * HOUR)
    for (const [minute, change] of candles(60, '1m', MONDAY + 40 * HOUR).entries())
      market.add(minute === 7 ? { ...change, ...shock } : change)
    expect(market.volatility().spikeSince).toBe(MONDAY + 41 * HOUR)
  })

  it('measures fast moves by the minutes of the feed, never by the longer bars of history', () => {
    const market = new MarketState({ symbol: BTC })
    market.warmUp([...hours(3, () => shock), ...candles(36, '5m', MONDAY, () => shock)])
    expect(market.volatility().hasMovedFast).toBe(false)
    market.add(candle(MONDAY + 3 * HOUR, { high: '104' }))
    expect(market.volatility().hasMovedFast).toBe(true)
  })

  it('goes by the figures that it is given', () => {
    const { volatilitySpike } = DEFAULT_RISK_LIMITS
    const volatility = { volatilitySpike, fastMove: { pct: 10, minutes: 5, cooldownMinutes: 10 } }
    const market = new MarketState({ symbol: BTC, volatility })
    market.add(candle(MONDAY, { high: '104' }))
    expect(market.volatility().hasMovedFast).toBe(false)
  })

  it('a feed of hours says nothing of five minutes', () => {
    const market = new MarketState({ symbol: BTC, base: '1h' })
    market.add(candle(MONDAY, { timeframe: '1h', ...shock }))
    expect(market.volatility().hasMovedFast).toBe(false)
  })
})

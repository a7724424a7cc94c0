import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { barOf } from '../../src/analysis/bar.ts'
import { type IndicatorReading, IndicatorSet } from '../../src/analysis/indicator-set.ts'
import { Bollinger } from '../../src/analysis/indicators/bollinger.ts'
import { Choppiness } from '../../src/analysis/indicators/choppiness.ts'
import { Ema, Sma } from '../../src/analysis/indicators/moving-average.ts'
import { Rsi } from '../../src/analysis/indicators/rsi.ts'
import { StochasticRsi } from '../../src/analysis/indicators/stochastic-rsi.ts'
import { Supertrend } from '../../src/analysis/indicators/supertrend.ts'
import { Vwap } from '../../src/analysis/indicators/vwap.ts'
import { candle, candles, DAY, HOUR, MONDAY, path } from './candles.ts'

const wave = (index: number): number => 100 + 10 * Math.sin(index / 7) + 3 * Math.sin(index / 2.3)
const readings = (count: number): IndicatorReading[] => {
  const set = new IndicatorSet()
  return path(Array.from({ length: count }, (_, index) => wave(index))).map((one) => {
    set.update(one)
    return set.read()
  })
}

/** First value at this index, counted from 0. */
const FIRST: readonly (readonly [string, (reading: IndicatorReading) => unknown, number])[] = [
  ['ema_9', (reading) => reading.ema_9, 8],
  ['ema_21', (reading) => reading.ema_21, 20],
  ['ema_50', (reading) => reading.ema_50, 49],
  ['ema_200', (reading) => reading.ema_200, 199],
  ['sma_20', (reading) => reading.sma_20, 19],
  ['sma_50', (reading) => reading.sma_50, 49],
  ['sma_200', (reading) => reading.sma_200, 199],
  ['rsi_14', (reading) => reading.rsi_14, 14],
  ['macd line', (reading) => reading.macd, 25],
  ['macd signal', (reading) => reading.macd?.signal ?? null, 33],
  ['macd histogram', (reading) => reading.macd?.histogram ?? null, 33],
  ['atr_14', (reading) => reading.atr_14, 14],
  ['adx_14', (reading) => reading.adx_14, 27],
  ['bollinger_bands', (reading) => reading.bollinger_bands, 19],
  ['keltner', (reading) => reading.keltner, 19],
  ['squeeze_detected', (reading) => reading.squeeze_detected, 19],
  ['obv', (reading) => reading.obv, 0],
  ['vwap', (reading) => reading.vwap, 0],
  ['choppiness_14', (reading) => reading.choppiness_14, 14],
  ['supertrend', (reading) => reading.supertrend, 10],
  ['stochastic_rsi k', (reading) => reading.stochastic_rsi, 29],
  ['stochastic_rsi d', (reading) => reading.stochastic_rsi?.d ?? null, 31],
  ['roc_10', (reading) => reading.roc_10, 10],
  ['volume_sma_20', (reading) => reading.volume_sma_20, 19],
  ['volume_vs_avg', (reading) => reading.volume_vs_avg, 19],
]

describe('the indicator set', () => {
  it.each(FIRST)('%s has its first value after its warm-up and one on every bar from there', (_, pick, first) => {
    const values = readings(230).map(pick)
    expect(values.findIndex((value) => value !== null)).toBe(first)
    expect(values.slice(first).every((value) => value !== null)).toBe(true)
  })

  it('reads exactly the keys of the specification, in its order', () => {
    expect(Object.keys(new IndicatorSet().read()).join(' ')).toBe(
      'ema_9 ema_21 ema_50 ema_200 sma_20 sma_50 sma_200 rsi_14 macd atr_14 adx_14 bollinger_bands keltner ' +
        'squeeze_detected obv vwap choppiness_14 supertrend stochastic_rsi roc_10 volume_sma_20 volume_vs_avg',
    )
    expect(Object.values(new IndicatorSet().read()).every((value) => value === null)).toBe(true)
  })

  it('agrees with each indicator on its own', () => {
    const set = new IndicatorSet()
    const [ema, rsi, bands, choppiness] = [new Ema(21), new Rsi(), new Bollinger(), new Choppiness()]
    const stochastic = new StochasticRsi()
    for (const one of path(Array.from({ length: 100 }, (_, index) => wave(index)))) {
      set.update(one)
      const bar = barOf(one)
      const read = set.read()
      expect(read.ema_21).toBe(ema.update(bar.close))
      expect(read.rsi_14).toBe(rsi.update(bar.close))
      expect(read.bollinger_bands).toEqual(bands.update(bar.close))
      expect(read.choppiness_14).toBe(choppiness.update(bar))
      expect(read.stochastic_rsi).toEqual(stochastic.update(bar.close))
    }
  })

  it('gives the same object until the next candle, and another one after it', () => {
    const set = new IndicatorSet()
    set.update(candle(MONDAY))
    const before = set.read()
    expect(set.read()).toBe(before)
    set.update(candle(MONDAY + HOUR))
    expect(set.read()).not.toBe(before)
  })

  it('calls a market that never moves flat, never NaN', () => {
    const set = new IndicatorSet()
    for (const one of candles(250, '1h', MONDAY, () => ({ open: '100', high: '100', low: '100', volume: '0' })))
      set.update(one)
    expect(set.read()).toMatchObject({
      rsi_14: 100,
      adx_14: 0,
      atr_14: 0,
      bollinger_bands: { lower: 100, middle: 100, upper: 100, width: 0, position: 0.5 },
      squeeze_detected: false,
      choppiness_14: null,
      stochastic_rsi: { k: 50, d: 50 },
      vwap: null,
      volume_vs_avg: null,
      supertrend: { direction: -1 },
    })
  })
})

describe('incremental averages', () => {
  const series = fc.array(fc.double({ min: 1e-8, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 })

  it('of the last values equal the batch over those values', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 50 }), (values, period) => {
        const sma = new Sma(period)
        const bands = new Bollinger(period)
        for (const [index, value] of values.entries()) {
          const got = sma.update(value)
          const read = bands.update(value)
          const window = values.slice(Math.max(0, index + 1 - period), index + 1)
          if (window.length < period) {
            expect([got, read]).toEqual([null, null])
            continue
          }
          const scale = Math.max(...window, ...values.slice(0, index + 1))
          const mean = window.reduce((sum, one) => sum + one, 0) / period
          const sigma = Math.sqrt(window.reduce((sum, one) => sum + (one - mean) ** 2, 0) / period)
          expect(Math.abs((got ?? Number.NaN) - mean)).toBeLessThanOrEqual(1e-12 * scale)
          expect(Math.abs((read?.upper ?? Number.NaN) - (mean + 2 * sigma))).toBeLessThanOrEqual(1e-12 * scale)
        }
      }),
      { seed: 3, numRuns: 100 },
    )
  })

  it('of a million values drift no further than of one window', () => {
    const sma = new Sma(200)
    const tail: number[] = []
    for (let index = 0; index < 1_000_037; index++) {
      const value = index < 500_000 ? 1e9 + wave(index) : wave(index)
      sma.push(value)
      if (index >= 1_000_037 - 200) tail.push(value)
    }
    expect(sma.value).toBeCloseTo(tail.reduce((sum, value) => sum + value, 0) / 200, 10)
  })
})

describe('VWAP', () => {
  it('starts anew with every UTC day', () => {
    const vwap = new Vwap()
    const bar = (openAt: number, close: number, volume: number) =>
      vwap.update({ openAt, open: close, high: close, low: close, close, volume })
    expect(bar(MONDAY + DAY - HOUR, 100, 1)).toBe(100)
    expect(bar(MONDAY + DAY - 1000, 200, 3)).toBe(175)
    expect(bar(MONDAY + DAY, 300, 1)).toBe(300)
  })
})

describe('Supertrend', () => {
  it.each([
    [100.5, 1, 94],
    [100, -1, 106],
    [99.5, -1, 106],
  ])('starts from hl2 at its first ATR: a close of %d against 100 is %d', (close, direction, value) => {
    const trend = new Supertrend(10, 3)
    const bars = Array.from({ length: 11 }, (_, at) => ({
      openAt: at,
      open: 100,
      high: 101,
      low: 99,
      close,
      volume: 1,
    }))
    expect(bars.map((bar) => trend.update(bar)).filter((read) => read !== null)).toEqual([{ value, direction }])
  })
})

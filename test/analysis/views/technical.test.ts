import { describe, expect, it } from 'vitest'
import { technicalView } from '../../../src/analysis/views/technical.ts'
import { FALLBACK, macd, STAMP, snapshot } from '../snapshots.ts'

describe('technical analysis by rule', () => {
  it.each([
    ['long', 60.01, 0.1, 'long'],
    ['neutral at exactly 60', 60, 0.1, 'neutral'],
    ['neutral when the histogram is not positive', 75, 0, 'neutral'],
    ['short', 39.99, -0.1, 'short'],
    ['neutral at exactly 40', 40, -0.1, 'neutral'],
    ['neutral when the histogram is not negative', 20, 0, 'neutral'],
    ['neutral when RSI and histogram disagree', 65, -1, 'neutral'],
  ])('is %s', (_, rsi, histogram, bias) => {
    expect(technicalView(snapshot({ rsi_14: rsi, macd: macd(histogram), atr_14: 2 }), STAMP).bias).toBe(bias)
  })

  it.each([
    // (65 − 50) ÷ 20 = .75, .5 ÷ (.5 × 2) = .5
    [65, 0.5, 0.625],
    [30, -1, -1],
    [90, 5, 1],
    [50, 0, 0],
    [60, -1, -0.25],
  ])('scores RSI %d with histogram %d as %d, and its confidence is .40 + .50·|score|', (rsi, histogram, score) => {
    const view = technicalView(snapshot({ rsi_14: rsi, macd: macd(histogram), atr_14: 2 }), STAMP)
    expect(view.momentum.score).toBeCloseTo(score, 12)
    expect(view.confidence).toBeCloseTo(0.4 + 0.5 * Math.abs(score), 9)
    expect(view).toMatchObject({ model: 'rules', usedFallback: false, tokens: 0, costUsd: 0, promptHash: null })
  })

  it('carries .25 as a fallback', () => {
    const view = technicalView(snapshot({ rsi_14: 65, macd: macd(1), atr_14: 2 }), FALLBACK)
    expect(view).toMatchObject({ bias: 'long', confidence: 0.25, usedFallback: true })
  })

  it.each([
    ['no snapshot', null],
    ['no RSI', snapshot({ macd: macd(1) })],
    ['no histogram', snapshot({ rsi_14: 70, macd: { line: 1, signal: null, histogram: null } })],
  ])('is neutral with 0 for %s', (_, given) => {
    expect(technicalView(given, STAMP)).toMatchObject({ bias: 'neutral', confidence: 0, momentum: { score: 0 } })
  })

  it('describes trend, levels and signals', () => {
    const view = technicalView(
      snapshot(
        {
          rsi_14: 72,
          macd: macd(1),
          atr_14: 2,
          adx_14: 30,
          supertrend: { value: 95, direction: 1 },
          squeeze_detected: true,
          volume_vs_avg: 3,
          ema_200: 90,
        },
        { up: 1, down: 4 },
        '105',
      ),
      STAMP,
    )
    expect(view.trend).toMatchObject({ direction: 'bearish', strength: 0.6, alignment: { '1m': 1, '5m': -1, '1d': 0 } })
    expect(view.momentum).toMatchObject({ rsiSignal: 'overbought', macdSignal: 'bullish' })
    expect(view.levels).toEqual({ resistance: '110', support: '90', position: 0.75 })
    expect(view.signals.secondary).toEqual(['price above Supertrend', 'ADX shows a trend', 'volume spike'])
    expect(view.signals.warnings).toEqual([
      'long while overbought',
      'against the time frames',
      'squeeze: volatility is compressed',
    ])
    expect(view.reasoning).toBe('long: RSI 72, MACD histogram bullish, time frames bearish')
  })
})

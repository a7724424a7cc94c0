import { describe, expect, it } from 'vitest'
import { NO_REGIME, observeRegime } from '../../../src/analysis/regime-hysteresis.ts'
import { detectRegime, regimeView } from '../../../src/analysis/views/regime.ts'
import { NOW, STAMP, snapshot } from '../snapshots.ts'

const detect = (adx: number | null, rsi: number | null, choppiness: number | null) =>
  detectRegime(snapshot({ adx_14: adx, rsi_14: rsi, choppiness_14: choppiness }), 'rules')

describe('regime detection by rule', () => {
  it.each<[string, number | null, number | null, number | null, string, number]>([
    // m = |value − threshold| ÷ threshold of ADX 25 or choppiness 60.
    ['a trend up', 30, 55, 70, 'trending_bull', 0.6 + 0.35 * 0.2],
    ['a trend down', 30, 45, 70, 'trending_bear', 0.6 + 0.35 * 0.2],
    ['a trend as strong as it gets', 60, 45, null, 'trending_bear', 0.95],
    ['no trend at exactly 25', 25, 55, 50, 'ranging', 0.6],
    ['chop', 20, 55, 75, 'choppy', 0.6 + 0.35 * 0.25],
    ['no chop at exactly 60', 10, 55, 60, 'ranging', 0.6 + 0.35 * 0.6],
    ['a trend without a side, not choppy', 50, 50, 40, 'ranging', 0.95],
    ['a range without choppiness', 15, 50, null, 'ranging', 0.6 + 0.35 * 0.4],
    ['chop without ADX', null, 50, 90, 'choppy', 0.6 + 0.35 * 0.5],
    ['nothing without ADX and without chop', null, 50, 50, 'choppy', 0],
    ['nothing without anything', null, null, null, 'choppy', 0],
  ])('finds %s', (_, adx, rsi, choppiness, regime, confidence) => {
    const found = detect(adx, rsi, choppiness)
    expect(found.regime).toBe(regime)
    expect(found.confidence).toBeCloseTo(confidence, 9)
  })

  it('carries .4 as a fallback', () => {
    expect(detectRegime(snapshot({ adx_14: 50, rsi_14: 60 }), 'fallback').confidence).toBe(0.4)
    expect(detectRegime(null, 'fallback').confidence).toBe(0)
  })

  it.each([
    [0.99, 'low'],
    [1, 'normal'],
    [2.99, 'normal'],
    [3, 'high'],
    [4.99, 'high'],
    [5, 'extreme'],
    [null, null],
  ])('calls an ATR of %s %% of the price %s', (atr, volatility) => {
    expect(detectRegime(snapshot({ adx_14: 30, rsi_14: 60, atr_14: atr }), 'rules').volatility).toBe(volatility)
  })

  it.each([
    [0.69, 'decreasing'],
    [1, 'stable'],
    [1.31, 'increasing'],
    [2.5, 'spike'],
    [null, null],
  ])('calls a volume of %s times its mean %s', (ratio, profile) => {
    expect(detectRegime(snapshot({ volume_vs_avg: ratio }), 'rules').volumeProfile).toBe(profile)
  })
})

describe('the regime that is published', () => {
  const trend = detect(50, 60, 30)
  const chop = detect(10, 50, 90)

  it('carries the multipliers of its class', () => {
    const held = observeRegime(NO_REGIME, trend, NOW)
    expect(regimeView(trend, held, STAMP)).toMatchObject({
      regime: 'trending_bull',
      confidence: 0.95,
      trendStrength: 1,
      startedAt: NOW,
      periods: 1,
      sizeMultiplier: 1,
      stopMultiplier: 1.2,
      targetMultiplier: 2,
      strictness: 'normal',
      model: 'rules',
    })
  })

  it('is the held one after a single look of another, with the confidence it last had', () => {
    const held = observeRegime(observeRegime(NO_REGIME, trend, 0), chop, NOW)
    const view = regimeView(chop, held, STAMP)
    expect(view).toMatchObject({ regime: 'trending_bull', confidence: 0.95, startedAt: 0, periods: 2, adx: 10 })
    expect(view.reasoning).toContain('held against one look of choppy')
    expect(view.transitionProbabilities).toEqual({ trending_bull: 1 })
  })

  it('is choppy with 0, a quarter of the size and very strict where nothing can be computed', () => {
    const nothing = detectRegime(null, 'rules')
    const held = observeRegime(NO_REGIME, trend, 0)
    for (const before of [NO_REGIME, held])
      expect(regimeView(nothing, observeRegime(before, nothing, NOW), STAMP)).toMatchObject({
        regime: 'choppy',
        confidence: 0,
        periods: 0,
        startedAt: NOW,
        sizeMultiplier: 0.25,
        strictness: 'very_strict',
      })
  })
})

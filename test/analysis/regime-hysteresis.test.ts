import { describe, expect, it } from 'vitest'
import {
  type HeldRegime,
  NO_REGIME,
  observeRegime,
  transitionProbabilities,
} from '../../src/analysis/regime-hysteresis.ts'
import type { Regime } from '../../src/domain/views.ts'

const observed = (...looks: readonly (readonly [Regime, number])[]): HeldRegime =>
  looks.reduce((held, [regime, confidence], at) => observeRegime(held, { regime, confidence }, at * 300_000), NO_REGIME)

describe('regime hysteresis', () => {
  it('adopts the first valid regime at once, however unsure', () => {
    expect(observed(['ranging', 0.4])).toMatchObject({ regime: 'ranging', confidence: 0.4, periods: 1, startedAt: 0 })
  })

  it('does not take a detection of nothing for a regime', () => {
    expect(observed(['choppy', 0])).toEqual(NO_REGIME)
    expect(observed(['choppy', 0], ['ranging', 0.6])).toMatchObject({ regime: 'ranging', startedAt: 300_000 })
  })

  it('changes on the second detection in a row at .7', () => {
    const one = observed(['ranging', 0.8], ['choppy', 0.7])
    expect(one).toMatchObject({ regime: 'ranging', confidence: 0.8, periods: 2, challenger: 'choppy', challenges: 1 })
    const two = observeRegime(one, { regime: 'choppy', confidence: 0.7 }, 600_000)
    expect(two).toMatchObject({ regime: 'choppy', startedAt: 600_000, periods: 1, challenger: null })
  })

  it.each<[string, readonly (readonly [Regime, number])[]]>([
    [
      'a detection just under .7',
      [
        ['choppy', 0.9],
        ['choppy', 0.699],
      ],
    ],
    [
      'another look of the held one between',
      [
        ['choppy', 0.9],
        ['ranging', 0.9],
        ['choppy', 0.9],
      ],
    ],
    [
      'a third regime between',
      [
        ['choppy', 0.9],
        ['trending_bull', 0.9],
        ['choppy', 0.9],
      ],
    ],
    [
      'a detection of nothing between',
      [
        ['choppy', 0.9],
        ['choppy', 0],
        ['choppy', 0.9],
      ],
    ],
  ])('keeps the held regime through %s', (_, looks) => {
    expect(observed(['ranging', 0.8], ...looks).regime).toBe('ranging')
  })

  it('counts how the regime went on', () => {
    const held = observed(['ranging', 0.8], ['ranging', 0.8], ['choppy', 0.9], ['choppy', 0.9], ['ranging', 0.8])
    expect(held.transitions).toEqual({ ranging: { ranging: 2, choppy: 1 }, choppy: { choppy: 1 } })
    expect(transitionProbabilities(held)).toEqual({ choppy: 1 })
    expect(transitionProbabilities({ ...held, regime: 'ranging' })).toEqual({ ranging: 2 / 3, choppy: 1 / 3 })
    expect(transitionProbabilities(NO_REGIME)).toEqual({})
  })

  it('survives being written down', () => {
    const held = observed(['ranging', 0.8], ['choppy', 0.9])
    expect(JSON.parse(JSON.stringify(held))).toEqual(held)
  })
})

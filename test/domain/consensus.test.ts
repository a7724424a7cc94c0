import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildConsensus, consensusMultiplier, reachesFloors, type Views } from '../../src/domain/consensus.ts'
import { AT, regime, sentiment, technical } from './view-builders.ts'

const BUY = { action: 'BUY', confidence: 0.6 } as const
const views = (over: Partial<Views> = {}): Views => ({
  technical: technical(),
  regime: regime(),
  sentiment: sentiment(),
  ...over,
})

describe('the multiplier', () => {
  it.each([
    [null, 1],
    [1, 1.3],
    [2 / 3, 1.1],
    [0.66, 1.096],
    [0.65999, 1],
    [0.5, 1],
    [1 / 3, 1],
    [0.33, 1],
    [0.165, 0.925],
    [0, 0.85],
  ])('for an agreement of %s is %f', (ratio, factor) => {
    expect(consensusMultiplier(ratio)).toBeCloseTo(factor, 12)
  })

  it('stays within .85 and 1.3, never falls as agreement grows, and joins 1 without a step from below', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(share, share, (a, b) => {
        const [low, high] = [consensusMultiplier(Math.min(a, b)), consensusMultiplier(Math.max(a, b))]
        expect(low).toBeLessThanOrEqual(high + 1e-12)
        expect(low).toBeGreaterThanOrEqual(0.85)
        expect(high).toBeLessThanOrEqual(1.3)
      }),
      { seed: 1 },
    )
    expect(consensusMultiplier(0.33 - 1e-9)).toBeCloseTo(1, 8)
  })
})

describe('who is present', () => {
  it.each([
    ['technical', 120_000],
    ['regime', 600_000],
    ['sentiment', 3_600_000],
  ] as const)('%s counts for %i ms and no longer', (who, age) => {
    expect(buildConsensus(BUY, views(), AT + age).stances[who]).toBe('agrees')
    expect(buildConsensus(BUY, views(), AT + age + 1).stances[who]).toBe('absent')
  })

  it('leaves out fallbacks after a failure and views below .3', () => {
    const weak = views({ technical: technical({ usedFallback: true }), regime: regime({ confidence: 0.29 }) })
    expect(buildConsensus(BUY, weak, AT)).toMatchObject({ agreeing: 1, present: 1, ratio: 1, multiplier: 1.3 })
    expect(buildConsensus(BUY, views({ regime: regime({ confidence: 0.3 }) }), AT).present).toBe(3)
  })

  it('counts a neutral view as present and not agreeing', () => {
    const neutral = views({ sentiment: sentiment({ label: 'neutral', score: 0 }) })
    expect(buildConsensus(BUY, neutral, AT)).toMatchObject({
      agreeing: 2,
      present: 3,
      stances: { sentiment: 'neutral' },
    })
  })

  it('leaves the confidence alone when nobody is present', () => {
    const nobody = { technical: null, regime: null, sentiment: null }
    expect(buildConsensus(BUY, nobody, AT)).toMatchObject({ ratio: null, multiplier: 1, boosted: 0.6 })
  })
})

describe('agreement', () => {
  it.each([
    ['BUY', 'trending_bull', 'agrees'],
    ['BUY', 'trending_bear', 'opposes'],
    ['BUY', 'breakout_potential', 'agrees'],
    ['SELL', 'breakout_potential', 'agrees'],
    ['SELL', 'volatile_bear', 'agrees'],
    ['SELL', 'volatile_bull', 'opposes'],
    ['BUY', 'ranging', 'neutral'],
    ['SELL', 'choppy', 'neutral'],
  ] as const)('of a %s with %s: %s', (action, seen, stance) => {
    const consensus = buildConsensus({ action, confidence: 0.6 }, views({ regime: regime({ regime: seen }) }), AT)
    expect(consensus.stances.regime).toBe(stance)
  })

  it('of a SELL is with short and bearish views', () => {
    const bearish = views({ technical: technical({ bias: 'short' }), sentiment: sentiment({ label: 'very_bearish' }) })
    const consensus = buildConsensus({ action: 'SELL', confidence: 0.6 }, bearish, AT)
    expect(consensus).toMatchObject({ agreeing: 2, present: 3, boosted: 0.66 })
  })

  it('never lifts a confidence above 1', () => {
    expect(buildConsensus({ action: 'BUY', confidence: 0.9 }, views(), AT).boosted).toBe(1)
  })
})

describe('the floors', () => {
  it('ask the base of the raw confidence and the whole of the boosted', () => {
    expect(reachesFloors({ raw: 0.6, boosted: 0.65 }, 'ranging', 0)).toEqual({
      ok: true,
      baseFloor: 0.6,
      wholeFloor: 0.65,
    })
    expect(reachesFloors({ raw: 0.599, boosted: 0.9 }, 'ranging', 0).ok).toBe(false)
    expect(reachesFloors({ raw: 0.6, boosted: 0.649 }, 'ranging', 0).ok).toBe(false)
    expect(reachesFloors({ raw: 0.6, boosted: 0.74 }, 'ranging', 3).ok).toBe(false)
    expect(reachesFloors({ raw: 0.6, boosted: 0.75 }, 'ranging', 3).ok).toBe(true)
  })
})

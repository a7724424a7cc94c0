import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  gapStatistics,
  isOverdue,
  newProtectionMeter,
  observed,
  unprotectedSeconds,
} from '../../src/domain/protection.ts'

const S = 1000
type Look = readonly [seconds: number, state: 'flat' | 'bare' | 'safe']
const meterOf = (...looks: Look[]) =>
  looks.reduce(
    (meter, [seconds, state]) =>
      observed(meter, { at: seconds * S, hasQuantity: state !== 'flat', hasLiveStopOrWorkingExit: state === 'safe' }),
    newProtectionMeter(),
  )

describe('unprotected seconds', () => {
  it.each<[string, number, Look[]]>([
    [
      'nothing held',
      0,
      [
        [0, 'flat'],
        [100, 'flat'],
      ],
    ],
    [
      'protected after 4 s',
      0,
      [
        [0, 'bare'],
        [4, 'safe'],
        [100, 'flat'],
      ],
    ],
    [
      'protected at the deadline',
      0,
      [
        [0, 'bare'],
        [10, 'safe'],
      ],
    ],
    [
      'protected after 13 s',
      3,
      [
        [0, 'bare'],
        [13, 'safe'],
      ],
    ],
    [
      'seen often while bare',
      3,
      [
        [0, 'bare'],
        [5, 'bare'],
        [12, 'bare'],
        [13, 'safe'],
      ],
    ],
    [
      'flattened after 15 s',
      5,
      [
        [0, 'bare'],
        [15, 'flat'],
      ],
    ],
    [
      'stop lost later for 12 s',
      2,
      [
        [0, 'bare'],
        [1, 'safe'],
        [50, 'bare'],
        [62, 'safe'],
      ],
    ],
    [
      'bare twice for 8 s',
      0,
      [
        [0, 'bare'],
        [8, 'safe'],
        [20, 'bare'],
        [28, 'safe'],
      ],
    ],
  ])('%s: %i', (_, seconds, looks) => {
    expect(unprotectedSeconds(meterOf(...looks), 1_000 * S)).toBe(seconds)
  })

  it('run on while the position is bare', () => {
    const meter = meterOf([0, 'bare'])
    expect([9, 10, 11, 30].map((at) => unprotectedSeconds(meter, at * S))).toEqual([0, 0, 1, 20])
    expect([isOverdue(meter, 10 * S), isOverdue(meter, 10 * S + 1)]).toEqual([false, true])
  })

  it('are the same however often one looks', () => {
    const anyLooks = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 30 }), fc.constantFrom('flat' as const, 'bare' as const, 'safe' as const)),
      { minLength: 1, maxLength: 12 },
    )
    fc.assert(
      fc.property(anyLooks, (steps) => {
        let at = 0
        const looks = steps.map(([wait, state]): Look => {
          at += wait
          return [at, state]
        })
        const twice = looks.flatMap(([seconds, state], index): Look[] => {
          const next = looks[index + 1]?.[0] ?? seconds
          return [
            [seconds, state],
            [(seconds + next) / 2, state],
          ]
        })
        expect(unprotectedSeconds(meterOf(...twice), at * S)).toBeCloseTo(
          unprotectedSeconds(meterOf(...looks), at * S),
          9,
        )
      }),
      { seed: 4 },
    )
  })

  it('do not run backwards when a look is late', () => {
    expect(unprotectedSeconds(meterOf([0, 'bare'], [13, 'bare'], [5, 'safe']), 20 * S)).toBe(3)
  })
})

describe('the gap', () => {
  it('is from the first fill to the first protection', () => {
    expect(meterOf([0, 'flat'], [2, 'bare'], [5, 'safe'], [9, 'bare'], [30, 'safe']).gapMs).toBe(3 * S)
    expect(meterOf([2, 'safe']).gapMs).toBe(0)
    expect(meterOf([2, 'bare'], [8, 'flat']).gapMs).toBeNull()
  })

  it('has percentiles by nearest rank', () => {
    expect(gapStatistics([])).toEqual({ count: 0, p50: null, p99: null, max: null })
    expect(gapStatistics([30])).toEqual({ count: 1, p50: 30, p99: 30, max: 30 })
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect(gapStatistics(hundred)).toEqual({ count: 100, p50: 50, p99: 99, max: 100 })
  })
})

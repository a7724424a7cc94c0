import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  affectedBy,
  backoffDelayMs,
  comesBack,
  nextAttempt,
  recordRestart,
} from '../../../actors/supervision/policy.ts'
import { seededRandom } from '../../../src/adapters/chance/seeded.ts'

const intensity = { restarts: 2, periodMs: 1_000 }
const backoff = { initialMs: 100, factor: 2, maxMs: 1_000, quietMs: 5_000 }

describe('restart intensity', () => {
  it('allows as many restarts within the period as it says, and not one more', () => {
    const first = recordRestart([], 0, intensity)
    const second = recordRestart(first.times, 10, intensity)
    const third = recordRestart(second.times, 20, intensity)
    expect([first.exceeded, second.exceeded, third.exceeded]).toEqual([false, false, true])
  })

  it('forgets restarts older than the period and counts one exactly as old as the period', () => {
    expect(recordRestart([0, 10], 1_000, intensity)).toEqual({ times: [0, 10, 1_000], exceeded: true })
    expect(recordRestart([0, 10], 1_001, intensity)).toEqual({ times: [10, 1_001], exceeded: false })
  })

  it('gives up at the first crash when no restart is allowed', () => {
    expect(recordRestart([], 0, { restarts: 0, periodMs: 1_000 }).exceeded).toBe(true)
  })

  it('gives up exactly when a window of one period holds too many restarts', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(600), { maxLength: 40 }), (gaps) => {
        let times: readonly number[] = []
        const all: number[] = []
        let now = 0
        for (const gap of gaps) {
          now += gap
          all.push(now)
          const budget = recordRestart(times, now, intensity)
          times = budget.times
          expect(budget.exceeded).toBe(all.filter((at) => now - at <= 1_000).length > 2)
        }
      }),
    )
  })
})

describe('back-off', () => {
  it('doubles from the first wait up to the longest', () => {
    expect([1, 2, 3, 4, 5, 60].map((attempt) => backoffDelayMs(attempt, backoff, null))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ])
  })

  it('stays a number however often a child crashes, also when there is no wait at all', () => {
    expect(backoffDelayMs(100_000, { ...backoff, initialMs: 0 }, null)).toBe(0)
    expect(backoffDelayMs(100_000, backoff, null)).toBe(1_000)
  })

  it('takes off at most the share that jitter allows, the same for the same seed', () => {
    const jittery = { ...backoff, jitter: 0.5 }
    const draw = () => {
      const random = seededRandom('jitter')
      return Array.from({ length: 200 }, () => backoffDelayMs(3, jittery, random))
    }
    const delays = draw()
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(200)
    expect(Math.max(...delays)).toBeLessThanOrEqual(400)
    expect(new Set(delays).size).toBeGreaterThan(50)
    expect(draw()).toEqual(delays)
  })

  it('begins again after a quiet period', () => {
    expect(nextAttempt(4, 4_999, backoff)).toBe(5)
    expect(nextAttempt(4, 5_000, backoff)).toBe(1)
  })
})

describe('who comes back', () => {
  it.each([
    ['permanent', true, true],
    ['transient', false, true],
    ['temporary', false, false],
  ] as const)('%s: after done %s, after a crash %s', (kind, afterDone, afterCrash) => {
    expect([comesBack(kind, 'done'), comesBack(kind, 'crashed')]).toEqual([afterDone, afterCrash])
  })

  it('concerns only the child, all children, or the child and those started after it', () => {
    const ids = ['a', 'b', 'c']
    expect(affectedBy('one_for_one', ids, 'b')).toEqual(['b'])
    expect(affectedBy('one_for_all', ids, 'b')).toEqual(['a', 'b', 'c'])
    expect(affectedBy('rest_for_one', ids, 'b')).toEqual(['b', 'c'])
  })
})

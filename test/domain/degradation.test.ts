import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CAUSES,
  type Cause,
  type Counters,
  counted,
  DEFAULT_DEGRADATION,
  LEVELS,
  levelOf,
} from '../../src/domain/degradation.ts'

const reached = (cause: Cause, ...answers: readonly boolean[]): Counters =>
  answers.reduce<Counters>((counters, ok) => counted(counters, cause, ok), {})
const failures = (count: number): boolean[] => Array.from({ length: count }, () => false)

describe('the level', () => {
  it.each([
    [2, 'NORMAL'],
    [3, 'REDUCED'],
    [5, 'REDUCED'],
    [6, 'LIMITED'],
    [8, 'LIMITED'],
    [9, 'EMERGENCY'],
  ] as const)('after %i failures of the exchange is %s', (count, level) => {
    expect(levelOf(reached('exchange', ...failures(count)))).toBe(level)
  })

  it.each(['llm', 'budget'] as const)('of %s alone stops at LIMITED: exits need no model', (cause) => {
    expect(levelOf(reached(cause, ...failures(30)))).toBe('LIMITED')
  })

  it("is the worst cause's, not the sum of all", () => {
    const counters = { ...reached('exchange', ...failures(3)), ...reached('database', ...failures(6)) }
    expect(levelOf(counters)).toBe('LIMITED')
    expect(levelOf({ ...reached('exchange', ...failures(2)), ...reached('database', ...failures(2)) })).toBe('NORMAL')
  })

  it('of nothing that ever failed is NORMAL', () => {
    expect(levelOf({})).toBe('NORMAL')
  })
})

describe('counting', () => {
  it('stops at nine, so that a long outage does not take as long to recover from', () => {
    const counters = reached('exchange', ...failures(500))
    expect(counters.exchange?.failures).toBe(9)
    expect(levelOf(reached('exchange', ...failures(500), true, true, true))).toBe('LIMITED')
  })

  it('takes one failure off for three successes in a row; a failure between them starts the row again', () => {
    expect(reached('exchange', false, false, true, true, true).exchange).toEqual({ failures: 1, successes: 0 })
    expect(reached('exchange', false, true, true, false, true).exchange).toEqual({ failures: 2, successes: 1 })
  })

  it('of successes alone keeps no counter: a source that is not configured has none', () => {
    expect(reached('llm', true, true, true)).toEqual({})
  })

  it('of one cause never touches another, stays within its bounds, and comes back to nothing after enough successes', () => {
    const answer = fc.tuple(fc.constantFrom(...CAUSES), fc.boolean())
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 80 }), (answers) => {
        let counters: Counters = {}
        for (const [cause, ok] of answers) {
          const next = counted(counters, cause, ok)
          for (const other of CAUSES) if (other !== cause) expect(next[other]).toBe(counters[other])
          const { failures: count = 0, successes = 0 } = next[cause] ?? {}
          expect(count >= 0 && count <= DEFAULT_DEGRADATION.emergencyAt).toBe(true)
          expect(successes >= 0 && successes < DEFAULT_DEGRADATION.successesPerFailure).toBe(true)
          const [before, now] = [counters, next].map((each) => LEVELS.indexOf(levelOf(each)))
          expect(ok ? (now ?? 0) <= (before ?? 0) : (now ?? 0) >= (before ?? 0)).toBe(true)
          counters = next
        }
        for (const cause of CAUSES) for (let row = 0; row < 27; row += 1) counters = counted(counters, cause, true)
        expect(levelOf(counters)).toBe('NORMAL')
      }),
      { seed: 20_251_103 },
    )
  })
})

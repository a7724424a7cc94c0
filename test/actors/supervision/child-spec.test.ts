import { describe, expect, it } from 'vitest'
import { childSpec, InvalidSupervision } from '../../../actors/supervision/child-spec.ts'
import type { RestartKind, Strategy } from '../../../actors/supervision/policy.ts'
import { pool, supervisor } from '../../../actors/supervision/supervisor.ts'
import { spec, worker, workshop } from './workshop.ts'

const problemsOf = (build: () => unknown): readonly string[] => {
  try {
    build()
  } catch (error) {
    if (error instanceof InvalidSupervision) return error.problems
    throw error
  }
  return []
}

describe('supervisor settings', () => {
  it('are refused with all problems at once, before anything starts', () => {
    let asked = 0
    const input = () => {
      asked += 1
    }
    const { settings } = workshop()
    const build = () =>
      supervisor({
        ...settings,
        name: ' ',
        strategy: 'two_for_one' as Strategy,
        intensity: { restarts: -1, periodMs: 0 },
        backoff: { initialMs: 100, factor: 0.5, maxMs: 50, quietMs: Number.NaN, jitter: 2 },
        children: [
          spec('a', { input, systemId: 's' }),
          spec('a', { systemId: 's' }),
          spec(''),
          spec('c', { restart: 'sometimes' as RestartKind }),
          spec('d', { logic: {} as typeof worker }),
          spec('e', { restore: 'stale' as 'fresh', systemId: '' }),
        ],
      })
    expect(problemsOf(build)).toEqual([
      'the name is empty',
      "unknown strategy 'two_for_one'",
      'intensity.restarts must be a whole number from 0',
      'intensity.periodMs must be above 0',
      'backoff.factor must be 1 or more',
      'backoff.maxMs must not be below backoff.initialMs',
      'backoff.quietMs must be above 0',
      'backoff.jitter must lie between 0 and 1',
      'backoff.jitter needs a random source',
      'a child has an empty id',
      "child 'c' has an unknown restart kind 'sometimes'",
      "child 'd' has no actor logic",
      "child 'e' has an unknown restore kind 'stale'",
      "child 'e' has an empty systemId",
      "child id 'a' is used more than once",
      "systemId 's' is used more than once",
    ])
    expect(asked).toBe(0)
  })

  it('of a pool are refused in the same way', () => {
    const { settings } = workshop()
    expect(problemsOf(() => pool({ ...settings, name: '' }))).toEqual(['the name is empty'])
  })

  it('are accepted when they are right', () => {
    const { settings } = workshop()
    const child = childSpec({ id: 'a', logic: worker, input: () => ({ done: 3 }), restart: 'permanent' })
    expect(
      problemsOf(() => supervisor({ ...settings, name: 'top', strategy: 'one_for_one', children: [child] })),
    ).toEqual([])
  })
})

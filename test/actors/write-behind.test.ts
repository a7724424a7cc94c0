import { describe, expect, it } from 'vitest'
import { writeBehind } from '../../actors/write-behind.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { settle } from './trading-house.ts'

/** A store that can be away, with what it was given and what was said of it. */
function store(keptBack = 4) {
  const clock = simulatedClock(0)
  const saved: (readonly number[])[] = []
  const said: { readonly message: string; readonly fields: unknown }[] = []
  const state = { isAway: false }
  const quiet = (): void => undefined
  const error = (message: string, fields?: unknown): void => void said.push({ message, fields })
  const rows = writeBehind<number>({
    ...{ clock, log: { debug: quiet, info: quiet, warn: quiet, error }, what: 'rows' },
    ...{ waitMs: 1_000, rowsPerWrite: 3, keptBack },
    save: async (batch) => {
      if (state.isAway) throw new Error('the line is down')
      saved.push(batch)
    },
  })
  return { clock, saved, said, state, rows }
}

describe('rows on their way to a store', () => {
  it('wait for company for so long, and go together', async () => {
    const { clock, saved, rows } = store()
    rows.add(1)
    rows.add(2)
    await settle()
    expect(saved).toEqual([])
    clock.advanceTo(1_000)
    await settle()
    expect(saved).toEqual([[1, 2]])
  })

  it('go at once when they are many', async () => {
    const { saved, rows, clock } = store()
    for (const row of [1, 2, 3, 4]) rows.add(row)
    await settle()
    expect(saved).toEqual([[1, 2, 3]])
    expect(clock.nextDueAt()).toBe(1_000)
  })

  it('are tried again with the next ones, in their order, once the store is back', async () => {
    const { saved, said, state, rows } = store()
    state.isAway = true
    rows.add(1)
    await rows.flush()
    expect(said).toEqual([
      {
        message: 'rows could not be written',
        fields: { problem: 'Error: the line is down', waiting: 1, lost: 0 },
      },
    ])
    state.isAway = false
    rows.add(2)
    await rows.flush()
    expect(saved).toEqual([[1, 2]])
  })

  it.each([
    [4, 0, [1, 2, 3, 4, 9]],
    [5, 1, [2, 3, 4, 5, 9]],
  ])('are kept back, the oldest lost where they are too many: %i of at most 4', async (count, lost, written) => {
    const { said, state, rows, saved } = store(4)
    state.isAway = true
    for (let row = 1; row <= count; row += 1) {
      rows.add(row)
      await rows.flush()
    }
    expect(said.at(-1)?.fields).toMatchObject({ waiting: 4, lost })
    state.isAway = false
    rows.add(9)
    await rows.flush()
    expect(saved.flat()).toEqual(written)
  })
})

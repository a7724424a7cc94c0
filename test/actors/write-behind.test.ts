import { describe, expect, it } from 'vitest'
import { writeBehind } from '../../actors/write-behind.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { settle } from './trading-house.ts'

/** A store that can be away, with what it was given and what was said of it. */
function store(keptBack = 4) {
  const clock = simulatedClock(0)
  const saved: (readonly number[])[] = []
  const said: { readonly message: string; readonly fields: unknown }[] = []
  const state = { isAway: false, isSilent: false }
  let answer = (): void => undefined
  const quiet = (): void => undefined
  const say = (message: string, fields?: unknown): void => void said.push({ message, fields })
  const rows = writeBehind<number>({
    ...{ clock, log: { debug: quiet, info: quiet, warn: say, error: say }, what: 'rows' },
    ...{ waitMs: 1_000, rowsPerWrite: 3, keptBack },
    save: async (batch) => {
      if (state.isAway) throw new Error('the line is down')
      if (state.isSilent) {
        await new Promise<void>((resolve) => {
          answer = resolve
        })
      }
      saved.push(batch)
    },
  })
  return { clock, saved, said, state, rows, answer: () => answer() }
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

  it('behind one write that is never answered are no more than are kept back, the loss counted and said once', async () => {
    const { clock, said, state, rows, saved, answer } = store(4)
    state.isSilent = true
    for (let row = 1; row <= 3; row += 1) rows.add(row)
    await settle()
    for (let row = 4; row <= 1_000; row += 1) {
      rows.add(row)
      clock.advanceTo(row * 1_000)
      await settle()
    }
    expect(said).toEqual([{ message: 'rows are lost: too many wait for the store', fields: { waiting: 4 } }])
    state.isSilent = false
    answer()
    await rows.flush()
    expect(saved).toEqual([
      [1, 2, 3],
      [997, 998, 999, 1_000],
    ])
    expect(said.at(-1)).toEqual({ message: 'rows are written again', fields: { lost: 993 } })
    expect(said).toHaveLength(2)
  })

  it('go one write at a time: those whose time comes meanwhile go when it has ended', async () => {
    const { clock, state, rows, saved, answer } = store(10)
    state.isSilent = true
    for (const row of [1, 2, 3, 4]) rows.add(row)
    await settle()
    clock.advanceTo(1_000)
    await settle()
    state.isSilent = false
    answer()
    await settle()
    expect(saved).toEqual([[1, 2, 3], [4]])
  })

  it('that fail after others came to wait are kept back with them, the oldest lost', async () => {
    const { said, state, rows, saved } = store(4)
    state.isAway = true
    for (const row of [1, 2, 3, 4, 5]) rows.add(row)
    await rows.flush()
    expect(said.at(-1)?.fields).toMatchObject({ waiting: 4, lost: 1 })
    state.isAway = false
    await rows.flush()
    expect(saved).toEqual([[2, 3, 4, 5]])
  })
})

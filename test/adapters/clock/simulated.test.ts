import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { clockContract } from './clock.contract.ts'
import { heldBytes } from './memory.ts'

const START = Date.UTC(2024, 0, 1)

describe('the simulated clock, as any clock', () => {
  clockContract(() => {
    const clock = simulatedClock(START)
    return { clock, runUntil: (at) => clock.advanceTo(at) }
  })
})

describe('the simulated clock', () => {
  it('stands still until it is told', () => {
    const clock = simulatedClock(START)
    expect(clock.now()).toBe(START)
    expect(clock.nextDueAt()).toBeNull()
    expect(clock.fireNext()).toBe(false)
    expect(clock.now()).toBe(START)
  })

  it('shows the due time while a callback runs, also in one long jump', () => {
    const clock = simulatedClock(START)
    const seen: number[] = []
    for (const wait of [5, 7, 9]) clock.at(START + wait, () => seen.push(clock.now()))
    clock.advanceTo(START + 1_000_000)
    expect(seen).toEqual([START + 5, START + 7, START + 9])
    expect(clock.now()).toBe(START + 1_000_000)
  })

  it('fires what is due at one moment in the order it was asked for', () => {
    const clock = simulatedClock(START)
    const fired: number[] = []
    for (let index = 0; index < 100; index += 1) clock.at(START + 10, () => fired.push(index))
    clock.advanceTo(START + 10)
    expect(fired).toEqual(Array.from({ length: 100 }, (_, index) => index))
  })

  it('fires exactly one timer at a time when asked for the next', () => {
    const clock = simulatedClock(START)
    const fired: string[] = []
    clock.at(START + 2, () => fired.push('later'))
    clock.at(START + 1, () => fired.push('sooner'))
    expect(clock.nextDueAt()).toBe(START + 1)
    expect(clock.fireNext()).toBe(true)
    expect(fired).toEqual(['sooner'])
    expect(clock.now()).toBe(START + 1)
    expect(clock.nextDueAt()).toBe(START + 2)
  })

  it('fires a timer asked for in the past at the present, after those already due then', () => {
    const clock = simulatedClock(START)
    const fired: string[] = []
    clock.at(START + 10, () => {
      clock.at(START - 1_000, () => fired.push(`late at ${clock.now() - START}`))
    })
    clock.at(START + 10, () => fired.push('on time'))
    clock.advanceTo(START + 10)
    expect(fired).toEqual(['on time', 'late at 10'])
  })

  it('never goes back', () => {
    const clock = simulatedClock(START)
    expect(() => clock.advanceTo(START - 1)).toThrow('cannot move')
    expect(() => clock.advanceTo(Number.NaN)).toThrow('cannot move')
    expect(() => simulatedClock(Number.NaN)).toThrow('cannot start')
  })

  it('refuses to be moved by the callback that it is firing', () => {
    const clock = simulatedClock(START)
    clock.at(START + 1, () => clock.advanceTo(START + 50))
    expect(() => clock.advanceTo(START + 100)).toThrow('a timer callback cannot move the clock')
  })

  it('stays usable after a callback that throws', () => {
    const clock = simulatedClock(START)
    const fired: string[] = []
    clock.at(START + 1, () => {
      throw new Error('broken')
    })
    clock.at(START + 2, () => fired.push('next'))
    expect(() => clock.advanceTo(START + 2)).toThrow('broken')
    clock.advanceTo(START + 2)
    expect(fired).toEqual(['next'])
  })

  it('skips cancelled timers when asked what is next', () => {
    const clock = simulatedClock(START)
    clock.at(START + 1, () => {}).cancel()
    expect(clock.nextDueAt()).toBeNull()
    clock.at(START + 1, () => {}).cancel()
    clock.at(START + 2, () => {})
    expect(clock.nextDueAt()).toBe(START + 2)
  })

  it('does not keep what cancelled timers held', () => {
    const clock = simulatedClock(START)
    clock.at(START + 1_000_000_000, () => {})
    const before = heldBytes()
    for (let index = 0; index < 500_000; index += 1) clock.at(START + 1_000_000 + index, () => {}).cancel()
    // Half a million records left behind are more than 30 MB.
    expect(heldBytes() - before).toBeLessThan(5_000_000)
    expect(clock.nextDueAt()).toBe(START + 1_000_000_000)
  })

  it('fires any set of timers, less the cancelled, by due time and then by asking order', () => {
    const plan = fc.array(fc.record({ wait: fc.integer({ min: -20, max: 200 }), cancelled: fc.boolean() }), {
      maxLength: 400,
    })
    fc.assert(
      fc.property(plan, (timers) => {
        const clock = simulatedClock(START)
        const fired: number[] = []
        const asked = timers.map(({ wait }, index) => clock.at(START + wait, () => fired.push(index)))
        asked.forEach((timer, index) => {
          if (timers[index]?.cancelled) timer.cancel()
        })
        while (clock.fireNext());
        const expected = timers
          .map(({ wait, cancelled }, index) => ({ due: Math.max(0, wait), cancelled, index }))
          .filter(({ cancelled }) => !cancelled)
          .sort((a, b) => a.due - b.due || a.index - b.index)
          .map(({ index }) => index)
        expect(fired).toEqual(expected)
      }),
    )
  })

  it('never shows an earlier time than it showed before, whatever callbacks ask for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 200 }), (waits) => {
        const clock = simulatedClock(START)
        const seen: number[] = [START]
        const ask = (index: number): void => {
          const wait = waits[index]
          if (wait === undefined) return
          clock.at(clock.now() + wait, () => {
            seen.push(clock.now())
            ask(2 * index + 1)
            ask(2 * index + 2)
          })
        }
        ask(0)
        while (clock.fireNext());
        expect(seen).toHaveLength(waits.length + 1)
        expect(seen).toEqual([...seen].sort((a, b) => a - b))
      }),
    )
  })
})

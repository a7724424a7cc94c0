import { expect, it } from 'vitest'
import type { Clock } from '../../../src/ports/clock.ts'

export interface ClockUnderTest {
  readonly clock: Clock
  /** Lets time run until the clock shows `at`. */
  runUntil(at: number): void
}

/** What everybody may rely on, whichever clock is handed in. */
export function clockContract(make: () => ClockUnderTest): void {
  it('fires a timer when it is due and not before', () => {
    const { clock, runUntil } = make()
    const start = clock.now()
    const firedAt: number[] = []
    clock.at(start + 1_000, () => firedAt.push(clock.now()))
    runUntil(start + 999)
    expect(firedAt).toEqual([])
    runUntil(start + 1_000)
    expect(firedAt).toEqual([start + 1_000])
  })

  it('fires a timer once', () => {
    const { clock, runUntil } = make()
    let fired = 0
    clock.at(clock.now() + 10, () => {
      fired += 1
    })
    runUntil(clock.now() + 10_000)
    expect(fired).toBe(1)
  })

  it('fires timers by due time, whatever order they were asked for in', () => {
    const { clock, runUntil } = make()
    const start = clock.now()
    const fired: number[] = []
    for (const wait of [50, 10, 30, 20, 40]) clock.at(start + wait, () => fired.push(wait))
    runUntil(start + 100)
    expect(fired).toEqual([10, 20, 30, 40, 50])
  })

  it('runs a timer whose time has passed soon, but never inside the call that asks for it', () => {
    const { clock, runUntil } = make()
    const start = clock.now()
    let fired = false
    clock.at(start - 5_000, () => {
      fired = true
    })
    expect(fired).toBe(false)
    runUntil(start + 10)
    expect(fired).toBe(true)
  })

  it('does not fire a cancelled timer, and cancelling twice or after firing does no harm', () => {
    const { clock, runUntil } = make()
    const fired: string[] = []
    const never = clock.at(clock.now() + 10, () => fired.push('never'))
    const once = clock.at(clock.now() + 20, () => fired.push('once'))
    never.cancel()
    never.cancel()
    runUntil(clock.now() + 100)
    once.cancel()
    expect(fired).toEqual(['once'])
  })

  it('lets a callback cancel a timer that is due at the same moment', () => {
    const { clock, runUntil } = make()
    const fired: string[] = []
    const due = clock.now() + 10
    clock.at(due, () => {
      fired.push('first')
      second.cancel()
    })
    const second = clock.at(due, () => fired.push('second'))
    runUntil(due + 100)
    expect(fired).toEqual(['first'])
  })

  it('repeats a heartbeat that asks for itself again, once a second for an hour', () => {
    const { clock, runUntil } = make()
    const start = clock.now()
    const beats: number[] = []
    const beat = (): void => {
      beats.push(clock.now() - start)
      clock.at(clock.now() + 1_000, beat)
    }
    clock.at(start + 1_000, beat)
    runUntil(start + 3_600_000)
    expect(beats).toHaveLength(3_600)
    expect(beats.at(-1)).toBe(3_600_000)
  })

  it('keeps a timer that is due in three months', () => {
    const { clock, runUntil } = make()
    const due = clock.now() + 90 * 86_400_000
    const firedAt: number[] = []
    clock.at(due, () => firedAt.push(clock.now()))
    runUntil(due - 1)
    expect(firedAt).toEqual([])
    runUntil(due)
    expect(firedAt).toEqual([due])
  })

  it('refuses a timer due at NaN', () => {
    const { clock } = make()
    expect(() => clock.at(Number.NaN, () => {})).toThrow('a timer cannot be due at NaN')
  })
}

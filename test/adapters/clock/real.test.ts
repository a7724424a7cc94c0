import { describe, expect, it } from 'vitest'
import { type ClockJump, realClock, type TimeSources } from '../../../src/adapters/clock/real.ts'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { clockContract } from './clock.contract.ts'

const START = Date.UTC(2024, 0, 1)

/** A machine whose wall time can be set and which can be put to sleep. */
function machine() {
  const running = simulatedClock(0)
  let offset = START
  const delays: number[] = []
  const held: boolean[] = []
  let waiting = 0
  const time: TimeSources = {
    wall: () => running.now() + offset,
    monotonic: () => running.now(),
    delay(delayMs, isHeld, callback) {
      delays.push(delayMs)
      held.push(isHeld)
      waiting += 1
      let done = false
      const end = (): void => {
        if (!done) waiting -= 1
        done = true
      }
      const timer = running.at(running.now() + delayMs, () => {
        end()
        callback()
      })
      return () => {
        end()
        timer.cancel()
      }
    },
  }
  return {
    time,
    delays,
    held,
    waiting: () => waiting,
    /** Sets wall time forth (or back) while everything else runs on: also what a sleep looks like on Linux. */
    setForward: (ms: number) => {
      offset += ms
    },
    run: (ms: number) => running.advanceTo(running.now() + ms),
    runUntil: (at: number) => running.advanceTo(at - offset),
  }
}

describe('the real clock on a machine whose time we set, as any clock', () => {
  clockContract(() => {
    const { time, runUntil } = machine()
    return { clock: realClock(time), runUntil }
  })
})

describe('the real clock', () => {
  it('reads wall time and runs a passed timer soon after the call', async () => {
    const clock = realClock()
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000)
    const order: string[] = []
    const fired = new Promise<void>((resolve) => {
      clock.at(clock.now() - 1_000, () => {
        order.push('timer')
        resolve()
      })
    })
    order.push('caller')
    await fired
    expect(order).toEqual(['caller', 'timer'])
  })

  it('never fires a real timer before wall time has reached it', async () => {
    const clock = realClock()
    for (let wait = 1; wait <= 20; wait += 1) {
      const due = clock.now() + wait
      const firedAt = await new Promise<number>((resolve) => clock.at(due, () => resolve(clock.now())))
      expect(firedAt).toBeGreaterThanOrEqual(due)
    }
  })

  it('never asks for a longer delay than setTimeout can take', () => {
    const { time, delays } = machine()
    realClock(time).at(START + 365 * 86_400_000, () => {})
    realClock(time).at(Number.POSITIVE_INFINITY, () => {})
    expect(delays).toEqual([2 ** 31 - 1, 2 ** 31 - 1])
  })

  it('keeps the process alive for its timers, and not for its heartbeat', () => {
    const { time, held } = machine()
    const clock = realClock(time)
    clock.at(START + 10, () => {})
    clock.onJump(() => {})
    expect(held).toEqual([true, false])
  })

  it('keeps a deadline when the clock is set back an hour while it waits', () => {
    const { time, run, setForward } = machine()
    const clock = realClock(time)
    let fired = false
    clock.at(START + 10_000, () => {
      fired = true
    })
    run(5_000)
    setForward(-3_600_000)
    run(4_999)
    expect(fired).toBe(false)
    run(1)
    expect(fired).toBe(true)
  })

  it('waits out the few milliseconds by which a time daemon holds the clock back', () => {
    const { time, run, setForward } = machine()
    const clock = realClock(time)
    const firedAt: number[] = []
    clock.at(START + 60_000, () => firedAt.push(clock.now()))
    setForward(-30)
    run(60_029)
    expect(firedAt).toEqual([])
    run(1)
    expect(firedAt).toEqual([START + 60_000])
  })
})

describe('clock jumps', () => {
  function watched() {
    const box = machine()
    const clock = realClock(box.time)
    const jumps: ClockJump[] = []
    const stop = clock.onJump((jump) => jumps.push(jump))
    return { ...box, clock, jumps, stop }
  }

  it('says nothing while time runs evenly', () => {
    const { run, jumps, setForward } = watched()
    for (let second = 0; second < 600; second += 1) {
      setForward(second % 2 === 0 ? 400 : -400)
      run(1_000)
    }
    expect(jumps).toEqual([])
  })

  it('tells of a sleep of two hours once, within a second of waking', () => {
    const { run, jumps, setForward } = watched()
    run(10_500)
    setForward(7_200_000)
    run(1_000)
    expect(jumps).toEqual([{ kind: 'forward', byMs: 7_200_000, at: START + 7_200_000 + 11_000 }])
    run(60_000)
    expect(jumps).toHaveLength(1)
  })

  it('tells of a clock that is set back', () => {
    const { run, jumps, setForward } = watched()
    run(2_000)
    setForward(-5_000)
    run(1_000)
    expect(jumps).toEqual([{ kind: 'backward', byMs: 5_000, at: START + 3_000 - 5_000 }])
  })

  it('tells of a standstill where the monotonic clock counts the sleep too', () => {
    let now = START
    const beats: (() => void)[] = []
    const clock = realClock({
      wall: () => now,
      monotonic: () => now,
      delay(_delayMs, _held, callback) {
        beats.push(callback)
        return () => {}
      },
    })
    const jumps: ClockJump[] = []
    clock.onJump((jump) => jumps.push(jump))
    now += 1_000
    beats.shift()?.()
    expect(jumps).toEqual([])
    now += 600_000
    beats.shift()?.()
    expect(jumps).toEqual([{ kind: 'stalled', byMs: 599_000, at: START + 601_000 }])
  })

  it('makes timers due on time again after a sleep', () => {
    const { clock, run, setForward } = watched()
    const fired: string[] = []
    clock.at(START + 3_600_000, () => fired.push('slept through'))
    clock.at(START + 7_300_000, () => fired.push('still ahead'))
    setForward(7_200_000)
    run(1_001)
    expect(fired).toEqual(['slept through'])
    run(99_000)
    expect(fired).toEqual(['slept through', 'still ahead'])
  })

  it('tells every listener, and none that has stopped listening', () => {
    const { clock, run, jumps, stop, setForward, waiting } = watched()
    const others: ClockJump[] = []
    const stopOther = clock.onJump((jump) => others.push(jump))
    stop()
    setForward(10_000)
    run(1_000)
    expect(jumps).toEqual([])
    expect(others).toHaveLength(1)
    stopOther()
    expect(waiting()).toBe(0)
  })
})

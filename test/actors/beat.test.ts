import { expect, it } from 'vitest'
import { beat } from '../../actors/beat.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import type { Clock } from '../../src/ports/clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Wall time over a clock that runs: `wall` shifts it. */
function wallClock() {
  const running = simulatedClock(0)
  let ahead = 24 * HOUR
  const clock: Clock = {
    now: () => running.now() + ahead,
    at: (dueAt, callback) => running.at(dueAt - ahead, callback),
  }
  const wall = (ms: number): void => {
    ahead += ms
  }
  return { clock, running, wall }
}

it('goes on every minute, whatever the clock is set to', () => {
  const { clock, running, wall } = wallClock()
  const beats: number[] = []
  const end = beat(clock, MINUTE, () => beats.push(running.now()))
  running.advanceTo(2 * MINUTE)
  wall(-HOUR)
  running.advanceTo(5 * MINUTE)
  wall(2 * HOUR)
  running.advanceTo(7 * MINUTE)
  end()
  running.advanceTo(9 * MINUTE)
  expect(beats.filter((at) => at <= 5 * MINUTE)).toEqual([1, 2, 3, 4, 5].map((minute) => minute * MINUTE))
  expect(beats.filter((at) => at > 5 * MINUTE)).toHaveLength(3)
})

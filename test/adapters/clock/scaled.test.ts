import { expect, it } from 'vitest'
import { scaledClock } from '../../../src/adapters/clock/scaled.ts'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'

it('stands at another moment, and sixty seconds pass there in one here', () => {
  const base = simulatedClock(1_000)
  const clock = scaledClock(base, 500_000, 60)
  expect(clock.now()).toBe(500_000)
  base.advanceTo(2_000)
  expect(clock.now()).toBe(560_000)
})

it('rings when its own time has come, never before, and can be called off', () => {
  const base = simulatedClock(0)
  const clock = scaledClock(base, 500_000, 7)
  const rung: number[] = []
  clock.at(500_010, () => rung.push(clock.now()))
  clock.at(500_020, () => rung.push(clock.now())).cancel()
  base.advanceTo(1)
  expect(rung).toEqual([])
  base.advanceTo(100)
  expect(rung).toHaveLength(1)
  expect(rung[0]).toBeGreaterThanOrEqual(500_010)
})

import { describe, expect, it } from 'vitest'
import { createTimers, type DeadlineMessage } from '../../../actors/supervision/timers.ts'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'

function bench() {
  const clock = simulatedClock(1_000)
  const rung: (readonly [actor: string, message: DeadlineMessage])[] = []
  const timers = createTimers(clock, (actor, message) => void rung.push([actor, message]))
  return { clock, timers, rung, names: () => rung.map(([actor, { name }]) => `${actor} ${name}`) }
}

describe('deadlines', () => {
  it('ring once, at their time, with what was asked for and when it was seen', () => {
    const { clock, timers, rung } = bench()
    timers.set('order:1', 'acknowledge', 1_500)
    clock.advanceTo(1_499)
    expect(rung).toEqual([])
    clock.advanceTo(5_000)
    expect(rung).toEqual([['order:1', { type: 'deadline.reached', name: 'acknowledge', dueAt: 1_500, seenAt: 1_500 }]])
    expect(timers.waiting).toBe(0)
  })

  it('that have passed ring at once, still naming the time that was meant', () => {
    const { clock, timers, rung } = bench()
    timers.set('order:1', 'settle', 400)
    expect(rung).toEqual([])
    clock.fireNext()
    expect(rung[0]?.[1]).toMatchObject({ dueAt: 400, seenAt: 1_000 })
  })

  it('are moved when they are stated again: the earlier time never rings', () => {
    const { clock, timers, rung } = bench()
    timers.set('order:1', 'lookUp', 1_200)
    timers.set('order:1', 'lookUp', 1_800)
    expect(timers.waiting).toBe(1)
    clock.advanceTo(9_000)
    expect(rung.map(([, { dueAt }]) => dueAt)).toEqual([1_800])
  })

  it('are cleared by null, and clearing what is not set is nothing', () => {
    const { clock, timers, rung } = bench()
    timers.set('order:1', 'lookUp', 1_200)
    timers.set('order:1', 'lookUp', null)
    timers.set('order:2', 'never', null)
    clock.advanceTo(9_000)
    expect(rung).toEqual([])
    expect(timers.waiting).toBe(0)
  })

  it('of two actors and of two names do not touch each other', () => {
    const { clock, timers, names } = bench()
    timers.set('order:1', 'settle', 1_300)
    timers.set('order:1', 'expiry', 1_200)
    timers.set('order:2', 'settle', 1_100)
    timers.set('order:3', 'settle', 1_150)
    timers.clear('order:3')
    timers.set('order:1', 'settle', 1_400)
    expect(timers.waiting).toBe(3)
    clock.advanceTo(9_000)
    expect(names()).toEqual(['order:2 settle', 'order:1 expiry', 'order:1 settle'])
  })

  it('may be stated anew by whoever hears them ring', () => {
    const clock = simulatedClock(0)
    const at: number[] = []
    const timers = createTimers(clock, (actor, { name, dueAt }) => {
      at.push(dueAt)
      if (at.length < 3) timers.set(actor, name, dueAt + 10)
    })
    timers.set('plan:1', 'batch', 10)
    clock.advanceTo(100)
    expect(at).toEqual([10, 20, 30])
    expect(timers.waiting).toBe(0)
  })

  it('end with the process: nothing rings after a stop', () => {
    const { clock, timers, rung } = bench()
    timers.set('order:1', 'settle', 1_300)
    timers.set('order:1', 'expiry', 1_200)
    timers.set('order:2', 'settle', 1_100)
    timers.stop()
    expect(timers.waiting).toBe(0)
    clock.advanceTo(9_000)
    expect(rung).toEqual([])
  })
})

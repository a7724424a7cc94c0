import { describe, expect, it } from 'vitest'
import { createPacing, type PacedCall } from '../../actors/pacing.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { pair } from '../../src/domain/ids.ts'
import type { Priority } from '../../src/domain/pacing.ts'
import { TIER_LIMITS } from '../../src/domain/venue-limits.ts'
import type { VenueAnswer } from '../../src/ports/exchange.ts'

const PLENTY = { perMinute: 6_000, burst: 100 }

/** A venue that takes one call at a time, and answers when the test says so. */
function openLane() {
  const clock = simulatedClock(0)
  const rules = { calls: PLENTY, orders: PLENTY, reserve: 0.2, venue: TIER_LIMITS.pro }
  const pacing = createPacing({ clock, rules, callsAtOnce: 1 })
  const sent: string[] = []
  const answers = new Map<string, () => void>()
  const ask = (name: string, priority: Priority): Promise<VenueAnswer<null>> => {
    const call: PacedCall = { priority, changesOrders: true, symbol: null, enginePoints: 0, restPoints: 0 }
    return pacing.ask<null>(call, () => {
      sent.push(name)
      return new Promise((resolve) => answers.set(name, () => resolve({ kind: 'done', value: null })))
    })
  }
  return { clock, sent, ask, answer: (name: string) => answers.get(name)?.() }
}

describe('a venue that takes one order at a time', () => {
  it('lets an exit wait for a call that hangs for a second, and no longer', async () => {
    const { clock, sent, ask } = openLane()
    void ask('entry that hangs', 'entry')
    void ask('entry', 'entry')
    void ask('exit', 'exit')
    clock.advanceTo(999)
    expect(sent).toEqual(['entry that hangs'])
    clock.advanceTo(1_000)
    expect(sent).toEqual(['entry that hangs', 'exit'])
  })

  it('counts the late answer of such a call for nothing', async () => {
    const { clock, sent, ask, answer } = openLane()
    const hanging = ask('hangs', 'entry')
    void ask('exit', 'exit')
    void ask('next', 'entry')
    clock.advanceTo(1_000)
    answer('hangs')
    await hanging
    expect(sent).toEqual(['hangs', 'exit'])
    clock.advanceTo(2_000)
    expect(sent).toEqual(['hangs', 'exit', 'next'])
  })
})

it('what somebody else has used of the venue’s counter is not used again by an entry', async () => {
  const clock = simulatedClock(0)
  const rules = { calls: PLENTY, orders: PLENTY, reserve: 0.2, venue: TIER_LIMITS.starter }
  const pacing = createPacing({ clock, rules, callsAtOnce: null })
  const sent: number[] = []
  const symbol = pair('BTC/USDT')
  const call: PacedCall = { priority: 'entry', changesOrders: true, symbol, enginePoints: 1, restPoints: 0 }
  const entry = () =>
    pacing.ask<null>(call, async () => {
      sent.push(clock.now())
      return { kind: 'done', value: null }
    })
  pacing.heard(symbol, 60)
  void entry()
  expect(sent).toEqual([])
  clock.advanceTo(60_000)
  expect(sent).toEqual([13_000])
  pacing.heard(symbol, 0)
  await entry()
  expect(sent).toHaveLength(2)
})

import { describe, expect, it } from 'vitest'
import { changeNow, growsAt, newSlot, type OrderSlot, withAsked } from '../../src/domain/position-slot.ts'
import type { Numeric } from '../../src/domain/units.ts'
import { AT, orderOf, POLICY, requestOf } from './order-builders.ts'

const WORKS = { mayGrowOn: true }

/** A stop that rests for so much, and whose last change has been answered. */
const resting = (quantity: Numeric, slot?: OrderSlot): OrderSlot => {
  const { asked: _, ...known } = slot ?? newSlot(requestOf({ purpose: 'stop', quantity }))
  return { ...known, view: orderOf(requestOf({ purpose: 'stop', quantity })) }
}

/** Crumbs of 1 each `everyMs` for `count` times: when the stop was asked to grow, milliseconds after the first. */
function growths(everyMs: number, count: number): readonly number[] {
  let slot = resting('1')
  const asked: number[] = []
  for (let crumb = 0; crumb < count; crumb += 1) {
    const at = AT + crumb * everyMs
    const change = changeNow(slot, { quantity: `${crumb + 2}` }, POLICY, { now: at, ...WORKS })
    if (change?.quantity === undefined) continue
    asked.push(at - AT)
    slot = resting(change.quantity, withAsked(slot, change, POLICY, at))
  }
  return asked
}

describe('a stop that grows with its entry', () => {
  it('follows the parts of one fill at once, and a stream of crumbs at ever longer steps up to five seconds', () => {
    expect(growths(50, 600)).toEqual([0, 250, 750, 1_750, 3_750, 7_750, 12_750, 17_750, 22_750, 27_750])
  })

  it('follows parts that come as seldom as that one by one', () => {
    expect(growths(5_000, 5)).toEqual([0, 5_000, 10_000, 15_000, 20_000])
  })

  it('after ten calm seconds is as quick as at first', () => {
    let slot = resting('1')
    for (const at of [0, 250, 750])
      slot = resting('2', withAsked(resting('1', slot), { quantity: '2' }, POLICY, AT + at))
    expect(growsAt(slot, POLICY)).toBe(AT + 1_750)
    slot = withAsked(resting('1', slot), { quantity: '2' }, POLICY, AT + 10_750)
    expect(growsAt(slot, POLICY)).toBe(AT + 11_000)
  })

  it('grows at once when the entry has ended, and shrinks at any time', () => {
    const slot = resting('2', withAsked(resting('1'), { quantity: '2' }, POLICY, AT))
    expect(changeNow(slot, { quantity: '3' }, POLICY, { now: AT + 1, ...WORKS })).toBeNull()
    expect(changeNow(slot, { quantity: '3' }, POLICY, { now: AT + 1, mayGrowOn: false })).toEqual({ quantity: '3' })
    expect(changeNow(slot, { quantity: '1' }, POLICY, { now: AT + 1, ...WORKS })).toEqual({ quantity: '1' })
  })

  it('moves its trigger although its growth must wait', () => {
    const slot = resting('2', withAsked(resting('1'), { quantity: '2' }, POLICY, AT))
    const wanted = { quantity: '3', triggerPrice: '49500' } as const
    expect(changeNow(slot, wanted, POLICY, { now: AT + 1, ...WORKS })).toEqual({ triggerPrice: '49500' })
    expect(changeNow(slot, wanted, POLICY, { now: AT + 250, ...WORKS })).toEqual(wanted)
  })
})

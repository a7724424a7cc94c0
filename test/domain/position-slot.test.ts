import { describe, expect, it } from 'vitest'
import type { OrderRequest } from '../../src/domain/order.ts'
import { changeNow, growsAt, newSlot, type OrderSlot, withAsked } from '../../src/domain/position-slot.ts'
import type { Numeric } from '../../src/domain/units.ts'
import { AT, orderOf, POLICY, requestOf } from './order-builders.ts'

const WORKS = { mayGrowOn: true }

/** A stop that rests for so much, and whose last change has been answered. */
const resting = (quantity: Numeric, slot?: OrderSlot): OrderSlot => {
  const { asked: _, ...known } = slot ?? newSlot(requestOf({ purpose: 'stop', quantity }))
  return { ...known, view: orderOf({ ...known.request, quantity }) }
}

/** Crumbs of 1 each `everyMs` for `count` times: when the stop was asked to grow, milliseconds after the first. */
function growths(everyMs: number, count: number, of: Partial<OrderRequest> = { purpose: 'stop' }): readonly number[] {
  let slot = resting('1', newSlot(requestOf(of)))
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

const TARGET = { key: 'p1/target/1', purpose: 'target' } as const

describe('a target that grows with its entry', () => {
  it('follows crumbs at steps of up to a minute: what it does not cover is watched here, and the counter is the stop’s', () => {
    expect(growths(50, 6_000, TARGET)).toEqual([
      ...[0, 250, 750, 1_750, 3_750, 7_750, 15_750, 31_750, 63_750, 123_750, 183_750, 243_750],
    ])
  })
})

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

  it('is asked for again where nothing was answered, and that is no growth of its own', () => {
    const first = withAsked(resting('1'), { quantity: '2' }, POLICY, AT)
    expect(changeNow(first, { quantity: '3' }, POLICY, { now: AT + 2_000, ...WORKS })).toEqual({ quantity: '3' })
    const again = withAsked(first, { quantity: '3' }, POLICY, AT + 2_000)
    expect(again.asked).toEqual({ quantity: '3', at: AT + 2_000 })
    expect(growsAt(again, POLICY)).toBe(AT + 250)
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

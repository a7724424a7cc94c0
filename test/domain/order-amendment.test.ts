import { describe, expect, it } from 'vitest'
import { orderId } from '../../src/domain/ids.ts'
import {
  type Amendments,
  amendDenied,
  amendedFacts,
  amendingBy,
  type Change,
  mayAmend,
  NO_AMENDMENT,
  withAccepted,
  withTerms,
} from '../../src/domain/order-amendment.ts'
import { newOrder } from '../../src/domain/order-story.ts'
import { AT, requestOf } from './order-builders.ts'

const policy = {
  ...{ acknowledgeMs: 5_000, cancelMs: 5_000, lateFillMs: 60_000, lookUpFirstMs: 1_000, lookUpMaxMs: 30_000 },
  ...{ amendMinChangePct: '0.1', amendMinIntervalMs: 5_000 },
}
const STOP = requestOf({ type: 'stop-loss', limitPrice: null, triggerPrice: '1000', side: 'sell', purpose: 'stop' })
const stop = (over: Partial<Amendments> = {}) => ({
  ...newOrder({ orderId: orderId('o1'), request: STOP, policy, seenAt: AT }),
  ...NO_AMENDMENT,
  ...over,
})
const asked = (change: Change, seenAt = AT + 60_000) => ({ ...change, seenAt })

describe('a change is asked of the venue', () => {
  it.each<[string, Change, Partial<Amendments>, boolean]>([
    ['of a tenth of a per cent', { triggerPrice: '1001' }, {}, true],
    ['of less', { triggerPrice: '1000.9' }, {}, false],
    ['that changes nothing', { triggerPrice: '1000.0' }, {}, false],
    ['five seconds after the last', { triggerPrice: '1010' }, { repricedAt: AT + 55_000 }, true],
    ['sooner', { triggerPrice: '1010' }, { repricedAt: AT + 55_001 }, false],
    ['of the quantity, at any time', { quantity: '1.0001' }, { repricedAt: AT + 59_999 }, true],
    ['of both, at any time', { quantity: '2', triggerPrice: '1000.1' }, { repricedAt: AT + 59_999 }, true],
    ['while another is on its way', { triggerPrice: '1010' }, { amending: { quantity: '2' } }, false],
  ])('%s: %j', (_, change, over, may) => {
    expect(mayAmend(stop(over), asked(change))).toBe(may)
  })

  it('of an order of before there was a least change, whatever it is', () => {
    const { amendMinChangePct: _, amendMinIntervalMs: __, ...older } = policy
    const order = { ...stop({ repricedAt: AT + 59_999 }), policy: older }
    expect(mayAmend(order, asked({ triggerPrice: '1000.01' }))).toBe(true)
  })
})

it('only a change of price starts the wait for the next', () => {
  expect(amendingBy(stop(), asked({ quantity: '2' }))).toEqual({ amending: { quantity: '2' }, repricedAt: null })
  expect(amendingBy(stop(), asked({ triggerPrice: '1010' })).repricedAt).toBe(AT + 60_000)
})

describe('what the venue makes of it', () => {
  const amending = { triggerPrice: '1010' }
  const onItsWay = stop({ amending })

  it('becomes the terms by its report, told once', () => {
    const told = { quantity: '1', limitPrice: null, triggerPrice: '1010' }
    const after = { ...onItsWay, ...withTerms(onItsWay, told) }
    expect(after).toMatchObject({ triggerPrice: '1010', amending: null, isRevised: true })
    expect(amendedFacts(after)).toMatchObject([{ type: 'order.amended', order: { triggerPrice: '1010' } }])
    expect(amendedFacts({ ...after, ...withTerms(after, told) })).toEqual([])
  })

  it('becomes the terms by its answer alone, and the report after it is no news', () => {
    const after = { ...onItsWay, ...withAccepted(onItsWay, amending) }
    expect(after).toMatchObject({ triggerPrice: '1010', quantity: '1', amending: null, isRevised: true })
    expect(withTerms(after, after).isRevised).toBe(false)
  })

  it('is not undone by a late answer to an earlier change', () => {
    const second = stop({ amending: { triggerPrice: '1020' } })
    expect(withAccepted(second, amending)).toEqual({})
    expect(withAccepted(stop(), amending)).toEqual({})
  })
})

describe('what is not asked of the venue is answered', () => {
  it('for good, with the order as it stands, where it is too little or too soon', () => {
    expect(amendDenied(stop(), asked({ triggerPrice: '1000.5' }))).toMatchObject({
      ...{ type: 'order.amendRefused', order: { triggerPrice: '1000' } },
      reason: 'it moves the price by less than 0.1 %',
    })
    expect(amendDenied(stop({ repricedAt: AT + 59_000 }), asked({ triggerPrice: '1010' }))).toMatchObject({
      reason: 'the price was changed less than 5 s ago',
    })
  })

  it('for now, where another is on its way', () => {
    const denied = amendDenied(stop({ amending: { quantity: '2' } }), asked({ quantity: '3' }))
    expect(denied).toMatchObject({ type: 'order.denied', reason: 'another amendment is on its way' })
  })
})

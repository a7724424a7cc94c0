import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OrderView } from '../../src/domain/order.ts'
import type { PositionSide } from '../../src/domain/position.ts'
import { isCovered, isDust, isStranded } from '../../src/domain/position-cover.ts'
import {
  exitRetryAt,
  type OrderPlan,
  planExit,
  planProtection,
  planWithdrawal,
} from '../../src/domain/position-plan.ts'
import { isSlotLive, type OrderSlot } from '../../src/domain/position-slot.ts'
import {
  heldBy,
  isFlat,
  isHolding,
  liveExit,
  liveStop,
  type PositionRecord,
  positionFact,
  positionView,
  stopProblem,
  withOrder,
  withOrders,
  withoutOrder,
} from '../../src/domain/position-story.ts'
import { stopReason } from '../../src/domain/position-trail.ts'
import { amount, text } from '../../src/domain/units.ts'
import { AT, fillOf, orderOf, POLICY, POSITION, requestOf } from './order-builders.ts'
import { instrument } from './risk-builders.ts'

const slot = (view: OrderView | null, over: Partial<OrderSlot> = {}): OrderSlot => ({
  ...{ request: requestOf(view?.request), view, dropped: false, ...over },
})
/** A long of one BTC from 100 with its stop at 97; slots as given. */
const recordOf = (slots: readonly OrderSlot[], over: Partial<PositionRecord> = {}): PositionRecord => ({
  ...{ positionId: POSITION, proposalId: 'proposal', side: 'long', leverage: 1, instrument: instrument('BTC/USDT') },
  ...{ policy: POLICY, stopGiven: '97', trailing: null, news: [], reduction: null },
  closeWish: { reference: null, note: null },
  ...{ stopLoss: '97', stopWanted: null, takeProfit: '106', slots, closeReason: null, dust: '0', financing: '0' },
  ...{ openedAt: AT, updatedAt: AT, closedAt: null, ...over },
})
const entry = (filled: string, over: Partial<OrderView> = {}): OrderView =>
  orderOf(requestOf(), filled === '0' ? [] : [fillOf('e', '100', filled, '0.4')], {
    ...(filled === '1' ? { status: 'FILLED', phase: 'settling' } : {}),
    ...over,
  })
const STOP = requestOf({ key: 'p1/stop/1', side: 'sell', type: 'stop-loss', purpose: 'stop', triggerPrice: '97' })
const stop = (over: Partial<OrderView> = {}, filled = '0'): OrderView =>
  orderOf(STOP, filled === '0' ? [] : [fillOf('s', '97', filled, '0.4')], over)
const EXIT = requestOf({ key: 'p1/exit/1', side: 'sell', type: 'market', purpose: 'exit', intent: 'close' })
const exit = (over: Partial<OrderView> = {}, filled = '0'): OrderView =>
  orderOf(EXIT, filled === '0' ? [] : [fillOf('x', '105', filled, '0.4')], over)
const ENDED = { status: 'CANCELLED', phase: 'done' } as const
const FAILED = { status: 'ERROR', phase: 'settling' } as const

const asked = ({ directives }: OrderPlan): string[] =>
  directives.map((one) =>
    one.kind === 'place'
      ? `place ${one.request.key} ${one.request.quantity}`
      : one.kind === 'amend'
        ? `amend ${one.key} ${one.quantity ?? '-'} ${one.triggerPrice ?? '-'}`
        : `cancel ${one.key}`,
  )

describe('what is held', () => {
  it('is what the orders filled, less the dust given over', () => {
    const record = recordOf([slot(entry('1')), slot(stop({}, '0.25'))])
    expect(text(heldBy(record))).toBe('0.75')
    expect(text(heldBy({ ...record, dust: '0.75' }))).toBe('0')
    expect([isHolding(record), isHolding({ ...record, dust: '0.75' })]).toEqual([true, false])
  })

  it.each<[string, readonly OrderSlot[], boolean]>([
    ['an entry works', [slot(entry('0'))], false],
    ['an entry was asked for and nothing was heard', [slot(null)], false],
    ['the entry was never born', [slot(null, { dropped: true })], true],
    [
      'the entry was cancelled a moment ago: a late fill may come',
      [slot(entry('0', { ...ENDED, phase: 'settling' }))],
      false,
    ],
    ['the entry was cancelled and is done', [slot(entry('0', ENDED))], true],
    ['the entry was refused', [slot(entry('0', FAILED))], true],
    ['something is held', [slot(entry('1'))], false],
    ['all was sold and nothing works', [slot(entry('1')), slot(exit({ status: 'FILLED' }, '1'))], true],
    [
      'all was sold and a stop still rests',
      [slot(entry('1')), slot(exit({ status: 'FILLED' }, '1')), slot(stop())],
      false,
    ],
  ])('flat while %s', (_, slots, flat) => {
    expect(isFlat(recordOf(slots))).toBe(flat)
  })
})

describe('dust', () => {
  it('is too little for any order, by quantity or by its worth at the stop', () => {
    const of = (filled: string, stopLoss = '97') => isDust(recordOf([slot(entry(filled))], { stopLoss }))
    expect([of('0.00004'), of('0.00005', '9999'), of('0.00005', '10000'), of('1')]).toEqual([true, true, false, false])
    expect(isDust(recordOf([slot(entry('0'))]))).toBe(false)
  })

  it('is stranded only when nothing works that could add to it or sell it', () => {
    expect(isStranded(recordOf([slot(entry('0.00004', ENDED))]))).toBe(true)
    expect(isStranded(recordOf([slot(entry('0.00004'))]))).toBe(false)
    expect(isStranded(recordOf([slot(entry('0.00004', { ...ENDED, phase: 'settling' }))]))).toBe(false)
    expect(isStranded(recordOf([slot(entry('1', ENDED))]))).toBe(false)
  })
})

describe('a stop covers', () => {
  it.each<[string, OrderView | null, boolean]>([
    ['when it rests for all that is held', stop(), true],
    ['not while it is only intended', stop({ status: 'PENDING', phase: 'submitting' }), false],
    ['not when it ended', stop(ENDED), false],
    ['not for less than what is held', stop({ quantity: '0.9' }), false],
    ['by what is left of it', stop({ quantity: '1.5' }, '0.5'), true],
    ['not while nothing was heard of it', null, false],
  ])('%s', (_, view, covers) => {
    const filled =
      view?.filled === '0.5' ? orderOf(requestOf({ quantity: '1.5' }), [fillOf('e', '100', '1.5')]) : entry('1')
    expect(isCovered(recordOf([slot(filled), slot(view, { request: STOP })]))).toBe(covers)
  })

  it('whole lots: less than a lot cannot be covered and need not be', () => {
    const odd = orderOf(requestOf(), [fillOf('e', '100', '1.000000001')])
    expect(isCovered(recordOf([slot(odd), slot(stop())]))).toBe(true)
  })
})

describe('protection', () => {
  it('is one stop for all that is held, at the stop, on the other side', () => {
    const plan = planProtection(recordOf([slot(entry('0.4'))]), false)
    expect(asked(plan)).toEqual(['place p1/stop/1 0.4'])
    expect(plan.slots.at(-1)?.request).toMatchObject({
      ...{ side: 'sell', type: 'stop-loss', triggerPrice: '97', limitPrice: null, purpose: 'stop', book: 'trading' },
      ...{ reduceOnly: false, intent: 'reduce', positionId: POSITION },
    })
  })

  it('of a short buys back, and reduces only', () => {
    const sold = orderOf(requestOf({ side: 'sell', leverage: 2 }), [fillOf('e', '100', '1')])
    const plan = planProtection(recordOf([slot(sold)], { side: 'short', leverage: 2, stopLoss: '103' }), false)
    expect(plan.slots.at(-1)?.request).toMatchObject({
      side: 'buy',
      reduceOnly: true,
      leverage: 2,
      triggerPrice: '103',
    })
  })

  it('grows with the entry and moves with the stop, by amending what rests', () => {
    const grown = recordOf([slot(entry('1')), slot(stop({ quantity: '0.4' }))])
    expect(asked(planProtection(grown, false))).toEqual(['amend p1/stop/1 1 -'])
    const moved = recordOf([slot(entry('1')), slot(stop())], { stopLoss: '98' })
    expect(asked(planProtection(moved, false))).toEqual(['amend p1/stop/1 - 98'])
    const partly = recordOf([slot(entry('1')), slot(stop({ quantity: '0.5' }, '0.3'))])
    expect(asked(planProtection(partly, false))).toEqual(['amend p1/stop/1 1 -'])
  })

  it.each<[string, readonly OrderSlot[]]>([
    ['nothing is held', [slot(entry('0'))]],
    ['only dust is held', [slot(entry('0.00004'))]],
    ['the stop already covers', [slot(entry('1')), slot(stop())]],
    ['the stop is on its way', [slot(entry('1')), slot(null, { request: STOP })]],
    ['the stop is being cancelled', [slot(entry('1')), slot(stop({ phase: 'cancelling', quantity: '0.4' }))]],
    ['an exit works', [slot(entry('1')), slot(exit())]],
  ])('asks for nothing while %s', (_, slots) => {
    expect(asked(planProtection(recordOf(slots), true))).toEqual([])
  })

  it('after a refusal waits for the retry, so that a refusal cannot spin', () => {
    const refused = recordOf([slot(entry('1')), slot(stop(FAILED))])
    expect(asked(planProtection(refused, false))).toEqual([])
    expect(asked(planProtection(refused, true))).toEqual(['place p1/stop/2 1'])
  })
})

describe('the way out', () => {
  it('takes entry and stop back first, and sells nothing while either could still fill', () => {
    const both = recordOf([slot(entry('0.4')), slot(stop({ quantity: '0.4' }))])
    expect(asked(planExit(both, true))).toEqual(['cancel p1/entry/1', 'cancel p1/stop/1'])
    const cancelling = recordOf([slot(entry('0.4', ENDED)), slot(stop({ quantity: '0.4', phase: 'cancelling' }))])
    expect(asked(planExit(cancelling, true))).toEqual([])
  })

  it('sells at market what is left once nothing else can', () => {
    const plan = planExit(recordOf([slot(entry('1')), slot(stop(ENDED, '0.25'))]), true)
    expect(asked(plan)).toEqual(['place p1/exit/1 0.75'])
    expect(plan.slots.at(-1)?.request).toMatchObject({
      type: 'market',
      side: 'sell',
      intent: 'close',
      triggerPrice: null,
    })
  })

  it('asks once: not while an exit works, not for dust, not when flat', () => {
    for (const slots of [
      [slot(entry('1')), slot(exit())],
      [slot(entry('0.00004', ENDED))],
      [slot(entry('1')), slot(exit({ status: 'FILLED' }, '1'))],
    ])
      expect(asked(planExit(recordOf(slots), true))).toEqual([])
  })

  it('after a refusal waits for the retry', () => {
    const refused = recordOf([slot(entry('1')), slot(exit(FAILED))])
    expect(asked(planExit(refused, false))).toEqual([])
    expect(asked(planExit(refused, true))).toEqual(['place p1/exit/2 1'])
  })

  it.each([
    ['no refusal', [], 1],
    ['two refusals for what it is', ['validation', 'funds'], 1],
    ['three', ['validation', 'validation', 'validation'], 2],
    ['four', ['validation', 'validation', 'validation', 'funds'], 4],
    ['ever so many', Array.from({ length: 40 }, () => 'validation'), 16],
    ['many while the venue was shut', Array.from({ length: 40 }, () => 'mode'), 1],
    ['many, and then one that came at a bad moment', ['validation', 'validation', 'validation', 'rate'], 1],
  ])('after %s waits so many times the retry', (_, codes, times) => {
    const refused = codes.map((code) => slot(exit({ ...FAILED, reason: `${code}: EOrder:No` })))
    for (const last of [[], [slot(null, { request: EXIT })]])
      expect(exitRetryAt(recordOf([slot(entry('1')), ...refused, ...last])) - AT).toBe(times * POLICY.retryMs)
  })

  it('of an entry that holds nothing is only its cancellation', () => {
    expect(asked(planWithdrawal(recordOf([slot(entry('0'))])))).toEqual(['cancel p1/entry/1'])
    expect(asked(planWithdrawal(recordOf([slot(entry('0', ENDED))])))).toEqual([])
  })
})

it('never asks for more than is held, whatever was filled and however the orders stand', () => {
  const lots = fc.integer({ min: 0, max: 2 * 10 ** 8 })
  const state = fc.constantFrom<Partial<OrderView>>({}, { status: 'PENDING', phase: 'submitting' }, ENDED, FAILED, {
    phase: 'cancelling',
  })
  const units = (value: number): string => text(amount(value).div(10 ** 8))
  fc.assert(
    fc.property(lots, lots, lots, state, state, state, fc.boolean(), (bought, stopped, sold, a, b, c, retry) => {
      const record = recordOf([
        slot(orderOf(requestOf({ quantity: '2' }), [fillOf('e', '100', units(bought))], a)),
        slot(orderOf(STOP, [fillOf('s', '97', units(stopped))], b)),
        slot(orderOf(EXIT, [fillOf('x', '105', units(sold))], c)),
      ])
      const held = heldBy(record)
      for (const plan of [planProtection(record, retry), planExit(record, retry)]) {
        for (const one of plan.directives) {
          if (one.kind === 'place') expect(amount(one.request.quantity).lte(held)).toBe(true)
          if (one.kind !== 'amend' || one.quantity === undefined) continue
          const rest = amount(one.quantity).minus(amount(liveStop(record)?.view?.filled ?? 0))
          expect(rest.lte(held)).toBe(true)
        }
        expect(plan.directives.filter((one) => one.kind === 'place').length).toBeLessThanOrEqual(1)
      }
      if (liveExit(record) !== undefined)
        expect(asked(planExit(record, retry)).some((one) => one.startsWith('place'))).toBe(false)
    }),
    { numRuns: 300, seed: 20_251_103 },
  )
})

describe('what is heard of orders', () => {
  it('updates the slot that asked for it, and no other', () => {
    const record = recordOf([slot(null), slot(null, { request: STOP })])
    const heard = withOrder(record, stop())
    expect(heard.slots.map((one) => one.view?.orderId ?? null)).toEqual([null, stop().orderId])
    expect(withOrder(record, exit()).slots).toEqual(record.slots)
  })

  it('after a restart drops what was never written down, to be decided anew', () => {
    const record = recordOf([slot(null), slot(null, { request: STOP })])
    const back = withOrders(record, [entry('1')])
    expect(back.slots.map((one) => one.dropped)).toEqual([false, true])
    expect(back.slots.map(isSlotLive)).toEqual([false, false])
    expect(asked(planProtection(back, true))).toEqual(['place p1/stop/2 1'])
  })

  it('drops an order that was turned away, unless it was heard of since', () => {
    const record = recordOf([slot(null)])
    expect(withoutOrder(record, 'p1/entry/1').slots[0]?.dropped).toBe(true)
    expect(withoutOrder(recordOf([slot(entry('0'))]), 'p1/entry/1').slots[0]?.dropped).toBe(false)
    expect(withoutOrder(record, 'another').slots[0]?.dropped).toBe(false)
  })
})

describe('what a position tells', () => {
  it('is calculated from its orders: quantity, average prices, fees, profit', () => {
    const record = recordOf([slot(entry('1')), slot(exit({ status: 'FILLED' }, '1'))], { closeReason: 'take_profit' })
    expect(positionView(record, 'closed')).toMatchObject({
      ...{ status: 'closed', quantity: '0', entryPrice: '100', exitPrice: '105', realisedGross: '5', fees: '0.8' },
      ...{ closeReason: 'take_profit', closedAt: AT },
    })
    expect(positionFact('position.filled', recordOf([slot(entry('0.4'))]), 'protecting')).toMatchObject({
      position: { status: 'open', quantity: '0.4', closedAt: null },
    })
  })
})

describe('a change of stop or target', () => {
  it.each<[PositionSide, string, string | null, string | null]>([
    ['long', '97', '106', null],
    ['long', '97', null, null],
    ['long', '106', '97', 'the target must be above the stop'],
    ['short', '103', '94', null],
    ['short', '94', '103', 'the target must be below the stop'],
    ['long', '0', null, 'the stop must be above zero'],
    ['long', '9.5', '10', null],
  ])('of a %s to stop %s and target %s: %s', (side, stopLoss, takeProfit, problem) => {
    expect(stopProblem(side, stopLoss, takeProfit)).toBe(problem)
  })
})

describe('an exit that nobody here asked for', () => {
  const request = requestOf({ key: 'p1/liquidation/V', side: 'sell', type: 'market', purpose: 'exit', intent: 'close' })
  const forced = (filled: string) => orderOf(request, [fillOf('v', '90', filled)], { status: 'FILLED', phase: 'done' })
  const held = recordOf([slot(entry('1')), slot(stop())])

  it('is an order of the venue itself: what it sold is no longer held, and it is told, once', () => {
    const after = withOrder(held, forced('0.4'))
    expect([text(heldBy(after)), after.news.map(({ kind }) => kind)]).toEqual(['0.6', ['held', 'liquidated']])
    const again = withOrder({ ...after, news: [] }, forced('0.4'))
    expect([text(heldBy(again)), again.news]).toEqual(['0.6', []])
    expect(asked(planProtection(after, false))).toEqual(['amend p1/stop/1 0.6 -'])
  })

  it('is found again after a restart', () => {
    const back = withOrders(held, [entry('1'), stop(), forced('1')])
    expect([text(heldBy(back)), stopReason(back)]).toEqual(['0', 'liquidated'])
    expect(asked(planExit(back, true))).toEqual(['cancel p1/stop/1'])
  })

  it('is none of ours where it is of another position, or was never executed', () => {
    expect(withOrder(held, { ...forced('1'), fills: [] })).toBe(held)
    const others = { ...forced('1'), request: requestOf({ ...request, positionId: null }) }
    expect(withOrder(held, others)).toBe(held)
  })
})

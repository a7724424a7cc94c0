import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OrderRequest } from '../../src/domain/order.ts'
import { type BirthPlace, birthProblem, exitsProblem, growthProblem } from '../../src/domain/order-birth.ts'
import { approveReduction, type LiveExit } from '../../src/domain/risk.ts'
import { ocoGroupOf } from '../../src/domain/risk-reduction.ts'
import { AT, requestOf } from './order-builders.ts'

const place = (over: Partial<BirthPlace> = {}): BirthPlace => ({
  ...{ held: { side: 'long', quantity: '1' }, liveExits: [], coreBase: '5', isUnknownOnSymbol: false, ...over },
})
const live = (key: string, remaining: string, over: Partial<LiveExit> = {}): LiveExit => ({
  ...{ key, remaining, unknown: false, purpose: 'exit', ocoGroup: null, ...over },
})
const entry = (over: Partial<OrderRequest> = {}) => requestOf(over)
const exit = (over: Partial<OrderRequest> = {}) =>
  requestOf({
    ...{ key: 'p1/exit/1', side: 'sell', type: 'market', limitPrice: null, intent: 'close', purpose: 'exit' },
    ...over,
  })
const TYPES = { stop: 'stop-loss', target: 'take-profit', exit: 'market' } as const
const core = (over: Partial<OrderRequest> = {}) =>
  requestOf({
    ...{ key: 'plan/1', purpose: 'rebalance', book: 'core', positionId: null, intent: 'reduce', side: 'sell' },
    ...over,
  })

describe('an order is born', () => {
  it.each<[string, OrderRequest]>([
    ['an entry', entry()],
    ['a short that says so, on margin', entry({ side: 'sell', leverage: 2 })],
    ['an exit of all that is held', exit()],
    ['a stop', exit({ type: 'stop-loss', triggerPrice: '95', intent: 'reduce', purpose: 'stop' })],
    ['a trailing stop', exit({ type: 'trailing-stop', trailing: { offset: '1.5', isPercent: true }, purpose: 'stop' })],
    ['a take-profit with a limit', exit({ type: 'take-profit-limit', triggerPrice: '110', limitPrice: '109' })],
    ['a rebalance that sells what the core book has', core({ quantity: '5' })],
    ['a rebalance that buys', core({ side: 'buy', intent: 'increase' })],
  ])('that is %s', (_, request) => {
    expect(birthProblem(request, place())).toBeNull()
  })
})

describe('a sell never opens a short that it does not name', () => {
  it.each<[string, OrderRequest, Partial<BirthPlace>, string]>([
    ['a spot sell that says it opens', entry({ side: 'sell' }), {}, 'a spot sell opens nothing'],
    ['more than is held', exit({ quantity: '1.1' }), {}, 'MORE_THAN_HELD'],
    ['anything where nothing is held', exit(), { held: null }, 'MORE_THAN_HELD'],
    ['anything where all was sold', exit(), { held: { side: 'long', quantity: '0' } }, 'MORE_THAN_HELD'],
    ['what another exit will sell', exit(), { liveExits: [live('p1/stop/1', '0.4')] }, 'MORE_THAN_HELD'],
    ['an exit of a short', exit(), { held: { side: 'short', quantity: '1' } }, 'WRONG_SIDE'],
    ['more than the core book has', core({ quantity: '5.1' }), {}, '5.1 asked, 5 of the core book not yet promised'],
    ['a core book that is not known', core(), { coreBase: null }, 'not known'],
  ])('not %s', (_, request, known, problem) => {
    expect(birthProblem(request, place(known))).toContain(problem)
  })
})

it('a second exit is not born while nobody knows what became of the first', () => {
  const liveExits = [live('p1/exit/1', '0.1', { unknown: true })]
  const second = exit({ key: 'p1/exit/2', quantity: '0.1' })
  expect(birthProblem(second, place({ liveExits }))).toContain('FIRST_EXIT_UNKNOWN')
})

describe('a stop and a target of one position on margin', () => {
  const of = (purpose: 'stop' | 'target', over: Partial<OrderRequest> = {}) =>
    exit({
      ...{ key: `p1/${purpose}/1`, purpose, type: purpose === 'stop' ? 'stop-loss' : 'take-profit', intent: 'reduce' },
      ...{ triggerPrice: purpose === 'stop' ? '95' : '110', leverage: 2, reduceOnly: true, ...over },
    })
  const leg = (request: OrderRequest, over: Partial<LiveExit> = {}) =>
    live(request.key, request.quantity, { purpose: request.purpose, ocoGroup: ocoGroupOf(request), ...over })

  it('are a pair, and nothing else is', () => {
    expect([ocoGroupOf(of('stop')), ocoGroupOf(of('target'))]).toEqual([of('stop').positionId, of('stop').positionId])
    expect(ocoGroupOf(of('stop', { leverage: 1 }))).toBeNull()
    expect([ocoGroupOf(exit({ leverage: 2 })), ocoGroupOf(entry({ leverage: 2 }))]).toEqual([null, null])
  })

  it('are both born for all that is held, in whatever order, and though the other has no known state', () => {
    for (const [one, other] of [['stop', 'target'] as const, ['target', 'stop'] as const]) {
      expect(birthProblem(of(one), place({ liveExits: [leg(of(other))] }))).toBeNull()
      expect(birthProblem(of(one), place({ liveExits: [leg(of(other), { unknown: true })] }))).toBeNull()
    }
  })

  it('promise together what the larger of them sells: an exit has the rest', () => {
    const liveExits = [leg(of('stop', { quantity: '0.4' })), leg(of('target', { quantity: '0.3' }))]
    const sale = { leverage: 2, reduceOnly: true }
    expect(birthProblem(exit({ ...sale, quantity: '0.6' }), place({ liveExits }))).toBeNull()
    expect(birthProblem(exit({ ...sale, quantity: '0.7' }), place({ liveExits }))).toContain('MORE_THAN_HELD')
  })

  it('are two and no more: a second stop is not born beside the first', () => {
    const second = of('stop', { key: 'p1/stop/2' })
    expect(birthProblem(second, place({ liveExits: [leg(of('stop')), leg(of('target'))] }))).toContain('MORE_THAN_HELD')
    const lost = leg(of('stop'), { unknown: true })
    expect(birthProblem(second, place({ liveExits: [lost] }))).toContain('FIRST_EXIT_UNKNOWN')
  })
})

it('nothing that adds risk is born on a symbol with an order of unknown state; what reduces it is', () => {
  const unknown = place({ isUnknownOnSymbol: true })
  for (const request of [entry(), core({ side: 'buy', intent: 'increase' }), core()])
    expect(birthProblem(request, unknown)).toContain('UNKNOWN_ORDER_ON_SYMBOL')
  expect(birthProblem(exit(), unknown)).toBeNull()
})

describe('a request is whole', () => {
  it.each<[string, Partial<OrderRequest>]>([
    ['no quantity', { quantity: '0' }],
    ['a quantity that is no number', { quantity: 'much' }],
    ['a limit without a price', { limitPrice: null }],
    ['a stop without a trigger', { type: 'stop-loss' }],
    ['a trailing stop that does not say how far', { type: 'trailing-stop' }],
    ['a trailing stop that trails by nothing', { type: 'trailing-stop', trailing: { offset: '0', isPercent: false } }],
    ['a limit that trails', { trailing: { offset: '1', isPercent: true } }],
    ['a date without GTD', { expiresAt: AT }],
    ['GTD without a date', { timeInForce: 'GTD' }],
    ['post-only and at once', { postOnly: true, timeInForce: 'IOC' }],
    ['a leverage below one', { leverage: 0 }],
    ['a market order that adds risk, without a guard', { type: 'market', limitPrice: null }],
  ])('not with %s', (_, over) => {
    expect(birthProblem(entry(over), place())).not.toBeNull()
  })
})

describe("a position's exits together", () => {
  it('may sell what is held and no more; of a pair, of which one cancels the other, the larger counts', () => {
    expect(exitsProblem('1', [live('stop', '1')])).toBeNull()
    const pair = (stop: string, target: string): LiveExit[] => [
      live('stop', stop, { ocoGroup: 'a', purpose: 'stop' }),
      live('target', target, { ocoGroup: 'a', purpose: 'target' }),
    ]
    expect(exitsProblem('1', pair('1', '1'))).toBeNull()
    expect(exitsProblem('1', pair('0.4', '1.1'))).toBe('exits may still sell 1.1, 1 is held')
    expect(exitsProblem('1', pair('1.1', '0.4'))).toBe('exits may still sell 1.1, 1 is held')
    expect(exitsProblem('1', [...pair('0.4', '0.7'), live('exit', '0.3')])).toBeNull()
    expect(exitsProblem('1', [...pair('0.4', '0.7'), live('exit', '0.4')])).toContain('may still sell 1.1')
    expect(exitsProblem('1', pair('1.1', '0').slice(0, 1))).toBe('exits may still sell 1.1, 1 is held')
    expect(exitsProblem('1', [live('stop', '1'), live('exit', '0.2')])).toBe('exits may still sell 1.2, 1 is held')
    expect(exitsProblem('-0.3', [])).toBe('0.3 more was sold than had been bought')
  })

  it('grow only into what no other exit was promised', () => {
    const alone = { purpose: 'stop', ocoGroup: null } as const
    const other = live('exit', '0.1')
    expect(growthProblem('1', '0', '1', [], alone)).toBeNull()
    expect(growthProblem('1', '0.4', '0.6', [], alone)).toBeNull()
    expect(growthProblem('1', '0', '1', [other], alone)).toBe('MORE_THAN_HELD: 1 asked, 0.9 not yet promised')
  })

  it('grow beside the other leg of their pair, which sells the same, and beside nothing else', () => {
    const leg = { purpose: 'target', ocoGroup: 'p1' } as const
    const stop = live('p1/stop/1', '1', { purpose: 'stop', ocoGroup: 'p1' })
    expect(growthProblem('1', '0', '1', [stop], leg)).toBeNull()
    expect(growthProblem('1.1', '0', '1', [stop], leg)).toContain('MORE_THAN_HELD')
    expect(growthProblem('1', '0', '1', [stop, live('p1/exit/1', '0.1')], leg)).toContain('MORE_THAN_HELD')
    expect(growthProblem('1', '0', '1', [stop], { ...leg, purpose: 'stop' })).toContain('MORE_THAN_HELD')
  })

  it('never come to more than is held, in whatever order they are asked for', () => {
    const part = fc.integer({ min: 1, max: 12 }).map(String)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }).map(String), fc.array(part, { maxLength: 8 }), (held, parts) => {
        const liveExits: LiveExit[] = []
        for (const [index, quantity] of parts.entries()) {
          const request = exit({ key: `p1/exit/${index}`, quantity })
          if (birthProblem(request, place({ held: { side: 'long', quantity: held }, liveExits })) === null)
            liveExits.push(live(request.key, quantity))
        }
        expect(exitsProblem(held, liveExits)).toBeNull()
      }),
    )
  })

  it('never do on margin either, whatever is asked for, changed and taken back, in whatever order', () => {
    const size = fc.integer({ min: 1, max: 12 }).map(String)
    const purpose = fc.constantFrom('stop', 'target', 'exit')
    const step = fc.record({ kind: fc.constantFrom('ask', 'amend', 'end'), purpose, size, at: fc.nat() })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }).map(String), fc.array(step, { maxLength: 20 }), (held, steps) => {
        let exits: readonly LiveExit[] = []
        for (const [index, { kind, purpose: of, size: quantity, at }] of steps.entries()) {
          const one = exits[at % Math.max(exits.length, 1)]
          const others = exits.filter((other) => other !== one)
          const wanted = exit({ key: `p1/${of}/${index}`, purpose: of, quantity, leverage: 2, reduceOnly: true })
          const asked = { ...wanted, type: TYPES[of], triggerPrice: of === 'exit' ? null : '95' } as const
          if (
            kind === 'ask' &&
            birthProblem(asked, place({ held: { side: 'long', quantity: held }, liveExits: exits })) === null
          )
            exits = [...exits, live(asked.key, quantity, { purpose: of, ocoGroup: ocoGroupOf(asked) })]
          if (one === undefined || kind === 'ask') continue
          const isRefused = kind === 'amend' && growthProblem(quantity, '0', held, others, one) !== null
          if (!isRefused) exits = kind === 'end' ? others : [...others, { ...one, remaining: quantity }]
        }
        expect(exitsProblem(held, exits)).toBeNull()
      }),
    )
  })
})

it('what risk approves as a reduction is never refused at birth', () => {
  const request = exit({ quantity: '0.6' })
  const liveExits = [live('p1/stop/1', '0.4')]
  expect(approveReduction(request, { side: 'long', quantity: '1' }, liveExits).kind).toBe('approved')
  expect(birthProblem(request, place({ liveExits }))).toBeNull()
})

import { describe, expect, it } from 'vitest'
import { pair, positionId } from '../../src/domain/ids.ts'
import type { PositionView } from '../../src/domain/position.ts'
import { crossedBy, judgeChange, judgeClose, judgeDistance } from '../../src/domain/position-requests.ts'
import { amount } from '../../src/domain/units.ts'
import { AT } from './order-builders.ts'
import { instrument } from './risk-builders.ts'

const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')
const ASKED = { mark: amount('50000'), instrument: instrument(BTC) }

const held = (over: Partial<PositionView> = {}): PositionView => ({
  ...{ positionId: positionId('p1'), symbol: BTC, side: 'long', status: 'open', phase: 'protected', leverage: 1 },
  ...{ quantity: '0.02', entryPrice: '50000', exitPrice: '0', stopLoss: '49000', takeProfit: '52000', trailing: null },
  ...{ realisedGross: '0', fees: '8', financing: '0', closeReason: null, openedAt: AT, updatedAt: AT, closedAt: null },
  ...over,
})
const short = (over: Partial<PositionView> = {}) =>
  held({ side: 'short', leverage: 2, stopLoss: '51000', takeProfit: '48000', ...over })

type Change = Parameters<typeof judgeChange>[1]
const codeOf = (judged: object): unknown =>
  'refusal' in judged ? (judged.refusal as { readonly code: string }).code : 'asked' in judged ? judged.asked : null
const change = (given: Change, position = held(), mark: string | null = '50000'): unknown =>
  codeOf(judgeChange(position, given, { ...ASKED, mark: mark === null ? null : amount(mark) }))

describe('a change of stop or target', () => {
  it('is taken for what is protected, rounded to the tick', () => {
    expect(change({ stopLoss: '49500.04' })).toEqual({ stopLoss: '49500' })
    expect(change({ stopLoss: '49500.05', takeProfit: '53000' })).toEqual({ stopLoss: '49500.1', takeProfit: '53000' })
  })

  it('clears a target, also where no price is fresh, and never a stop', () => {
    expect(change({ takeProfit: null }, held(), null)).toEqual({ takeProfit: null })
    expect(change({ stopLoss: null })).toBe('STOP_LOSS_REQUIRED')
    expect(change({ stopLoss: null, takeProfit: null })).toBe('STOP_LOSS_REQUIRED')
  })

  it.each<[string, Change]>([
    ['that is no number', { stopLoss: 'low' }],
    ['of zero', { stopLoss: '0' }],
    ['below zero', { takeProfit: '-1' }],
    ['that rounds to zero', { stopLoss: '0.04' }],
    ['that is a float', { stopLoss: 49500 }],
    ['without end', { takeProfit: 'Infinity' }],
  ])('is refused at a price %s', (_, given) => {
    expect(change(given)).toBe('INVALID_PRICE')
  })

  it.each<[string, Change, PositionView, unknown]>([
    ['a stop just below the market', { stopLoss: '49999.9' }, held(), { stopLoss: '49999.9' }],
    ['a stop at the market', { stopLoss: '50000' }, held(), 'BEYOND_MARKET'],
    ['a stop just above the market', { stopLoss: '50000.1' }, held(), 'BEYOND_MARKET'],
    ['a target just above the market', { takeProfit: '50000.1' }, held(), { takeProfit: '50000.1' }],
    ['a target at the market', { takeProfit: '50000' }, held(), 'BEYOND_MARKET'],
    ['a stop just below its target', { stopLoss: '51999.9' }, held(), 'BEYOND_MARKET'],
    ['a stop at its target', { stopLoss: '52000' }, held(), 'WRONG_SIDE'],
    ['a target at its stop', { takeProfit: '49000' }, held(), 'WRONG_SIDE'],
    ['both the wrong way round', { stopLoss: '52000', takeProfit: '49000' }, held(), 'WRONG_SIDE'],
    ['a short’s stop just above the market', { stopLoss: '50000.1' }, short(), { stopLoss: '50000.1' }],
    ['a short’s stop at the market', { stopLoss: '50000' }, short(), 'BEYOND_MARKET'],
    ['a short’s target just below the market', { takeProfit: '49999.9' }, short(), { takeProfit: '49999.9' }],
    ['a short’s target at the market', { takeProfit: '50000' }, short(), 'BEYOND_MARKET'],
    ['a short’s stop below its target', { stopLoss: '47000' }, short(), 'WRONG_SIDE'],
  ])('is judged by both sides: %s', (_, given, position, expected) => {
    expect(change(given, position)).toEqual(expected)
  })

  it('may bring the stop over the entry once the market is further', () => {
    expect(change({ stopLoss: '51000' }, held(), '51500')).toEqual({ stopLoss: '51000' })
  })

  it('needs a fresh price, a position that lives and is protected, and something to change', () => {
    expect(change({ stopLoss: '49500' }, held(), null)).toBe('STALE_MARK')
    expect(change({})).toBe('NOTHING_TO_CHANGE')
    expect(change({ stopLoss: '49500' }, held({ status: 'closed', phase: 'closed' }))).toBe('ALREADY_CLOSED')
    for (const phase of ['opening', 'protecting'] as const)
      expect(change({ stopLoss: '49500' }, held({ phase }))).toBe('NOT_PROTECTED')
    for (const phase of ['closing', 'emergencyExit'] as const)
      expect(change({ stopLoss: '49500' }, held({ phase }))).toBe('ALREADY_CLOSING')
  })
})

describe('a close', () => {
  const close = (exitPrice: unknown, mark: string | null = '50000', reason?: unknown) =>
    codeOf(judgeClose(held(), { exitPrice, reason }, mark === null ? null : amount(mark)))

  it.each([
    ['5 % below the mark', '47500', { reference: '47500', note: null }],
    ['just over 5 % below', '47499.99999999', 'REFERENCE_AWAY'],
    ['5 % above the mark', '52500', { reference: '52500', note: null }],
    ['just over 5 % above', '52500.00000001', 'REFERENCE_AWAY'],
    ['at the mark', '50000.0', { reference: '50000', note: null }],
    ['zero', '0', 'INVALID_PRICE'],
    ['no number', 'dear', 'INVALID_PRICE'],
  ])('with a reference %s', (_, reference, expected) => {
    expect(close(reference)).toEqual(expected)
  })

  it('without a reference needs no price, so that one can always get out; with one it does', () => {
    expect(close(null, null, 'enough')).toEqual({ reference: null, note: 'enough' })
    expect(close(undefined, null)).toEqual({ reference: null, note: null })
    expect(close('50000', null)).toBe('STALE_MARK')
  })

  it('takes a position that is not protected yet, but none that is leaving or gone', () => {
    const of = (over: Partial<PositionView>) => codeOf(judgeClose(held(over), {}, null))
    expect(of({ phase: 'opening', quantity: '0' })).toEqual({ reference: null, note: null })
    expect(of({ phase: 'closing' })).toBe('ALREADY_CLOSING')
    expect(of({ phase: 'closed', status: 'closed' })).toBe('ALREADY_CLOSED')
  })

  it('keeps a reason of up to 200 characters', () => {
    expect(close(null, null, 'x'.repeat(200))).toEqual({ reference: null, note: 'x'.repeat(200) })
    expect(close(null, null, 'x'.repeat(201))).toBe('INVALID_REASON')
    expect(close(null, null, 7)).toBe('INVALID_REASON')
  })
})

describe('the distance of a trailing stop', () => {
  it.each([
    ['1.5', '1.5'],
    ['0.0001', '0.0001'],
    ['99.99', '99.99'],
    ['100', 'INVALID_DISTANCE'],
    ['0', 'INVALID_DISTANCE'],
    ['-1', 'INVALID_DISTANCE'],
    ['far', 'INVALID_DISTANCE'],
    [null, 'INVALID_DISTANCE'],
  ])('%s is %s', (given, expected) => {
    expect(codeOf(judgeDistance(held(), given, ASKED))).toBe(expected)
  })

  const followed = (bestPrice: string | null, over: Partial<PositionView> = {}) =>
    held({ trailing: { activationPct: '1', distancePct: '5', bestPrice }, ...over })
  const fallen = followed('51000')
  const risen = followed('49000', { side: 'short', stopLoss: '51500', takeProfit: '48000' })

  it.each<[string, PositionView, string, string]>([
    ['tighter than the price has come back from its best', fallen, '1.5', 'BEYOND_MARKET'],
    ['that puts the stop at the market', fallen, '1.960784', 'BEYOND_MARKET'],
    ['that leaves the stop behind the market', fallen, '2', '2'],
    ['tighter than a short’s price has come back', risen, '2', 'BEYOND_MARKET'],
    ['that leaves a short’s stop behind the market', risen, '2.1', '2.1'],
    ['of a position that has not begun to follow', followed(null), '0.1', '0.1'],
    ['of a stop that stands still', held(), '0.1', '0.1'],
  ])('a distance %s', (_, position, distance, expected) => {
    expect(codeOf(judgeDistance(position, distance, ASKED))).toBe(expected)
  })

  it('waits for a price to compare it with where there is a best one', () => {
    expect(codeOf(judgeDistance(fallen, '2', { ...ASKED, mark: null }))).toBe('STALE_MARK')
    expect(codeOf(judgeDistance(held(), '2', { ...ASKED, mark: null }))).toBe('2')
  })
})

describe('what prices would set off', () => {
  const crossed = (position: PositionView, price: string) =>
    crossedBy([position], { 'BTC/USDT': price }).map(({ trigger }) => trigger)

  it.each<[string, PositionView, readonly string[]]>([
    ['48999.9', held(), ['stopLoss']],
    ['49000', held(), ['stopLoss']],
    ['49000.1', held(), []],
    ['51999.9', held(), []],
    ['52000', held(), ['takeProfit']],
    ['52000.1', held(), ['takeProfit']],
    ['51000.1', short(), ['stopLoss']],
    ['51000', short(), ['stopLoss']],
    ['50999.9', short(), []],
    ['48000.1', short(), []],
    ['48000', short(), ['takeProfit']],
    ['99999', held({ takeProfit: null }), []],
  ])('at %s', (price, position, expected) => {
    expect(crossed(position, price)).toEqual(expected)
  })

  it('is told of each position by its own symbol, with where its exit is', () => {
    const xrp = held({ positionId: positionId('p2'), symbol: XRP, stopLoss: '0.9', takeProfit: '1.1' })
    expect(crossedBy([held(), xrp], { 'BTC/USDT': '48000', 'XRP/USDT': '1.2' })).toEqual([
      { positionId: 'p1', trigger: 'stopLoss', at: '49000', price: '48000' },
      { positionId: 'p2', trigger: 'takeProfit', at: '1.1', price: '1.2' },
    ])
  })

  it('is nothing for what holds nothing, is leaving or gone, and for prices that are none', () => {
    for (const over of [{ quantity: '0' }, { phase: 'closing' }, { status: 'closed', phase: 'closed' }] as const)
      expect(crossed(held(over), '48000')).toEqual([])
    for (const price of ['', '0', '-1', 'low']) expect(crossed(held(), price)).toEqual([])
    expect(crossedBy([held()], {})).toEqual([])
  })
})

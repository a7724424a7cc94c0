import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asset, orderId, pair, tradeId, venueOrderId } from '../../src/domain/ids.ts'
import type { Fill, OrderView } from '../../src/domain/order.ts'
import { type OpenAtVenue, type ReconcileInput, reconcile } from '../../src/domain/reconcile.ts'
import type { VenueOrder } from '../../src/domain/reports.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'

const fill = (id: string, quantity = '0.5'): Fill => ({
  tradeId: tradeId(id),
  price: '100',
  quantity,
  fee: '0.4',
  liquidity: 'maker',
  at: 1,
})
const filledBy = (fills: readonly Fill[]) => text(sumOf(fills.map((one) => amount(one.quantity))))
function order(id: string, over: Partial<OrderView> = {}): OrderView {
  const fills = over.fills ?? []
  return {
    orderId: orderId(id),
    request: {
      key: `p/${id}`,
      symbol: pair('BTC/USDT'),
      side: 'buy',
      type: 'limit',
      quantity: '2',
      limitPrice: '100',
      triggerPrice: null,
      timeInForce: 'GTC',
      expiresAt: null,
      postOnly: false,
      reduceOnly: false,
      leverage: 1,
      intent: 'open',
      purpose: 'entry',
      book: 'trading',
      positionId: null,
      planId: null,
    },
    status: fills.length > 0 ? 'PARTIALLY_FILLED' : 'OPEN',
    phase: fills.length > 0 ? 'partiallyFilled' : 'open',
    venueOrderId: venueOrderId(`V${id}`),
    quantity: '2',
    limitPrice: '100',
    triggerPrice: null,
    filled: filledBy(fills),
    cost: '0',
    fees: '0',
    fills,
    reason: null,
    createdAt: 1,
    updatedAt: 1,
    ...over,
  }
}
const atVenue = (id: string, over: Partial<VenueOrder> = {}): VenueOrder => ({
  venueOrderId: venueOrderId(`V${id}`),
  status: 'open',
  quantity: '2',
  limitPrice: '100',
  triggerPrice: null,
  filled: filledBy(over.fills ?? []),
  fills: [],
  reason: null,
  ...over,
})
const row = (id: string, over: Partial<OpenAtVenue> = {}): OpenAtVenue => ({
  ...atVenue(id, over),
  clientOrderId: orderId(id),
  symbol: pair('BTC/USDT'),
  side: 'buy',
  ...over,
})
const input = (over: Partial<ReconcileInput> = {}): ReconcileInput => ({
  orders: [],
  openAtVenue: [],
  lookUps: new Map(),
  balances: [],
  expected: null,
  tolerance: {},
  adopted: new Set(),
  ...over,
})
const NOTHING = {
  matched: [],
  found: [],
  notFound: [],
  toLookUp: [],
  missedFills: [],
  toAdopt: [],
  unexplained: [],
  ofBalances: [],
}

describe('reconciliation', () => {
  it('matches an order that stands as we believe', () => {
    expect(reconcile(input({ orders: [order('a')], openAtVenue: [row('a')] }))).toEqual({ ...NOTHING, matched: ['a'] })
  })

  it('finds a fill that we missed, once', () => {
    const fills = [fill('t1'), fill('t2'), fill('t2')]
    const result = reconcile(
      input({ orders: [order('a', { fills: [fill('t1')] })], openAtVenue: [row('a', { fills, filled: '1' })] }),
    )
    expect(result.missedFills.map((one) => one.fill.tradeId)).toEqual(['t2'])
    expect(result.found.map((one) => one.orderId)).toEqual(['a'])
    expect(result.unexplained).toEqual([])
  })

  it('asks for an order that is gone from the open ones, and then tells what became of it', () => {
    const orders = [order('a')]
    expect(reconcile(input({ orders })).toLookUp).toEqual(['a'])
    const done = atVenue('a', { status: 'cancelled' })
    expect(reconcile(input({ orders, lookUps: new Map([[orderId('a'), done]]) }))).toEqual({
      ...NOTHING,
      found: [{ orderId: 'a', order: done }],
    })
    expect(reconcile(input({ orders, lookUps: new Map([[orderId('a'), null]]) }))).toEqual({
      ...NOTHING,
      notFound: ['a'],
    })
  })

  it('asks for the trades of an order whose row names a larger fill than they come to', () => {
    const result = reconcile(input({ orders: [order('a')], openAtVenue: [row('a', { filled: '1', fills: [] })] }))
    expect(result).toEqual({ ...NOTHING, toLookUp: ['a'] })
  })

  it('tells an order that the venue holds while it is pending here, or at another price', () => {
    const unknown = order('a', { status: 'PENDING', phase: 'unknown' })
    expect(reconcile(input({ orders: [unknown], openAtVenue: [row('a')] })).found).toHaveLength(1)
    const amended = row('a', { limitPrice: '101' })
    expect(reconcile(input({ orders: [order('a')], openAtVenue: [amended] })).found).toHaveLength(1)
    const sameText = row('a', { limitPrice: '100.0' })
    expect(reconcile(input({ orders: [order('a')], openAtVenue: [sameText] })).matched).toHaveLength(1)
  })

  it('adopts orders that are not ours, once', () => {
    const theirs = row('x', { clientOrderId: null })
    expect(reconcile(input({ openAtVenue: [theirs] })).toAdopt).toEqual([theirs])
    expect(reconcile(input({ openAtVenue: [row('y')] })).toAdopt).toHaveLength(1)
    expect(reconcile(input({ openAtVenue: [theirs], adopted: new Set([theirs.venueOrderId]) })).toAdopt).toEqual([])
  })

  it('cannot explain an order that ended here and stands there, or fills that the venue does not know', () => {
    const ended = order('a', { status: 'CANCELLED', phase: 'done' })
    expect(reconcile(input({ orders: [ended], openAtVenue: [row('a')] })).unexplained).toEqual([
      'a: CANCELLED here, open at the venue',
    ])
    const ahead = order('b', { fills: [fill('t1')] })
    expect(reconcile(input({ orders: [ahead], openAtVenue: [row('b')] })).unexplained).toHaveLength(1)
  })

  it('counts a late fill of a cancelled order', () => {
    const ended = order('a', { status: 'CANCELLED', phase: 'done' })
    const theirs = atVenue('a', { status: 'cancelled', fills: [fill('t1')] })
    const result = reconcile(input({ orders: [ended], lookUps: new Map([[orderId('a'), theirs]]) }))
    expect(result.missedFills).toHaveLength(1)
  })

  it('explains balances by the fills it found, and names what is left', () => {
    const openAtVenue = [row('a', { fills: [fill('t1')] })]
    const balances = [
      { asset: asset('USDT'), total: '949.6', held: '0' },
      { asset: asset('BTC'), total: '0.5', held: '0' },
    ]
    const at = (usdt: string, tolerance = {}) =>
      reconcile(input({ orders: [order('a')], openAtVenue, balances, expected: { USDT: usdt, BTC: '0' }, tolerance }))
    expect(at('1000').unexplained).toEqual([])
    expect(at('1001').unexplained).toEqual(['USDT: venue has 949.6, we expect 950.6'])
    expect(at('1001', { USDT: '1' }).unexplained).toEqual([])
  })
})

/** A world where each order may have been filled, ended or lost at the venue while we did not look. */
const anyCase = fc.record({
  ours: fc.integer({ min: 0, max: 2 }),
  theirs: fc.integer({ min: 0, max: 3 }),
  fate: fc.constantFrom('open' as const, 'cancelled' as const, 'gone' as const),
  pending: fc.boolean(),
})
const fillsOf = (index: number, count: number) => Array.from({ length: count }, (_, n) => fill(`t${index}-${n}`))
const STATUS = { open: 'OPEN', pending: 'OPEN', filled: 'FILLED', cancelled: 'CANCELLED', expired: 'EXPIRED' } as const

describe('for any difference between us and the venue', () => {
  it('one pass settles it: the second finds nothing to do', () => {
    fc.assert(
      fc.property(fc.array(anyCase, { maxLength: 6 }), fc.integer({ min: 0, max: 3 }), (cases, strangers) => {
        const orders = cases.map((one, index) =>
          order(`o${index}`, {
            fills: fillsOf(index, one.fate === 'gone' ? 0 : Math.min(one.ours, one.theirs)),
            ...(one.pending || one.fate === 'gone' ? { status: 'PENDING' as const, phase: 'unknown' as const } : {}),
          }),
        )
        const venue = cases.map((one, index) =>
          atVenue(`o${index}`, {
            fills: fillsOf(index, one.theirs),
            status: one.fate === 'open' ? 'open' : 'cancelled',
          }),
        )
        const openAtVenue = [
          ...venue.flatMap((theirs, index) =>
            cases[index]?.fate === 'open' ? [{ ...row(`o${index}`), ...theirs }] : [],
          ),
          ...Array.from({ length: strangers }, (_, index) => row(`s${index}`, { clientOrderId: null })),
        ]
        const answers = new Map(
          cases.map((one, index) => [orderId(`o${index}`), one.fate === 'gone' ? null : (venue[index] ?? null)]),
        )
        const asked = reconcile(input({ orders, openAtVenue }))
        const lookUps = new Map(asked.toLookUp.map((id) => [id, answers.get(id) ?? null]))
        const first = reconcile(input({ orders, openAtVenue, lookUps }))
        expect(first.toLookUp).toEqual([])
        expect(reconcile(input({ orders, openAtVenue, lookUps }))).toEqual(first)

        const heard = orders.map((ours): OrderView => {
          if (first.notFound.includes(ours.orderId)) return { ...ours, status: 'ERROR', phase: 'done' }
          const found = first.found.find((one) => one.orderId === ours.orderId)?.order
          if (found === undefined) return ours
          const missed = first.missedFills.filter((one) => one.orderId === ours.orderId).map((one) => one.fill)
          const fills = [...ours.fills, ...missed]
          return { ...ours, fills, filled: filledBy(fills), status: STATUS[found.status], quantity: found.quantity }
        })
        const adopted = new Set(first.toAdopt.map((one) => one.venueOrderId))
        const second = reconcile(input({ orders: heard, openAtVenue, lookUps, adopted }))
        expect({ ...second, matched: [] }).toEqual(NOTHING)
        expect(first.missedFills.length).toBe(
          sumOf(
            cases.map((one) => amount(one.fate === 'gone' ? 0 : one.theirs - Math.min(one.ours, one.theirs))),
          ).toNumber(),
        )
      }),
      { seed: 9, numRuns: 300 },
    )
  })
})

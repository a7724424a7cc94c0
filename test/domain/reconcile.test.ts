import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Flow, VenueTrade } from '../../src/domain/account-history.ts'
import { type ExternalOrder, movesOf } from '../../src/domain/external-order.ts'
import { asset, type OrderId, orderId, pair, tradeId, venueOrderId } from '../../src/domain/ids.ts'
import { type MarginLot, marginBookOf } from '../../src/domain/margin-lots.ts'
import type { Fill, OrderView } from '../../src/domain/order.ts'
import { type ReconcileInput, type Reconciliation, reconcile } from '../../src/domain/reconcile.ts'
import type { OpenAtVenue } from '../../src/domain/reconcile-account.ts'
import type { VenueOrder } from '../../src/domain/reports.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'
import { fillOf, requestOf } from './order-builders.ts'

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
const BTC = pair('BTC/USDT')
const row = (id: string, over: Partial<OpenAtVenue> = {}): OpenAtVenue => ({
  ...atVenue(id, over),
  ...{ clientOrderId: orderId(id), symbol: BTC, side: 'buy', type: 'limit', openedAt: 1 },
  ...over,
})
const external = (id: string, over: Partial<ExternalOrder> = {}): ExternalOrder => ({
  ...{ venueOrderId: venueOrderId(`V${id}`), clientOrderId: null, symbol: BTC, side: 'buy', type: 'limit' },
  ...{ quantity: '2', limitPrice: '100', triggerPrice: null, status: 'OPEN', filled: '0', fills: [] },
  ...{ openedAt: 1, updatedAt: 5 },
  ...over,
})
const trade = (id: string, one: Fill, over: Partial<VenueTrade> = {}): VenueTrade => ({
  ...{ venueOrderId: venueOrderId(`V${id}`), clientOrderId: null, symbol: BTC, side: 'buy', orderType: 'limit' },
  ...{ leverage: 1, fill: one, feeAsset: asset('USDT') },
  ...over,
})
const balance = (of: string, total: string) => ({ asset: asset(of), total, held: '0' })
const input = (over: Partial<ReconcileInput> = {}): ReconcileInput => ({
  ...{ orders: [], openAtVenue: [], lookUps: new Map(), externals: [], trades: null, counted: new Set() },
  ...{
    flows: [],
    balances: [],
    expected: null,
    marginBook: marginBookOf([]),
    openOnMargin: null,
    inPositions: {},
    isOurs: () => true,
    now: 5,
  },
  ...over,
})
const NOTHING: Reconciliation = {
  ...{ matched: [], found: [], notFound: [], toLookUp: [], missedFills: [], lateFills: [], astray: [] },
  ...{ takings: [], externals: [], needsTrades: false, judgedBalances: false, problems: [] },
}
const textsOf = ({ problems }: Reconciliation) => problems.map(({ problem }) => problem)

describe('an order of ours', () => {
  it('is matched when it stands as we believe', () => {
    expect(reconcile(input({ orders: [order('a')], openAtVenue: [row('a')] }))).toEqual({ ...NOTHING, matched: ['a'] })
  })

  it('hears a fill that we missed, once', () => {
    const fills = [fill('t1'), fill('t2'), fill('t2')]
    const result = reconcile(
      input({ orders: [order('a', { fills: [fill('t1')] })], openAtVenue: [row('a', { fills, filled: '1' })] }),
    )
    expect(result.missedFills.map((one) => one.fill.tradeId)).toEqual(['t2'])
    expect(result.found.map((one) => one.orderId)).toEqual(['a'])
    expect(result.problems).toEqual([])
  })

  it('is asked for when it is gone from the open ones, and then told what became of it', () => {
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

  it('is left alone while its first answer is under way', () => {
    const orders = [order('a', { status: 'PENDING', phase: 'submitting', venueOrderId: null })]
    expect(reconcile(input({ orders, openAtVenue: [row('a')] }))).toEqual(NOTHING)
    expect(reconcile(input({ orders }))).toEqual(NOTHING)
  })

  it('has its trades asked for when its row names a larger fill than they come to', () => {
    const result = reconcile(input({ orders: [order('a')], openAtVenue: [row('a', { filled: '1', fills: [] })] }))
    expect(result).toEqual({ ...NOTHING, toLookUp: ['a'] })
  })

  it('hears that the venue holds it while it is pending here, or at another price', () => {
    const unknown = order('a', { status: 'PENDING', phase: 'unknown' })
    expect(reconcile(input({ orders: [unknown], openAtVenue: [row('a')] })).found).toHaveLength(1)
    const amended = row('a', { limitPrice: '101' })
    expect(reconcile(input({ orders: [order('a')], openAtVenue: [amended] })).found).toHaveLength(1)
    const sameText = row('a', { limitPrice: '100.0' })
    expect(reconcile(input({ orders: [order('a')], openAtVenue: [sameText] })).matched).toHaveLength(1)
  })

  it('that ended here and stands there is astray, and cannot be explained; nor can fills the venue does not know', () => {
    const left = order('a', { status: 'CANCELLED', phase: 'done' })
    const result = reconcile(input({ orders: [left], openAtVenue: [row('a')] }))
    expect(textsOf(result)).toEqual(['a: CANCELLED here, open at the venue'])
    expect(result.astray).toEqual(['a'])
    expect(result.problems).toMatchObject([{ kind: 'order', subject: 'a', symbol: BTC }])
    const settling = order('a', { status: 'CANCELLED', phase: 'settling' })
    expect(reconcile(input({ orders: [settling], openAtVenue: [row('a')] })).toLookUp).toEqual(['a'])
    const ahead = order('b', { fills: [fill('t1')] })
    expect(textsOf(reconcile(input({ orders: [ahead], openAtVenue: [row('b')] })))).toHaveLength(1)
  })

  it('that is settling hears late fills; one that has left has them counted by whoever compares', () => {
    const theirs = atVenue('a', { status: 'cancelled', fills: [fill('t1')] })
    const lookUps = new Map([[orderId('a'), theirs]])
    const settling = order('a', { status: 'CANCELLED', phase: 'settling' })
    expect(reconcile(input({ orders: [settling], lookUps }))).toMatchObject({ missedFills: [{ orderId: 'a' }] })
    const left = order('a', { status: 'CANCELLED', phase: 'done' })
    const late = { ...NOTHING, lateFills: [{ order: left, fill: fill('t1') }] }
    expect(reconcile(input({ orders: [left], lookUps }))).toEqual(late)
    expect(reconcile(input({ orders: [left], trades: [trade('a', fill('t1'))] }))).toEqual(late)
  })

  it('is recognised in the account’s trades by the client id where it never learned its venue’s', () => {
    const left = order('a', { status: 'ERROR', phase: 'done', venueOrderId: null })
    const trades = [trade('other', fill('t1'), { clientOrderId: orderId('a') })]
    expect(reconcile(input({ orders: [left], trades, expected: {}, balances: [] })).lateFills).toHaveLength(1)
  })
})

describe('an order that is not ours', () => {
  const known = { expected: { USDT: '1000' }, balances: [balance('USDT', '1000')] }
  const kinds = (result: Reconciliation) => result.externals.map(({ kind }) => kind)

  it('is found once, changes with its terms, and ends when it is gone', () => {
    const theirs = row('x', { clientOrderId: null })
    expect(reconcile(input({ openAtVenue: [theirs], ...known })).externals).toEqual([
      { kind: 'found', external: external('x') },
    ])
    expect(kinds(reconcile(input({ openAtVenue: [row('y')], ...known })))).toEqual(['found'])
    const externals = [external('x')]
    expect(reconcile(input({ openAtVenue: [theirs], externals, ...known })).externals).toEqual([])
    const dearer = row('x', { clientOrderId: null, limitPrice: '101' })
    expect(kinds(reconcile(input({ openAtVenue: [dearer], externals, ...known })))).toEqual(['changed'])
    expect(reconcile(input({ externals, ...known })).externals).toMatchObject([
      { kind: 'ended', external: { status: 'CANCELLED' } },
    ])
    expect(reconcile(input({ externals, expected: null })).externals).toEqual([])
  })

  it('explains balances by its trades, which are asked for when they differ', () => {
    const balances = [balance('USDT', '949.6'), balance('BTC', '0.5')]
    const given = { externals: [external('x')], expected: { USDT: '1000', BTC: '0' }, balances }
    expect(reconcile(input(given))).toMatchObject({ needsTrades: true, externals: [] })
    const result = reconcile(input({ ...given, trades: [trade('x', fill('t1')), trade('z', fill('t1'))].slice(0, 1) }))
    expect(result.problems).toEqual([])
    expect(result.externals).toMatchObject([
      { kind: 'filled', external: { filled: '0.5', status: 'PARTIALLY_FILLED' } },
      { kind: 'ended', external: { filled: '0.5', status: 'CANCELLED' } },
    ])
  })

  it('that was never seen open is found in the trades, with a fee in base units too', () => {
    const bought = trade('m', { ...fill('t1'), fee: '0.01' }, { feeAsset: asset('BTC'), orderType: 'market' })
    const balances = [balance('USDT', '950'), balance('BTC', '0.49')]
    const given = { expected: { USDT: '1000', BTC: '0' }, balances, trades: [bought] }
    const result = reconcile(input(given))
    expect(kinds(result)).toEqual(['found', 'filled', 'ended'])
    expect(result.externals.at(-1)?.external).toMatchObject({ type: 'market', status: 'FILLED', filled: '0.5' })
    expect(result.problems).toEqual([])
    expect(reconcile(input({ ...given, counted: new Set([tradeId('t1')]) })).externals).toEqual([])
  })
})

describe('balances', () => {
  it('are explained by fills and flows, and what is left is named with its asset', () => {
    const openAtVenue = [row('a', { fills: [fill('t1')] })]
    const flow: Flow = { flowId: 'f', kind: 'deposit', asset: asset('USDT'), amount: '50', fee: '0', at: 1 }
    const balances = [balance('USDT', '999.6'), balance('BTC', '0.5')]
    const at = (usdt: string) =>
      reconcile(
        input({ orders: [order('a')], openAtVenue, balances, trades: [], flows: [flow], expected: { USDT: usdt } }),
      )
    expect(at('1000').problems).toEqual([])
    const problem = 'USDT: venue has 999.6, we expect 1000.6'
    expect(at('1001').problems).toEqual([{ kind: 'balance', subject: 'USDT', difference: '-1', problem }])
  })

  it('of assets that are no part of the account say nothing', () => {
    const given = { expected: { USDT: '1' }, balances: [balance('USDT', '1'), balance('DOGE', '7')] }
    expect(reconcile(input(given)).needsTrades).toBe(true)
    expect(reconcile(input({ ...given, isOurs: (of) => of !== 'DOGE' })).problems).toEqual([])
  })

  it('below what positions hold are named, once nothing else is found that explains it', () => {
    const given = { expected: { BTC: '0.4' }, balances: [balance('BTC', '0.4')], inPositions: { BTC: '0.5' } }
    const problem = 'BTC: positions hold 0.5, the venue has 0.4'
    expect(textsOf(reconcile(input(given)))).toEqual([problem])
    expect(reconcile(input({ ...given, inPositions: { BTC: '0.4' } })).problems).toEqual([])
    const sold = row('a', { fills: [fill('t1')], side: 'sell' })
    const found = reconcile(input({ ...given, orders: [order('a')], openAtVenue: [sold], trades: [] }))
    expect(textsOf(found)).not.toContain(problem)
  })
})

/** One order of ours, as it may have gone on at the venue while we did not look. */
const anyOurs = fc.record({
  known: fc.integer({ min: 0, max: 2 }),
  fills: fc.integer({ min: 0, max: 3 }),
  fate: fc.constantFrom('open' as const, 'cancelled' as const, 'gone' as const),
  here: fc.constantFrom('resting' as const, 'unknown' as const, 'settling' as const, 'left' as const),
  amended: fc.boolean(),
})
/** One order that is not ours: known or not, open or gone, with fills that were counted or not. */
const anyExternal = fc.record({
  isKnown: fc.boolean(),
  counted: fc.integer({ min: 0, max: 2 }),
  fills: fc.integer({ min: 0, max: 3 }),
  isOpen: fc.boolean(),
  amended: fc.boolean(),
})
const anyFlow = fc.record({
  of: fc.constantFrom('USDT', 'BTC'),
  amount: fc.integer({ min: -5, max: 5 }),
  isBooked: fc.boolean(),
})
type Case = {
  readonly ours: readonly (typeof anyOurs extends fc.Arbitrary<infer T> ? T : never)[]
  readonly others: readonly (typeof anyExternal extends fc.Arbitrary<infer T> ? T : never)[]
  readonly flows: readonly (typeof anyFlow extends fc.Arbitrary<infer T> ? T : never)[]
}
const anyCase: fc.Arbitrary<Case> = fc.record({
  ours: fc.array(anyOurs, { maxLength: 5 }),
  others: fc.array(anyExternal, { maxLength: 4 }),
  flows: fc.array(anyFlow, { maxLength: 3 }),
})
const fillsOf = (name: string, count: number) => Array.from({ length: count }, (_, n) => fill(`t-${name}-${n}`))
const PHASE = { resting: 'open', unknown: 'unknown', settling: 'settling', left: 'done' } as const
const STATUS = { open: 'OPEN', pending: 'OPEN', filled: 'FILLED', cancelled: 'CANCELLED', expired: 'EXPIRED' } as const

/** The venue, and what we believe of it. */
interface Picture {
  readonly orders: readonly OrderView[]
  readonly externals: readonly ExternalOrder[]
  readonly booked: readonly Flow[]
  readonly openAtVenue: readonly OpenAtVenue[]
  readonly answers: ReadonlyMap<OrderId, VenueOrder | null>
  readonly trades: readonly VenueTrade[]
  readonly flows: readonly Flow[]
}
const START = { USDT: '10000', BTC: '100' }

function pictureOf({ ours, others, flows }: Case): Picture {
  const venue = ours.map((one, index) => {
    // What ended here has ended there: an order that is astray is a problem, and no news to be settled.
    const isOpen = one.fate === 'open' && one.here !== 'settling' && one.here !== 'left'
    const fills = fillsOf(`o${index}`, one.fate === 'gone' ? 0 : one.fills)
    return atVenue(`o${index}`, {
      fills,
      status: isOpen ? 'open' : 'cancelled',
      limitPrice: one.amended ? '90' : '100',
    })
  })
  const isGone = (index: number): boolean => ours[index]?.fate === 'gone'
  const orders = ours.map((one, index): OrderView => {
    const fills = fillsOf(`o${index}`, one.fate === 'gone' ? 0 : Math.min(one.known, one.fills))
    const isEnded = one.here === 'settling' || one.here === 'left'
    const here = isGone(index) && !isEnded ? 'unknown' : one.here
    return order(`o${index}`, {
      ...{ fills, phase: here === 'resting' && fills.length > 0 ? 'partiallyFilled' : PHASE[here] },
      ...(isEnded ? { status: 'CANCELLED' } : here === 'unknown' ? { status: 'PENDING' } : {}),
      ...(here === 'unknown' ? { venueOrderId: null } : {}),
    })
  })
  const isThere = (one: Case['others'][number]): boolean => one.isKnown || one.isOpen || one.fills > 0
  const rowOf = (one: Case['others'][number], index: number): OpenAtVenue =>
    row(`x${index}`, {
      ...{
        clientOrderId: null,
        limitPrice: one.amended ? '90' : '100',
        filled: filledBy(fillsOf(`x${index}`, one.fills)),
      },
    })
  return {
    orders,
    externals: others.flatMap((one, index) => {
      const fills = fillsOf(`x${index}`, Math.min(one.counted, one.fills))
      const status = fills.length > 0 ? 'PARTIALLY_FILLED' : 'OPEN'
      return one.isKnown ? [external(`x${index}`, { fills, filled: filledBy(fills), status })] : []
    }),
    booked: flows.flatMap((one, index) => (one.isBooked ? [flowOf(one, index)] : [])),
    openAtVenue: [
      ...venue.flatMap((theirs, index) =>
        theirs.status === 'open' && !isGone(index) ? [{ ...row(`o${index}`), ...theirs }] : [],
      ),
      ...others.flatMap((one, index) => (isThere(one) && one.isOpen ? [rowOf(one, index)] : [])),
    ],
    answers: new Map(venue.map((theirs, index) => [orderId(`o${index}`), isGone(index) ? null : theirs])),
    trades: [
      ...venue.flatMap((theirs, index) => theirs.fills.map((one) => trade(`o${index}`, one))),
      ...others.flatMap((one, index) => fillsOf(`x${index}`, one.fills).map((each) => trade(`x${index}`, each))),
    ],
    flows: flows.map(flowOf),
  }
}
const flowOf = (one: Case['flows'][number], index: number): Flow => ({
  ...{ flowId: `f${index}`, kind: 'other', asset: asset(one.of), amount: text(one.amount), fee: '0', at: 1 },
})
function balancesAfter(trades: readonly VenueTrade[], flows: readonly Flow[]) {
  const totals: Record<string, string> = { ...START }
  for (const move of [...trades.flatMap(movesOf), ...flows])
    totals[move.asset] = text(amount(totals[move.asset] ?? 0).plus(amount(move.amount)))
  return totals
}
const ourTrades = ({ orders, externals }: Pick<Picture, 'orders' | 'externals'>): VenueTrade[] =>
  [...orders, ...externals].flatMap((one) => one.fills.map((each) => trade('any', each)))

/** A pass as the actor makes it: looks up what it is told to, and asks for trades only where it must. */
function passOver(
  picture: Picture,
  shuffled: <T>(rows: readonly T[]) => readonly T[] = (rows) => rows,
): Reconciliation {
  const theirs = balancesAfter(picture.trades, picture.flows)
  const lookUps = new Map<OrderId, VenueOrder | null>()
  const isBooked = ({ flowId }: Flow) => picture.booked.some((one) => one.flowId === flowId)
  const compare = (trades: readonly VenueTrade[] | null): Reconciliation =>
    reconcile(
      input({
        orders: shuffled(picture.orders.filter((one) => one.phase !== 'done' || trades !== null)),
        ...{ openAtVenue: shuffled(picture.openAtVenue), lookUps: new Map(shuffled([...lookUps])) },
        ...{ externals: shuffled(picture.externals), trades: trades && shuffled(trades) },
        flows: shuffled(picture.flows.filter((one) => !isBooked(one))),
        balances: shuffled(Object.entries(theirs).map(([of, total]) => balance(of, total))),
        expected: balancesAfter(ourTrades(picture), picture.booked),
      }),
    )
  const lookUpAll = (trades: readonly VenueTrade[] | null): Reconciliation => {
    for (const id of compare(trades).toLookUp) lookUps.set(id, picture.answers.get(id) ?? null)
    return compare(trades)
  }
  const first = lookUpAll(null)
  return first.needsTrades ? lookUpAll(picture.trades) : first
}

/** What the pass found, heard and booked as the actors do it. */
function applied(picture: Picture, pass: Reconciliation): Picture {
  const orders = picture.orders.map((ours): OrderView => {
    if (pass.notFound.includes(ours.orderId)) return { ...ours, status: 'ERROR', phase: 'done' }
    const late = pass.lateFills.filter((one) => one.order.orderId === ours.orderId).map((one) => one.fill)
    const missed = pass.missedFills.filter((one) => one.orderId === ours.orderId).map((one) => one.fill)
    const fills = [...ours.fills, ...missed, ...late]
    const found = pass.found.find((one) => one.orderId === ours.orderId)?.order
    const counted = { ...ours, fills, filled: filledBy(fills) }
    if (found === undefined) return counted
    const { quantity, limitPrice, venueOrderId: number } = found
    const status = ours.phase === 'settling' ? ours.status : STATUS[found.status]
    const phase = found.status === 'open' ? (fills.length > 0 ? 'partiallyFilled' : 'open') : 'settling'
    return { ...counted, quantity, limitPrice, venueOrderId: number, status, phase }
  })
  const externals = new Map(picture.externals.map((one) => [one.venueOrderId, one]))
  for (const step of pass.externals) externals.set(step.external.venueOrderId, step.external)
  return { ...picture, orders, externals: [...externals.values()], booked: picture.flows }
}

describe('for any difference between us and the venue', () => {
  it('one pass explains it and settles it: the second finds nothing to do', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const picture = pictureOf(given)
        const first = passOver(picture)
        expect(first.toLookUp).toEqual([])
        expect(first.problems).toEqual([])
        const second = passOver(applied(picture, first))
        expect({ ...second, matched: [] }).toEqual({ ...NOTHING, judgedBalances: true })
      }),
      { seed: 9, numRuns: 1_000 },
    )
  })

  it('changes nothing to ask in another order, or twice', () => {
    fc.assert(
      fc.property(anyCase, fc.infiniteStream(fc.nat()), (given, chance) => {
        const shuffled = <T>(rows: readonly T[]): readonly T[] =>
          rows
            .map((one) => ({ one, at: chance.next().value ?? 0 }))
            .sort((a, b) => a.at - b.at)
            .map(({ one }) => one)
        const picture = pictureOf(given)
        expect(passOver(picture, shuffled)).toEqual(passOver(picture))
      }),
      { seed: 9, numRuns: 500 },
    )
  })

  it('needs the account’s trades for nothing that our own live orders and flows explain', () => {
    fc.assert(
      fc.property(anyCase, ({ ours, flows }) => {
        const picture = pictureOf({
          ours: ours.filter((one) => one.here === 'resting' || one.here === 'unknown'),
          others: [],
          flows,
        })
        const balances = Object.entries(balancesAfter(picture.trades, picture.flows)).map(([of, total]) =>
          balance(of, total),
        )
        const expected = balancesAfter(ourTrades(picture), picture.booked)
        const flowsLeft = picture.flows.filter((_, index) => flows[index]?.isBooked === false)
        const { orders, openAtVenue, answers: lookUps } = picture
        const result = reconcile(input({ orders, openAtVenue, lookUps, flows: flowsLeft, balances, expected }))
        expect(result.needsTrades).toBe(false)
      }),
      { seed: 9, numRuns: 300 },
    )
  })
})

describe('on margin', () => {
  const lot = (id: string, side: 'long' | 'short', quantity: string, entryPrice: string): MarginLot => ({
    ...{ tradeId: tradeId(id), symbol: BTC, side, leverage: 2, quantity, entryPrice },
  })
  const cash = (usdt: string) => ({
    expected: { USDT: '1000', BTC: '1' },
    balances: [balance('USDT', usdt), balance('BTC', '1')],
  })

  it('a fill that was missed moves the quote by what it realised and its fee, and no coins', () => {
    const own = order('a', {
      request: requestOf({ side: 'sell', leverage: 2, reduceOnly: true, purpose: 'stop', quantity: '1' }),
      fills: [],
    })
    const missed = fillOf('t1', '90', '1', '2')
    const picture = {
      ...{ orders: [own], openAtVenue: [row('a', { side: 'sell', fills: [missed], filled: '1' })] },
      ...{ marginBook: marginBookOf([lot('o', 'long', '1', '100')]), ...cash('988'), trades: [] },
    }
    expect(textsOf(reconcile(input(picture)))).toEqual([])
    expect(textsOf(reconcile(input({ ...picture, ...cash('989') })))).toEqual(['USDT: venue has 989, we expect 988'])
  })

  it('a trade of nobody of ours that closes what is open is taken from us, and explains its loss', () => {
    const forced = trade('x', fillOf('t9', '50', '2', '1'), { side: 'sell', leverage: 2 })
    const picture = { ...cash('899'), marginBook: marginBookOf([lot('o', 'long', '2', '100')]), trades: [forced] }
    const result = reconcile(input(picture))
    expect(result.takings).toEqual([forced])
    expect(result.externals).toEqual([])
    expect(textsOf(result)).toEqual([])
  })

  it('a trade of somebody else that opens is his: its fee alone is explained', () => {
    const opened = trade('x', fillOf('t9', '50', '2', '1'), { leverage: 2 })
    const result = reconcile(
      input({ ...cash('999'), marginBook: marginBookOf([lot('o', 'long', '2', '100')]), trades: [opened] }),
    )
    expect(result.takings).toEqual([])
    expect(result.externals.map(({ kind }) => kind)).toEqual(['found', 'filled', 'ended'])
    expect(textsOf(result)).toEqual([])
  })

  it.each<[string, string, readonly string[]]>([
    ['as much as we expect', '2', []],
    ['less', '1.5', ['BTC/USDT on margin: venue has 1.5, we expect 2']],
    ['nothing', '0', ['BTC/USDT on margin: venue has 0, we expect 2']],
  ])('%s open at the venue is held against our lots', (_, quantity, problems) => {
    const openOnMargin = [{ symbol: BTC, side: 'long', quantity } as const]
    const picture = {
      ...cash('1000'),
      marginBook: marginBookOf([lot('o', 'long', '2', '100')]),
      openOnMargin,
      trades: [],
    }
    expect(textsOf(reconcile(input(picture)))).toEqual(problems)
  })

  it('what somebody else opened where we have nothing is named too', () => {
    const openOnMargin = [{ symbol: BTC, side: 'short', quantity: '1' } as const]
    const result = reconcile(input({ ...cash('1000'), openOnMargin, trades: [] }))
    expect(textsOf(result)).toEqual(['BTC/USDT on margin: venue has -1, we expect 0'])
  })

  it('a charge that is not booked yet is no unexplained difference', () => {
    const charge = { flowId: 'L1', kind: 'financing', tradeId: tradeId('o'), asset: asset('USDT') } as const
    const flows = [{ ...charge, amount: '-0.5', fee: '0.5', at: 1 }]
    expect(textsOf(reconcile(input({ ...cash('999.5'), flows, trades: [] })))).toEqual([])
  })
})

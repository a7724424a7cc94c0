import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Books, createBooks } from '../../actors/books.ts'
import type { Fact } from '../../src/domain/facts.ts'
import { type OrderId, orderId, planId, positionId } from '../../src/domain/ids.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import { amount, text } from '../../src/domain/units.ts'
import { BTC, balance, factOf, filledOrder, openedOrder, orderOf, positionOf, requestOf, T0 } from './trading-house.ts'

const MINUTE = 60_000
const ALL: readonly OrderId[] = Array.from({ length: 40 }, (_, index) => orderId(`o${index}`))

/** Everything that the books can say, as one value. */
function readOut(books: Books) {
  const at = T0 + 1_000 * MINUTE
  return {
    orders: [...books.orders()],
    byKey: ALL.map((id) => books.orderByKey(`key ${id}`)?.orderId ?? null),
    live: books.liveOrders().map((order) => order.orderId),
    owned: ['p0', 'p1', 'p2'].map((id) => books.ordersOf(positionId(id)).map((order) => order.orderId)),
    positions: [...books.positions()],
    open: books.openPositions().map((position) => position.positionId),
    plan: books.plan(),
    ledger: books.ledger(),
    totals: books.totals(),
    streaks: books.streaks(),
    protection: books.protection(at),
    statistics: books.statistics(),
  }
}
const folded = (facts: readonly Fact[]): Books => {
  const books = createBooks(LIMITS)
  for (const fact of facts) books.apply(fact)
  return books
}
/** As the journal gives a fact back. */
const readBack = (fact: Fact): Fact => ({ ...JSON.parse(JSON.stringify(fact)), type: fact.type, origin: 'replayed' })

type Move =
  | { readonly kind: 'order'; readonly order: number; readonly owner: number; readonly quantity: number }
  | { readonly kind: 'close'; readonly owner: number; readonly cents: number }
  | { readonly kind: 'cancel'; readonly order: number; readonly owner: number }
  | { readonly kind: 'plan'; readonly plan: number; readonly ends: boolean }
  | { readonly kind: 'decision'; readonly accepted: boolean }

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constant('order' as const),
    order: fc.nat(39),
    owner: fc.nat(2),
    quantity: fc.integer({ min: 1, max: 10 }),
  }),
  fc.record({ kind: fc.constant('close' as const), owner: fc.nat(2), cents: fc.integer({ min: -500, max: 500 }) }),
  fc.record({ kind: fc.constant('cancel' as const), order: fc.nat(39), owner: fc.nat(2) }),
  fc.record({ kind: fc.constant('plan' as const), plan: fc.nat(1), ends: fc.boolean() }),
  fc.record({ kind: fc.constant('decision' as const), accepted: fc.boolean() }),
)

function factFor(given: Move, index: number): Fact {
  const at = T0 + index * MINUTE
  switch (given.kind) {
    case 'order':
      return filledOrder(
        openedOrder(`o${given.order}`, positionId(`p${given.owner}`)),
        '40000',
        text(amount(given.quantity).div(1000)),
        '0.1',
        at,
      )
    case 'cancel': {
      const order = openedOrder(`o${given.order}`, positionId(`p${given.owner}`), 'stop')
      return factOf({ type: 'order.cancelled', order: { ...order, status: 'CANCELLED' } }, at)
    }
    case 'close': {
      const gross = text(amount(given.cents).div(100))
      const closed = positionOf({ positionId: positionId(`p${given.owner}`), status: 'closed', realisedGross: gross })
      return factOf({ type: 'position.closed', position: closed }, at)
    }
    case 'plan': {
      const id = planId(`plan${given.plan}`)
      if (given.ends) return factOf({ type: 'rebalance.completed', planId: id }, at)
      const more = { executionStrategy: 'immediate', usedFallbackStrategy: false } as const
      return factOf({ type: 'rebalance.planned', planId: id, trades: [], ...more }, at)
    }
    case 'decision':
      return given.accepted
        ? factOf({
            ...{ type: 'signal.accepted', symbol: BTC, proposalId: 'p', confidence: 1, multiplier: 1 },
            ...{ agreeing: 1, present: 1 },
          })
        : factOf({ type: 'signal.dropped', symbol: BTC, proposalId: 'p', reason: 'HOLD' })
  }
}

const OPENED = factOf({
  type: 'account.opened',
  balances: [balance('USDT', '10000'), balance('XRP', '500')],
  marks: { 'XRP/USDT': '0.5' },
})

describe('the fold', () => {
  it('is the same for a process that ran through and for one that was restarted in the middle', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), fc.nat(40), (moves, restartAt) => {
        const facts = [OPENED, ...moves.map(factFor)]
        const ranThrough = folded(facts)
        const restarted = folded(facts.map((fact, index) => (index < restartAt ? readBack(fact) : fact)))
        expect(readOut(restarted)).toEqual(readOut(ranThrough))
      }),
      { numRuns: 150, seed: 20_251_103 },
    )
  })

  it('keeps balances equal to the start and what every fill did to it, to the last digit', () => {
    const fills = fc.array(
      fc.record({
        isBuy: fc.boolean(),
        cents: fc.integer({ min: 1, max: 10_000_000 }),
        lots: fc.integer({ min: 1, max: 10 ** 9 }),
        fee: fc.integer({ min: 0, max: 100_000 }),
      }),
      { maxLength: 25 },
    )
    fc.assert(
      fc.property(fills, (given) => {
        let usdt = 1_000_000n * 10n ** 10n
        let btc = 0n
        const facts = given.map(({ isBuy, cents, lots, fee }, index): Fact => {
          const cost = BigInt(cents) * BigInt(lots)
          usdt += (isBuy ? -cost : cost) - BigInt(fee) * 10n ** 8n
          btc += isBuy ? BigInt(lots) : -BigInt(lots)
          const request = requestOf({ key: `k${index}`, side: isBuy ? 'buy' : 'sell', positionId: null })
          const [price, quantity] = [text(amount(cents).div(100)), text(amount(lots).div(10 ** 8))]
          return filledOrder(orderOf(`o${index}`, request), price, quantity, text(amount(fee).div(100)))
        })
        const start = factOf({ type: 'account.opened', balances: [balance('USDT', '1000000')], marks: {} })
        const totals = folded([start, ...facts]).totals()
        expect(totals?.USDT).toBe(text(amount(String(usdt)).div(10 ** 10)))
        expect(totals?.BTC ?? '0').toBe(text(amount(String(btc)).div(10 ** 8)))
      }),
      { numRuns: 60, seed: 3 },
    )
  })

  it('knows nothing of balances and statement before the account was opened', () => {
    const books = folded([filledOrder(openedOrder('o0'), '40000', '0.01')])
    expect([books.ledger(), books.totals()]).toEqual([null, null])
    expect(books.statistics().feesPaid).toBe('0')
  })
})

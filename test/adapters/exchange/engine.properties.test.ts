import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MatchingEngine } from '../../../src/adapters/exchange/simulated/engine.ts'
import { type Amount, amount, roundUpTo, text, ZERO } from '../../../src/domain/units.ts'
import { freshEngine, START } from './engine.harness.ts'
import { begun, run, steps, type Walk } from './engine.walks.ts'

const SEED = 20_251_110

/** What the open orders must hold by the rules: base for sells; limit or expected price with the taker's fee for buys. */
function needed(engine: MatchingEngine): { readonly base: Amount; readonly quote: Amount } {
  let [base, spent] = [ZERO, ZERO]
  for (const order of engine.openOrders()) {
    const rest = amount(order.quantity).minus(order.filled)
    const feeOf = (spending: Amount, decimals: number, paidIn: 'base' | 'quote'): Amount =>
      order.feeIn === paidIn ? roundUpTo(spending.times('0.008'), decimals) : ZERO
    if (order.side === 'sell') base = base.plus(rest).plus(feeOf(rest, 8, 'base'))
    else {
      const cost = order.quantityInQuote
        ? amount(order.quantity).minus(order.cost)
        : rest.times(amount(order.holdPrice ?? 0))
      spent = spent.plus(cost).plus(feeOf(cost, 5, 'quote'))
    }
  }
  return { base, quote: spent }
}

const balanceOf = (engine: MatchingEngine, asset: string) => {
  const row = engine.balances().find((each) => each.asset === asset)
  return { total: amount(row?.total ?? 0), held: amount(row?.held ?? 0) }
}

describe('whatever is asked and whatever the market does', () => {
  it('no balance goes below zero or below what is held, and holds are what the open orders need', () => {
    fc.assert(
      fc.property(steps, (walk) => {
        const engine = begun()
        run(engine, walk, () => {
          const [usdt, btc] = [balanceOf(engine, 'USDT'), balanceOf(engine, 'BTC')]
          for (const { total, held } of [usdt, btc]) {
            expect(held.gte(0)).toBe(true)
            expect(total.gte(held)).toBe(true)
          }
          const need = needed(engine)
          expect([text(btc.held), text(usdt.held)]).toEqual([text(need.base), text(need.quote)])
        })
      }),
      { numRuns: 300, seed: SEED },
    )
  })

  it('balances change by exactly what the fills and their fees say', () => {
    let filled = 0
    fc.assert(
      fc.property(steps, (walk) => {
        const engine = begun()
        let [base, spent] = [amount(START.BTC), amount(START.USDT)]
        for (const event of run(engine, walk)) {
          if (event.kind !== 'filled') continue
          filled += 1
          const { price, quantity, fee, feeAsset, side } = event.trade
          const sign = side === 'buy' ? 1 : -1
          base = base.plus(amount(quantity).times(sign)).minus(feeAsset === 'BTC' ? fee : 0)
          spent = spent.minus(amount(quantity).times(price).times(sign)).minus(feeAsset === 'USDT' ? fee : 0)
        }
        expect(text(balanceOf(engine, 'BTC').total)).toBe(text(base))
        expect(text(balanceOf(engine, 'USDT').total)).toBe(text(spent))
      }),
      { numRuns: 300, seed: SEED },
    )
    expect(filled).toBeGreaterThan(100)
  })

  it('every balance is what it began with and the ledger’s entries, each of which names the balance after it', () => {
    fc.assert(
      fc.property(steps, (walk) => {
        const engine = begun()
        run(engine, walk)
        const balances = new Map<string, Amount>(Object.entries(START).map(([code, total]) => [code, amount(total)]))
        for (const entry of engine.ledger()) {
          const after = (balances.get(entry.asset) ?? ZERO).plus(entry.amount).minus(entry.fee)
          expect(text(after)).toBe(entry.balance)
          balances.set(entry.asset, after)
        }
        for (const row of engine.balances()) expect(text(balances.get(row.asset) ?? ZERO)).toBe(row.total)
      }),
      { numRuns: 200, seed: SEED },
    )
  })

  it('no order fills beyond its quantity or its limit, every trade id is new, and an ended order says no more', () => {
    fc.assert(
      fc.property(steps, (walk) => {
        const engine = begun()
        const trades = new Set<string>()
        const ended = new Set<string>()
        for (const event of run(engine, walk)) {
          if (event.kind === 'answered' || event.kind === 'booked') continue
          const order = event.order.venueOrderId
          expect(ended.has(order)).toBe(false)
          if (event.order.closedAt !== null && event.kind !== 'filled') ended.add(order)
          if (event.kind !== 'filled') continue
          expect(trades.has(event.trade.tradeId)).toBe(false)
          trades.add(event.trade.tradeId)
          const row = engine.find(order)
          const total = (row?.fills ?? []).reduce((sum, fill) => sum.plus(fill.quantity), ZERO)
          expect(text(total)).toBe(row?.filled)
          const done = row?.quantityInQuote === true ? row.cost : total
          if (row?.status !== 'cancelled') expect(amount(done).lte(row?.quantity ?? 0)).toBe(true)
        }
      }),
      { numRuns: 200, seed: SEED },
    )
  })

  it('the same steps give the same events, also when the state was saved and restored on the way', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (walk, cut) => {
        const events = run(begun(), walk)
        expect(run(begun(), walk)).toEqual(events)
        const first = begun()
        const at = cut % walk.length
        const before = run(first, walk.slice(0, at))
        const second = freshEngine()
        second.restore(JSON.parse(JSON.stringify(first.save())))
        expect([...before, ...run(second, walk.slice(at))]).toEqual(events)
        expect(second.balances()).toEqual(ranThrough(walk).balances())
      }),
      { numRuns: 200, seed: SEED },
    )
  })
})

function ranThrough(walk: Walk): MatchingEngine {
  const engine = begun()
  run(engine, walk)
  return engine
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MatchingEngine } from '../../../src/adapters/exchange/simulated/engine.ts'
import { type Amount, amount, maxOf, roundUpTo, sumOf, text, ZERO } from '../../../src/domain/units.ts'
import { marginEngine, restarted, START } from './engine.harness.ts'
import { begun, leveredSteps, run } from './engine.walks.ts'

const SEED = 20_251_122

const balanceOf = (engine: MatchingEngine, asset: string) => {
  const row = engine.balances().find((each) => each.asset === asset)
  return { total: amount(row?.total ?? 0), held: amount(row?.held ?? 0) }
}

/** What open orders on spot and on margin, and positions, must hold of the quote by the rules. */
function neededQuote(engine: MatchingEngine): Amount {
  const ofOrders = engine.openOrders().map((order) => {
    const rest = amount(order.quantity).minus(order.filled)
    if (order.leverage > 1) {
      if (order.reduceOnly) return ZERO
      const opening = maxOf(rest.minus(maxOf(amount(order.closes).minus(order.filled), ZERO)), ZERO)
      const cost = opening.times(order.holdPrice ?? 0)
      return roundUpTo(cost.div(order.leverage), 5).plus(roundUpTo(cost.times('0.0082'), 5))
    }
    if (order.side === 'sell') return ZERO
    const cost = order.quantityInQuote ? amount(order.quantity).minus(order.cost) : rest.times(order.holdPrice ?? 0)
    return order.feeIn === 'base' ? cost : cost.plus(roundUpTo(cost.times('0.008'), 5))
  })
  return sumOf([...ofOrders, ...engine.positions().map((position) => amount(position.margin))])
}

describe('on margin, whatever is asked and whatever the market does', () => {
  it('no balance goes below zero, and what is held is what orders and positions need', () => {
    const seen = { levered: 0, settled: 0, liquidated: 0, rolledOver: 0, writtenOff: 0 }
    fc.assert(
      fc.property(leveredSteps, (walk) => {
        const engine = begun(marginEngine())
        let isShort = false
        run(engine, walk, (events) => {
          const quote = balanceOf(engine, 'USDT')
          for (const { total, held } of [quote, balanceOf(engine, 'BTC')]) {
            expect(held.gte(0)).toBe(true)
            expect(total.gte(held)).toBe(true)
          }
          isShort ||= events.some((event) => event.kind === 'cancelled' && event.reason.startsWith('Insufficient'))
          const needed = neededQuote(engine)
          isShort ||= quote.total.lte(needed)
          expect(quote.held.lte(needed)).toBe(true)
          if (!isShort) expect(text(quote.held)).toBe(text(needed))
        })
        seen.levered += engine.trades().filter((trade) => trade.leverage > 1).length
        seen.settled += engine.trades().filter((trade) => trade.type === 'settle-position').length
        seen.liquidated += engine.closedOrders().filter((order) => order.liquidated).length
        seen.rolledOver += engine.ledger().filter((entry) => entry.kind === 'rollover').length
        seen.writtenOff += balanceOf(engine, 'USDT').total.isZero() ? 1 : 0
      }),
      { numRuns: 200, seed: SEED, endOnFailure: true },
    )
    for (const [what, often] of Object.entries(seen)) expect([what, often > 10]).toEqual([what, true])
  })

  it('with fees that change by volume, nobody is paid for trading, and nobody pays what is not there', () => {
    fc.assert(
      fc.property(leveredSteps, (walk) => {
        const engine = begun(marginEngine('tiered'))
        run(engine, walk, () => {
          for (const asset of ['USDT', 'BTC'])
            expect(balanceOf(engine, asset).total.gte(balanceOf(engine, asset).held)).toBe(true)
        })
        for (const { fee, cost, quantity, feeAsset } of engine.trades()) {
          const [paidOn, decimals] = feeAsset === 'BTC' ? [quantity, 8] : [cost, 5]
          expect(amount(fee).gte(0)).toBe(true)
          expect(amount(fee).lte(roundUpTo(amount(paidOn).times('0.008'), decimals))).toBe(true)
        }
        expect(engine.ledger().every((entry) => amount(entry.fee).gte(0))).toBe(true)
      }),
      { numRuns: 200, seed: SEED, endOnFailure: true },
    )
  })

  it('positions are what was opened and not yet closed, always on one side, and cost what they brought', () => {
    fc.assert(
      fc.property(leveredSteps, (walk) => {
        const engine = begun(marginEngine())
        run(engine, walk)
        const rows = engine.positions()
        expect(new Set(rows.map((row) => row.side)).size).toBeLessThanOrEqual(1)
        const sign = (side: string): number => (side === 'buy' ? 1 : -1)
        const trades = engine.trades().filter((trade) => trade.leverage > 1 && trade.type !== 'settle-position')
        const settled = engine.trades().filter((trade) => trade.type === 'settle-position')
        const open = sumOf(rows.map((row) => amount(row.quantity).minus(row.closed).times(sign(row.side))))
        const traded = sumOf([...trades, ...settled].map((trade) => amount(trade.quantity).times(sign(trade.side))))
        expect(text(open)).toBe(text(traded))
        // A loss beyond everything that was owned is written off, and so not in the ledger.
        if (engine.ledger().some((entry) => entry.kind === 'margin' && entry.balance === '0')) return
        const spent = sumOf([...trades, ...settled].map((trade) => amount(trade.cost).times(sign(trade.side))))
        const atCost = sumOf(
          rows.map((row) => amount(row.quantity).minus(row.closed).times(row.price).times(sign(row.side))),
        )
        const profit = sumOf(
          engine
            .ledger()
            .filter((entry) => entry.kind === 'margin')
            .map((entry) => amount(entry.amount)),
        )
        expect(text(profit)).toBe(text(atCost.minus(spent)))
      }),
      { numRuns: 200, seed: SEED, endOnFailure: true },
    )
  })

  it('every balance is what it began with and the ledger’s entries', () => {
    fc.assert(
      fc.property(leveredSteps, (walk) => {
        const engine = begun(marginEngine())
        run(engine, walk)
        for (const row of engine.balances()) {
          const moved = engine.ledger().filter((entry) => entry.asset === row.asset)
          const began = amount(START[row.asset as keyof typeof START] ?? 0)
          expect(text(sumOf([began, ...moved.map((entry) => amount(entry.amount).minus(entry.fee))]))).toBe(row.total)
        }
      }),
      { numRuns: 100, seed: SEED, endOnFailure: true },
    )
  })

  it('the same steps give the same events, also when the state was saved and restored on the way', () => {
    fc.assert(
      fc.property(leveredSteps, fc.nat(), (walk, cut) => {
        const events = run(begun(marginEngine()), walk)
        const first = begun(marginEngine())
        const at = cut % walk.length
        const before = run(first, walk.slice(0, at))
        const second = restarted(first, marginEngine())
        expect(second.balances()).toEqual(first.balances())
        expect([...before, ...run(second, walk.slice(at))]).toEqual(events)
      }),
      { numRuns: 200, seed: SEED, endOnFailure: true },
    )
  })
})

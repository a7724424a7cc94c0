import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asset, baseOf, pair, quoteOf } from '../../src/domain/ids.ts'
import type { Side } from '../../src/domain/order.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import { afterFill, balancesOf, freeOf, holdsOf, totalsOf } from '../../src/domain/reckoning.ts'
import { amount, text } from '../../src/domain/units.ts'
import { fillOf, orderOf, requestOf } from './order-builders.ts'

const BTC = pair('BTC/USDT')
const balance = (of: string, total: string, held = '0'): Balance => ({ asset: asset(of), total, held })

describe('balances after a fill', () => {
  it.each<[Side, string, string]>([
    ['buy', '899', '2'],
    ['sell', '1099', '0'],
  ])(
    'a %s at 100 with a fee of 1 leaves %s USDT and %s BTC: the fee is taken in the quote currency',
    (side, usdt, btc) => {
      const totals = totalsOf([balance('USDT', '1000'), balance('BTC', '1')])
      expect(afterFill(totals, { symbol: BTC, side }, fillOf('a', '100', '1', '1'))).toEqual({ USDT: usdt, BTC: btc })
    },
  )

  it('a coin that was never held begins at nothing', () => {
    expect(afterFill({ USDT: '100' }, { symbol: BTC, side: 'buy' }, fillOf('a', '100', '1'))).toEqual({
      ...{ USDT: '0', BTC: '1' },
    })
  })

  it('a fill and its opposite cost exactly their fees, in every pair and in whatever order', () => {
    const trade = fc.record({
      symbol: fc.constantFrom(pair('BTC/USDT'), pair('XRP/BTC'), pair('XRP/USDT')),
      cents: fc.integer({ min: 1, max: 10 ** 8 }),
      lots: fc.integer({ min: 1, max: 10 ** 9 }),
      fee: fc.integer({ min: 0, max: 10 ** 6 }),
    })
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 12 }), (trades) => {
        const start = { USDT: '1000000', BTC: '10', XRP: '5' }
        const fees: Record<string, string> = {}
        const fills = trades.map(({ symbol, cents, lots, fee }) => {
          const paid = text(amount(fee).div(10 ** 4))
          const quote = quoteOf(symbol)
          fees[quote] = text(amount(fees[quote] ?? 0).plus(amount(paid).times(2)))
          return { symbol, fill: fillOf('a', text(amount(cents).div(100)), text(amount(lots).div(10 ** 8)), paid) }
        })
        let totals = totalsOf(Object.entries(start).map(([of, total]) => balance(of, total)))
        for (const { symbol, fill } of fills) totals = afterFill(totals, { symbol, side: 'buy' }, fill)
        for (const { symbol, fill } of [...fills].reverse()) totals = afterFill(totals, { symbol, side: 'sell' }, fill)
        for (const [of, total] of Object.entries(start))
          expect(totals[of]).toBe(text(amount(total).minus(amount(fees[of] ?? 0))))
        for (const { symbol } of fills) expect(baseOf(symbol) in totals).toBe(true)
      }),
      { seed: 20_251_103 },
    )
  })
})

describe('what live orders hold', () => {
  const at100 = () => amount(100)

  it('a sell holds its base, a buy its cost and fee at its limit, each without what is filled', () => {
    const buy = orderOf(requestOf({ quantity: '2', limitPrice: '90' }), [fillOf('a', '90', '0.5')])
    const sell = orderOf(requestOf({ key: 'stop', side: 'sell', quantity: '3' }), [fillOf('b', '1', '1')])
    expect(holdsOf([buy, sell, sell], '0.01', at100)).toEqual({ USDT: '136.35', BTC: '4' })
  })

  it('a buy at market is held at the price that it may pay, and at nothing where none is known', () => {
    const buy = orderOf(requestOf({ type: 'market', limitPrice: null }))
    expect(holdsOf([buy], '0.01', at100)).toEqual({ USDT: '101' })
    expect(holdsOf([buy], '0.01', () => null)).toEqual({ USDT: '0' })
  })

  it('an order that is filled beyond its quantity holds nothing, never less', () => {
    const over = orderOf(requestOf({ side: 'sell', quantity: '1' }), [fillOf('a', '1', '1.5')])
    expect(holdsOf([over], '0.01', at100)).toEqual({ BTC: '0' })
  })
})

describe('what is free', () => {
  it('is the total less what is held, never below nothing, and nothing of what is not there', () => {
    const balances = balancesOf({ XRP: '5', BTC: '1', USDT: '100' }, { USDT: '30', BTC: '2' })
    expect(balances.map((one) => one.asset)).toEqual(['BTC', 'USDT', 'XRP'])
    expect(['USDT', 'BTC', 'XRP', 'ETH'].map((of) => text(freeOf(balances, asset(of))))).toEqual(['70', '0', '5', '0'])
  })
})

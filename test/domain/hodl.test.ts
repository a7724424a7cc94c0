import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  accrued,
  bagOf,
  EMPTY_HODL,
  type HodlBook,
  type HodlRules,
  protectedAmounts,
  splitByShares,
  withBought,
} from '../../src/domain/hodl.ts'
import type { HodlRecord } from '../../src/domain/hodl-story.ts'
import {
  isPurchaseDue,
  newHodl,
  retryTime,
  withCapped,
  withProfit,
  withPurchase,
  withTransfer,
} from '../../src/domain/hodl-story.ts'
import { asset } from '../../src/domain/ids.ts'
import { amount, sumOf } from '../../src/domain/units.ts'

const [USDT, XRP, BTC] = [asset('USDT'), asset('XRP'), asset('BTC')]
const rules: HodlRules = {
  ...{ enabled: true, allocationPct: '10', minProfitUsd: '1', dailyCapUsd: '1000' },
  shares: [
    { asset: USDT, sharePct: '33.34', executeAtUsd: '1' },
    { asset: XRP, sharePct: '33.33', executeAtUsd: '25' },
    { asset: BTC, sharePct: '33.33', executeAtUsd: '15' },
  ],
}
const pendingOf = (book: HodlBook) => [USDT, XRP, BTC].map((of) => bagOf(book, of).pendingUsd)
const T0 = Date.UTC(2025, 10, 3, 12)
const DAY = 86_400_000

describe('what a profit sets aside', () => {
  it.each([
    ['1', null],
    ['1.01', '0.1'],
    ['100', '10'],
    ['-20', null],
  ])('of a cumulative %s USD is %s USD', (profit, expected) => {
    expect(accrued(EMPTY_HODL, profit, rules)?.amountUsd ?? null).toBe(expected)
  })

  it('is taken once: only what is above the last high counts, however often it is told', () => {
    const book = accrued(EMPTY_HODL, '100', rules)?.book ?? EMPTY_HODL
    expect(accrued(book, '100', rules)).toBeNull()
    expect(accrued(book, '60', rules)).toBeNull()
    expect(accrued(book, '101', rules)).toBeNull()
    expect(accrued(book, '150', rules)).toMatchObject({ amountUsd: '5', book: { highUsd: '150' } })
  })

  it('goes to the three assets to the cent, cash taking what rounding leaves', () => {
    expect(pendingOf(accrued(EMPTY_HODL, '100', rules)?.book ?? EMPTY_HODL)).toEqual(['3.34', '3.33', '3.33'])
    expect([...splitByShares(amount('0.01'), rules.shares)].map(([of, part]) => [of, part.toString()])).toEqual([
      ['XRP', '0'],
      ['BTC', '0'],
      ['USDT', '0.01'],
    ])
  })

  it('is nothing while bags are switched off', () => {
    expect(accrued(EMPTY_HODL, '100', { ...rules, enabled: false })).toBeNull()
  })

  it('comes to the share of the highest profit, rounded down once, whatever way led there', () => {
    const profits = fc.array(fc.integer({ min: -500_000, max: 500_000 }), { maxLength: 40 })
    fc.assert(
      fc.property(profits, (cents) => {
        let book = EMPTY_HODL
        for (const cent of cents) book = accrued(book, (cent / 100).toFixed(2), rules)?.book ?? book
        const pending = sumOf(pendingOf(book).map((one) => amount(one)))
        expect(pending.eq(amount(book.highUsd).div(10).toDecimalPlaces(2, 1))).toBe(true)
        expect(pendingOf(book).every((one) => amount(one).times(100).isInteger() && amount(one).gte(0))).toBe(true)
      }),
      { seed: 11 },
    )
  })
})

describe('a bag', () => {
  it('gives for coins exactly what they cost with their fee', () => {
    const book = accrued(EMPTY_HODL, '1000', rules)?.book ?? EMPTY_HODL
    const bought = withBought(book, { asset: BTC, quantity: '0.0006', costUsd: '30', fees: '0.24', orderId: null })
    expect(bagOf(bought, BTC)).toEqual({ asset: BTC, quantity: '0.0006', pendingUsd: '3.09', spentUsd: '30.24' })
    expect(bagOf(bought, XRP)).toEqual(bagOf(book, XRP))
  })

  it('protects what was configured and what profits have paid for', () => {
    const book = withBought(EMPTY_HODL, { asset: BTC, quantity: '0.1', costUsd: '10', fees: '0', orderId: null })
    expect(protectedAmounts({ BTC: '0.5', USDT: '20' }, book)).toEqual({ BTC: '0.6', USDT: '20' })
  })
})

describe('purchases', () => {
  const changed = (record: HodlRecord, change: Partial<HodlRecord>): HodlRecord => ({ ...record, ...change })
  const told = (profitUsd: string, over: Partial<HodlRules> = {}): HodlRecord => {
    const record = newHodl({ rules, seenAt: T0 })
    return changed(record, withProfit(record, { profitUsd, rules: { ...rules, ...over } }))
  }
  /** Only this asset is due. */
  const only = (of: string, executeAtUsd: string, pct: string): Partial<HodlRules> => ({
    shares: [{ asset: asset(of), sharePct: pct, executeAtUsd }],
  })

  it.each([
    // What is pending of 10 % by the share, against 1, 25 and 15 USD.
    ['USDT', '29.3', false],
    ['USDT', '29.4', true],
    ['XRP', '750', false],
    ['XRP', '750.2', true],
    ['BTC', '449.9', false],
    ['BTC', '450.1', true],
  ])('of %s after a profit of %s: %s', (of, profit, due) => {
    const share = rules.shares.find((one) => one.asset === of)
    const record = told(profit)
    const alone = changed(record, { rules: { ...rules, shares: share === undefined ? [] : [share] } })
    expect(isPurchaseDue(alone)).toBe(due)
  })

  it('have keys of their own', () => {
    const first = changed(told('100'), withPurchase(told('100')))
    expect(first.working).toBe('hodl/USDT/1')
    const paid = changed(first, withTransfer(first, { key: 'hodl/USDT/1' }))
    expect(paid).toMatchObject({
      working: null,
      book: { bags: [{ asset: 'USDT', quantity: '3.34', pendingUsd: '0' }, {}, {}] },
    })
    expect(withTransfer(paid, { key: 'hodl/USDT/1' })).toEqual({})
    const again = changed(paid, withProfit(paid, { profitUsd: '200', rules }))
    expect(changed(again, withPurchase(again)).working).toBe('hodl/USDT/2')
  })

  it('cost no more than the cap in a UTC day, and go on the next', () => {
    const cash = only('USDT', '1', '100')
    const rich = told('25000', cash)
    const bought = changed(rich, withPurchase(rich))
    const paid = changed(bought, withTransfer(bought, { key: 'hodl/USDT/1' }))
    expect(bagOf(paid.book, USDT)).toMatchObject({ quantity: '1000', pendingUsd: '1500' })
    expect(isPurchaseDue(paid)).toBe(false)
    const capped = changed(paid, withCapped(paid))
    expect(capped.facts).toMatchObject([{ type: 'hodl.postponed', asset: 'USDT', reason: "the day's cap of 1000 USD" }])
    expect(retryTime(capped)).toBe(Math.floor(T0 / DAY + 1) * DAY)
    const waiting = changed(capped, { updatedAt: T0 + 60_000 })
    expect([isPurchaseDue(waiting), withCapped(waiting).facts]).toEqual([false, []])
    const tomorrow = changed(waiting, { updatedAt: Math.floor(T0 / DAY + 1) * DAY })
    expect(isPurchaseDue(tomorrow)).toBe(true)
    expect(changed(tomorrow, withPurchase(tomorrow)).purchases.at(-1)?.budgetUsd).toBe('1000')
  })
})

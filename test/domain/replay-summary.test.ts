import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  partsToTheCent,
  type ReplaySummary,
  STATEMENT_PARTS,
  summaryToTheCent,
} from '../../src/domain/replay-summary.ts'
import { amount, roundToCent, sumOf, text } from '../../src/domain/units.ts'

const CENT = amount('0.01')
/** Up to ±1,000,000 in billionths. */
const money = fc.integer({ min: -1e15, max: 1e15 }).map((billionths) => amount(billionths).div(1e9))

describe('rounding a statement to the cent', () => {
  it('closes to the cent, whatever the parts, and moves no part by a whole cent', () => {
    fc.assert(
      fc.property(fc.array(money, { minLength: 1, maxLength: 6 }), (parts) => {
        const total = sumOf(parts)
        const rounded = partsToTheCent(total, parts)
        expect(sumOf(rounded).eq(roundToCent(total))).toBe(true)
        rounded.forEach((part, index) => {
          expect(part.times(100).isInteger()).toBe(true)
          expect(
            part
              .minus(parts[index] ?? 0)
              .abs()
              .lt(CENT),
          ).toBe(true)
        })
      }),
    )
  })

  it('leaves parts alone that are in cents already', () => {
    const parts = ['1300', '-12.34', '0', '0.01'].map((part) => amount(part))
    expect(partsToTheCent(sumOf(parts), parts).map(text)).toEqual(['1300', '-12.34', '0', '0.01'])
  })

  it('closes also over the last digits of a division', () => {
    const third = amount(1).div(3)
    expect(sumOf(partsToTheCent(amount(1), [third, third, third])).eq(1)).toBe(true)
  })

  it('never hides that something is missing', () => {
    fc.assert(
      fc.property(
        fc.array(money, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (parts, gap) => {
          const missing = amount(gap).times(CENT)
          const rounded = partsToTheCent(sumOf(parts).plus(missing), parts)
          const printed = roundToCent(sumOf(parts).plus(missing)).minus(sumOf(rounded))
          expect(printed.minus(missing).abs().lte(CENT)).toBe(true)
          expect(printed.isZero()).toBe(false)
        },
      ),
    )
  })
})

const summary = (over: Partial<ReplaySummary> = {}): ReplaySummary => ({
  candles: 10,
  decisions: 1,
  orders: {},
  trades: 0,
  pnlNet: '0.005',
  feesPaid: '0.125',
  maxDrawdownPct: '1.23456',
  equityStart: '1300.004',
  equityEnd: '1300.015',
  tradingNet: '0.005',
  rebalancingFees: '-0.002',
  revaluation: '0.008',
  flows: '0',
  unprotectedSeconds: 0.12345,
  protectGapMs: { p50: null, p99: null, max: null },
  restarts: 0,
  eventsByType: {},
  journalEvents: 0,
  journalHash: 'aa',
  seconds: 1.23456,
  ...over,
})

describe('summaryToTheCent', () => {
  it('keeps the identity of the statement in what is printed', () => {
    const rounded = summaryToTheCent(summary())
    const explained = sumOf(STATEMENT_PARTS.map((part) => amount(rounded[part])))
    expect(text(explained)).toBe(rounded.equityEnd)
    expect(rounded).toMatchObject({ equityEnd: '1300.02', feesPaid: '0.12', maxDrawdownPct: '1.23', seconds: 1.235 })
  })

  it('prints the trading profit the same in both places where it is the same', () => {
    fc.assert(
      fc.property(money, money, (trading, revaluation) => {
        const equityEnd = text(amount('1300').plus(trading).plus(revaluation))
        const same = { tradingNet: text(trading), pnlNet: text(trading), revaluation: text(revaluation), equityEnd }
        const rounded = summaryToTheCent(summary({ equityStart: '1300', rebalancingFees: '0', ...same }))
        expect(rounded.pnlNet).toBe(rounded.tradingNet)
      }),
    )
  })

  it('changes no key', () => {
    expect(Object.keys(summaryToTheCent(summary()))).toEqual(Object.keys(summary()))
  })
})

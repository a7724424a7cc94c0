import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asset, baseOf, pair, quoteOf } from '../../src/domain/ids.ts'
import {
  applyFill,
  applyFlow,
  dustTransfer,
  emptyLedger,
  type LedgerFill,
  ledgerGap,
  ledgerOf,
  UnpricedAssetError,
} from '../../src/domain/ledger.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import { amount, text } from '../../src/domain/units.ts'

type Amounts = Record<string, string>
const balancesOf = (amounts: Amounts): Balance[] =>
  Object.entries(amounts).map(([of, total]) => ({ asset: asset(of), total, held: '0' }))
const move = (amounts: Amounts, of: string, change: string): Amounts => ({
  ...amounts,
  [of]: text(amount(amounts[of] ?? '0').plus(change)),
})
/** What the venue does to balances for a fill: an implementation of its own, so that the ledger has something to meet. */
function traded(amounts: Amounts, { symbol, side, fill }: LedgerFill): Amounts {
  const cost = amount(fill.price).times(fill.quantity)
  const signed = side === 'buy' ? fill.quantity : text(amount(fill.quantity).negated())
  const paid = side === 'buy' ? cost.plus(fill.fee).negated() : cost.minus(fill.fee)
  return move(move(amounts, baseOf(symbol), signed), quoteOf(symbol), text(paid))
}
const fillOf = (over: Partial<LedgerFill> & { price: string; quantity: string; fee: string }): LedgerFill => ({
  book: over.book ?? 'trading',
  symbol: over.symbol ?? pair('BTC/USDT'),
  side: over.side ?? 'buy',
  fill: { price: over.price, quantity: over.quantity, fee: over.fee },
  ...(over.quoteUsd === undefined ? {} : { quoteUsd: over.quoteUsd }),
})
const START: Amounts = { USDT: '1000', BTC: '2', XRP: '500' }
const MARKS = { 'BTC/USDT': '100', 'XRP/USDT': '0.5' }

describe('the statement', () => {
  it('closes at the start', () => {
    const ledger = ledgerOf(emptyLedger(balancesOf(START), MARKS), balancesOf(START), MARKS)
    expect(ledger).toEqual({
      equityStart: '1450',
      tradingNet: '0',
      rebalancingFees: '0',
      revaluation: '0',
      flows: '0',
      equityEnd: '1450',
    })
  })

  it('puts the profit of positions, the cost of rebalancing and the market apart', () => {
    const bought = fillOf({ price: '100', quantity: '1', fee: '0.8' })
    const sold = fillOf({ price: '110', quantity: '0.5', fee: '0.4', side: 'sell' })
    const balanced = fillOf({
      price: '0.5',
      quantity: '100',
      fee: '0.2',
      side: 'sell',
      book: 'core',
      symbol: pair('XRP/USDT'),
    })
    const fills = [bought, sold, balanced]
    const state = fills.reduce(applyFill, emptyLedger(balancesOf(START), MARKS))
    const balances = balancesOf(fills.reduce(traded, START))
    const ledger = ledgerOf(state, balances, { 'BTC/USDT': '120', 'XRP/USDT': '0.6' })
    expect(ledger).toMatchObject({ tradingNet: '13.8', rebalancingFees: '-0.2', revaluation: '80', flows: '0' })
    expect(ledgerGap(ledger).toString()).toBe('0')
  })

  it('shows a fill that was missed as a gap, and does not hide it in the market', () => {
    const missed = fillOf({ price: '90', quantity: '1', fee: '1' })
    const ledger = ledgerOf(emptyLedger(balancesOf(START), MARKS), balancesOf(traded(START, missed)), MARKS)
    expect(ledger.revaluation).toBe('0')
    expect(ledgerGap(ledger).toString()).toBe('9')
  })

  it('counts a fill in BTC at the rate of its moment', () => {
    const fill = fillOf({ symbol: pair('XRP/BTC'), price: '0.005', quantity: '100', fee: '0', quoteUsd: '100' })
    const state = applyFill(emptyLedger(balancesOf(START), MARKS), fill)
    const ledger = ledgerOf(state, balancesOf(traded(START, fill)), { 'BTC/USDT': '200', 'XRP/USDT': '0.5' })
    expect(ledger).toMatchObject({ tradingNet: '0', revaluation: '150' })
    expect(ledgerGap(ledger).toString()).toBe('0')
  })

  it('names what it cannot price', () => {
    const state = emptyLedger(balancesOf(START), MARKS)
    expect(() => ledgerOf(state, balancesOf(START), {})).toThrow(UnpricedAssetError)
    expect(() => emptyLedger(balancesOf(START), {})).toThrow('no price of BTC in USDT')
    expect(() => applyFill(state, fillOf({ symbol: pair('XRP/BTC'), price: '1', quantity: '1', fee: '0' }))).toThrow(
      'BTC',
    )
  })

  it('begins in the middle of a position at its value', () => {
    const state = emptyLedger(balancesOf(START), MARKS, { BTC: '0.5' })
    const ledger = ledgerOf(state, balancesOf(START), { ...MARKS, 'BTC/USDT': '110' })
    expect(ledger).toMatchObject({ tradingNet: '5', revaluation: '15' })
    expect(ledgerGap(ledger).toString()).toBe('0')
  })
})

const decimal = (max: number, places: number) =>
  fc.integer({ min: 1, max }).map((value) => text(amount(value).div(10 ** places)))
const SYMBOLS = ['BTC/USDT', 'XRP/USDT', 'XRP/BTC'].map(pair)
const anyFill = fc
  .record({
    book: fc.constantFrom('trading' as const, 'core' as const),
    symbol: fc.constantFrom(...SYMBOLS),
    side: fc.constantFrom('buy' as const, 'sell' as const),
    price: decimal(10_000_000, 5),
    quantity: decimal(1_000_000_000, 8),
    fee: decimal(100_000, 5),
    quoteUsd: decimal(1_000_000, 2),
  })
  .map((given) => ({ kind: 'fill' as const, fill: fillOf(given) }))
const anyFlow = fc
  .record({
    asset: fc.constantFrom('USDT', 'BTC', 'XRP'),
    quantity: fc.integer({ min: -500, max: 500 }),
    usdRate: decimal(100_000, 2),
  })
  .map((flow) => ({
    kind: 'flow' as const,
    flow: { ...flow, asset: asset(flow.asset), quantity: String(flow.quantity) },
  }))
const anyDust = fc
  .record({
    symbol: fc.constantFrom(...SYMBOLS),
    quantity: decimal(1000, 8),
    mark: decimal(1_000_000, 5),
    quoteUsd: decimal(10_000, 2),
  })
  .map((dust) => ({ kind: 'dust' as const, dust }))
const anyMarks = fc.record({ 'BTC/USDT': decimal(10_000_000, 1), 'XRP/USDT': decimal(1_000_000, 5) })

describe('for any fills, flows, dust and marks', () => {
  it('the statement closes exactly', () => {
    fc.assert(
      fc.property(
        anyMarks,
        anyMarks,
        fc.array(fc.oneof(anyFill, anyFlow, anyDust), { maxLength: 30 }),
        (from, to, events) => {
          let amounts = START
          let state = emptyLedger(balancesOf(START), from, { BTC: '0.25' })
          for (const event of events) {
            if (event.kind === 'fill') {
              amounts = traded(amounts, event.fill)
              state = applyFill(state, event.fill)
            } else if (event.kind === 'flow') {
              amounts = move(amounts, event.flow.asset, event.flow.quantity)
              state = applyFlow(state, event.flow)
            } else {
              const { symbol, quantity, mark, quoteUsd } = event.dust
              state = dustTransfer(state, symbol, quantity, mark, quoteUsd)
            }
            state = JSON.parse(JSON.stringify(state))
          }
          expect(ledgerGap(ledgerOf(state, balancesOf(amounts), to)).toString()).toBe('0')
        },
      ),
      { seed: 11, numRuns: 300 },
    )
  })
})

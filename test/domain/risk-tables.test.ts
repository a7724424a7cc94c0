/** Every figure of the owner's risk tables that denies or warns: just below it, equal to it, just above it. */
import { describe, expect, it } from 'vitest'
import type { PositionSide } from '../../src/domain/position.ts'
import { assess, type RiskVerdict } from '../../src/domain/risk.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import type { Exposure } from '../../src/domain/risk-state.ts'
import { BTC, ETH, latched, NOW, proposal, state, XRP, XRP_BTC } from './risk-builders.ts'

const WITH_MARGIN = { ...LIMITS, margin: { enabled: true } }
const UNCORRELATED = { ...WITH_MARGIN, maxCorrelatedPct: 1000 }
const codes = (verdict: RiskVerdict) => (verdict.kind === 'denied' ? verdict.codes : [])
const held = (symbol = BTC, notionalUsd = '100', side: PositionSide = 'long', riskUsd = '0'): Exposure => ({
  ...{ symbol, side, notionalUsd, riskUsd },
})
const minuteOld = (at: number) => ({ 'BTC/USDT': { price: '100', at } })
const day = (lossUsd: string) => ({ day: { lossUsd, openingEquityUsd: '1000' } })
const week = (lossUsd: string) => ({ week: { lossUsd, openingEquityUsd: '1000' } })

describe('limits that deny', () => {
  it.each([
    [
      'exposure 80 %',
      { positions: [held(ETH, '699.99')] },
      { positions: [held(ETH, '700')] },
      { positions: [held(ETH, '700.01')] },
      'EXPOSURE_LIMIT',
      UNCORRELATED,
    ],
    [
      'correlation of the same symbol',
      { positions: [held(BTC, '299.99')] },
      { positions: [held(BTC, '300')] },
      { positions: [held(BTC, '300.01')] },
      'CORRELATED_EXPOSURE',
      LIMITS,
    ],
    [
      'correlation .75 of XRP',
      { positions: [held(XRP, '399.99')] },
      { positions: [held(XRP, '400')] },
      { positions: [held(XRP, '400.01')] },
      'CORRELATED_EXPOSURE',
      LIMITS,
    ],
    [
      'correlation .60 of XRP/BTC',
      { positions: [held(XRP_BTC, '499.99')] },
      { positions: [held(XRP_BTC, '500')] },
      { positions: [held(XRP_BTC, '500.02')] },
      'CORRELATED_EXPOSURE',
      LIMITS,
    ],
    [
      'correlation of a pair that is not listed',
      { positions: [held(ETH, '399.99')] },
      { positions: [held(ETH, '400')] },
      { positions: [held(ETH, '400.01')] },
      'CORRELATED_EXPOSURE',
      LIMITS,
    ],
    [
      'free quote with the fee',
      { freeQuote: { USDT: '100.51' } },
      { freeQuote: { USDT: '100.5' } },
      { freeQuote: { USDT: '100.49' } },
      'INSUFFICIENT_MARGIN',
      LIMITS,
    ],
    [
      'positions',
      { positions: [ETH, ETH, XRP].map((one) => held(one, '1')) },
      { positions: [ETH, ETH, XRP, XRP].map((one) => held(one, '1')) },
      { positions: [ETH, ETH, XRP, XRP, XRP_BTC].map((one) => held(one, '1')) },
      'POSITION_LIMIT',
      LIMITS,
    ],
    [
      'positions of a symbol',
      {},
      { positions: [held(BTC, '1')] },
      { positions: [held(BTC, '1'), held(BTC, '1')] },
      'POSITION_LIMIT',
      LIMITS,
    ],
    [
      'the day’s loss of 5 %',
      day('49.99'),
      day('49.999999'),
      day('50'),
      'CIRCUIT_BREAKER',
      { ...LIMITS, maxOpenRiskPct: 100 },
    ],
    ['the week’s loss of 10 %', week('99.99'), week('99.999999'), week('100'), 'CIRCUIT_BREAKER', LIMITS],
    [
      'a drawdown of 20 %',
      { drawdownPct: '19.9' },
      { drawdownPct: '19.999999' },
      { drawdownPct: '20' },
      'CIRCUIT_BREAKER',
      LIMITS,
    ],
    ['a cooldown', {}, { cooldownUntil: { [BTC]: NOW } }, { cooldownUntil: { [BTC]: NOW + 1 } }, 'IN_COOLDOWN', LIMITS],
    [
      'the time of a breaker',
      {},
      { breakers: [latched('daily_loss', NOW)] },
      { breakers: [latched('daily_loss', NOW + 1)] },
      'CIRCUIT_BREAKER',
      LIMITS,
    ],
    [
      'the age of the last price',
      { marks: minuteOld(NOW - 59_999) },
      { marks: minuteOld(NOW - 60_000) },
      { marks: minuteOld(NOW - 60_001) },
      'STALE_DATA',
      LIMITS,
    ],
    [
      'a price from the future',
      { marks: minuteOld(NOW + 59_999) },
      { marks: minuteOld(NOW + 60_000) },
      { marks: minuteOld(NOW + 60_001) },
      'STALE_DATA',
      LIMITS,
    ],
  ] as const)('%s: below and equal pass, above does not', (_, below, equal, above, code, limits) => {
    expect(codes(assess(proposal(), state(below), limits))).toEqual([])
    expect(codes(assess(proposal(), state(equal), limits))).toEqual([])
    expect(codes(assess(proposal(), state(above), limits))).toEqual([code])
  })

  it.each([
    [
      'used margin of 50 %',
      { usedUsd: '399.99', freeUsd: '600' },
      { usedUsd: '400', freeUsd: '600' },
      { usedUsd: '400.01', freeUsd: '600' },
    ],
    [
      'free margin with the fee',
      { usedUsd: '0', freeUsd: '101.01' },
      { usedUsd: '0', freeUsd: '101' },
      { usedUsd: '0', freeUsd: '100.99' },
    ],
  ] as const)('%s: enough and equal pass, less does not', (_, enough, equal, less) => {
    const of = (margin: typeof enough | typeof equal | typeof less) =>
      codes(assess(proposal({ leverage: 2 }), state({ margin }), WITH_MARGIN))
    expect([of(enough), of(equal), of(less)]).toEqual([[], [], ['INSUFFICIENT_MARGIN']])
  })

  it('counts what unsent entries will take of the margin', () => {
    const entry = { ...held(ETH, '1'), marginUsd: '100', costQuote: '0' }
    const of = (heldAtVenue: boolean) => {
      const margin = { usedUsd: '301', freeUsd: '600' }
      return codes(
        assess(proposal({ leverage: 2 }), state({ margin, pendingEntries: [{ ...entry, heldAtVenue }] }), WITH_MARGIN),
      )
    }
    expect([of(true), of(false)]).toEqual([[], ['INSUFFICIENT_MARGIN']])
  })

  it.each([
    ['on margin ties up cash that a spot entry pays with', { marginUsd: '100', costQuote: '0' }, 1, '200.50', '200.49'],
    ['on spot costs cash that a spot entry pays with', { marginUsd: '100', costQuote: '101' }, 1, '201.50', '201.49'],
    ['on spot costs cash that no margin is left for', { marginUsd: '100', costQuote: '101' }, 2, '201', '200.99'],
  ] as const)('an unsent entry %s', (_, money, leverage, enough, less) => {
    const entry = { ...held(ETH, '1'), ...money, heldAtVenue: false }
    const of = (cash: string) => {
      const account = { freeQuote: { USDT: cash }, margin: { usedUsd: '400', freeUsd: cash } }
      const given = state({ ...account, pendingEntries: [entry] })
      return codes(assess(proposal({ leverage }), given, WITH_MARGIN))
    }
    expect([of(enough), of(less)]).toEqual([[], ['INSUFFICIENT_MARGIN']])
  })

  it.each([
    [
      'entry above the last price',
      { entryPrice: '100.9', stopLoss: '98', takeProfit: '110' },
      { entryPrice: '101', stopLoss: '98', takeProfit: '110' },
      { entryPrice: '101.1', stopLoss: '98.2', takeProfit: '110' },
      'STALE_PRICE',
    ],
    [
      'entry below the last price',
      { entryPrice: '99.1', stopLoss: '97' },
      { entryPrice: '99', stopLoss: '97' },
      { entryPrice: '98.9', stopLoss: '97' },
      'STALE_PRICE',
    ],
    ['the least stop distance', { stopLoss: '99.4' }, { stopLoss: '99.5' }, { stopLoss: '99.6' }, 'STOP_TOO_TIGHT'],
    ['the widest stop of BTC', { stopLoss: '97.1' }, { stopLoss: '97' }, { stopLoss: '96.9' }, 'STOP_TOO_WIDE'],
    ['reward against risk', { takeProfit: '104.6' }, { takeProfit: '104.5' }, { takeProfit: '104.4' }, 'LOW_RR'],
    [
      'reward against risk after fees',
      { stopLoss: '99', takeProfit: '102.6' },
      { stopLoss: '99', takeProfit: '102.5' },
      { stopLoss: '99', takeProfit: '102.4' },
      'LOW_RR',
    ],
    ['confidence', { confidence: 0.551 }, { confidence: 0.55 }, { confidence: 0.549 }, 'CONFIDENCE_TOO_LOW'],
  ] as const)('%s: inside and equal pass, past it does not', (_, inside, equal, past, code) => {
    expect(codes(assess(proposal(inside), state(), LIMITS))).toEqual([])
    expect(codes(assess(proposal(equal), state(), LIMITS))).toEqual([])
    expect(codes(assess(proposal(past), state(), LIMITS))).toEqual([code])
  })

  it.each([
    ['XRP/USDT', XRP, { entryPrice: '0.5', takeProfit: '0.6' }, '0.475', '0.47499'],
    ['XRP/BTC', XRP_BTC, { entryPrice: '0.005', takeProfit: '0.006' }, '0.00475', '0.00474999'],
    ['a symbol without a figure of its own', ETH, { entryPrice: '10', takeProfit: '12' }, '9.5', '9.49'],
  ] as const)('the widest stop of %s is 5 %%', (_, symbol, prices, equal, past) => {
    const now = state({ regimes: { [symbol]: 'trending_bull' } })
    expect(codes(assess(proposal({ symbol, ...prices, stopLoss: equal }), now, LIMITS))).toEqual([])
    expect(codes(assess(proposal({ symbol, ...prices, stopLoss: past }), now, LIMITS))).toEqual(['STOP_TOO_WIDE'])
  })

  it('mirrors every price of a short', () => {
    const short = { action: 'SELL', stopLoss: '103', takeProfit: '94' } as const
    const of = (over: object) => codes(assess(proposal({ ...short, ...over }), state(), WITH_MARGIN))
    expect([of({}), of({ stopLoss: '103.1', takeProfit: '90' }), of({ stopLoss: '100.4' })]).toEqual([
      [],
      ['STOP_TOO_WIDE'],
      ['STOP_TOO_TIGHT'],
    ])
    expect([of({ stopLoss: '97' }), of({ takeProfit: '95.6' }), of({ takeProfit: '95.5' })]).toEqual([
      ['INVALID_PROPOSAL'],
      ['LOW_RR'],
      [],
    ])
  })
})

describe('the confidence floor', () => {
  it.each([
    ['trending_bull', 0.55],
    ['trending_bear', 0.55],
    ['ranging', 0.65],
    ['volatile_bull', 0.7],
    ['volatile_bear', 0.7],
    ['choppy', 0.85],
    ['breakout_potential', 0.65],
    ['unknown', 0.8],
  ] as const)('of %s is %f with its strictness, more after losses, at most 1', (regime, floor) => {
    const added = [0, 0, 0, 0.1, 0.1, 0.2, 0.2]
    for (const [lossStreak, more] of added.entries()) {
      const now = state({ regimes: { [BTC]: regime }, lossStreak })
      const least = Math.min(1, Math.round((floor + more) * 1000) / 1000)
      const of = (confidence: number) => codes(assess(proposal({ confidence }), now, LIMITS))
      expect([lossStreak, of(least - 0.000001), of(least)]).toEqual([lossStreak, ['CONFIDENCE_TOO_LOW'], []])
      if (least < 1) expect(of(least + 0.000001)).toEqual([])
    }
  })
})

describe('warnings', () => {
  it.each([
    ['219.99', []],
    ['220', []],
    ['220.01', ['HIGH_CORRELATION']],
  ] as const)('with %s of the same symbol correlation is warned of: %j', (notional, warnings) => {
    expect(assess(proposal(), state({ positions: [held(BTC, notional)] }), LIMITS).warnings).toEqual(warnings)
  })

  it.each([
    [0.601, []],
    [0.6, []],
    [0.599, ['AGENT_DISAGREEMENT']],
  ] as const)('agents at .8 and %f: %j', (other, warnings) => {
    expect(assess(proposal({ viewConfidences: [0.8, other] }), state(), LIMITS).warnings).toEqual(warnings)
  })
})

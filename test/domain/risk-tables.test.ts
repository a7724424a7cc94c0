/** Every figure of the owner's risk tables: just below it, equal to it, just above it. */
import { describe, expect, it } from 'vitest'
import type { PositionSide } from '../../src/domain/position.ts'
import { assess, type RiskVerdict } from '../../src/domain/risk.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import type { Exposure } from '../../src/domain/risk-state.ts'
import { BTC, ETH, latched, NOW, proposal, state, XRP, XRP_BTC } from './risk-builders.ts'

const WITH_MARGIN = { ...LIMITS, margin: { enabled: true } }
const UNCORRELATED = { ...WITH_MARGIN, maxCorrelatedPct: 1000 }
const codes = (verdict: RiskVerdict) => (verdict.kind === 'denied' ? verdict.codes : [])
const approved = (verdict: RiskVerdict) => {
  if (verdict.kind === 'denied') throw new Error(verdict.reasons.join('; '))
  return verdict
}
const held = (symbol = BTC, notionalUsd = '100', side: PositionSide = 'long', riskUsd = '0'): Exposure => ({
  ...{ symbol, side, notionalUsd, riskUsd },
})
const minuteOld = (at: number) => ({ 'BTC/USDT': { price: '100', at } })
const day = (lossUsd: string) => ({ day: { lossUsd, openingEquityUsd: '1000' } })
const week = (lossUsd: string) => ({ week: { lossUsd, openingEquityUsd: '1000' } })

describe('limits that reduce', () => {
  it.each([
    [19.99, '199.9', []],
    [20, '200', []],
    [20.01, '200', ['SIZE_REDUCED']],
  ] as const)('a collateral of %f %% of equity becomes %s of 1,000', (sizePct, margin, warnings) => {
    expect(approved(assess(proposal({ sizePct }), state(), LIMITS))).toMatchObject({ margin, warnings, codes: [] })
  })

  it.each([
    [9.99, '1.998', []],
    [10, '2', []],
    [10.01, '2', ['SIZE_REDUCED']],
  ] as const)(
    'with a stop 3 %% away, 1 %% of fees and leverage 5, %f %% of equity risks %s %%',
    (sizePct, riskPct, warnings) => {
      const verdict = approved(assess(proposal({ sizePct, leverage: 5 }), state(), UNCORRELATED))
      expect(verdict).toMatchObject({ riskPct, warnings })
    },
  )

  it.each([
    ['35.99', '0.4', []],
    ['36', '0.4', []],
    ['36.01', '0.399', ['OPEN_RISK']],
  ] as const)('after a loss of 10 today, with %s at risk already, %s %% more is risked', (riskUsd, riskPct, named) => {
    const open = state({ ...day('10'), positions: [held(ETH, '1', 'long', riskUsd)] })
    const verdict = approved(assess(proposal(), open, LIMITS))
    expect(verdict).toMatchObject({ riskPct, codes: named, warnings: named.length > 0 ? ['SIZE_REDUCED'] : [] })
  })

  it('nothing is left to risk: denied as OPEN_RISK; a gain of the day gives no more room', () => {
    const full = (riskUsd: string) => state({ ...day('-100'), positions: [held(ETH, '1', 'long', riskUsd)] })
    expect(codes(assess(proposal(), full('50'), LIMITS))[0]).toBe('OPEN_RISK')
    expect(codes(assess(proposal(), full('51'), LIMITS))[0]).toBe('OPEN_RISK')
    expect(approved(assess(proposal(), full('49'), LIMITS)).riskPct).toBe('0.1')
  })

  it.each([
    ['trending_bull', 5],
    ['trending_bear', 3],
    ['ranging', 2],
    ['volatile_bull', 2],
    ['volatile_bear', 2],
    ['choppy', 1],
    ['breakout_potential', 3],
    ['unknown', 1],
  ] as const)('in %s leverage is at most %i', (regime, most) => {
    const leverageOf = (leverage: number) =>
      approved(
        assess(proposal({ leverage, confidence: 1, sizePct: 2 }), state({ regimes: { [BTC]: regime } }), WITH_MARGIN),
      ).plan.leverage
    expect([1, 2, 3, 4, 5, 6].map(leverageOf)).toEqual([1, 2, 3, 4, 5, 6].map((asked) => Math.min(asked, most)))
  })

  it.each([
    ['4.999999', 5],
    ['5', 3],
    ['5.000001', 3],
    ['9.999999', 3],
    ['10', 2],
    ['14.999999', 2],
    ['15', 1],
    ['19.999999', 1],
  ] as const)('at a drawdown of %s %% leverage is at most %i', (drawdownPct, most) => {
    const verdict = approved(assess(proposal({ leverage: 5, sizePct: 2 }), state({ drawdownPct }), WITH_MARGIN))
    expect([verdict.plan.leverage, verdict.warnings.includes('LEVERAGE_REDUCED')]).toEqual([most, most < 5])
  })

  it.each([
    [2, 5, 1],
    [3, 2, 1],
    [4, 2, 1],
    [5, 1, 0.5],
    [6, 1, 0.5],
  ] as const)('after %i straight losses leverage is at most %i and the size times %f', (lossStreak, most, factor) => {
    const verdict = approved(
      assess(proposal({ leverage: 5, confidence: 1, sizePct: 2 }), state({ lossStreak }), WITH_MARGIN),
    )
    expect([verdict.plan.leverage, verdict.margin]).toEqual([most, String(20 * factor)])
    expect(verdict.warnings.includes('SIZE_REDUCED_LOSSES')).toBe(factor < 1)
  })

  it.each([
    ['trending_bull', '100'],
    ['trending_bear', '100'],
    ['ranging', '75'],
    ['volatile_bull', '50'],
    ['volatile_bear', '50'],
    ['choppy', '25'],
    ['breakout_potential', '75'],
    ['unknown', '25'],
  ] as const)('in %s a tenth of 1,000 becomes %s', (regime, margin) => {
    const verdict = approved(assess(proposal({ confidence: 1 }), state({ regimes: { [BTC]: regime } }), LIMITS))
    expect(verdict).toMatchObject({ margin, warnings: margin === '100' ? [] : ['SIZE_REDUCED'] })
  })

  it('halves what the limits left in a spike of volatility, of this symbol alone', () => {
    const spiking = state({ volatilitySpikes: [BTC] })
    expect(approved(assess(proposal(), spiking, LIMITS))).toMatchObject({
      margin: '50',
      warnings: ['VOLATILITY_SPIKE'],
    })
    expect(approved(assess(proposal({ sizePct: 40 }), spiking, LIMITS))).toMatchObject({ margin: '100' })
    expect(approved(assess(proposal(), state({ volatilitySpikes: [XRP] }), LIMITS)).margin).toBe('100')
  })
})

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

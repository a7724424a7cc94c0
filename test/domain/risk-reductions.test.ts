/** Every figure of the owner's risk tables that takes something off: just below it, equal to it, just above it. */
import { describe, expect, it } from 'vitest'
import type { PositionSide } from '../../src/domain/position.ts'
import { assess, type RiskVerdict } from '../../src/domain/risk.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import type { Exposure, PendingEntry } from '../../src/domain/risk-state.ts'
import { BTC, ETH, proposal, state, XRP } from './risk-builders.ts'

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
const resting = (riskUsd: string): PendingEntry => ({
  ...{ ...held(ETH, '1', 'long', riskUsd), marginUsd: '0', costQuote: '0', heldAtVenue: true },
})
const day = (lossUsd: string) => ({ day: { lossUsd, openingEquityUsd: '1000' } })

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

  it.each([
    ['46', []],
    ['46.01', ['OPEN_RISK']],
  ] as const)('entries that rest with %s at risk count as what is held: %j', (riskUsd, named) => {
    const verdict = approved(assess(proposal(), state({ pendingEntries: [resting(riskUsd)] }), LIMITS))
    expect(verdict.codes).toEqual(named)
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
    ['10.000001', 2],
    ['14.999999', 2],
    ['15', 1],
    ['15.000001', 1],
    ['19.999999', 1],
  ] as const)('at a drawdown of %s %% leverage is at most %i', (drawdownPct, most) => {
    const verdict = approved(assess(proposal({ leverage: 5, sizePct: 2 }), state({ drawdownPct }), WITH_MARGIN))
    expect([verdict.plan.leverage, verdict.warnings.includes('LEVERAGE_REDUCED')]).toEqual([most, most < 5])
  })

  it('leverage is at most the least of all caps', () => {
    const least = (now: Parameters<typeof state>[0]) =>
      approved(assess(proposal({ leverage: 5, confidence: 1, sizePct: 2 }), state(now), WITH_MARGIN)).plan.leverage
    expect(least({ drawdownPct: '5', lossStreak: 3, regimes: { [BTC]: 'breakout_potential' } })).toBe(2)
    expect(least({ drawdownPct: '15', lossStreak: 3 })).toBe(1)
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

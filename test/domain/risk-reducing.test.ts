/** Every figure of the owner's risk tables that takes something off: just below it, equal to it, just above it. */
import { describe, expect, it } from 'vitest'
import { assess, type RiskVerdict } from '../../src/domain/risk.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import type { Exposure, PendingEntry, ProposalForRisk, RiskState } from '../../src/domain/risk-state.ts'
import { BTC, ETH, proposal, state } from './risk-builders.ts'

const WITH_MARGIN = { ...LIMITS, margin: { enabled: true }, maxCorrelatedPct: 1000 }
const approved = (verdict: RiskVerdict) => {
  if (verdict.kind === 'denied') throw new Error(verdict.reasons.join('; '))
  return verdict
}
const of = (asked: Partial<ProposalForRisk>, now: Partial<RiskState> = {}) =>
  approved(assess(proposal({ confidence: 1, ...asked }), state(now), WITH_MARGIN))
const held = (riskUsd: string): Exposure => ({ symbol: ETH, side: 'long', notionalUsd: '1', riskUsd })
const resting = (riskUsd: string): PendingEntry => ({
  ...{ ...held(riskUsd), marginUsd: '0', costQuote: '0', heldAtVenue: true },
})

/** 1,000 USD of equity, BTC at 100 with its stop at 97 and fees of 1 %: a tenth of it risks 4 USD. */
describe('limits that reduce', () => {
  it.each([
    ['collateral of 20 %', { sizePct: 19.999 }, '199.99', []],
    ['collateral of 20 %', { sizePct: 20 }, '200', []],
    ['collateral of 20 %', { sizePct: 20.001 }, '200', ['SIZE_REDUCED']],
    ['risk of 2 %', { sizePct: 9.999, leverage: 5 }, '99.99', []],
    ['risk of 2 %', { sizePct: 10, leverage: 5 }, '100', []],
    ['risk of 2 %', { sizePct: 10.001, leverage: 5 }, '100', ['SIZE_REDUCED']],
  ] as const)('%s: of %j stay %s USD, %j', (_, asked, margin, warnings) => {
    expect(of(asked)).toMatchObject({ margin, warnings, codes: [] })
  })

  const day = (lossUsd: string) => ({ day: { lossUsd, openingEquityUsd: '1000' } })
  it.each([
    ['positions', { positions: [held('45.99')] }, '100', []],
    ['positions', { positions: [held('46')] }, '100', []],
    ['positions', { positions: [held('46.01')] }, '99.75', ['OPEN_RISK']],
    ['pending entries', { pendingEntries: [resting('46')] }, '100', []],
    ['pending entries', { pendingEntries: [resting('46.01')] }, '99.75', ['OPEN_RISK']],
    ['the day’s loss', day('46'), '100', []],
    ['the day’s loss', day('46.01'), '99.75', ['OPEN_RISK']],
    ['all of them', { ...day('20'), positions: [held('13')], pendingEntries: [resting('13')] }, '100', []],
    [
      'all of them',
      { ...day('20'), positions: [held('13')], pendingEntries: [resting('13.01')] },
      '99.75',
      ['OPEN_RISK'],
    ],
    ['a day that gained makes no room', { ...day('-100'), positions: [held('46.01')] }, '99.75', ['OPEN_RISK']],
  ] as const)('open risk of 5 %%, of %s: %j leaves %s USD, %j', (_, now, margin, codes) => {
    expect(of({}, now)).toMatchObject({ margin, codes, warnings: codes.length === 0 ? [] : ['SIZE_REDUCED'] })
  })
})

describe('size', () => {
  it.each([
    ['trending_bull', '100'],
    ['trending_bear', '100'],
    ['ranging', '75'],
    ['volatile_bull', '50'],
    ['volatile_bear', '50'],
    ['choppy', '25'],
    ['breakout_potential', '75'],
    ['unknown', '25'],
  ] as const)('in %s is %s of 100', (regime, margin) => {
    const warnings = margin === '100' ? [] : ['SIZE_REDUCED']
    expect(of({}, { regimes: { [BTC]: regime } })).toMatchObject({ margin, warnings })
  })

  it.each([0, 1, 2, 3, 4, 5, 6])('after %d losses is halved from the fifth on', (lossStreak) => {
    const { margin, warnings } = of({}, { lossStreak })
    expect([margin, warnings]).toEqual(lossStreak >= 5 ? ['50', ['SIZE_REDUCED_LOSSES']] : ['100', []])
  })
})

describe('leverage, of 5 that are asked', () => {
  const leverage = (now: Partial<RiskState>) => of({ leverage: 5, sizePct: 1 }, now).plan.leverage

  it.each([
    ['trending_bull', 5],
    ['trending_bear', 3],
    ['ranging', 2],
    ['volatile_bull', 2],
    ['volatile_bear', 2],
    ['choppy', 1],
    ['breakout_potential', 3],
    ['unknown', 1],
  ] as const)('is in %s at most %d', (regime, most) => {
    expect(leverage({ regimes: { [BTC]: regime } })).toBe(most)
    const { warnings } = of({ leverage: 5, sizePct: 1 }, { regimes: { [BTC]: regime } })
    expect(warnings.includes('LEVERAGE_REDUCED')).toBe(most < 5)
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
  ] as const)('is at a drawdown of %s %% at most %d', (drawdownPct, most) => {
    expect(leverage({ drawdownPct })).toBe(most)
  })

  it('is after losses at most 5, 5, 5, 2, 2, 1, 1', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((lossStreak) => leverage({ lossStreak }))).toEqual([5, 5, 5, 2, 2, 1, 1])
  })

  it('is the least of all caps', () => {
    expect(leverage({ drawdownPct: '5', lossStreak: 3, regimes: { [BTC]: 'breakout_potential' } })).toBe(2)
    expect(leverage({ drawdownPct: '15', lossStreak: 3 })).toBe(1)
  })
})

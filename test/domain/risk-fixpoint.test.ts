import { describe, expect, it } from 'vitest'
import { assess } from '../../src/domain/risk.ts'
import { settle } from '../../src/domain/risk-fixpoint.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import type { Exposure } from '../../src/domain/risk-state.ts'
import { text } from '../../src/domain/units.ts'
import { BTC, ETH, latched, NOW, proposal, state } from './risk-builders.ts'

const WITH_MARGIN = { ...LIMITS, margin: { enabled: true } }
const held = (notionalUsd: string, riskUsd = '0', symbol = ETH): Exposure => ({
  ...{ symbol, side: 'long', notionalUsd, riskUsd },
})

describe('the order of checks', () => {
  it('halt, breakers, cooldown, then what cannot be known', () => {
    const worst = state({
      ...{ mayOpenRisk: false, breakers: [latched('drawdown', null)], cooldownUntil: { [BTC]: NOW + 1 } },
      ...{ unknownOrderSymbols: [BTC], positions: null, marks: {} },
    })
    expect(assess(proposal({ stopLoss: null, action: 'SELL' }), worst, LIMITS)).toMatchObject({
      codes: [
        ...['TRADING_HALTED', 'CIRCUIT_BREAKER', 'IN_COOLDOWN', 'UNKNOWN_ORDER_ON_SYMBOL', 'POSITIONS_UNAVAILABLE'],
        ...['STALE_DATA', 'SHORT_UNAVAILABLE'],
      ],
      figures: null,
    })
  })

  it('stop, reward, confidence, price: what is not asked of a proposal that may not be opened at all', () => {
    const flawed = proposal({ stopLoss: '96.9', takeProfit: null, confidence: 0.1, entryPrice: '101.1' })
    const codes = ['STOP_TOO_WIDE', 'LOW_RR', 'CONFIDENCE_TOO_LOW', 'STALE_PRICE']
    expect(assess(flawed, state(), LIMITS)).toMatchObject({ codes, figures: null })
    expect(assess(flawed, state({ mayOpenRisk: false }), LIMITS)).toMatchObject({ codes: ['TRADING_HALTED'] })
  })

  it('slots, exposure, correlation, margin, minimum, of the size that is left', () => {
    const positions = [held('300'), held('300'), held('300'), held('1'), held('1')]
    const full = state({ positions, freeQuote: {} })
    expect(assess(proposal({ sizePct: 0.001 }), full, LIMITS)).toMatchObject({
      codes: ['POSITION_LIMIT', 'EXPOSURE_LIMIT', 'CORRELATED_EXPOSURE', 'INSUFFICIENT_MARGIN', 'BELOW_MINIMUM'],
    })
  })

  it('takes off size first, then for volatility, then leverage, and looks again from the beginning each time', () => {
    const calm = settle(proposal(), state(), WITH_MARGIN)
    const now = state({ regimes: { [BTC]: 'ranging' }, volatilitySpikes: [BTC] })
    const all = settle(proposal({ leverage: 5 }), now, WITH_MARGIN)
    if (calm.terms === null || all.terms === null) throw new Error('refused')
    expect(calm.passes).toBe(1)
    // 100 × .75 for the regime, ÷ nothing for the risk at leverage 5 (75 · 5 · .04 = 15 of 20), × .5, leverage 5 → 2.
    expect([all.passes, text(all.draft.collateral), all.draft.leverage]).toEqual([4, '37.5', 2])
    expect(all.warnings).toEqual(['SIZE_REDUCED', 'VOLATILITY_SPIKE', 'LEVERAGE_REDUCED'])
  })

  it('what a lower leverage frees is not taken again', () => {
    const now = state({ regimes: { [BTC]: 'ranging' } })
    const settled = settle(proposal({ sizePct: 20, leverage: 5 }), now, WITH_MARGIN)
    if (settled.terms === null) throw new Error('refused')
    // 150 after the regime, 100 by the risk at leverage 5; at leverage 2 that would allow 250 again.
    expect([text(settled.draft.collateral), settled.draft.leverage, text(settled.sized.notional)]).toEqual([
      '100',
      2,
      '200',
    ])
  })
})

describe('the modified proposal', () => {
  it('is what was approved: size in per cent of equity, leverage, prices on the tick', () => {
    const request = proposal({
      sizePct: 50,
      leverage: 7,
      entryPrice: '100.04',
      stopLoss: '96.96',
      takeProfit: '106.04',
    })
    const verdict = assess(request, state({ regimes: { [BTC]: 'trending_bear' } }), { ...WITH_MARGIN, maxRiskPct: 5 })
    expect(verdict).toMatchObject({
      kind: 'denied',
      codes: ['CORRELATED_EXPOSURE'],
      figures: {
        modified: {
          ...{ symbol: BTC, action: 'BUY', leverage: 3, entryPrice: '100', stopLoss: '97', takeProfit: '106' },
          sizePct: '17.857142',
        },
        riskPct: '2.142857',
        exposurePct: '53.571428',
      },
    })
  })

  it('approved as it stands where nothing had to be taken off', () => {
    expect(assess(proposal(), state(), LIMITS)).toMatchObject({
      kind: 'approved',
      modified: { sizePct: '10', leverage: 1, entryPrice: '100', stopLoss: '97', takeProfit: '106' },
      codes: [],
      warnings: [],
    })
  })

  it('carries the last price where entries go at market, and no target where none is wanted', () => {
    const atMarket = { ...LIMITS, entry: { type: 'market' as const, lifeMs: 900_000 } }
    const request = proposal({ entryPrice: '99.5', takeProfit: null, takeProfitExempt: true })
    expect(assess(request, state(), atMarket)).toMatchObject({ modified: { entryPrice: '100', takeProfit: null } })
  })

  it('gone through again it stays as it is: the factors of regime, losses and volatility are never applied twice', () => {
    const now = state({ regimes: { [BTC]: 'ranging' }, lossStreak: 5, volatilitySpikes: [BTC] })
    const request = proposal({ sizePct: 40, leverage: 5, confidence: 1 })
    const first = settle(request, now, WITH_MARGIN)
    if (first.terms === null) throw new Error('refused')
    const again = settle({ ...request, leverage: first.draft.leverage }, now, WITH_MARGIN, first.draft)
    expect(again).toEqual({ ...first, passes: 1 })
    expect(first.warnings).toEqual(['SIZE_REDUCED', 'SIZE_REDUCED_LOSSES', 'VOLATILITY_SPIKE', 'LEVERAGE_REDUCED'])
  })
})

describe('figures of a denial', () => {
  it('say how far it came', () => {
    const verdict = assess(proposal(), state({ positions: [held('750')] }), { ...LIMITS, maxCorrelatedPct: 1000 })
    expect(verdict).toMatchObject({
      codes: ['EXPOSURE_LIMIT'],
      figures: { riskPct: '0.4', exposurePct: '85', margin: '100', modified: { sizePct: '10' } },
    })
  })

  it('open risk that leaves less than the venue takes is named as the reason', () => {
    const verdict = assess(proposal(), state({ positions: [held('1', '49.999')] }), LIMITS)
    expect(verdict).toMatchObject({ codes: ['OPEN_RISK', 'BELOW_MINIMUM'], warnings: ['SIZE_REDUCED'] })
  })

  it('a size that was too small from the beginning is no matter of open risk', () => {
    const verdict = assess(proposal({ sizePct: 0.0001 }), state({ positions: [held('1', '49.9')] }), LIMITS)
    expect(verdict).toMatchObject({ codes: ['BELOW_MINIMUM'], warnings: [] })
  })
})

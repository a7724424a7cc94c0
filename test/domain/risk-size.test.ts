import { describe, expect, it } from 'vitest'
import type { PositionSide } from '../../src/domain/position.ts'
import { assess, type RiskVerdict } from '../../src/domain/risk.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import type { Exposure, PendingEntry } from '../../src/domain/risk-state.ts'
import { BTC, ETH, proposal, state, XRP, XRP_BTC } from './risk-builders.ts'

const WITH_MARGIN = { ...LIMITS, margin: { enabled: true } }
const codes = (verdict: RiskVerdict) => (verdict.kind === 'denied' ? verdict.codes : [])
const approved = (verdict: RiskVerdict) => {
  if (verdict.kind === 'denied') throw new Error(verdict.reasons.join('; '))
  return verdict
}
const held = (symbol = BTC, notionalUsd = '100', side: PositionSide = 'long', riskUsd = '0'): Exposure => ({
  symbol,
  side,
  notionalUsd,
  riskUsd,
})
const pending = (over: Partial<PendingEntry> = {}): PendingEntry => ({
  ...held(),
  marginUsd: '0',
  costQuote: '0',
  heldAtVenue: true,
  ...over,
})

describe('size', () => {
  it('keeps the risk with both fees to 2 % of equity', () => {
    const limits = { ...WITH_MARGIN, maxCorrelatedPct: 100 }
    const verdict = approved(assess(proposal({ sizePct: 20, leverage: 5 }), state(), limits))
    expect(verdict).toMatchObject({
      riskPct: '2',
      margin: '100',
      warnings: ['SIZE_REDUCED', 'HIGH_CORRELATION'].slice(0, 1),
    })
    expect(verdict.plan.notionalUsd).toBe('500')
  })

  it('leaves room only for what the day may still risk', () => {
    const open = state({
      positions: [held(ETH, '100', 'long', '30')],
      day: { lossUsd: '18', openingEquityUsd: '1000' },
    })
    const verdict = approved(assess(proposal(), open, LIMITS))
    expect(verdict).toMatchObject({ riskPct: '0.2', warnings: ['SIZE_REDUCED'] })
    const full = state({ positions: [held(ETH, '100', 'long', '50')] })
    expect(codes(assess(proposal(), full, LIMITS))).toContain('OPEN_RISK')
  })

  it('is halved in a spike of volatility', () => {
    const spiking = approved(assess(proposal(), state({ volatilitySpikes: [BTC] }), LIMITS))
    expect(spiking).toMatchObject({ margin: '50', warnings: ['VOLATILITY_SPIKE'] })
  })

  it('denies what is too small for the venue, at the price of the stop too', () => {
    expect(codes(assess(proposal({ sizePct: 0.0001 }), state(), LIMITS))).toEqual(['BELOW_MINIMUM'])
    expect(codes(assess(proposal({ sizePct: 0.051 }), state(), LIMITS))).toEqual(['BELOW_MINIMUM'])
    expect(assess(proposal({ sizePct: 0.052 }), state(), LIMITS).kind).toBe('approved')
  })
})

describe('leverage', () => {
  it('is 1 while margin is off, and falls to one that the pair lists', () => {
    expect(approved(assess(proposal({ leverage: 3 }), state(), LIMITS)).order.leverage).toBe(1)
    const lists = { ...proposal().instrument, leverages: [2, 4] }
    expect(approved(assess(proposal({ leverage: 3, instrument: lists }), state(), WITH_MARGIN)).plan.leverage).toBe(2)
    expect(approved(assess(proposal({ leverage: 7, sizePct: 2 }), state(), WITH_MARGIN)).plan.leverage).toBe(5)
  })
})

describe('the book', () => {
  it('denies exposure above 80 % of equity', () => {
    const limits = { ...LIMITS, maxCorrelatedPct: 1000 }
    expect(assess(proposal(), state({ positions: [held(BTC, '700')] }), limits).kind).toBe('approved')
    const verdict = assess(proposal(), state({ positions: [held(BTC, '700.01')] }), limits)
    expect(codes(verdict)).toEqual(['EXPOSURE_LIMIT'])
  })

  it('denies correlated exposure above 40 %, and warns above 32 %', () => {
    const heldBeside = (symbol = BTC, notional = '300') =>
      assess(proposal(), state({ positions: [held(symbol, notional)] }), LIMITS)
    expect(heldBeside()).toMatchObject({ kind: 'approved', warnings: ['HIGH_CORRELATION'] })
    expect(codes(heldBeside(BTC, '300.01'))).toEqual(['CORRELATED_EXPOSURE'])
    expect(heldBeside(XRP, '400').kind).toBe('approved')
    expect(codes(heldBeside(XRP, '400.1'))).toEqual(['CORRELATED_EXPOSURE'])
    expect(heldBeside(XRP_BTC, '500').kind).toBe('approved')
    expect(codes(heldBeside(XRP_BTC, '500.1'))).toEqual(['CORRELATED_EXPOSURE'])
    expect(heldBeside(ETH, '400').kind).toBe('approved')
    expect(codes(heldBeside(ETH, '400.1'))).toEqual(['CORRELATED_EXPOSURE'])
    expect(heldBeside(BTC, '220')).toMatchObject({ warnings: [] })
  })

  it('counts the other side against correlation', () => {
    const hedged = state({ positions: [held(XRP, '500', 'short'), held(ETH, '50')] })
    expect(assess(proposal(), hedged, LIMITS)).toMatchObject({ kind: 'approved', warnings: [] })
  })

  it('counts pending entries in exposure, correlation, open risk and slots', () => {
    const resting = state({ pendingEntries: [pending({ notionalUsd: '300.01' })] })
    expect(codes(assess(proposal(), resting, LIMITS))).toEqual(['CORRELATED_EXPOSURE'])
  })

  it('holds five positions, two of a symbol, never both sides', () => {
    const tiny = (symbol = XRP) => held(symbol, '1')
    expect(assess(proposal(), state({ positions: [tiny(BTC), tiny(), tiny(), tiny()] }), LIMITS).kind).toBe('approved')
    const five = state({ positions: [tiny(), tiny(), tiny(), tiny()], pendingEntries: [pending({ symbol: XRP })] })
    expect(codes(assess(proposal(), five, LIMITS))).toEqual(['POSITION_LIMIT'])
    const two = state({ positions: [tiny(BTC)], pendingEntries: [pending({ notionalUsd: '1' })] })
    expect(codes(assess(proposal(), two, LIMITS))).toEqual(['POSITION_LIMIT'])
    const short = state({ positions: [held(BTC, '1', 'short')] })
    expect(codes(assess(proposal(), short, WITH_MARGIN))).toEqual(['POSITION_LIMIT'])
  })

  it('pays cost and fee out of the free quote, less what unsent entries will take', () => {
    expect(assess(proposal(), state({ freeQuote: { USDT: '100.5' } }), LIMITS).kind).toBe('approved')
    expect(codes(assess(proposal(), state({ freeQuote: { USDT: '100.49' } }), LIMITS))).toEqual(['INSUFFICIENT_MARGIN'])
    expect(codes(assess(proposal(), state({ freeQuote: {} }), LIMITS))).toEqual(['INSUFFICIENT_MARGIN'])
    const promised = (heldAtVenue: boolean) =>
      state({ freeQuote: { USDT: '110' }, pendingEntries: [pending({ costQuote: '20', heldAtVenue })] })
    expect(assess(proposal(), promised(true), LIMITS).kind).toBe('approved')
    expect(codes(assess(proposal(), promised(false), LIMITS))).toEqual(['INSUFFICIENT_MARGIN'])
  })

  it('uses at most half of the equity as margin, and never more than is free', () => {
    const request = proposal({ leverage: 2 })
    expect(assess(request, state({ margin: { usedUsd: '400', freeUsd: '600' } }), WITH_MARGIN).kind).toBe('approved')
    const used = state({ margin: { usedUsd: '400.01', freeUsd: '600' } })
    expect(codes(assess(request, used, WITH_MARGIN))).toEqual(['INSUFFICIENT_MARGIN'])
    const little = state({ margin: { usedUsd: '0', freeUsd: '100.9' } })
    expect(codes(assess(request, little, WITH_MARGIN))).toEqual(['INSUFFICIENT_MARGIN'])
  })

  it('warns when the agents are more than .2 apart', () => {
    const warned = (...viewConfidences: number[]) => assess(proposal({ viewConfidences }), state(), LIMITS).warnings
    expect(warned(0.8, 0.6)).toEqual([])
    expect(warned(0.81, 0.6)).toEqual(['AGENT_DISAGREEMENT'])
  })
})

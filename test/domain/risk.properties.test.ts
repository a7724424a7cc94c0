import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assess } from '../../src/domain/risk.ts'
import { DEFAULT_RISK_LIMITS, type RiskLimits } from '../../src/domain/risk-limits.ts'
import type { Exposure, ProposalForRisk, RiskState } from '../../src/domain/risk-state.ts'
import { amount, sumOf } from '../../src/domain/units.ts'
import { REGIMES } from '../../src/domain/views.ts'
import { BTC, ETH, instrument, proposal, state, XRP } from './risk-builders.ts'

const cents = (min: number, max: number) => fc.integer({ min, max }).map((value) => String(value / 100))
const anySide = fc.constantFrom('long' as const, 'short' as const)
const anyExposure: fc.Arbitrary<Exposure> = fc.record({
  symbol: fc.constantFrom(BTC, XRP, ETH),
  side: anySide,
  notionalUsd: cents(0, 20_000),
  riskUsd: cents(0, 2_000),
})
const anyState: fc.Arbitrary<RiskState> = fc
  .record({
    equityUsd: cents(10_000, 1_000_000),
    positions: fc.array(anyExposure, { maxLength: 3 }),
    lossStreak: fc.integer({ min: 0, max: 6 }),
    drawdownPct: cents(0, 2_050),
    lossUsd: cents(-5_000, 2_000),
    regime: fc.constantFrom(...REGIMES),
    free: cents(0, 300_000),
    spikes: fc.boolean(),
  })
  .map(({ lossUsd, regime, free, spikes, ...rest }) =>
    state({
      ...rest,
      day: { lossUsd, openingEquityUsd: rest.equityUsd },
      week: { lossUsd, openingEquityUsd: rest.equityUsd },
      regimes: { 'BTC/USDT': regime, 'XRP/USDT': regime },
      freeQuote: { USDT: free },
      margin: { usedUsd: '0', freeUsd: free },
      volatilitySpikes: spikes ? [BTC] : [],
    }),
  )
const anyProposal: fc.Arbitrary<ProposalForRisk> = fc
  .record({
    isBtc: fc.boolean(),
    isBuy: fc.boolean(),
    confidence: fc.double({ min: 0.6, max: 1, noNaN: true }),
    stopPct: fc.integer({ min: 3, max: 60 }),
    targetPct: fc.integer({ min: 20, max: 200 }),
    entryPct: fc.integer({ min: -12, max: 12 }),
    sizePct: fc.double({ min: 0.01, max: 60, noNaN: true }),
    leverage: fc.integer({ min: 1, max: 7 }),
  })
  .map(({ isBtc, isBuy, stopPct, targetPct, entryPct, ...rest }) => {
    const symbol = isBtc ? BTC : XRP
    const last = amount(isBtc ? '100' : '0.5')
    const entry = last.times(1000 + entryPct).div(1000)
    const away = (tenths: number, up: boolean) => String(entry.times(1000 + (up ? tenths : -tenths)).div(1000))
    return proposal({
      ...rest,
      symbol,
      instrument: instrument(symbol),
      action: isBuy ? 'BUY' : 'SELL',
      entryPrice: String(entry),
      stopLoss: away(stopPct, !isBuy),
      takeProfit: away(targetPct, isBuy),
    })
  })
const anyLimits: fc.Arbitrary<RiskLimits> = fc
  .boolean()
  .map((enabled) => ({ ...DEFAULT_RISK_LIMITS, margin: { enabled } }))
const RUNS = { numRuns: 1500, seed: 20_261_122 }

describe('the risk engine, for any proposal and state', () => {
  it('never approves above any limit', () => {
    let approvals = 0
    const check = fc.property(anyProposal, anyState, anyLimits, (request, now, limits) => {
      const verdict = assess(request, now, limits)
      if (verdict.kind === 'denied') return
      approvals++
      const equity = amount(now.equityUsd ?? 0)
      const share = (value: string) => amount(value).div(equity).times(100)
      const { plan, order } = verdict
      const entry = amount(plan.entryPrice)
      const s = entry.minus(amount(plan.stopLoss)).abs().div(entry).plus(0.01)
      const notional = amount(plan.quantity).times(entry)
      const before = now.positions ?? []
      expect(share(verdict.margin).lte('20.0000001')).toBe(true)
      expect(notional.times(s).div(equity).lte('0.0200000001')).toBe(true)
      const lost = amount(now.day.lossUsd)
      const open = sumOf(before.map((one) => amount(one.riskUsd))).plus(lost.gt(0) ? lost : 0)
      expect(open.plus(notional.times(s)).div(equity).lte('0.0500000001')).toBe(true)
      const exposure = sumOf(before.map((one) => amount(one.notionalUsd))).plus(notional)
      expect(exposure.div(equity).lte('0.8')).toBe(true)
      expect(before.length).toBeLessThan(5)
      expect(before.filter((one) => one.symbol === request.symbol).length).toBeLessThan(2)
      expect(plan.leverage).toBeLessThanOrEqual(Math.min(5, request.leverage))
      if (!limits.margin.enabled) expect([order.side, order.leverage]).toEqual(['buy', 1])
      if (order.leverage === 1) expect(notional.times('1.005').lte(amount(now.freeQuote.USDT ?? 0))).toBe(true)
      expect(amount(plan.quantity).mod('0.00000001').isZero()).toBe(true)
    })
    fc.assert(check, RUNS)
    expect(approvals).toBeGreaterThan(50)
  })

  it('approves every smaller size of what it approves, above the minimum', () => {
    let approvals = 0
    const anyShare = fc.double({ min: 0.05, max: 1, noNaN: true })
    const check = fc.property(anyProposal, anyState, anyLimits, anyShare, (request, now, limits, part) => {
      if (assess(request, now, limits).kind === 'denied') return
      const smaller = assess({ ...request, sizePct: request.sizePct * part }, now, limits)
      if (smaller.kind === 'denied') expect(smaller.codes).toEqual(['BELOW_MINIMUM'])
      else approvals++
    })
    fc.assert(check, RUNS)
    expect(approvals).toBeGreaterThan(50)
  })

  it('gives the same verdict for the same proposal and state, and changes neither', () => {
    fc.assert(
      fc.property(anyProposal, anyState, anyLimits, (request, now, limits) => {
        const before = JSON.stringify([request, now, limits])
        const first = assess(request, now, limits)
        expect(assess(structuredClone(request), structuredClone(now), limits)).toEqual(first)
        expect(JSON.stringify([request, now, limits])).toBe(before)
      }),
      { ...RUNS, numRuns: 300 },
    )
  })

  it('approves what it approved when that is proposed again', () => {
    fc.assert(
      fc.property(anyProposal, anyState, anyLimits, (request, now, limits) => {
        const calm = {
          ...now,
          regimes: { 'BTC/USDT': 'trending_bull', 'XRP/USDT': 'trending_bull' } as const,
          volatilitySpikes: [],
          lossStreak: 0,
        }
        const verdict = assess(request, calm, limits)
        if (verdict.kind === 'denied') return
        const { plan } = verdict
        const sizePct = amount(verdict.margin)
          .times(100)
          .div(amount(now.equityUsd ?? 0))
          .toNumber()
        const again = assess({ ...request, sizePct, leverage: plan.leverage }, calm, limits)
        expect(again.kind === 'denied' ? again.codes.filter((code) => code !== 'BELOW_MINIMUM') : []).toEqual([])
      }),
      RUNS,
    )
  })

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (request, now) => {
        const verdict = assess(request as ProposalForRisk, now as RiskState, DEFAULT_RISK_LIMITS)
        expect(verdict).toMatchObject({ kind: 'denied', codes: ['INVALID_PROPOSAL'] })
      }),
      { ...RUNS, numRuns: 300 },
    )
  })
})

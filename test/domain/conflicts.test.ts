import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applyModifications,
  detectConflicts,
  needsResolution,
  settledResolution,
  waitBecause,
} from '../../src/domain/conflicts.ts'
import { amount } from '../../src/domain/units.ts'
import { regime, sentiment, technical } from './view-builders.ts'

const signal = (confidence = 0.7) => ({ action: 'BUY', confidence }) as const
const calm = { technical: technical(), regime: regime(), sentiment: sentiment() }

describe('conflicts', () => {
  it('are none while all agree or are neutral', () => {
    expect(detectConflicts(signal(), calm)).toEqual([])
    expect(detectConflicts(signal(), { technical: null, regime: null, sentiment: null })).toEqual([])
    expect(detectConflicts(signal(), { ...calm, technical: technical({ bias: 'neutral' }) })).toEqual([])
  })

  it('are technical analysis against sentiment, however far apart', () => {
    const found = detectConflicts(signal(), { ...calm, sentiment: sentiment({ label: 'bearish', confidence: 0.3 }) })
    expect(found).toMatchObject([
      { kind: 'opposite_sides', between: ['trading_decision', 'sentiment_analysis'], apart: 0.4, callsModel: false },
      { kind: 'ta_vs_sentiment', callsModel: true },
    ])
  })

  it('are any signal in a choppy market', () => {
    const found = detectConflicts(signal(), { ...calm, regime: regime({ regime: 'choppy' }) })
    expect(found).toMatchObject([{ kind: 'choppy_regime', callsModel: true }])
  })

  it.each([
    [0.6, true],
    [0.51, true],
    [0.5, false],
    [0.9, false],
    [0.89, true],
  ])('on opposite sides at .7 and %f call for a model: %s', (confidence, calls) => {
    const found = detectConflicts(signal(), {
      ...calm,
      sentiment: null,
      technical: technical({ bias: 'short', confidence }),
    })
    expect(found).toMatchObject([{ kind: 'opposite_sides', callsModel: calls }])
    expect(needsResolution(found)).toBe(calls)
  })
})

describe('a resolution', () => {
  it('waits when it is not sure, and when there is none', () => {
    const sure = { action: 'proceed', confidence: 0.3, reasoning: '', modifications: null } as const
    expect(settledResolution(sure).action).toBe('proceed')
    expect(settledResolution({ ...sure, confidence: 0.29 }).action).toBe('wait')
    expect(settledResolution({ ...sure, confidence: Number.NaN }).action).toBe('wait')
    expect(waitBecause('late')).toEqual({ action: 'wait', confidence: 0, reasoning: 'late', modifications: null })
  })
})

describe('modifications', () => {
  const proposal = { entryPrice: '100', stopLoss: '97', sizePct: 10, leverage: 3 }

  it('lower leverage and size, and move the entry by up to 1 %', () => {
    const result = applyModifications(proposal, { leverage: 2, sizeReductionPct: 50, entryAdjustmentPct: -1 })
    expect(result).toEqual({
      kind: 'modified',
      proposal: { entryPrice: '99', stopLoss: '97', sizePct: 5, leverage: 2 },
    })
    expect(applyModifications(proposal, {})).toEqual({ kind: 'modified', proposal })
  })

  it.each([
    ['raise leverage', { leverage: 4 }],
    ['ask for leverage 0', { leverage: 0 }],
    ['grow the size', { sizeReductionPct: -1 }],
    ['take more than all of it', { sizeReductionPct: 100.1 }],
    ['leave nothing', { sizeReductionPct: 100 }],
    ['move the entry by more than 1 %', { entryAdjustmentPct: 1.01 }],
    ['are no numbers', { sizeReductionPct: Number.NaN }],
    ['are no leverage', { leverage: Number.NaN }],
  ])('are refused whole when they %s', (_, changes) => {
    expect(applyModifications(proposal, changes).kind).toBe('refused')
  })

  it('are refused when the entry would reach or cross its stop', () => {
    const near = { ...proposal, stopLoss: '99.2' }
    expect(applyModifications(near, { entryAdjustmentPct: -0.8 }).kind).toBe('refused')
    expect(applyModifications(near, { entryAdjustmentPct: -1 }).kind).toBe('refused')
    expect(applyModifications(near, { entryAdjustmentPct: -0.7 }).kind).toBe('modified')
  })

  it('only ever reduce: leverage, size, and what the stop would cost', () => {
    let modified = 0
    const any = fc.record({
      stop: fc.integer({ min: 900, max: 1100 }).filter((stop) => stop !== 1000),
      sizePct: fc.double({ min: 0.01, max: 50, noNaN: true }),
      leverage: fc.integer({ min: 1, max: 5 }),
      changes: fc.record(
        {
          leverage: fc.integer({ min: -1, max: 7 }),
          sizeReductionPct: fc.double({ min: -20, max: 120 }),
          entryAdjustmentPct: fc.double({ min: -2, max: 2 }),
        },
        { requiredKeys: [] },
      ),
    })
    fc.assert(
      fc.property(any, ({ stop, sizePct, leverage, changes }) => {
        const before = { entryPrice: '100', stopLoss: String(stop / 10), sizePct, leverage }
        const result = applyModifications(before, changes)
        if (result.kind === 'refused') return
        modified++
        const after = result.proposal
        expect(after.leverage).toBeLessThanOrEqual(leverage)
        expect(after.sizePct).toBeLessThanOrEqual(sizePct)
        expect(after.stopLoss).toBe(before.stopLoss)
        const cost = ({ entryPrice, stopLoss, ...rest }: typeof before) =>
          amount(entryPrice).minus(stopLoss).abs().div(entryPrice).times(rest.sizePct).times(rest.leverage).toNumber()
        expect(cost({ ...before, ...after, entryPrice: after.entryPrice ?? '0' })).toBeLessThanOrEqual(
          cost(before) + 1e-9,
        )
        expect(amount(after.entryPrice ?? '0').gt(after.stopLoss)).toBe(stop < 1000)
      }),
      { numRuns: 1000, seed: 7 },
    )
    expect(modified).toBeGreaterThan(100)
  })
})

import { describe, expect, it } from 'vitest'
import { viewProblem } from '../../../src/analysis/views/validate.ts'
import type { Proposal } from '../../../src/domain/views.ts'
import { regime, technical } from '../../domain/view-builders.ts'

const proposal = (over: Partial<Proposal> = {}): Proposal => ({
  ...technical(),
  agent: 'trading_decision',
  proposalId: 'p-1',
  action: 'BUY',
  entryPrice: '100',
  stopLoss: '98',
  takeProfit: '104',
  sizePct: 10,
  leverage: 1,
  ...over,
})

describe('a view', () => {
  it('passes when everything is within bounds', () => {
    expect([technical(), regime(), proposal()].map(viewProblem)).toEqual([null, null, null])
    const hold = proposal({ action: 'HOLD', entryPrice: null, stopLoss: null, takeProfit: null, sizePct: 0 })
    expect(viewProblem(hold)).toBeNull()
    expect(viewProblem(proposal({ action: 'SELL', stopLoss: '102', takeProfit: '96' }))).toBeNull()
  })

  it.each([
    ['confidence above 1', technical({ confidence: 1.01 })],
    ['confidence below 0', regime({ confidence: -0.01 })],
    ['a confidence that is no number', proposal({ confidence: Number.NaN })],
    ['a time that is none', technical({ timestamp: Number.POSITIVE_INFINITY })],
    ['a negative latency', technical({ latencyMs: -1 })],
    ['negative tokens', technical({ tokens: -1 })],
    ['no evidence', technical({ snapshotHash: '' })],
    ['an unknown bias', technical({ bias: 'up' as 'long' })],
    ['a score out of range', technical({ momentum: { score: 1.5, rsiSignal: null, macdSignal: null } })],
    ['a support that is no price', technical({ levels: { resistance: null, support: '-1', position: null } })],
    ['a resistance of zero', technical({ levels: { resistance: '0', support: null, position: null } })],
    ['a position that is not finite', technical({ levels: { resistance: '2', support: '1', position: Number.NaN } })],
    ['an alignment out of range', technical({ trend: { direction: 'neutral', strength: 0, alignment: { '1h': 2 } } })],
    ['a trend too strong', technical({ trend: { direction: 'neutral', strength: 2, alignment: {} } })],
    ['an unknown regime', regime({ regime: 'calm' as 'ranging' })],
    ['a size above its bound', regime({ sizeMultiplier: 1.6 })],
    ['a stop below its bound', regime({ stopMultiplier: 0.4 })],
    ['a target above its bound', regime({ targetMultiplier: 3.1 })],
    ['an ADX that is no number', regime({ adx: Number.NaN })],
    ['a probability above 1', regime({ transitionProbabilities: { choppy: 1.1 } })],
    ['negative periods', regime({ periods: -1 })],
    ['an unknown action', proposal({ action: 'WAIT' as 'HOLD' })],
    ['a leverage of half', proposal({ leverage: 0.5 })],
    ['more than everything', proposal({ sizePct: 101 })],
    ['an entry that is text', proposal({ entryPrice: 'cheap' })],
    ['no stop', proposal({ stopLoss: null })],
    ['a stop above a purchase', proposal({ stopLoss: '101' })],
    ['a stop at the entry', proposal({ stopLoss: '100' })],
    ['a target below a purchase', proposal({ takeProfit: '99' })],
    ['a stop below a sale', proposal({ action: 'SELL', stopLoss: '99', takeProfit: '96' })],
    ['no id', proposal({ proposalId: '' })],
  ])('is refused for %s', (_, view) => {
    expect(viewProblem(view)).toEqual(expect.any(String))
  })
})

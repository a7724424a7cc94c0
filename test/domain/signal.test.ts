import { describe, expect, it } from 'vitest'
import { DEFAULT_CONSENSUS } from '../../src/domain/consensus.ts'
import { assessmentOf } from '../../src/domain/coordinator-story.ts'
import { pair, positionId } from '../../src/domain/ids.ts'
import { DEFAULT_RISK_LIMITS } from '../../src/domain/risk-limits.ts'
import { judgeSignal, type SignalInputs, type SignalRules } from '../../src/domain/signal.ts'
import type { Proposal, TradeAction } from '../../src/domain/views.ts'
import { AT, regime, sentiment, technical } from './view-builders.ts'

const RULES: SignalRules = { consensus: DEFAULT_CONSENSUS, invokeLlmThreshold: 0.2, limits: DEFAULT_RISK_LIMITS }
const LONG = { positionId: positionId('long'), side: 'long' } as const
const SHORT = { positionId: positionId('short'), side: 'short' } as const

const proposal = (over: Partial<Proposal> = {}): Proposal => ({
  ...{ agent: 'trading_decision', symbol: pair('BTC/USDT'), timestamp: AT, confidence: 0.8, reasoning: '' },
  ...{ model: 'rules', tokens: 0, costUsd: 0, latencyMs: 0, promptHash: null, snapshotHash: 'h', usedFallback: false },
  ...{ proposalId: 'p', action: 'BUY', entryPrice: '100', stopLoss: '97', takeProfit: '106', sizePct: 10, leverage: 1 },
  ...over,
})
const inputs = (over: Partial<SignalInputs> = {}): SignalInputs => ({
  ...{ now: AT, held: [], lossStreak: 0, marginEnabled: false },
  views: { technical: technical(), regime: regime(), sentiment: sentiment() },
  ...over,
})
const judged = (over: Partial<Proposal> = {}, given: Partial<SignalInputs> = {}) =>
  judgeSignal(proposal(over), inputs(given), RULES)
/** The judgement in one line. */
const brief = (action: TradeAction, given: Partial<SignalInputs> = {}): string => {
  const judgement = judged({ action }, given)
  if (judgement.kind === 'drop') return judgement.reason
  return judgement.kind === 'close' ? `close ${judgement.positionIds.join(' ')}` : `open ${judgement.action}`
}

describe('what is held decides what a signal means', () => {
  it.each<[TradeAction, string, SignalInputs['held'], string]>([
    ['HOLD', 'flat', [], 'HOLD'],
    ['HOLD', 'long', [LONG], 'HOLD'],
    ['BUY', 'flat', [], 'open BUY'],
    ['BUY', 'long', [LONG], 'open BUY'],
    ['BUY', 'short', [SHORT], 'close short'],
    ['SELL', 'long', [LONG], 'close long'],
    ['SELL', 'flat', [], 'SHORT_UNAVAILABLE'],
    ['CLOSE_LONG', 'long', [LONG], 'close long'],
    ['CLOSE_LONG', 'flat', [], 'NOTHING_TO_CLOSE'],
    ['CLOSE_LONG', 'short', [SHORT], 'NOTHING_TO_CLOSE'],
    ['CLOSE_SHORT', 'short', [SHORT], 'close short'],
    ['CLOSE_SHORT', 'long', [LONG], 'NOTHING_TO_CLOSE'],
  ])('%s while %s', (action, _, held, meaning) => {
    expect(brief(action, { held })).toBe(meaning)
  })

  it('a close takes every position of that side, and none of the other', () => {
    const second = { ...LONG, positionId: positionId('long2') }
    expect(brief('SELL', { held: [LONG, second] })).toBe('close long long2')
    expect(brief('CLOSE_LONG', { held: [LONG, SHORT, second] })).toBe('close long long2')
  })

  it('a short can be opened where margin is enabled and the views agree', () => {
    const views = {
      technical: technical({ bias: 'short', trend: { direction: 'bearish', strength: 0.5, alignment: {} } }),
      regime: regime({ regime: 'trending_bear' }),
      sentiment: null,
    }
    expect(brief('SELL', { marginEnabled: true, views })).toBe('open SELL')
  })

  it('a close needs no views, no floor and no agreement', () => {
    const blind = { views: { technical: null, regime: null, sentiment: null }, held: [LONG], lossStreak: 9 }
    expect(brief('CLOSE_LONG', blind)).toBe('close long')
    expect(brief('SELL', blind)).toBe('close long')
  })
})

describe('what opens nothing', () => {
  it('a fallback after a failed model, also one that would close', () => {
    expect(judged({ usedFallback: true })).toMatchObject({ kind: 'drop', reason: 'USED_FALLBACK' })
  })

  it('a signal without a fresh regime', () => {
    const old = inputs().views
    const stale = { ...old, regime: regime({ timestamp: AT - 600_001 }) }
    expect(judged({}, { views: stale })).toMatchObject({ kind: 'drop', reason: 'STALE_INPUTS' })
    expect(judged({}, { views: { ...old, regime: null } })).toMatchObject({ reason: 'STALE_INPUTS' })
    expect(judged({}, { views: { ...old, regime: regime({ timestamp: AT - 600_000 }) } })).toMatchObject({
      kind: 'open',
    })
  })

  it('a confidence below the floor of the regime, with the consensus that it was measured by', () => {
    expect(judged({ confidence: 0.54 })).toMatchObject({ reason: 'CONFIDENCE_TOO_LOW', consensus: { present: 3 } })
    expect(judged({ confidence: 0.55 })).toMatchObject({ kind: 'open' })
  })

  it('a confidence that would have passed before so many losses in a row', () => {
    const alone = { views: { technical: null, regime: regime(), sentiment: null } }
    expect(judged({ confidence: 0.55 }, { ...alone, lossStreak: 2 })).toMatchObject({ kind: 'open' })
    const three = judged(
      { confidence: 0.55, action: 'BUY' },
      {
        lossStreak: 5,
        views: {
          ...alone.views,
          technical: technical({ bias: 'neutral', trend: { direction: 'neutral', strength: 0, alignment: {} } }),
        },
      },
    )
    expect(three).toMatchObject({ kind: 'drop', reason: 'CONFIDENCE_TOO_LOW' })
  })

  it('a contradiction that nobody can resolve, with the conflict that it was', () => {
    const against = { ...inputs().views, sentiment: sentiment({ score: -0.8, label: 'very_bearish' }) }
    const judgement = judged({ confidence: 0.8 }, { views: against })
    expect(judgement).toMatchObject({ kind: 'drop', reason: 'CONFLICT_WAIT' })
    if (judgement.kind !== 'drop') throw new Error('it was not dropped')
    expect(judgement.conflicts.length).toBeGreaterThan(0)
  })
})

it('is the same for the same inputs: nothing is kept from one signal to the next', () => {
  expect(judged()).toEqual(judged())
  expect(judged()).toMatchObject({ kind: 'open', action: 'BUY', conflicts: [], resolution: null })
})

it('risk hears the confidence of the views that are present, and of no other', () => {
  const asked = (views: SignalInputs['views']) => {
    const given = inputs({ views })
    const heard = { type: 'signal.judged', proposal: proposal(), inputs: given, seenAt: AT } as const
    return assessmentOf({ ...heard, judgement: judgeSignal(proposal(), given, RULES) }).viewConfidences
  }
  const [ta, of] = [technical({ confidence: 0.9 }), regime({ confidence: 0.8 })]
  const views = { technical: ta, regime: of, sentiment: sentiment({ confidence: 0.6 }) }
  expect(asked(views)).toEqual([0.9, 0.8, 0.6])
  expect(asked({ ...views, sentiment: sentiment({ confidence: 0.4, timestamp: AT - 3_600_001 }) })).toEqual([0.9, 0.8])
  expect(asked({ ...views, sentiment: sentiment({ confidence: 0.4, usedFallback: true }) })).toEqual([0.9, 0.8])
  expect(asked({ ...views, sentiment: null })).toEqual([0.9, 0.8])
})

import { describe, expect, it } from 'vitest'
import type { PositionSide } from '../../src/domain/position.ts'
import { assess, type RiskVerdict } from '../../src/domain/risk.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import { afterTrade, type Exposure } from '../../src/domain/risk-state.ts'
import { BTC, ETH, latched, NOW, proposal, state, XRP, XRP_BTC } from './risk-builders.ts'

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

describe('an approved entry', () => {
  it('is a limit order in lots that expires after 900 s', () => {
    const verdict = approved(assess(proposal(), state(), LIMITS))
    expect(verdict.order).toMatchObject({
      key: 'pos1/entry/1',
      side: 'buy',
      type: 'limit',
      quantity: '1',
      limitPrice: '100',
      timeInForce: 'GTD',
      expiresAt: NOW + 900_000,
      leverage: 1,
      intent: 'open',
      purpose: 'entry',
      book: 'trading',
    })
    expect(verdict.plan).toMatchObject({ side: 'long', stopLoss: '97', takeProfit: '106', quantity: '1', riskUsd: '4' })
    expect(verdict).toMatchObject({ riskPct: '0.4', exposurePct: '10', margin: '100', warnings: [] })
  })

  it('is a limit at the edge of the slippage guard, filled at once or not at all, where market entries are configured', () => {
    const limits = { ...LIMITS, entry: { type: 'market' as const, lifeMs: 900_000 } }
    const { order } = approved(assess(proposal({ entryPrice: '99.5' }), state(), limits))
    expect(order).toMatchObject({ type: 'limit', limitPrice: '100.5', timeInForce: 'IOC', expiresAt: null })
  })

  it('rounds down to the lot, so that it never buys more than was judged', () => {
    const { plan } = approved(assess(proposal({ sizePct: 10.00000000123 }), state(), LIMITS))
    expect(plan.quantity).toBe('1')
  })

  it('sizes a pair quoted in BTC through the price of BTC', () => {
    const request = proposal({ symbol: XRP_BTC, entryPrice: '0.005', stopLoss: '0.00485', takeProfit: '0.0053' })
    const verdict = approved(assess(request, state(), LIMITS))
    expect(verdict.plan.quantity).toBe('200')
    expect(verdict.plan.notionalUsd).toBe('100')
    expect(verdict.plan.costQuote).toBe('1.005')
  })
})

/** XRP/USDT and XRP/BTC have prices, BTC has none. */
const XRP_WITHOUT_BTC = { marks: { [XRP]: { price: '0.5', at: NOW }, [XRP_BTC]: { price: '0.005', at: NOW } } }

describe('permission', () => {
  it('asks for the price of what is held in another quote too', () => {
    const xrp = { symbol: XRP, entryPrice: '0.5', stopLoss: '0.485', takeProfit: '0.53' } as const
    const of = (over: object) => codes(assess(proposal(xrp), state({ ...XRP_WITHOUT_BTC, ...over }), LIMITS))
    expect([of({}), of({ positions: [held(XRP_BTC, '1')] })]).toEqual([[], ['STALE_DATA']])
  })

  it.each([
    ['trading is not allowed', { mayOpenRisk: false }, 'TRADING_HALTED'],
    ['the symbol is halted', { haltedSymbols: { 'BTC/USDT': 'a mismatch' } }, 'TRADING_HALTED'],
    ['a breaker is latched', { breakers: [latched('drawdown', null)] }, 'CIRCUIT_BREAKER'],
    [
      'the week of a breaker is over but nobody has seen it',
      { breakers: [latched('weekly_loss', NOW)] },
      'CIRCUIT_BREAKER',
    ],
    [
      'a breaker was seen but its week is not over',
      { breakers: [latched('weekly_loss', NOW + 1, true)] },
      'CIRCUIT_BREAKER',
    ],
    ['a breaker has not run out', { breakers: [latched('daily_loss', NOW + 1)] }, 'CIRCUIT_BREAKER'],
    ['the day lost 5 %', { day: { lossUsd: '50', openingEquityUsd: '1000' } }, 'CIRCUIT_BREAKER'],
    ['the week lost 10 %', { week: { lossUsd: '100', openingEquityUsd: '1000' } }, 'CIRCUIT_BREAKER'],
    ['the drawdown is 20 %', { drawdownPct: '20' }, 'CIRCUIT_BREAKER'],
    ['the symbol rests', { cooldownUntil: { 'BTC/USDT': NOW + 1 } }, 'IN_COOLDOWN'],
    ['an order has no known state', { unknownOrderSymbols: [BTC] }, 'UNKNOWN_ORDER_ON_SYMBOL'],
    ['positions cannot be counted', { positions: null }, 'POSITIONS_UNAVAILABLE'],
    ['there is no mark', { marks: {} }, 'STALE_DATA'],
    ['the mark is 60.001 s old', { marks: { 'BTC/USDT': { price: '100', at: NOW - 60_001 } } }, 'STALE_DATA'],
    [
      'a coin that is held has a mark of 60.001 s ago',
      { positions: [held(ETH)], marks: { ...state().marks, [ETH]: { price: '10', at: NOW - 60_001 } } },
      'STALE_DATA',
    ],
    ['the mark reads zero', { marks: { 'BTC/USDT': { price: '0', at: NOW } } }, 'STALE_DATA'],
    ['a coin that is held has no price', { staleMarks: ['ETH/USDT'] }, 'STALE_DATA'],
    ['equity is not known', { equityUsd: null }, 'STALE_DATA'],
    ['there is no equity', { equityUsd: '0' }, 'INSUFFICIENT_MARGIN'],
  ] as const)('is refused when %s', (_, over, code) => {
    expect(codes(assess(proposal(), state(over), LIMITS))).toContain(code)
  })

  it.each([
    ['the breaker has run out', { breakers: [latched('daily_loss', NOW)] }],
    ['the week of the breaker is over and somebody has seen it', { breakers: [latched('weekly_loss', NOW, true)] }],
    [
      'straight losses tripped, which have a cooldown and a size of their own',
      { breakers: [latched('straight_losses', NOW + 1)] },
    ],
    ['the cooldown ends now', { cooldownUntil: { 'BTC/USDT': NOW } }],
    ['another symbol rests', { cooldownUntil: { 'XRP/USDT': NOW + 1 } }],
    ['the mark is 60 s old', { marks: { 'BTC/USDT': { price: '100', at: NOW - 60_000 } } }],
    ['the day lost less than 5 %', { day: { lossUsd: '49.99', openingEquityUsd: '1000' }, equityUsd: '2000' }],
    ['the day opened with nothing and lost nothing', { day: { lossUsd: '0', openingEquityUsd: '0' } }],
    ['the day won', { day: { lossUsd: '-500', openingEquityUsd: '1000' } }],
  ] as const)('stands when %s', (_, over) => {
    expect(assess(proposal(), state(over), LIMITS).kind).toBe('approved')
  })

  it('refuses to sell short without margin', () => {
    const short = proposal({ action: 'SELL', stopLoss: '103', takeProfit: '94' })
    expect(codes(assess(short, state(), LIMITS))).toEqual(['SHORT_UNAVAILABLE'])
    expect(assess(short, state(), WITH_MARGIN)).toMatchObject({
      kind: 'approved',
      order: { side: 'sell', leverage: 2 },
    })
  })
})

describe('stop, reward and confidence', () => {
  it.each([
    ['no stop', { stopLoss: null }, 'STOP_LOSS_REQUIRED'],
    ['a stop on the wrong side', { stopLoss: '101' }, 'INVALID_PROPOSAL'],
    ['a stop at the entry', { stopLoss: '100' }, 'INVALID_PROPOSAL'],
    ['a stop .4 % away', { stopLoss: '99.6' }, 'STOP_TOO_TIGHT'],
    ['a BTC stop 3.1 % away', { stopLoss: '96.9', takeProfit: '107' }, 'STOP_TOO_WIDE'],
    ['no target', { takeProfit: null }, 'LOW_RR'],
    ['a target of 1.47 × the stop', { takeProfit: '104.4' }, 'LOW_RR'],
    ['a target that fees eat', { stopLoss: '99', takeProfit: '102.4' }, 'LOW_RR'],
    [
      'an entry 1.1 % above the last price',
      { entryPrice: '101.1', stopLoss: '98.1', takeProfit: '110' },
      'STALE_PRICE',
    ],
    ['an entry 1.1 % below the last price', { entryPrice: '98.9', stopLoss: '96', takeProfit: '110' }, 'STALE_PRICE'],
    ['confidence .54 in a trend', { confidence: 0.54 }, 'CONFIDENCE_TOO_LOW'],
  ] as const)('refuses %s', (_, over, code) => {
    expect(codes(assess(proposal(over), state(), LIMITS))).toContain(code)
  })

  it.each([
    ['a stop exactly .5 % away', { stopLoss: '99.5', takeProfit: '106' }],
    ['a BTC stop exactly 3 % away', { stopLoss: '97' }],
    ['a target of exactly 1.5 × the stop', { stopLoss: '97', takeProfit: '104.5' }],
    ['a target that leaves exactly .75 of the risk', { stopLoss: '99', takeProfit: '102.5' }],
    ['an entry exactly 1 % above the last price', { entryPrice: '101', stopLoss: '98', takeProfit: '110' }],
    ['an entry exactly 1 % below the last price', { entryPrice: '99', stopLoss: '97', takeProfit: '110' }],
    ['confidence at the floor', { confidence: 0.55 }],
    ['no target where none is wanted', { takeProfit: null, takeProfitExempt: true }],
  ] as const)('accepts %s', (_, over) => {
    expect(assess(proposal(over), state(), LIMITS).kind).toBe('approved')
  })

  it('lets XRP have a stop 5 % away, and no more', () => {
    const xrp = { symbol: XRP, entryPrice: '0.5', takeProfit: '0.6' } as const
    expect(assess(proposal({ ...xrp, stopLoss: '0.475' }), state(), LIMITS).kind).toBe('approved')
    expect(codes(assess(proposal({ ...xrp, stopLoss: '0.47499' }), state(), LIMITS))).toEqual(['STOP_TOO_WIDE'])
  })

  it.each([
    ['trending_bull', 0, 0.55],
    ['ranging', 0, 0.65],
    ['volatile_bull', 0, 0.7],
    ['choppy', 0, 0.85],
    ['breakout_potential', 0, 0.65],
    ['trending_bull', 3, 0.65],
    ['trending_bull', 5, 0.75],
    ['choppy', 5, 1],
  ] as const)('wants in %s after %i straight losses a confidence of %f', (regime, lossStreak, floor) => {
    const now = state({ regimes: { 'BTC/USDT': regime }, lossStreak })
    expect(assess(proposal({ confidence: floor }), now, LIMITS).kind).toBe('approved')
    expect(codes(assess(proposal({ confidence: floor - 0.001 }), now, LIMITS))).toEqual(['CONFIDENCE_TOO_LOW'])
  })

  it('takes a symbol without a regime for unknown', () => {
    expect(codes(assess(proposal({ confidence: 0.79 }), state({ regimes: {} }), LIMITS))).toEqual([
      'CONFIDENCE_TOO_LOW',
    ])
  })
})

describe('failing closed', () => {
  it.each([
    ['confidence NaN', proposal({ confidence: Number.NaN }), state()],
    ['confidence 1.01', proposal({ confidence: 1.01 }), state()],
    ['size NaN', proposal({ sizePct: Number.NaN }), state()],
    ['size infinite', proposal({ sizePct: Number.POSITIVE_INFINITY }), state()],
    ['size zero', proposal({ sizePct: 0 }), state()],
    ['leverage 1.5', proposal({ leverage: 1.5 }), state()],
    ['leverage 0', proposal({ leverage: 0 }), state()],
    ['an entry that is no number', proposal({ entryPrice: 'abc' }), state()],
    ['a stop that is no number', proposal({ stopLoss: 'NaN' }), state()],
    ['rules of another pair', proposal({ symbol: XRP, instrument: proposal().instrument }), state()],
    ['equity that is no number', proposal(), state({ equityUsd: 'NaN' })],
    ['a loss that is no number', proposal(), state({ day: { lossUsd: '?', openingEquityUsd: '1000' } })],
    ['a streak that is no number', proposal(), state({ lossStreak: Number.NaN })],
    ['a fee below zero', proposal(), state({ fees: { entry: '-1', exit: '0' } })],
    ['an exposure that is no number', proposal(), state({ positions: [held(BTC, 'x')] })],
  ])('denies %s', (_, request, now) => {
    expect(codes(assess(request, now, LIMITS))).toContain('INVALID_PROPOSAL')
  })

  it.each([
    ['a clock', { now: Number.NaN }],
    ['a breaker', { breakers: [latched('daily_loss', Number.NaN)] }],
    ['a cooldown', { cooldownUntil: { 'BTC/USDT': Number.NaN } }],
  ])('denies when the time of %s is no number', (_, over) => {
    expect(assess(proposal(), state(over), LIMITS).kind).toBe('denied')
  })

  it('denies limits that are no numbers', () => {
    expect(assess(proposal(), state(), { ...LIMITS, maxExposurePct: Number.NaN }).kind).toBe('denied')
    expect(assess(proposal(), state(), { ...LIMITS, maxPositions: Number.NaN }).kind).toBe('denied')
  })

  it('names every reason with its figures', () => {
    const verdict = assess(proposal({ confidence: 0.1, stopLoss: '99.9' }), state(), LIMITS)
    expect(verdict).toMatchObject({ codes: ['STOP_TOO_TIGHT', 'CONFIDENCE_TOO_LOW'] })
    expect(verdict.kind === 'denied' && verdict.reasons[1]).toBe('CONFIDENCE_TOO_LOW: confidence 0.1 is below 0.55')
  })
})

describe('after a trade', () => {
  const none = { lossStreak: 0, cooldownUntil: {} }
  const minutes = (lossStreak: number, net: string) =>
    ((afterTrade({ ...none, lossStreak }, { symbol: BTC, net, at: NOW }, LIMITS).cooldownUntil[BTC] ?? 0) - NOW) /
    60_000

  it.each([
    [0, '1', 5],
    [0, '-1', 10],
    [1, '-1', 10],
    [2, '-1', 30],
    [4, '-1', 60],
    [4, '1', 5],
  ])('with %i losses before it and a net of %s the symbol rests %i minutes', (before, net, rest) => {
    expect(minutes(before, net)).toBe(rest)
  })

  it('a win ends the streak, breaking even does not', () => {
    const streak = (net: string) =>
      afterTrade({ ...none, lossStreak: 3 }, { symbol: BTC, net, at: NOW }, LIMITS).lossStreak
    expect([streak('1'), streak('0'), streak('-1')]).toEqual([0, 3, 4])
  })

  it('never shortens a rest that already runs', () => {
    const running = { lossStreak: 0, cooldownUntil: { 'BTC/USDT': NOW + 3_600_000 } }
    const after = afterTrade(running, { symbol: BTC, net: '1', at: NOW }, LIMITS)
    expect(after.cooldownUntil[BTC]).toBe(NOW + 3_600_000)
  })
})

import { describe, expect, it } from 'vitest'
import { pair, planId, positionId } from '../../src/domain/ids.ts'
import type { OrderRequest } from '../../src/domain/order.ts'
import { approveRebalance, approveReduction, type LiveExit, type RebalanceGate } from '../../src/domain/risk.ts'
import { DEFAULT_RISK_LIMITS as LIMITS } from '../../src/domain/risk-limits.ts'
import { NOW } from './risk-builders.ts'

const stop = (over: Partial<OrderRequest> = {}): OrderRequest => ({
  key: 'pos1/stop/1',
  symbol: pair('BTC/USDT'),
  side: 'sell',
  type: 'stop-loss',
  quantity: '1',
  limitPrice: null,
  triggerPrice: '97',
  timeInForce: 'GTC',
  expiresAt: null,
  postOnly: false,
  reduceOnly: false,
  leverage: 1,
  intent: 'reduce',
  purpose: 'stop',
  book: 'trading',
  positionId: positionId('pos1'),
  planId: null,
  ...over,
})
const long = { side: 'long', quantity: '1' } as const
const exit = (over: Partial<LiveExit> = {}): LiveExit => ({
  key: 'pos1/exit/1',
  remaining: '0.4',
  unknown: false,
  purpose: 'exit',
  ocoGroup: null,
  ...over,
})

describe('a reduction', () => {
  it('passes for what is held and not promised to another exit', () => {
    expect(approveReduction(stop(), long, [])).toMatchObject({ kind: 'approved', order: { key: 'pos1/stop/1' } })
    expect(approveReduction(stop({ quantity: '0.6' }), long, [exit()]).kind).toBe('approved')
    expect(approveReduction(stop({ quantity: '0.61' }), long, [exit()])).toMatchObject({ code: 'MORE_THAN_HELD' })
  })

  it('does not count itself when it is asked for again', () => {
    expect(approveReduction(stop(), long, [exit({ key: 'pos1/stop/1', remaining: '1' })]).kind).toBe('approved')
  })

  it('counts an OCO pair once, by its larger leg', () => {
    const other = [
      exit({ purpose: 'stop', ocoGroup: 'pos1', remaining: '0.3' }),
      exit({ key: 'b', purpose: 'target', ocoGroup: 'pos1', remaining: '0.4' }),
    ]
    expect(approveReduction(stop({ quantity: '0.6' }), long, other).kind).toBe('approved')
    expect(approveReduction(stop({ quantity: '0.7' }), long, other)).toMatchObject({ code: 'MORE_THAN_HELD' })
    const onMargin = { leverage: 2, reduceOnly: true }
    expect(approveReduction(stop({ ...onMargin, quantity: '0.7' }), long, other).kind).toBe('approved')
  })

  it.each([
    ['opens', { intent: 'open' }, 'NOT_A_REDUCTION'],
    ['is an entry', { purpose: 'entry' }, 'NOT_A_REDUCTION'],
    ['belongs to no position', { positionId: null }, 'NOT_A_REDUCTION'],
    ['is of the core book', { book: 'core' }, 'NOT_A_REDUCTION'],
    ['is of the same side', { side: 'buy' }, 'WRONG_SIDE'],
    ['is of no size', { quantity: '0' }, 'INVALID_ORDER'],
    ['has a size that is no number', { quantity: 'x' }, 'INVALID_ORDER'],
    ['is reduce-only on spot', { reduceOnly: true }, 'INVALID_ORDER'],
    ['is not reduce-only on margin', { leverage: 2 }, 'INVALID_ORDER'],
  ] as const)('is refused when it %s', (_, over, code) => {
    expect(approveReduction(stop(over), long, [])).toMatchObject({ kind: 'refused', code })
  })

  it('is refused while another exit has no known state', () => {
    const lost = [exit({ unknown: true, remaining: '0.1' })]
    expect(approveReduction(stop({ quantity: '0.5' }), long, lost)).toMatchObject({ code: 'FIRST_EXIT_UNKNOWN' })
  })

  it('may rest as a target on margin, whose stop is its pair, and not on spot', () => {
    const target = stop({ key: 'pos1/target/1', purpose: 'target', type: 'take-profit', triggerPrice: '106' })
    const onMargin = { ...target, leverage: 2, reduceOnly: true }
    const stopOfPair = [exit({ key: 'pos1/stop/1', purpose: 'stop', remaining: '1', ocoGroup: 'pos1' })]
    expect(approveReduction(onMargin, long, stopOfPair).kind).toBe('approved')
    const ofAnother = [exit({ remaining: '1', purpose: 'stop', ocoGroup: 'pos2' })]
    expect(approveReduction(onMargin, long, ofAnother)).toMatchObject({ code: 'MORE_THAN_HELD' })
    expect(approveReduction(target, long, [])).toMatchObject({ code: 'NOT_A_REDUCTION' })
  })

  it('buys back a short', () => {
    const request = stop({ side: 'buy', leverage: 2, reduceOnly: true })
    expect(approveReduction(request, { side: 'short', quantity: '1' }, []).kind).toBe('approved')
  })
})

const trade = (over: Partial<OrderRequest> = {}): OrderRequest =>
  stop({
    key: 'plan1/1/BTC',
    side: 'buy',
    type: 'limit',
    limitPrice: '100',
    triggerPrice: null,
    intent: 'increase',
    purpose: 'rebalance',
    book: 'core',
    positionId: null,
    planId: planId('plan1'),
    ...over,
  })
const gate = (over: Partial<RebalanceGate> = {}): RebalanceGate => ({
  now: NOW,
  paused: false,
  halted: false,
  reconciling: false,
  unknownOrderSymbols: [],
  marks: { 'BTC/USDT': { price: '100', at: NOW } },
  freeBalance: '100.8',
  feeRate: '0.008',
  ...over,
})

describe('a rebalance trade', () => {
  it('passes within the free balance and the slippage guard', () => {
    expect(approveRebalance(trade(), gate(), LIMITS).kind).toBe('approved')
    expect(approveRebalance(trade({ limitPrice: '100.5' }), gate({ freeBalance: '200' }), LIMITS).kind).toBe('approved')
    expect(approveRebalance(trade({ side: 'sell', limitPrice: '99.5' }), gate({ freeBalance: '1' }), LIMITS).kind).toBe(
      'approved',
    )
  })

  it('passes for what a hodl bag buys, and never for a bag that sells', () => {
    const purchase = trade({ key: 'hodl/BTC/1', purpose: 'hodl', planId: null })
    expect(approveRebalance(purchase, gate(), LIMITS).kind).toBe('approved')
    const sale = { ...purchase, side: 'sell', intent: 'reduce' } as const
    expect(approveRebalance(sale, gate(), LIMITS)).toMatchObject({ code: 'NOT_A_REBALANCE' })
    expect(approveRebalance({ ...purchase, planId: planId('plan1') }, gate(), LIMITS).kind).toBe('refused')
    expect(approveRebalance(purchase, gate({ paused: true }), LIMITS)).toMatchObject({ code: 'PAUSED' })
  })

  it('is asked for neither size, exposure, correlation nor stop: a hundred times the limits pass', () => {
    const large = trade({ quantity: '1000' })
    const none = { ...LIMITS, maxCollateralPct: 0, maxRiskPct: 0, maxExposurePct: 0, maxCorrelatedPct: 0 }
    expect(approveRebalance(large, gate({ freeBalance: '100800' }), none).kind).toBe('approved')
  })

  it.each([
    ['halted', trade(), { halted: true }, 'TRADING_HALTED'],
    ['paused', trade(), { paused: true }, 'PAUSED'],
    ['reconciling', trade(), { reconciling: true }, 'RECONCILING'],
    ['an order is unknown', trade(), { unknownOrderSymbols: ['BTC/USDT'] }, 'UNKNOWN_ORDER_ON_SYMBOL'],
    ['there is no mark', trade(), { marks: {} }, 'STALE_DATA'],
    ['the mark is 60.001 s old', trade(), { marks: { 'BTC/USDT': { price: '100', at: NOW - 60_001 } } }, 'STALE_DATA'],
    ['the mark reads zero', trade(), { marks: { 'BTC/USDT': { price: '0', at: NOW } } }, 'STALE_DATA'],
    ['it has no plan', trade({ planId: null }), {}, 'NOT_A_REBALANCE'],
    ['it belongs to a position', trade({ positionId: positionId('pos1') }), {}, 'NOT_A_REBALANCE'],
    ['it only reduces', trade({ reduceOnly: true }), {}, 'NOT_A_REBALANCE'],
    ['it would trade nothing', trade({ quantity: '0' }), {}, 'INVALID_ORDER'],
    ['it would buy .51 % above the mark', trade({ limitPrice: '100.51' }), {}, 'SLIPPAGE'],
    ['it would sell .51 % below the mark', trade({ side: 'sell', limitPrice: '99.49' }), {}, 'SLIPPAGE'],
    ['the fee is not covered', trade(), { freeBalance: '100.79' }, 'INSUFFICIENT_BALANCE'],
    ['more is sold than is free', trade({ side: 'sell' }), { freeBalance: '0.99' }, 'INSUFFICIENT_BALANCE'],
    ['it is a market order without a guard', trade({ type: 'market', limitPrice: null }), {}, 'NOT_A_REBALANCE'],
    ['it is of the trading book', trade({ book: 'trading' }), {}, 'NOT_A_REBALANCE'],
    ['it is on margin', trade({ leverage: 2 }), {}, 'NOT_A_REBALANCE'],
    ['the balance is no number', trade(), { freeBalance: '?' }, 'INVALID_ORDER'],
  ] as const)('is refused when %s', (_, request, over, code) => {
    expect(approveRebalance(request, gate(over), LIMITS)).toMatchObject({ kind: 'refused', code })
  })
})

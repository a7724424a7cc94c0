import { describe, expect, it } from 'vitest'
import { NO_REGIME, observeRegime } from '../../../src/analysis/regime-hysteresis.ts'
import type { Snapshot } from '../../../src/analysis/snapshot.ts'
import { decisionView } from '../../../src/analysis/views/decision.ts'
import { detectRegime, regimeView } from '../../../src/analysis/views/regime.ts'
import { technicalView } from '../../../src/analysis/views/technical.ts'
import { pair } from '../../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../../../src/domain/instrument.ts'
import type { Regime, RegimeView } from '../../../src/domain/views.ts'
import { FALLBACK, macd, NOW, STAMP, snapshot } from '../snapshots.ts'

const instrumentOf = (symbol: string): Instrument => {
  const found = BUILT_IN_INSTRUMENTS.find((instrument) => instrument.symbol === pair(symbol))
  if (found === undefined) throw new Error(symbol)
  return found
}
const LONG = { rsi_14: 65, macd: macd(1) }
const SHORT = { rsi_14: 35, macd: macd(-1) }

const regimeOf = (regime: Regime): RegimeView => {
  const detection = { ...detectRegime(null, 'rules'), regime, confidence: 0.8 }
  return regimeView(detection, observeRegime(NO_REGIME, detection, NOW), STAMP)
}

const decide = (market: Snapshot, regime: Regime, symbol = 'BTC/USDT', stamp = STAMP) =>
  decisionView(
    {
      snapshot: market,
      technical: technicalView(market, stamp),
      regime: regimeOf(regime),
      instrument: instrumentOf(symbol),
      proposalId: 'p1',
    },
    stamp,
  )

const bull = (atr: number, last = '100', up = 6) => snapshot({ ...LONG, atr_14: atr }, { up }, last)
const bear = (atr: number, last = '100', down = 6) => snapshot({ ...SHORT, atr_14: atr }, { down }, last)

describe('the trading decision by rule', () => {
  it('buys a long bias with a stop of 2 ATR × the regime and a target of the regime × that', () => {
    expect(decide(bull(1), 'trending_bull')).toMatchObject({
      agent: 'trading_decision',
      proposalId: 'p1',
      action: 'BUY',
      entryPrice: '100',
      stopLoss: '97.6',
      takeProfit: '104.8',
      sizePct: 10,
      leverage: 1,
      model: 'rules',
      usedFallback: false,
    })
  })

  it('sells a short bias with everything the other way round', () => {
    expect(decide(bear(1), 'volatile_bear', 'BTC/USDT')).toMatchObject({
      action: 'SELL',
      stopLoss: '103',
      takeProfit: '92.5',
    })
  })

  it.each<[string, Regime, string, number, string, string]>([
    // stop = 2 × ATR × stop ×; target at least twice that, however small the regime's own.
    ['ranging', 'ranging', 'BTC/USDT', 1, '98.4', '103.2'],
    ['breakout', 'breakout_potential', 'BTC/USDT', 1, '98', '106'],
    ['choppy', 'choppy', 'BTC/USDT', 1, '98', '104'],
    ['a clamp to 3 % for BTC', 'trending_bull', 'BTC/USDT', 2, '97', '106'],
    ['a clamp to 5 % for XRP', 'trending_bull', 'XRP/USDT', 4, '95', '110'],
    ['a clamp to .5 %', 'trending_bull', 'BTC/USDT', 0.1, '99.5', '101'],
    ['a clamp of exactly 1 ATR', 'trending_bull', 'BTC/USDT', 3, '97', '106'],
  ])('sets stop and target for %s', (_, regime, symbol, atr, stopLoss, takeProfit) => {
    expect(decide(bull(atr), regime, symbol)).toMatchObject({ action: 'BUY', stopLoss, takeProfit })
  })

  it('holds where the clamp is under 1 ATR', () => {
    expect(decide(bull(3.01), 'trending_bull')).toMatchObject({ action: 'HOLD', stopLoss: null, sizePct: 0 })
    expect(decide(bull(5.01), 'trending_bull', 'XRP/USDT').action).toBe('HOLD')
  })

  it.each<[string, Snapshot, Regime, 'BUY' | 'SELL' | 'HOLD']>([
    ['long in a falling trend', bull(1), 'trending_bear', 'HOLD'],
    ['long in a volatile fall', bull(1), 'volatile_bear', 'HOLD'],
    ['short in a rising trend', bear(1), 'trending_bull', 'HOLD'],
    ['short before a breakout', bear(1), 'breakout_potential', 'SELL'],
    ['long in an unknown regime', bull(1), 'unknown', 'HOLD'],
    ['long against the time frames', snapshot({ ...LONG, atr_14: 1 }, { down: 6 }), 'trending_bull', 'HOLD'],
    ['neutral', snapshot({ rsi_14: 50, macd: macd(0), atr_14: 1 }, { up: 6 }), 'trending_bull', 'HOLD'],
  ])('on %s', (_, market, regime, action) => {
    expect(decide(market, regime).action).toBe(action)
  })

  it('is as confident as the time frames are aligned: .45 + .45·|alignment|', () => {
    expect(decide(bull(1, '100', 6), 'trending_bull').confidence).toBe(0.9)
    expect(decide(bull(1, '100', 3), 'trending_bull').confidence).toBe(0.675)
    expect(decide(bear(1, '100', 4), 'trending_bear').confidence).toBe(0.75)
  })

  it('holds with 0 where an input is missing or could not be computed', () => {
    const market = bull(1)
    const inputs = {
      snapshot: market,
      technical: technicalView(market, STAMP),
      regime: regimeOf('trending_bull'),
      instrument: instrumentOf('BTC/USDT'),
      proposalId: 'p1',
    }
    expect(decisionView(inputs, STAMP).action).toBe('BUY')
    const without = [{ snapshot: null }, { technical: null }, { regime: null }, { snapshot: snapshot(LONG) }]
    for (const missing of without)
      expect(decisionView({ ...inputs, ...missing }, STAMP)).toMatchObject({ action: 'HOLD', confidence: 0 })
    const blind = { ...inputs, regime: regimeView(detectRegime(null, 'rules'), NO_REGIME, STAMP) }
    expect(decisionView(blind, STAMP)).toMatchObject({ action: 'HOLD', confidence: 0 })
  })

  it('opens nothing as a fallback for models that failed', () => {
    expect(decide(bull(1), 'trending_bull', 'BTC/USDT', FALLBACK)).toMatchObject({
      action: 'HOLD',
      confidence: 0,
      usedFallback: true,
    })
  })

  it.each(['BTC/USDT', 'XRP/USDT', 'XRP/BTC'])(
    'keeps the stop of %s within its limits after rounding to the tick',
    (symbol) => {
      const last = { 'BTC/USDT': 45_123.7, 'XRP/USDT': 0.61234, 'XRP/BTC': 0.00001361 }[symbol] ?? 1
      const most = symbol === 'BTC/USDT' ? 3 : 5
      for (const market of [bull, bear])
        for (const share of [0.0001, 0.002, 0.0123, 0.029, 0.03]) {
          const regime = market === bull ? 'trending_bull' : 'trending_bear'
          const { entryPrice, stopLoss } = decide(market(last * share, last.toFixed(8)), regime, symbol)
          const pct = (100 * Math.abs(Number(stopLoss) - Number(entryPrice))) / Number(entryPrice)
          expect(pct).toBeGreaterThanOrEqual(0.5 - 1e-9)
          expect(pct).toBeLessThanOrEqual(most + 1e-9)
        }
    },
  )
})

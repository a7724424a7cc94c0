import { expect, it } from 'vitest'
import { MarketState } from '../../src/analysis/market-state.ts'
import { BTC, candle, candles, HOUR, MINUTE, MONDAY } from './candles.ts'

it('knows what the market closed at by any candle that ended then, and by no other', () => {
  const market = new MarketState({ symbol: BTC })
  market.warmUp(candles(3, '1h', MONDAY, (hour) => ({ high: '110', close: String(100 + hour) })))
  expect([1, 2, 3].map((hour) => market.closeAt(MONDAY + hour * HOUR))).toEqual(['100', '101', '102'])
  market.add(candle(MONDAY + 3 * HOUR, { high: '110', close: '100.5' }))
  expect(market.closeAt(MONDAY + 3 * HOUR + MINUTE)).toBe('100.5')
  const never = [MONDAY, MONDAY + HOUR - 1, MONDAY + HOUR + MINUTE, MONDAY + 3 * HOUR + 2 * MINUTE]
  expect(never.map((at) => market.closeAt(at))).toEqual([null, null, null, null])
})

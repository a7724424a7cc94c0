/** A closed minute into candles and indicators of all nine time frames, beside one moving average of its close. */

import { seededRandom } from '../src/adapters/chance/seeded.ts'
import { MarketState } from '../src/analysis/market-state.ts'
import type { Candle } from '../src/domain/candle.ts'
import type { Bench } from './measure.ts'
import { BTC } from './orders.ts'

const MINUTES = 10_000
const MINUTE = 60_000
const MONDAY = Date.UTC(2025, 0, 6)

function walk(): readonly Candle[] {
  const random = seededRandom('bench')
  let close = 40_000
  return Array.from({ length: MINUTES }, (_, index) => {
    const open = close
    close = Math.max(1, open * (1 + (random.next() - 0.5) / 500))
    const [high, low] = [Math.max(open, close) * 1.0005, Math.min(open, close) * 0.9995]
    const prices = { open: open.toFixed(1), high: high.toFixed(1), low: low.toFixed(1), close: close.toFixed(1) }
    const volume = (random.next() * 10).toFixed(8)
    return { symbol: BTC, timeframe: '1m', openAt: MONDAY + index * MINUTE, ...prices, volume }
  })
}

export const marketAdd: Bench = async () => {
  const candles = walk()
  const measured = (): void => {
    const state = new MarketState({ symbol: BTC })
    for (const candle of candles) if (state.add(candle).kind === 'refused') throw new Error('a candle was refused')
  }
  const bare = (): void => {
    let mean = 0
    for (const candle of candles) mean += (Number(candle.close) - mean) / 20
    if (!(mean > 0)) throw new Error('there is no mean')
  }
  return { name: 'market state, nine frames', unit: 'candle', baseline: 'one EMA', measured, bare, operations: MINUTES }
}

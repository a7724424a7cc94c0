/** Closed candles on disk. */
import type { Candle } from '../domain/candle.ts'
import type { HistoryQuery } from './market-feed.ts'

export interface CandleStore {
  /** Adds or replaces by (symbol, timeframe, openAt). */
  save(candles: readonly Candle[]): Promise<void>
  load(query: HistoryQuery): Promise<readonly Candle[]>
}

/** Closed candles on disk. */
import type { Candle } from '../domain/candle.ts'
import type { HistoryQuery } from './market-feed.ts'

export interface CandleStore {
  /**
   * Adds or replaces by (symbol, timeframe, openAt). Ends by itself, a silent server counting as away; rejects where it
   * does not know that all of them were written.
   */
  save(candles: readonly Candle[]): Promise<void>
  load(query: HistoryQuery): Promise<readonly Candle[]>
}

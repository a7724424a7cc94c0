/** The canonical text of a snapshot, for whoever hashes it. */
import { SNAPSHOT_TIMEFRAMES, type Snapshot, type TimeframeReading } from './snapshot.ts'

/** A reading's part never changes, and most readings outlive many snapshots. */
const known = new WeakMap<TimeframeReading, string>()

/**
 * The same market gives the same text, in any process: symbol, moment, last candle and every indicator of each time
 * frame (which stand for the history behind them), flags and book. Build it on demand; it is some kilobytes long.
 */
export function snapshotKey(snapshot: Snapshot): string {
  const parts = [snapshot.symbol, String(snapshot.at), snapshot.lastPrice]
  for (const timeframe of SNAPSHOT_TIMEFRAMES) {
    const reading = snapshot.timeframes[timeframe]
    parts.push(reading === null ? `${timeframe}:` : keyOf(reading))
  }
  for (const { source, problem } of snapshot.flags) parts.push(`${source} ${problem}`)
  const { book } = snapshot
  if (book !== null)
    parts.push(
      `book:${book.at},${book.bidDepthUsd},${book.askDepthUsd},${book.imbalance},${book.spreadBps},${book.weightedMid}`,
    )
  return parts.join('|')
}

function keyOf(reading: TimeframeReading): string {
  const already = known.get(reading)
  if (already !== undefined) return already
  const { openAt, open, high, low, close, volume } = reading.last
  const indicators = JSON.stringify(reading.indicators)
  const key = `${reading.timeframe}:${openAt},${open},${high},${low},${close},${volume},${indicators}`
  known.set(reading, key)
  return key
}

/**
 * Closes one-minute candles. Kraken marks no bar as closed: a minute is over when the next one begins, or, without
 * trades, when its time has passed. A minute without trades becomes the last close with volume zero, as Kraken's own
 * REST history fills it.
 */
import { type Candle, TIMEFRAME_MS } from '../../../domain/candle.ts'
import type { Pair } from '../../../domain/ids.ts'
import { ZERO_TEXT } from '../../../domain/units.ts'
import type { Clock, Timer } from '../../../ports/clock.ts'
import type { MinuteRow } from './frames.ts'

const MINUTE_MS = TIMEFRAME_MS['1m']
/** How long after its end a minute's last trades may still arrive. */
const SLACK_MS = 3_000
/** How soon to look again when the line has said nothing since the minute's end. */
const LOOK_AGAIN_MS = 1_000

export interface Minutes {
  /**
   * The history that a subscription begins with, one symbol, ascending, the last row still running. After a drop the
   * minutes missed since the last closed one are told; at first nothing is: older candles are the history's.
   */
  snapshot(rows: readonly MinuteRow[]): void
  update(row: MinuteRow): void
  /** The line is down: nothing closes until the next snapshot. What was told is remembered. */
  pause(): void
}

interface Running {
  readonly row: MinuteRow
  readonly timer: Timer
}

const flatAfter = (row: MinuteRow): MinuteRow => ({
  symbol: row.symbol,
  openAt: row.openAt + MINUTE_MS,
  open: row.close,
  high: row.close,
  low: row.close,
  close: row.close,
  volume: ZERO_TEXT,
})

const candleOf = ({ symbol, openAt, open, high, low, close, volume }: MinuteRow): Candle => ({
  symbol,
  timeframe: '1m',
  openAt,
  open,
  high,
  low,
  close,
  volume,
})

/**
 * Tells every minute once, ascending per symbol; a row for a minute already told changes nothing. Time alone closes a
 * minute only when the line has been heard since its end (`lastHeardAt`, milliseconds UTC): silence is not calm.
 */
export function minutes(clock: Clock, lastHeardAt: () => number, tell: (candle: Candle) => void): Minutes {
  const running = new Map<Pair, Running>()
  const toldUpTo = new Map<Pair, number>()

  const close = (row: MinuteRow): void => {
    if (row.openAt <= (toldUpTo.get(row.symbol) ?? Number.NEGATIVE_INFINITY)) return
    toldUpTo.set(row.symbol, row.openAt)
    tell(candleOf(row))
  }

  const timerFor = (row: MinuteRow, dueAt: number): Timer =>
    clock.at(dueAt, () => {
      const endAt = row.openAt + MINUTE_MS
      if (lastHeardAt() >= endAt) moveTo(row.symbol, endAt)
      else running.set(row.symbol, { row, timer: timerFor(row, clock.now() + LOOK_AGAIN_MS) })
    })

  const run = (row: MinuteRow): void => {
    running.get(row.symbol)?.timer.cancel()
    running.set(row.symbol, { row, timer: timerFor(row, row.openAt + MINUTE_MS + SLACK_MS) })
  }

  /** Closes the running minute and the empty ones after it, up to `openAt`, which then runs. */
  const moveTo = (symbol: Pair, openAt: number): void => {
    let row = running.get(symbol)?.row
    if (row === undefined) return
    for (; row.openAt < openAt; row = flatAfter(row)) close(row)
    run(row)
  }

  const update = (row: MinuteRow): void => {
    const before = running.get(row.symbol)?.row
    if (before !== undefined && row.openAt < before.openAt) return
    moveTo(row.symbol, row.openAt)
    run(row)
  }

  return {
    update,
    snapshot(rows) {
      const last = rows.at(-1)
      if (last === undefined) return
      // What runs was begun before the drop: the snapshot knows better.
      running.get(last.symbol)?.timer.cancel()
      running.delete(last.symbol)
      const told = toldUpTo.get(last.symbol) ?? Number.POSITIVE_INFINITY
      for (const row of rows) if (row.openAt >= told || row === last) update(row)
    },
    pause() {
      for (const { timer } of running.values()) timer.cancel()
      running.clear()
    },
  }
}

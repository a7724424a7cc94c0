/** Begins a symbol's rest when its volatility spikes or its price moves fast: once a closed candle, nothing a tick. */
import type { VolatilityReading } from '../src/analysis/volatility.ts'
import type { FactBodies } from '../src/domain/facts.ts'
import type { Pair } from '../src/domain/ids.ts'
import type { House } from './house.ts'
import { record } from './record.ts'

type Cause = FactBodies['risk.cooldownBegan']['cause']

export interface VolatilityWatch {
  /** After each closed candle of the feed, with what the market makes of it then. Milliseconds UTC. */
  look(symbol: Pair, reading: VolatilityReading, closedAt: number): void
}

const MINUTE_MS = 60_000

/**
 * A spike is one rest, from its first bar on: while it goes on, sizes are cut instead. A fast move that goes on when its
 * rest is over begins another. What was stated before a restart may be stated again: the longest rest counts.
 */
export function createVolatilityWatch(house: House): VolatilityWatch {
  const { volatilitySpike, fastMove } = house.settings.limits
  const stated = new Map<string, number>()

  function rest(symbol: Pair, cause: Cause, until: number): void {
    if (until <= house.clock.now()) return
    stated.set(`${cause} ${symbol}`, until)
    record(house, 'begin-cooldown', { type: 'risk.cooldownBegan', symbol, cause, until }, 'risk')
  }
  const statedUntil = (symbol: Pair, cause: Cause): number => stated.get(`${cause} ${symbol}`) ?? 0

  return {
    look: (symbol, { spikeSince, hasMovedFast }, closedAt) => {
      if (spikeSince !== null) {
        const until = spikeSince + volatilitySpike.cooldownMinutes * MINUTE_MS
        if (until > statedUntil(symbol, 'volatility_spike')) rest(symbol, 'volatility_spike', until)
      }
      if (hasMovedFast && closedAt >= statedUntil(symbol, 'fast_move'))
        rest(symbol, 'fast_move', closedAt + fastMove.cooldownMinutes * MINUTE_MS)
    },
  }
}

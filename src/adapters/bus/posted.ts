/** A published message on its way, and what the bus reads out of a fact. */
import type { Fact } from '../../domain/facts.ts'
import type { Pair } from '../../domain/ids.ts'
import type { Priority } from '../../domain/topics.ts'
import type { Envelope } from '../../ports/bus.ts'

export interface Posted {
  readonly envelope: Envelope
  /** Order of publication, over all topics. */
  readonly sequence: number
  /** 0 is delivered first. */
  readonly rank: number
  /** The last moment at which it may be delivered or found, milliseconds UTC. */
  readonly expiresAt: number
}

export const RANK: Readonly<Record<Priority, number>> = { URGENT: 0, HIGH: 1, NORMAL: 2, LOW: 3 }
export const RANKS = 4

/** The pair that a fact is about: its own, its order's or its position's; undefined where it is about none. */
export function symbolOf(fact: Fact): Pair | undefined {
  if ('symbol' in fact) return fact.symbol ?? undefined
  if ('order' in fact) return fact.order.request.symbol
  if ('position' in fact) return fact.position.symbol
  return undefined
}

/**
 * Whether `newer` tells all that `older` told, so that a full queue may forget the older one: the same type and symbol,
 * and for candles the same time frame, since a minute's candle says nothing about the hour's.
 */
export function supersedes(newer: Envelope, older: Envelope): boolean {
  if (newer.payload.type !== older.payload.type || newer.symbol !== older.symbol) return false
  if (newer.payload.type !== 'candle.closed' || older.payload.type !== 'candle.closed') return true
  return newer.payload.candle.timeframe === older.payload.candle.timeframe
}

/**
 * Kraken's rate limits as arithmetic (its guides "Spot Trading Limits" and "REST rate limits", November 2026): counters
 * that calls raise and time lowers. The venue we play charges by them, and whoever sends orders keeps below them.
 */

export type VenueTier = 'starter' | 'intermediate' | 'pro'

/** A counter may rise to `max`; every second takes `decay` from it, down to zero. */
export interface CounterLimit {
  readonly max: number
  readonly decay: number
}

export interface TierLimits {
  /** Per API key, for all calls that do not go to the matching engine. */
  readonly rest: CounterLimit
  /** Per pair, shared by all ways to the matching engine. */
  readonly engine: CounterLimit
  /** Open orders of one pair. */
  readonly openOrders: number
}

export const TIER_LIMITS: Readonly<Record<VenueTier, TierLimits>> = {
  starter: { rest: { max: 15, decay: 0.33 }, engine: { max: 60, decay: 1 }, openOrders: 60 },
  intermediate: { rest: { max: 20, decay: 0.5 }, engine: { max: 125, decay: 2.34 }, openOrders: 80 },
  pro: { rest: { max: 20, decay: 1 }, engine: { max: 180, decay: 3.75 }, openOrders: 225 },
}

/** What a counter stood at, and when (milliseconds UTC). */
export interface Counter {
  readonly value: number
  readonly at: number
}

export const EMPTY_COUNTER: Counter = { value: 0, at: 0 }

/** What is left of a counter at `at`; a moment before its own changes nothing. */
export function counterAt(counter: Counter, { decay }: CounterLimit, at: number): number {
  const seconds = Math.max(0, at - counter.at) / 1000
  return Math.max(0, counter.value - seconds * decay)
}

/** The counter after a charge at `at`; it may stand above the limit, as the venue charges what it refuses too. */
export function charged(counter: Counter, limit: CounterLimit, points: number, at: number): Counter {
  return { value: counterAt(counter, limit, at) + points, at: Math.max(at, counter.at) }
}

/** Does a charge of `points` at `at` stay within the limit? */
export const hasRoom = (counter: Counter, limit: CounterLimit, points: number, at: number): boolean =>
  counterAt(counter, limit, at) + points <= limit.max

/** When a charge of `points` will first fit, milliseconds UTC; null when it never does. */
export function roomAt(counter: Counter, limit: CounterLimit, points: number, at: number): number | null {
  if (points > limit.max) return null
  const excess = counterAt(counter, limit, at) + points - limit.max
  return excess <= 0 ? at : at + Math.ceil((excess / limit.decay) * 1000)
}

/** Points of one REST call of a private method: reading history is dearer, and orders have a counter of their own. */
export function restPoints(method: string): number {
  if (ENGINE_METHODS.has(method)) return 0
  return HISTORY_METHODS.has(method) ? 2 : 1
}

const ENGINE_METHODS: ReadonlySet<string> = new Set([
  ...['AddOrder', 'AddOrderBatch', 'AmendOrder', 'EditOrder', 'CancelOrder', 'CancelOrderBatch'],
])
const HISTORY_METHODS: ReadonlySet<string> = new Set(['Ledgers', 'QueryLedgers', 'TradesHistory', 'QueryTrades'])

/** A change of one order that the engine counter is charged for. */
export type EngineChange = 'amend' | 'edit' | 'cancel'

const ADD_POINTS = 1
/** Charged as soon as the request is there, whatever becomes of it. */
const FIXED_POINTS: Readonly<Record<EngineChange, number>> = { amend: 1, edit: 1, cancel: 0 }
/** Charged on top while the order is younger than so many seconds. */
const POINTS_BELOW: Readonly<Record<EngineChange, readonly (readonly [seconds: number, points: number])[]>> = {
  amend: [
    [5, 3],
    [10, 2],
    [15, 1],
  ],
  edit: [
    [5, 6],
    [10, 5],
    [15, 4],
    [45, 2],
    [90, 1],
  ],
  cancel: [
    [5, 8],
    [10, 6],
    [15, 5],
    [45, 4],
    [90, 2],
    [300, 1],
  ],
}

/** Points of adding orders: one for a single order, half a point an order for a batch. */
export const addPoints = (orders: number, isBatch: boolean): number => (isBatch ? orders / 2 : orders * ADD_POINTS)

/** The part that is charged whatever becomes of the request. */
export const fixedPoints = (change: EngineChange): number => FIXED_POINTS[change]

/** The part for the order's age: milliseconds since it was created or last amended. */
export function agePoints(change: EngineChange, ageMs: number): number {
  return POINTS_BELOW[change].find(([seconds]) => ageMs < seconds * 1000)?.[1] ?? 0
}

/** Points of changing an order of that age. A batch of cancels is the sum over its orders. */
export const changePoints = (change: EngineChange, ageMs: number): number =>
  fixedPoints(change) + agePoints(change, ageMs)

/**
 * How fast the venue may be called: the owner's token buckets and the venue's own counters, as arithmetic. A bucket refills
 * at its rate and never holds more than its burst, so that no window sees more than rate × time + burst.
 */
import type { Pair } from './ids.ts'
import {
  type Counter,
  type CounterLimit,
  charged,
  counterAt,
  EMPTY_COUNTER,
  roomAt,
  type TierLimits,
} from './venue-limits.ts'

/**
 * In the order of their rank: what reduces risk goes first, and never waits behind what adds it. An `amend` is one of what
 * protects; it comes after cancels, since the cancel of an entry ends the fills that ask for the next amendment.
 */
export const PRIORITIES = ['exit', 'cancel', 'amend', 'entry', 'read'] as const
export type Priority = (typeof PRIORITIES)[number]

export interface BucketRate {
  readonly perMinute: number
  /** The most that may leave at once after a rest. */
  readonly burst: number
}

export interface PacingRules {
  /** All calls. */
  readonly calls: BucketRate
  /** Calls that place, amend or cancel. */
  readonly orders: BucketRate
  /** Of every limit, kept for cancels and exits: a share, 0.2 is a fifth. */
  readonly reserve: number
  /** The venue's own counters. */
  readonly venue: TierLimits
}

/** Tokens at a moment, milliseconds UTC; below zero where it was overdrawn. */
export interface Bucket {
  readonly tokens: number
  readonly at: number
}

export const fullBucket = ({ burst }: BucketRate, at: number): Bucket => ({ tokens: burst, at })

/** Tokens at `at`: what has come in since at the bucket's rate, up to its burst. A moment before its own changes nothing. */
export const tokensAt = ({ tokens, at: since }: Bucket, { perMinute, burst }: BucketRate, at: number): number =>
  Math.min(burst, tokens + (Math.max(0, at - since) * perMinute) / 60_000)

/** Differences below this are of floating point. */
const NOTHING = 1e-9

/** The bucket after one call; an overdraft goes no deeper than one burst, so that what follows it does not wait for ever. */
export const taken = (bucket: Bucket, rate: BucketRate, at: number): Bucket => ({
  tokens: Math.max(-rate.burst, tokensAt(bucket, rate, at) - 1),
  at: Math.max(at, bucket.at),
})

/** When one call may leave that has to let `kept` tokens stand; milliseconds UTC. */
export function tokenAt(bucket: Bucket, rate: BucketRate, kept: number, at: number): number {
  const missing = kept + 1 - tokensAt(bucket, rate, at)
  return missing <= NOTHING ? at : at + Math.ceil((missing * 60_000) / rate.perMinute - NOTHING)
}

/** One call of the venue, as its limits see it. */
export interface CallCost {
  readonly priority: Priority
  /** Places, amends or cancels. */
  readonly changesOrders: boolean
  /** Whose engine counter it is charged to; null for calls that do not go to the matching engine. */
  readonly symbol: Pair | null
  readonly enginePoints: number
  readonly restPoints: number
}

/** What has been used of every limit. */
export interface PacingState {
  readonly calls: Bucket
  readonly orders: Bucket
  readonly rest: Counter
  readonly engine: Readonly<Record<string, Counter>>
}

export const freshPacing = ({ calls, orders }: PacingRules, at: number): PacingState => ({
  ...{ calls: fullBucket(calls, at), orders: fullBucket(orders, at), rest: EMPTY_COUNTER, engine: {} },
})

const usesReserve = ({ priority }: CallCost): boolean => priority === 'exit' || priority === 'cancel'

/** Risk goes down with it: our own buckets may be overdrawn for that. */
const mayOverdraw = ({ priority, changesOrders }: CallCost): boolean =>
  priority === 'exit' || priority === 'amend' || (priority === 'cancel' && changesOrders)

/**
 * When a call may leave by the limits, milliseconds UTC; null when it never may. Exits, cancels and amendments of what
 * protects do not wait for our own buckets; nobody goes past the venue's.
 */
export function readyAt(state: PacingState, rules: PacingRules, call: CallCost, at: number): number | null {
  const kept = usesReserve(call) ? 0 : rules.reserve
  const waits = [at]
  if (!mayOverdraw(call)) {
    waits.push(tokenAt(state.calls, rules.calls, kept * rules.calls.burst, at))
    if (call.changesOrders) waits.push(tokenAt(state.orders, rules.orders, kept * rules.orders.burst, at))
  }
  for (const { counter, limit, points } of countersOf(state, rules, call)) {
    const room = roomAt(counter, { ...limit, max: limit.max * (1 - kept) }, points, at)
    if (room === null) return null
    waits.push(room)
  }
  return Math.max(...waits)
}

/** The venue's counters that this call is charged to. */
function countersOf(state: PacingState, { venue }: PacingRules, { symbol, enginePoints, restPoints }: CallCost) {
  const engine = { counter: state.engine[symbol ?? ''] ?? EMPTY_COUNTER, limit: venue.engine, points: enginePoints }
  const rest = { counter: state.rest, limit: venue.rest, points: restPoints }
  return [...(symbol === null ? [] : [engine]), ...(restPoints === 0 ? [] : [rest])]
}

/** What is used once the call has left. */
export function spent(state: PacingState, rules: PacingRules, call: CallCost, at: number): PacingState {
  const { symbol, enginePoints, restPoints } = call
  return {
    calls: taken(state.calls, rules.calls, at),
    orders: call.changesOrders ? taken(state.orders, rules.orders, at) : state.orders,
    rest: restPoints === 0 ? state.rest : charged(state.rest, rules.venue.rest, restPoints, at),
    engine:
      symbol === null
        ? state.engine
        : {
            ...state.engine,
            [symbol]: charged(state.engine[symbol] ?? EMPTY_COUNTER, rules.venue.engine, enginePoints, at),
          },
  }
}

const raised = (counter: Counter, limit: CounterLimit, least: number, at: number): Counter => ({
  value: Math.max(counterAt(counter, limit, at), least),
  at,
})

/** Points of the key's counter that were kept for a call and not used. */
export const refunded = (state: PacingState, points: number): PacingState => ({
  ...state,
  rest: { ...state.rest, value: Math.max(0, state.rest.value - points) },
})

/**
 * The venue said that a counter is full: it knows better than we, who may have been started a moment ago. What adds risk
 * and what only reads waits for it to fall. The rest has its reserve, but where it was the rest that was refused.
 */
export function afterRateRefusal(
  state: PacingState,
  { venue, reserve }: PacingRules,
  call: CallCost,
  at: number,
): PacingState {
  const { symbol } = call
  const full = ({ max }: CounterLimit): number => max * (usesReserve(call) ? 1 : 1 - reserve)
  if (symbol === null) return { ...state, rest: raised(state.rest, venue.rest, full(venue.rest), at) }
  return afterCount(state, venue, symbol, full(venue.engine), at)
}

/** The venue told its own count of a pair's counter: somebody else may trade on the account too. Ours never falls by it. */
export function afterCount(
  state: PacingState,
  { engine: limit }: TierLimits,
  symbol: Pair,
  count: number,
  at: number,
): PacingState {
  const engine = raised(state.engine[symbol] ?? EMPTY_COUNTER, limit, count, at)
  return { ...state, engine: { ...state.engine, [symbol]: engine } }
}

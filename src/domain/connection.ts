/**
 * The line to a venue's public stream: its words, shared by the machine that keeps it and the port that carries it, and
 * when a dropped one may be opened again.
 */
import type { DeadlineReached } from './commands.ts'
import type { Pair } from './ids.ts'

/** Best bid and offer, prints, one-minute candles, the ten best levels of the book. */
export const MARKET_CHANNELS = ['ticker', 'trade', 'ohlc', 'book'] as const
export type MarketChannel = (typeof MARKET_CHANNELS)[number]

/** What the venue's engine does right now, in the venue's own words. */
export const VENUE_MODES = ['online', 'cancel_only', 'post_only', 'maintenance'] as const
export type VenueMode = (typeof VENUE_MODES)[number]

/** A word we do not know counts as `maintenance`, the most careful of them. */
export const readVenueMode = (word: string): VenueMode => VENUE_MODES.find((known) => known === word) ?? 'maintenance'

/** When it was heard, and a draw in [0, 1) for the spread of delays. */
export interface LineStamp {
  readonly seenAt: number
  readonly chance: number
}

/** What the socket, the timer service and the owner of the line say. */
export type ConnectionSignal =
  | { readonly type: 'socket.opened' }
  | { readonly type: 'venue.modeChanged'; readonly mode: VenueMode }
  | { readonly type: 'channel.subscribed'; readonly channel: MarketChannel; readonly symbol: Pair }
  | {
      readonly type: 'channel.refused'
      readonly channel: MarketChannel
      readonly symbol: Pair
      readonly problem: string
    }
  | { readonly type: 'socket.throttled'; readonly problem: string }
  /** A sign of life; the actor passes on at most one a second. */
  | { readonly type: 'line.heard' }
  | { readonly type: 'book.mismatched'; readonly symbol: Pair }
  | { readonly type: 'socket.closed'; readonly reason: string; readonly banned: boolean }
  | { readonly type: 'stop-connection' }
  | Pick<DeadlineReached, 'type' | 'name' | 'dueAt'>
export type ConnectionHears = LineStamp & ConnectionSignal

export type ConnectionDeadline = 'open' | 'subscribe' | 'silence' | 'pong' | 'retry'

export interface ConnectionPolicy {
  /** Drops in a row that are answered at once. */
  readonly instantRetries: number
  /** First and longest delay after those; it doubles in between. */
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /** Least delay while the venue is in maintenance. */
  readonly maintenanceDelayMs: number
  /** Opens in any rolling window, well below what the venue bans for. */
  readonly connectsPerWindow: number
  readonly windowMs: number
  /** From opening to the venue's first status. */
  readonly openMs: number
  /** For all answers to a subscription. */
  readonly subscribeMs: number
  /** Silence before the venue is asked, and for its answer. */
  readonly silenceMs: number
  readonly pongMs: number
  /** A line that held this long forgives the drops before it. */
  readonly steadyMs: number
  /** How long a refusal is respected. */
  readonly refusedMs: number
  /** Broken books within a minute that are answered by a fresh subscription. */
  readonly mismatchesPerMinute: number
}

/** For Kraken: it sends a heartbeat each second, and bans an address for ten minutes at about 150 opens in ten. */
export const CONNECTION_POLICY: ConnectionPolicy = {
  openMs: 10_000,
  subscribeMs: 10_000,
  silenceMs: 5_000,
  pongMs: 5_000,
  steadyMs: 60_000,
  refusedMs: 600_000,
  mismatchesPerMinute: 3,
  instantRetries: 3,
  firstDelayMs: 1_000,
  longestDelayMs: 60_000,
  maintenanceDelayMs: 5_000,
  connectsPerWindow: 120,
  windowMs: 600_000,
}

/** What a line is opened for. */
export interface ConnectionBirth {
  readonly symbols: readonly Pair[]
  readonly policy: ConnectionPolicy
  readonly seenAt: number
}

/** One channel of one symbol, as a subscription asks for it. */
export interface Subscription {
  readonly channel: MarketChannel
  readonly symbol: Pair
}
const keyOf = ({ channel, symbol }: Subscription): string => `${channel} ${symbol}`

/** Subscriptions that wait for an answer, as `channel symbol`. */
export type Awaiting = readonly string[]
export const awaitingAll = (symbols: readonly Pair[]): Awaiting =>
  MARKET_CHANNELS.flatMap((channel) => symbols.map((symbol) => keyOf({ channel, symbol })))
export const answered = (awaiting: Awaiting, answer: Subscription): Awaiting =>
  awaiting.filter((waiting) => waiting !== keyOf(answer))
/** Asked for once more: it waits behind the others. */
export const askedAnew = (awaiting: Awaiting, asked: Subscription): Awaiting => [
  ...answered(awaiting, asked),
  keyOf(asked),
]

/** The opens that still count at `at`. */
export const connectsWithin = (connects: readonly number[], windowMs: number, at: number): readonly number[] =>
  connects.filter((connectedAt) => connectedAt > at - windowMs)

/** The earliest moment ≥ `at` at which one more open stays within the window's allowance. */
export function withinAllowance(policy: ConnectionPolicy, connects: readonly number[], at: number): number {
  const counted = connectsWithin(connects, policy.windowMs, at)
  const inTheWay = counted[counted.length - policy.connectsPerWindow]
  return inTheWay === undefined ? at : inTheWay + policy.windowMs
}

/** What a drop is judged by. */
export interface LineHistory {
  readonly policy: ConnectionPolicy
  readonly mode: VenueMode
  /** Null when the line never carried prices. */
  readonly liveSinceAt: number | null
  /** Drops in a row before this one. */
  readonly drops: number
  /** When lines were opened, ascending. */
  readonly connects: readonly number[]
}

/**
 * Counts a drop and says when to try again: at once for the first in a row, then doubling with jitter over the second
 * half of the delay; never soon after a refusal or in maintenance, never beyond the allowance.
 */
export function dropOf(
  { policy, mode, liveSinceAt, drops: before, connects }: LineHistory,
  { seenAt, chance, refused }: LineStamp & { readonly refused: boolean },
): { readonly drops: number; readonly retryAt: number } {
  const held = liveSinceAt !== null && seenAt - liveSinceAt >= policy.steadyMs
  const drops = (held ? 0 : before) + 1
  const doublings = drops - policy.instantRetries - 1
  const fullMs = doublings < 0 ? 0 : Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** doublings)
  const delayMs = Math.ceil(fullMs * (0.5 + chance / 2))
  const leastMs = refused ? policy.refusedMs : mode === 'maintenance' ? policy.maintenanceDelayMs : 0
  return { drops, retryAt: withinAllowance(policy, connects, seenAt + Math.max(delayMs, leastMs)) }
}

/** What is worth saying about a live line: refused symbols, a venue that does not trade as usual. */
export function lineRemarks({
  refusals,
  mode,
}: {
  readonly refusals: Readonly<Record<string, string>>
  readonly mode: VenueMode
}): string | null {
  const parts = Object.entries(refusals).map(([symbol, problem]) => `${symbol} refused: ${problem}`)
  if (mode !== 'online') parts.push(`the venue is in ${mode}`)
  return parts.length === 0 ? null : parts.join('; ')
}

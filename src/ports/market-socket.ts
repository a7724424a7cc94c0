/**
 * One line to a venue's public stream. The socket decodes and keeps books; it decides nothing: when to open, subscribe,
 * ask for a sign of life or give up is the connection's business.
 */

import type { MarketChannel, VenueMode } from '../domain/connection.ts'
import type { Pair } from '../domain/ids.ts'
import type { MarketEvent } from './market-feed.ts'

export type SocketEvent =
  | { readonly kind: 'opened' }
  | { readonly kind: 'status'; readonly mode: VenueMode }
  | { readonly kind: 'subscribed'; readonly channel: MarketChannel; readonly symbol: Pair }
  | { readonly kind: 'refused'; readonly channel: MarketChannel; readonly symbol: Pair; readonly problem: string }
  /** The venue asks for fewer messages; the request it answers is lost. */
  | { readonly kind: 'throttled'; readonly problem: string }
  /** Any frame at all, before what it says: a sign of life. */
  | { readonly kind: 'traffic' }
  | { readonly kind: 'market'; readonly event: MarketEvent }
  /** Our book of this symbol is not the venue's; nothing more comes of it until a fresh snapshot. */
  | { readonly kind: 'mismatch'; readonly symbol: Pair }
  /** A frame that could not be read; it was left out. */
  | { readonly kind: 'unreadable'; readonly problem: string }
  /** The line is gone. `banned`: the venue turned the address away. Last event of an `open`. */
  | { readonly kind: 'closed'; readonly reason: string; readonly banned: boolean }

export interface MarketSocket {
  /** `kraken`. */
  readonly name: string
  /**
   * Opens a line, dropping an earlier one without a word. Never throws for trouble on the wire: that is `closed`. The
   * listener is never called synchronously from here.
   */
  open(listener: (event: SocketEvent) => void): void
  /** Asks for a channel; each symbol is answered by `subscribed` or `refused`. Nothing happens while the line is down. */
  subscribe(channel: MarketChannel, symbols: readonly Pair[]): void
  /** Not answered. Nothing happens while the line is down. */
  unsubscribe(channel: MarketChannel, symbols: readonly Pair[]): void
  /** Asks for a sign of life; the answer is `traffic`. Nothing happens while the line is down. */
  ping(): void
  /** Drops the line without a word: the listener hears nothing more. */
  close(): void
}

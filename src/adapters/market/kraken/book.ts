/** One symbol's ten best levels on each side, verified against the venue's CRC32 at every frame. */
import { crc32 } from 'node:zlib'
import { type Price, price, quantity, text } from '../../../domain/units.ts'
import type { BookLevel } from '../../../ports/market-feed.ts'
import type { BookDecimals } from '../../kraken/pairs.ts'
import type { BookFrame, SentLevel } from './frames.ts'

export const BOOK_DEPTH = 10

interface Kept extends BookLevel {
  readonly at: Price
  /** This level's part of the text that is summed. */
  readonly digits: string
}

export interface KrakenBook {
  /** Takes a snapshot or update; false when the result is not the venue's book, or an update came without a snapshot. */
  apply(frame: BookFrame): boolean
  /** Best first; new arrays after every frame. */
  readonly bids: readonly BookLevel[]
  readonly asks: readonly BookLevel[]
}

const digitsOf = (fixed: string): string => fixed.replace('.', '').replace(/^0+/, '')

/**
 * The checksum's text of a level: price, then quantity, each at the pair's decimals, without point and leading zeros
 * (Kraken, book checksum guide for v2). Without known decimals the text as sent, which is what Kraken itself writes.
 */
function keep(level: SentLevel, decimals: BookDecimals | null): Kept {
  const at = price(level.price)
  const size = quantity(level.quantity)
  const digits =
    decimals === null
      ? digitsOf(level.price) + digitsOf(level.quantity)
      : digitsOf(at.toFixed(decimals.price)) + digitsOf(size.toFixed(decimals.quantity))
  return { at, digits, price: text(at), quantity: text(size) }
}

/** One side with the changes applied in the order sent, best first, cut to the depth. */
function changed(side: readonly Kept[], changes: readonly Kept[], isBetter: (a: Kept, b: Kept) => boolean): Kept[] {
  const next = [...side]
  for (const change of changes) {
    const found = next.findIndex((level) => !isBetter(level, change))
    const place = found === -1 ? next.length : found
    const replaces = next[place]?.at.eq(change.at) === true
    if (change.quantity === '0') next.splice(place, replaces ? 1 : 0)
    else next.splice(place, replaces ? 1 : 0, change)
  }
  return next.slice(0, BOOK_DEPTH)
}

const isLower = (a: Kept, b: Kept): boolean => a.at.lt(b.at)
const isHigher = (a: Kept, b: Kept): boolean => a.at.gt(b.at)

/** Unsigned CRC32 over the asks low to high, then the bids high to low. */
const checksum = (asks: readonly Kept[], bids: readonly Kept[]): number =>
  crc32([...asks, ...bids].map((level) => level.digits).join(''))

/** An empty book. `decimals` null: the levels are summed as they were written. */
export function krakenBook(decimals: BookDecimals | null): KrakenBook {
  let bids: readonly Kept[] = []
  let asks: readonly Kept[] = []
  let known = false
  return {
    apply(frame) {
      if (!frame.snapshot && !known) return false
      const kept = (sent: readonly SentLevel[]): Kept[] => sent.map((level) => keep(level, decimals))
      bids = changed(frame.snapshot ? [] : bids, kept(frame.bids), isHigher)
      asks = changed(frame.snapshot ? [] : asks, kept(frame.asks), isLower)
      known = frame.checksum === null || checksum(asks, bids) === frame.checksum
      return known
    },
    get bids() {
      return bids.map(shown)
    },
    get asks() {
      return asks.map(shown)
    },
  }
}

const shown = ({ price, quantity }: Kept): BookLevel => ({ price, quantity })

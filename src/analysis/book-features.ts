/** What an order book says about the next moments. Floats: features and scores, never money. */
import type { Numeric } from '../domain/units.ts'

export interface BookSide {
  readonly price: Numeric
  readonly quantity: Numeric
}

export interface Book {
  /** Best first. */
  readonly bids: readonly BookSide[]
  readonly asks: readonly BookSide[]
  /** Milliseconds UTC. */
  readonly at: number
}

export interface BookFeatures {
  readonly at: number
  /** Price × quantity over the levels read. */
  readonly bidDepthUsd: number
  readonly askDepthUsd: number
  /** (bids − asks) ÷ (bids + asks), −1…1. */
  readonly imbalance: number
  /** (ask − bid) ÷ mid × 10,000. */
  readonly spreadBps: number
  /** The best prices weighted by the size on the other side, in quote units. */
  readonly weightedMid: number
  readonly levels: number
}

export const BOOK_LEVELS = 10

/**
 * Features of the best ten levels of each side.
 *
 * @param quoteInUsd USD for one quote unit: 1 for USDT.
 * @returns null for a book with an empty side, crossed, or with figures that are not positive numbers.
 */
export function bookFeatures(book: Book, quoteInUsd: number): BookFeatures | null {
  const bid = book.bids[0]
  const ask = book.asks[0]
  if (bid === undefined || ask === undefined) return null
  const bidPrice = Number(bid.price)
  const askPrice = Number(ask.price)
  const bidDepthUsd = depth(book.bids) * quoteInUsd
  const askDepthUsd = depth(book.asks) * quoteInUsd
  // NaN fails every comparison, so each is put the way round that refuses it.
  if (!(bidDepthUsd > 0 && askDepthUsd > 0 && askPrice > bidPrice && bidPrice > 0)) return null
  const bidQuantity = Number(bid.quantity)
  const askQuantity = Number(ask.quantity)
  if (!(bidQuantity > 0 && askQuantity > 0)) return null
  return {
    at: book.at,
    bidDepthUsd,
    askDepthUsd,
    imbalance: (bidDepthUsd - askDepthUsd) / (bidDepthUsd + askDepthUsd),
    spreadBps: ((askPrice - bidPrice) / ((askPrice + bidPrice) / 2)) * 10_000,
    weightedMid: (bidPrice * askQuantity + askPrice * bidQuantity) / (bidQuantity + askQuantity),
    levels: Math.min(BOOK_LEVELS, Math.max(book.bids.length, book.asks.length)),
  }
}

function depth(side: readonly BookSide[]): number {
  let total = 0
  for (let level = 0; level < side.length && level < BOOK_LEVELS; level++) {
    const { price, quantity } = side[level] as BookSide
    total += Number(price) * Number(quantity)
  }
  return total
}

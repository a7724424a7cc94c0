/** The order book as the sandbox shows it, and Kraken's checksum over it. */
import { crc32 } from 'node:zlib'
import type { Instrument } from '../../domain/instrument.ts'
import { type Amount, amount, maxOf, type Numeric, roundToNearestStep, text } from '../../domain/units.ts'
import type { BookLevel, MarketEvent } from '../../ports/market-feed.ts'
import { type PairDecimals, written } from './written.ts'

type Quote = Extract<MarketEvent, { kind: 'quote' }>
type Book = Extract<MarketEvent, { kind: 'book' }>

/** Best first, in the pair's decimals, as they go over the wire. */
export interface ShownBook {
  readonly bids: readonly BookLevel[]
  readonly asks: readonly BookLevel[]
  readonly at: number
}

/** What is known of a pair's depth, newest of each. */
export interface KnownDepth {
  readonly book: Book | null
  readonly quote: Quote | null
  readonly last: { readonly price: Numeric; readonly quantity: Numeric; readonly at: number } | null
}

/** Levels that are shown on each side wherever any price is known: what a checksum is taken over. */
const LEVELS_SHOWN = 10
const HALF_SPREAD = amount('0.0002')
/** How a derived level's size grows from one level to the next, as a share of the best. */
const GROWTH = amount('0.35')

interface Level {
  readonly price: Amount
  readonly quantity: Amount
}

const parsed = (level: BookLevel): Level => ({ price: amount(level.price), quantity: amount(level.quantity) })

/** Bids in descending, asks in ascending order: `direction` is where worse prices lie. */
function side(levels: readonly BookLevel[], best: Level | null, opposite: Amount | null, direction: 1 | -1): Level[] {
  const isWorse = (price: Amount, than: Amount): boolean => (direction === 1 ? price.gt(than) : price.lt(than))
  const kept = levels.map(parsed).filter(({ price }) => opposite === null || isWorse(price, opposite))
  if (best === null) return kept
  return [best, ...kept.filter(({ price }) => isWorse(price, best.price))]
}

/** Fills up with a ladder of even steps below the worst level. The same level always gives the same ladder. */
function laddered(levels: readonly Level[], instrument: Instrument, direction: 1 | -1): readonly Level[] {
  const [best, worst] = [levels[0], levels.at(-1)]
  if (best === undefined || worst === undefined) return []
  const [tick, lot] = [amount(instrument.tick), amount(instrument.lot)]
  const step = maxOf(tick, roundToNearestStep(worst.price.times(HALF_SPREAD), tick))
  const full = [...levels]
  for (let rung = 1; full.length < LEVELS_SHOWN; rung++) {
    const price = worst.price.plus(step.times(rung * direction))
    if (price.lte(0)) break
    const size = worst.quantity.times(GROWTH.times(rung).plus(1))
    full.push({ price, quantity: maxOf(lot, roundToNearestStep(size, lot)) })
  }
  return full
}

/** The best prices when only a print is known: half an assumed spread on either side of it. */
function around(last: NonNullable<KnownDepth['last']>, instrument: Instrument): { bid: Level; ask: Level } {
  const [price, tick] = [amount(last.price), amount(instrument.tick)]
  const half = maxOf(tick, roundToNearestStep(price.times(HALF_SPREAD), tick))
  const quantity = maxOf(amount(last.quantity), amount(instrument.orderMin))
  return { bid: { price: maxOf(tick, price.minus(half)), quantity }, ask: { price: price.plus(half), quantity } }
}

/**
 * What is shown: the feed's book with a newer quote laid over it; without a book the quote alone; without either the
 * last print with an assumed spread. Each side is filled up to ten levels by a ladder that follows from its last level
 * alone, so that a checksum can be taken and the same market shows the same book. Orders resting in the sandbox are not
 * in it: it is the feed's market. Null before any price.
 */
export function shownBook(known: KnownDepth, instrument: Instrument, decimals: PairDecimals): ShownBook | null {
  const { book, last } = known
  const quote = book !== null && known.quote !== null && known.quote.at < book.at ? null : known.quote
  const top =
    quote !== null
      ? {
          bid: { price: amount(quote.bid), quantity: amount(quote.bidQuantity) },
          ask: { price: amount(quote.ask), quantity: amount(quote.askQuantity) },
        }
      : book === null && last !== null
        ? around(last, instrument)
        : null
  if (book === null && top === null) return null
  const bids = side(book?.bids ?? [], top?.bid ?? null, top?.ask.price ?? null, -1)
  const asks = side(book?.asks ?? [], top?.ask ?? null, top?.bid.price ?? null, 1)
  const show = (levels: readonly Level[]): readonly BookLevel[] =>
    levels.map((level) => ({
      price: written(text(level.price), decimals.price),
      quantity: written(text(level.quantity), decimals.quantity),
    }))
  return {
    bids: show(laddered(bids, instrument, -1)),
    asks: show(laddered(asks, instrument, 1)),
    at: Math.max(book?.at ?? 0, quote?.at ?? 0, book === null && quote === null ? (last?.at ?? 0) : 0),
  }
}

const CHECKED_LEVELS = 10
const digits = (written: string): string => written.replace('.', '').replace(/^0+/, '')
const sumOf = (levels: readonly BookLevel[]): string =>
  levels
    .slice(0, CHECKED_LEVELS)
    .map((level) => digits(level.price) + digits(level.quantity))
    .join('')

/** Kraken's unsigned CRC32 over the ten best asks, low to high, then the ten best bids, high to low (guide for v2). */
export const bookChecksum = ({ bids, asks }: Pick<ShownBook, 'bids' | 'asks'>): number =>
  crc32(sumOf(asks) + sumOf(bids))

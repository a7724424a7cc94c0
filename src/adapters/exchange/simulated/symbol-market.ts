/** What the paper venue knows of one pair: its rules, last print, quote and book, and what we took from the book. */
import type { Instrument } from '../../../domain/instrument.ts'
import type { Side } from '../../../domain/order.ts'
import {
  type Amount,
  amount,
  maxOf,
  type Numeric,
  roundDownToStep,
  roundUpToStep,
  text,
  ZERO,
} from '../../../domain/units.ts'
import type { BookLevel, MarketEvent } from '../../../ports/market-feed.ts'
import type { WorkingOrder } from './venue-order.ts'

type Quote = Extract<MarketEvent, { kind: 'quote' }>
type Book = Extract<MarketEvent, { kind: 'book' }>

/** How fills are priced. */
export interface PricingParameters {
  /** Half of the spread assumed where no quote is known, as a share of the price. */
  readonly halfSpread: Numeric
  /** Ticks beyond the assumed or quoted best price that a taker pays where no book is known. */
  readonly slippageTicks: number
  /** Quotes and books older than this are not used. */
  readonly depthMaxAgeMs: number
}

export interface MarketRow {
  readonly last: Numeric | null
  readonly minute: number
  readonly fresh: boolean
  readonly quote: Quote | null
  readonly book: Book | null
  readonly consumed: readonly (readonly [string, Consumed])[]
}

/** Our part of a displayed level, remembered until the level shows another size. */
interface Consumed {
  readonly displayed: Numeric
  readonly taken: Numeric
}

/** A level that a taker may still take from. */
interface OpenLevel {
  readonly level: BookLevel
  readonly price: Amount
  readonly available: Amount
}

/** The best opposite price, and what a taker pays once slippage is added. */
interface Estimate {
  readonly touch: Amount
  readonly price: Amount
}

const NO_MINUTE = -1

export class SymbolMarket {
  readonly instrument: Instrument
  readonly tick: Amount
  readonly lot: Amount
  /** Decimals of a quantity, and of a fee in base units. */
  readonly lotDecimals: number
  /** Live orders of this pair, oldest first. */
  readonly orders: WorkingOrder[] = []
  /** Between which prices no live order is concerned; null when that has to be found out anew. */
  calm: { readonly above: number; readonly below: number } | null = null
  last: Numeric | null = null
  /** Which minute the last print fell in; the first print of another minute is an opening. */
  minute = NO_MINUTE
  /** False from a drop of the line until the next print, quote or book. */
  fresh = false
  #quote: Quote | null = null
  #book: Book | null = null
  #consumed = new Map<string, Consumed>()
  readonly #pricing: PricingParameters
  readonly #halfSpread: Amount
  readonly #slippage: Amount

  constructor(instrument: Instrument, pricing: PricingParameters) {
    this.instrument = instrument
    this.tick = amount(instrument.tick)
    this.lot = amount(instrument.lot)
    this.lotDecimals = this.lot.decimalPlaces()
    this.#pricing = pricing
    this.#halfSpread = amount(pricing.halfSpread)
    this.#slippage = this.tick.times(pricing.slippageTicks)
  }

  seeQuote(quote: Quote): void {
    this.#quote = quote
    this.fresh = true
  }

  seeBook(book: Book): void {
    this.#book = book
    this.fresh = true
    if (this.#consumed.size === 0) return
    const kept = new Map<string, Consumed>()
    for (const side of ['buy', 'sell'] as const) {
      for (const level of side === 'buy' ? book.asks : book.bids) {
        const key = `${side}:${level.price}`
        const consumed = this.#consumed.get(key)
        if (consumed?.displayed === level.quantity) kept.set(key, consumed)
      }
    }
    this.#consumed = kept
  }

  /** The line dropped: quotes and books are stale, and the next print is a jump. */
  forgetDepth(): void {
    this.#quote = null
    this.#book = null
    this.#consumed.clear()
    this.fresh = false
    this.minute = NO_MINUTE
  }

  knowsDepth(at: number): boolean {
    return this.fresh && this.#book !== null && at - this.#book.at <= this.#pricing.depthMaxAgeMs
  }

  /** What a taker of `side` may still take, best first; empty where the book is empty or not known. */
  levels(side: Side, at: number): readonly OpenLevel[] {
    if (this.#book === null || !this.knowsDepth(at)) return []
    const open: OpenLevel[] = []
    for (const level of side === 'buy' ? this.#book.asks : this.#book.bids) {
      const taken = this.#consumed.get(`${side}:${level.price}`)?.taken ?? ZERO
      const available = roundDownToStep(amount(level.quantity).minus(taken), this.lot)
      if (available.gt(0)) open.push({ level, price: amount(level.price), available })
    }
    return open
  }

  take(side: Side, level: BookLevel, size: Amount): void {
    const key = `${side}:${level.price}`
    const before = this.#consumed.get(key)
    this.#consumed.set(key, {
      displayed: level.quantity,
      taken: text(amount(before?.taken ?? ZERO).plus(size)),
    })
  }

  /** Size displayed before a new order at `limit`; null where the book does not reach that far or is not known. */
  queueAhead(side: Side, limit: Amount, at: number): Amount | null {
    if (this.#book === null || !this.knowsDepth(at)) return null
    for (const level of side === 'buy' ? this.#book.bids : this.#book.asks) {
      const price = amount(level.price)
      if (price.eq(limit)) return amount(level.quantity)
      if (side === 'buy' ? price.lt(limit) : price.gt(limit)) return ZERO
    }
    return null
  }

  /**
   * What a taker pays without a book. `base` is the price that a trigger fills from; else the quote counts, and without
   * one the last print, half a spread away. Rounded to the tick against the taker. Null where no price is known.
   */
  estimate(side: Side, at: number, base: Amount | null): Estimate | null {
    if (!this.fresh) return null
    const quoted = this.#quoted(side, at)
    if (base === null) {
      if (quoted !== null) return this.#slipped(side, quoted)
      return this.last === null ? null : this.#slipped(side, this.#beyond(side, amount(this.last)))
    }
    const assumed = this.#slipped(side, this.#beyond(side, base))
    if (quoted === null) return assumed
    // A trigger saw the market move: the quote may be from before, so the worse of the two counts.
    const slipped = this.#slipped(side, quoted)
    return (side === 'buy' ? slipped.price.gt(assumed.price) : slipped.price.lt(assumed.price)) ? slipped : assumed
  }

  /** The worst price that taking `size` now would meet: what a market buy holds for. Null where no price is known. */
  takerPrice(side: Side, size: Amount, at: number): Amount | null {
    if (this.knowsDepth(at)) {
      let rest = size
      let worst: Amount | null = null
      for (const { price, available } of this.levels(side, at)) {
        if (rest.lte(0)) break
        rest = rest.minus(available)
        worst = price
      }
      return worst
    }
    const estimated = this.estimate(side, at, null)?.price
    return estimated ?? (this.last === null ? null : this.worsened(side, amount(this.last)))
  }

  /** Could all of `size` be taken at once within `limit`? */
  canFill(side: Side, limit: Amount, size: Amount, at: number): boolean {
    const isWithin = (price: Amount): boolean => (side === 'buy' ? price.lte(limit) : price.gte(limit))
    if (!this.knowsDepth(at)) {
      const touch = this.estimate(side, at, null)?.touch
      return touch !== undefined && isWithin(touch)
    }
    let rest = size
    for (const { price, available } of this.levels(side, at)) {
      if (rest.lte(0) || !isWithin(price)) break
      rest = rest.minus(available)
    }
    return rest.lte(0)
  }

  /** Half a spread and the slippage beyond `from`: what a market order triggered there is expected to pay. */
  worsened(side: Side, from: Amount): Amount {
    return this.#slipped(side, this.#beyond(side, from)).price
  }

  /** Would a limit order take liquidity at once? `base` as in `estimate`. False where no price is known. */
  crosses(side: Side, limit: Amount, at: number, base: Amount | null): boolean {
    const book = this.#book
    const displayed = this.knowsDepth(at) ? (side === 'buy' ? book?.asks : book?.bids) : undefined
    const best = displayed === undefined ? this.estimate(side, at, base)?.touch : displayed[0]?.price
    if (best === undefined) return false
    return side === 'buy' ? limit.gte(best) : limit.lte(best)
  }

  save(): MarketRow {
    const { last, minute, fresh } = this
    return { last, minute, fresh, quote: this.#quote, book: this.#book, consumed: [...this.#consumed] }
  }

  restore(row: MarketRow): void {
    this.last = row.last
    this.minute = row.minute
    this.fresh = row.fresh
    this.#quote = row.quote
    this.#book = row.book
    this.#consumed = new Map(row.consumed)
  }

  #quoted(side: Side, at: number): Amount | null {
    const quote = this.#quote
    if (quote === null || at - quote.at > this.#pricing.depthMaxAgeMs) return null
    return amount(side === 'buy' ? quote.ask : quote.bid)
  }

  #beyond(side: Side, from: Amount): Amount {
    const half = from.times(this.#halfSpread)
    return side === 'buy' ? roundUpToStep(from.plus(half), this.tick) : roundDownToStep(from.minus(half), this.tick)
  }

  #slipped(side: Side, touch: Amount): Estimate {
    const price = side === 'buy' ? touch.plus(this.#slippage) : touch.minus(this.#slippage)
    return { touch, price: maxOf(price, this.tick) }
  }
}

/**
 * The last price of each pair, changed in place: a tick leaves no garbage. What is handed out is a picture of its moment that
 * never changes, so whoever keeps one keeps what was true then.
 */
import type { Pair } from '../src/domain/ids.ts'
import { amount, compareNumeric, type Numeric, text } from '../src/domain/units.ts'
import type { Mark, Marks } from '../src/domain/valuation.ts'

interface LastPrice {
  /** Of a trade; of a quote its bid. */
  price: Numeric
  /** Null after a trade. */
  ask: Numeric | null
  /** The venue's time. */
  at: number
  /** Ours. Before every time where history alone told the price: a number from the start keeps the field free of garbage. */
  seenAt: number
  /** As it was last asked for; null where it has changed since. */
  mark: Mark | null
}

export interface LastPrices {
  /** A price that was traded; all times in milliseconds UTC. */
  trade(symbol: Pair, price: Numeric, at: number, seenAt: number): void
  /** The middle of the two sides, to the last digit; worked out only when it is asked for. @throws NotANumberError */
  quote(symbol: Pair, bid: Numeric, ask: Numeric, at: number, seenAt: number): void
  /** A price of history: a mark, but nothing seen. */
  remember(symbol: Pair, price: Numeric, at: number): void
  /** When a price of the pair was last seen; null where none was. */
  seenAt(symbol: Pair): number | null
  /** The same object until a price changes. */
  marks(): Marks
}

const NEVER = Number.NEGATIVE_INFINITY

const markOf = (last: LastPrice): Mark => {
  const { price, ask, at } = last
  last.mark ??= { price: ask === null ? price : text(amount(price).plus(amount(ask)).div(2)), at }
  return last.mark
}

export function createLastPrices(): LastPrices {
  const prices = new Map<Pair, LastPrice>()
  let picture: Marks | null = null

  function set(symbol: Pair, price: Numeric, ask: Numeric | null, at: number, seenAt: number): void {
    picture = null
    const last = prices.get(symbol)
    if (last === undefined) {
      prices.set(symbol, { price, ask, at, seenAt, mark: null })
      return
    }
    last.price = price
    last.ask = ask
    last.at = at
    last.seenAt = seenAt
    last.mark = null
  }

  return {
    trade: (symbol, price, at, seenAt) => set(symbol, price, null, at, seenAt),
    quote: (symbol, bid, ask, at, seenAt) => {
      // Texts that are no numbers are refused here, not where the middle is read.
      compareNumeric(bid, ask)
      set(symbol, bid, ask, at, seenAt)
    },
    remember: (symbol, price, at) => set(symbol, price, null, at, NEVER),
    seenAt: (symbol) => {
      const at = prices.get(symbol)?.seenAt ?? NEVER
      return at === NEVER ? null : at
    },
    marks: () => {
      picture ??= Object.fromEntries([...prices].map(([symbol, last]) => [symbol, markOf(last)]))
      return picture
    },
  }
}

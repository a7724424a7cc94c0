/** The trades, quotes and books of one simulated minute, made to end in exactly its candle. */
import { TIMEFRAME_MS } from '../../../domain/candle.ts'
import type { Pair } from '../../../domain/ids.ts'
import type { RandomSource } from '../../../ports/clock.ts'
import type { BookLevel, MarketEvent } from '../../../ports/market-feed.ts'
import { type Bar, textOf } from './bar.ts'
import type { Market } from './coins.ts'

const MINUTE_MS = TIMEFRAME_MS['1m']
const LEAST_TRADES = 30
const MOST_TRADES = 90
const BOOK_EVERY = 4
const LEVELS = 10
/** Spread in calm, as a share of the price; a wild minute widens it by a share of its range. */
const SPREAD = 0.0001
const SPREAD_OF_RANGE = 0.05

/**
 * Events of the minute that opens at `openAt`, ascending: about one trade a second, each with the quote that it met
 * and every fourth with a ten-level book. The first trade is at the open, the last at the close; high, low and the
 * sum of the quantities are the bar's own.
 */
export function minuteEvents(
  market: Market,
  symbol: Pair,
  openAt: number,
  bar: Bar,
  random: RandomSource,
): readonly MarketEvent[] {
  const count = LEAST_TRADES + Math.floor(random.next() * (MOST_TRADES - LEAST_TRADES + 1))
  const times = Array.from({ length: count }, () => openAt + Math.floor(random.next() * MINUTE_MS)).sort(
    (a, b) => a - b,
  )
  const prices = pricesOf(bar, count, random)
  const lots = lotsOf(bar.volume, count, random)
  const spread = Math.max(1, Math.round(bar.open * SPREAD + (bar.high - bar.low) * SPREAD_OF_RANGE))
  const events: MarketEvent[] = []
  let previous = bar.open
  for (let index = 0; index < count; index++) {
    const at = times[index] ?? openAt
    const ticks = prices[index] ?? bar.close
    const buys = ticks === previous ? random.next() < 0.5 : ticks > previous
    const bid = Math.max(1, buys ? ticks - spread : ticks)
    events.push(
      ...quoteAround(market, symbol, bid, bid + spread, bar.volume / count, index % BOOK_EVERY === 0, at, random),
    )
    const price = textOf(ticks, market.tickDecimals)
    const quantity = textOf(lots[index] ?? 0, market.lotDecimals)
    events.push({ kind: 'trade', symbol, price, quantity, side: buys ? 'buy' : 'sell', at })
    previous = ticks
  }
  return events
}

/** Prices in ticks from open to close through both extremes, never beyond them. */
function pricesOf(bar: Bar, count: number, random: RandomSource): readonly number[] {
  const inner = count - 2
  const first = 1 + Math.floor(random.next() * (inner - 1))
  const second = first + 1 + Math.floor(random.next() * (inner - first))
  const highFirst = random.next() < 0.5
  const anchors: readonly (readonly [number, number])[] = [
    [0, bar.open],
    [first, highFirst ? bar.high : bar.low],
    [second, highFirst ? bar.low : bar.high],
    [count - 1, bar.close],
  ]
  const noise = (bar.high - bar.low) * 0.25
  const prices: number[] = []
  for (const [index, [at, price]] of anchors.entries()) {
    prices.push(price)
    const [nextAt, nextPrice] = anchors[index + 1] ?? [at, price]
    for (let step = at + 1; step < nextAt; step++) {
      const between = price + ((nextPrice - price) * (step - at)) / (nextAt - at)
      const moved = Math.round(between + (random.next() - 0.5) * noise)
      prices.push(Math.min(bar.high, Math.max(bar.low, moved)))
    }
  }
  return prices
}

/** `total` lots in `count` parts of at least one, of very unequal sizes. */
function lotsOf(total: number, count: number, random: RandomSource): readonly number[] {
  const weights = Array.from({ length: count }, () => -Math.log(1 - random.next()))
  const sum = weights.reduce((a, b) => a + b, 0)
  const parts = weights.map((weight) => 1 + Math.floor((weight / sum) * (total - count)))
  const given = parts.reduce((a, b) => a + b, 0)
  parts[count - 1] = (parts[count - 1] ?? 0) + total - given
  return parts
}

/** The quote, and with it the book where one is wanted: its best levels are the quote's. */
function quoteAround(
  market: Market,
  symbol: Pair,
  bid: number,
  ask: number,
  usualLots: number,
  withBook: boolean,
  at: number,
  random: RandomSource,
): readonly MarketEvent[] {
  const depth = withBook ? LEVELS : 1
  const step = Math.max(1, Math.round((ask - bid) / 2))
  const side = (best: number, direction: 1 | -1): readonly BookLevel[] => {
    const levels: BookLevel[] = []
    let ticks = best
    for (let level = 0; level < depth && ticks >= 1; level++) {
      const lots = Math.max(1, Math.round(usualLots * (0.5 + level * 0.6 + 3 * random.next())))
      levels.push({ price: textOf(ticks, market.tickDecimals), quantity: textOf(lots, market.lotDecimals) })
      ticks += direction * (1 + Math.floor(random.next() * step * 2))
    }
    return levels
  }
  const bids = side(bid, -1)
  const asks = side(ask, 1)
  const [bestBid, bestAsk] = [bids[0], asks[0]]
  if (bestBid === undefined || bestAsk === undefined) return []
  const { price: bidPrice, quantity: bidQuantity } = bestBid
  const { price: askPrice, quantity: askQuantity } = bestAsk
  const quote: MarketEvent = { kind: 'quote', symbol, bid: bidPrice, bidQuantity, ask: askPrice, askQuantity, at }
  return withBook ? [quote, { kind: 'book', symbol, bids, asks, at }] : [quote]
}

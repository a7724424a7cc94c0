/** What the public channels say of the market: rows in Kraken's fields, numbers with the pair's decimals. */
import type { Pair } from '../../domain/ids.ts'
import { amount, type Numeric } from '../../domain/units.ts'
import type { BookLevel } from '../../ports/market-feed.ts'
import type { Bar } from '../market/bars.ts'
import type { PublicTrade } from '../market/pair-view.ts'
import { type PairDecimals, written } from '../market/written.ts'
import { changePercent, type Ticker } from '../market-view.ts'
import { exact, type JsonFields } from './exact-json.ts'
import { microTime, nanoTime } from './stamps.ts'

const MINUTE_MS = 60_000
const PERCENT_DECIMALS = 2

const numbers = (decimals: PairDecimals) => ({
  price: (value: Numeric) => exact(written(value, decimals.price)),
  quantity: (value: Numeric) => exact(written(value, decimals.quantity)),
})

export function tickerRow(ticker: Ticker, decimals: PairDecimals, timestamp: string): JsonFields {
  const { price, quantity } = numbers(decimals)
  return {
    symbol: ticker.symbol,
    ...{ bid: price(ticker.bid.price), bid_qty: quantity(ticker.bid.quantity) },
    ...{ ask: price(ticker.ask.price), ask_qty: quantity(ticker.ask.quantity) },
    last: price(ticker.last.price),
    ...{ volume: quantity(ticker.day.volume), vwap: price(ticker.day.vwap) },
    ...{ low: price(ticker.day.low), high: price(ticker.day.high) },
    change: price(ticker.change),
    change_pct: exact(written(changePercent(ticker), PERCENT_DECIMALS)),
    timestamp,
  }
}

export function tradeRow(trade: PublicTrade, decimals: PairDecimals): JsonFields {
  const { price, quantity } = numbers(decimals)
  return {
    ...{ symbol: trade.symbol, side: trade.side, price: price(trade.price), qty: quantity(trade.quantity) },
    ...{ ord_type: 'market', trade_id: trade.tradeId, timestamp: microTime(trade.at) },
  }
}

export function barRow(symbol: Pair, bar: Bar, minutes: number, decimals: PairDecimals): JsonFields {
  const { price, quantity } = numbers(decimals)
  return {
    symbol,
    ...{ open: price(bar.open), high: price(bar.high), low: price(bar.low), close: price(bar.close) },
    ...{ trades: bar.trades, volume: quantity(bar.volume), vwap: price(bar.vwap) },
    ...{ interval_begin: nanoTime(bar.openAt), interval: minutes },
    timestamp: microTime(bar.openAt + minutes * MINUTE_MS),
  }
}

export const levelRow = (level: BookLevel): JsonFields => ({ price: exact(level.price), qty: exact(level.quantity) })

/**
 * What turns one side of a client's book into another, in the order a client may apply it: levels that are gone first
 * (quantity zero), then new and changed ones, best first. What a full side pushes out needs no word.
 */
export function sideChanges(
  before: readonly BookLevel[],
  after: readonly BookLevel[],
  depth: number,
): readonly BookLevel[] {
  const was = new Map(before.map((level) => [level.price, level.quantity]))
  const is = new Set(after.map((level) => level.price))
  const pushedOut = new Set<string>()
  if (after.length === depth && after.length > 0) {
    const worst = amount(after.at(-1)?.price ?? '0')
    const isBid = after.length > 1 && worst.lt(amount(after[0]?.price ?? '0'))
    const isAsk = after.length > 1 && !isBid
    for (const { price } of before)
      if ((isBid && amount(price).lt(worst)) || (isAsk && amount(price).gt(worst))) pushedOut.add(price)
  }
  const gone = before
    .filter(({ price }) => !is.has(price) && !pushedOut.has(price))
    .map(({ price, quantity }) => ({ price, quantity: zeroLike(quantity) }))
  return [...gone, ...after.filter(({ price, quantity }) => was.get(price) !== quantity)]
}

const zeroLike = (quantity: Numeric): string => quantity.replace(/\d/g, '0').replace(/^0+(?=0)/, '')

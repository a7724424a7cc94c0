/** The public channels of one subscription each: a snapshot where one is wanted and known, then what changes. */
import type { Pair } from '../../domain/ids.ts'
import type { BookView, OhlcInterval } from '../market/pair-view.ts'
import type { PairDecimals } from '../market/written.ts'
import type { MarketChange, MarketView } from '../market-view.ts'
import type { JsonFields } from './exact-json.ts'
import { barRow, levelRow, sideChanges, tickerRow, tradeRow } from './market-rows.ts'
import { nanoTime, type Stamps } from './stamps.ts'

export interface FeedParts {
  readonly market: MarketView
  readonly symbol: Pair
  readonly decimals: PairDecimals
  readonly snapshot: boolean
  readonly now: () => number
  readonly stamps: Stamps
  readonly send: (frame: JsonFields) => void
}

/** Ends the subscription's frames. */
export type Stop = () => void

const TRADES_IN_SNAPSHOT = 50
const BARS_IN_SNAPSHOT = 10

/** Calls `changed` for what concerns the symbol. */
const follow = ({ market, symbol }: FeedParts, changed: (change: MarketChange) => void): Stop =>
  market.onChange((change) => {
    if (change.symbol === symbol) changed(change)
  })

/**
 * Ticker, at every trade or at every change of the best prices and sizes. The first frame is the snapshot, as soon as a
 * price is known.
 */
export function tickerFeed(parts: FeedParts, trigger: 'bbo' | 'trades'): Stop {
  const { market, symbol, decimals, now, stamps, send } = parts
  let type: 'snapshot' | 'update' = parts.snapshot ? 'snapshot' : 'update'
  let shown = ''
  const show = (always: boolean): void => {
    const ticker = market.ticker(symbol, now())
    if (ticker === null) return
    const { bid, ask } = ticker
    const best = `${bid.price} ${bid.quantity} ${ask.price} ${ask.quantity}`
    if (best === shown && !always) return
    shown = best
    send({ channel: 'ticker', type, data: [tickerRow(ticker, decimals, stamps.next(now()))] })
    type = 'update'
  }
  if (parts.snapshot) show(true)
  return follow(parts, (change) => {
    if (change.kind === 'bars') return
    if (trigger === 'bbo' || change.kind === 'trade' || type === 'snapshot') show(trigger === 'trades')
  })
}

export function tradeFeed(parts: FeedParts): Stop {
  const { market, symbol, decimals, send } = parts
  const known = parts.snapshot ? market.trades(symbol).slice(-TRADES_IN_SNAPSHOT) : []
  if (known.length > 0)
    send({ channel: 'trade', type: 'snapshot', data: known.map((trade) => tradeRow(trade, decimals)) })
  return follow(parts, (change) => {
    if (change.kind === 'trade') send({ channel: 'trade', type: 'update', data: [tradeRow(change.trade, decimals)] })
  })
}

/** Candles of one interval: the running one with every trade, a closed minute that the feed told otherwise. */
export function ohlcFeed(parts: FeedParts, minutes: OhlcInterval): Stop {
  const { market, symbol, decimals, now, send } = parts
  const frame = (type: string, data: readonly JsonFields[]): JsonFields => ({
    ...{ channel: 'ohlc', type, timestamp: nanoTime(now()), data },
  })
  const known = parts.snapshot ? market.bars(symbol, minutes, now()).filter((bar) => bar.trades > 0) : []
  if (known.length > 0)
    send(
      frame(
        'snapshot',
        known.slice(-BARS_IN_SNAPSHOT).map((bar) => barRow(symbol, bar, minutes, decimals)),
      ),
    )
  return follow(parts, (change) => {
    if (change.kind === 'depth') return
    const bar = market.bar(symbol, minutes)
    if (bar !== null) send(frame('update', [barRow(symbol, bar, minutes, decimals)]))
  })
}

/** The book: a snapshot, then what turns the client's book into the present one, with the checksum of both alike. */
export function bookFeed(parts: FeedParts, depth: number): Stop {
  const { market, symbol, now, stamps, send } = parts
  let sent: BookView | null = null
  const show = (): void => {
    const book = market.book(symbol, depth)
    if (book === null) return
    const before = sent
    const { checksum } = book
    sent = book
    if (before === null) {
      if (!parts.snapshot) return
      const [bids, asks] = [book.bids.map(levelRow), book.asks.map(levelRow)]
      const row = { symbol, bids, asks, checksum, timestamp: stamps.next(now()) }
      send({ channel: 'book', type: 'snapshot', data: [row] })
      return
    }
    const bids = sideChanges(before.bids, book.bids, depth).map(levelRow)
    const asks = sideChanges(before.asks, book.asks, depth).map(levelRow)
    if (bids.length + asks.length === 0) return
    const row = { symbol, bids, asks, checksum, timestamp: stamps.next(now()) }
    send({ channel: 'book', type: 'update', data: [row] })
  }
  show()
  return follow(parts, (change) => {
    if (change.kind !== 'bars') show()
  })
}

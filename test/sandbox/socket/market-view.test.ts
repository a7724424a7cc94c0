import { describe, expect, it } from 'vitest'
import { krakenBook } from '../../../src/adapters/market/kraken/book.ts'
import type { Candle } from '../../../src/domain/candle.ts'
import { pair } from '../../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../../src/domain/instrument.ts'
import type { MarketEvent } from '../../../src/ports/market-feed.ts'
import { changePercent, type MarketChange, MarketView } from '../../../src/sandbox/market-view.ts'

const BTC = pair('BTC/USDT')
const MINUTE = 60_000
const NOON = Date.UTC(2026, 10, 2, 12)

const trade = (price: string, quantity: string, at: number, side: 'buy' | 'sell' | null = 'buy'): MarketEvent => ({
  ...{ kind: 'trade', symbol: BTC, price, quantity, side, at },
})
const quote = (bid: string, ask: string, at: number): MarketEvent => ({
  ...{ kind: 'quote', symbol: BTC, bid, bidQuantity: '1', ask, askQuantity: '2', at },
})
const level = (price: string, quantity: string) => ({ price, quantity })
const candle = (openAt: number, close: string, timeframe: Candle['timeframe'] = '1m'): Candle => ({
  ...{ symbol: BTC, timeframe, openAt, open: close, high: close, low: close, close, volume: '2' },
})

function viewOf(events: readonly MarketEvent[]): MarketView {
  const view = new MarketView(BUILT_IN_INSTRUMENTS)
  for (const event of events) view.hear(event)
  return view
}

describe('the ticker', () => {
  const view = viewOf([
    trade('50000', '1', NOON - 25 * 60 * MINUTE),
    trade('49000', '2', NOON - 13 * 60 * MINUTE),
    trade('52000', '1', NOON - MINUTE),
    trade('51000', '1', NOON),
    quote('50999.9', '51000.1', NOON),
  ])

  it('sums the last 24 hours, and apart from them the day since midnight UTC', () => {
    const ticker = view.ticker(BTC, NOON + 1)
    expect(ticker?.day).toEqual({ open: '49000', high: '52000', low: '49000', volume: '4', vwap: '50250', trades: 3 })
    expect(ticker?.today).toEqual({ open: '52000', high: '52000', low: '51000', volume: '2', vwap: '51500', trades: 2 })
    expect([ticker?.bid, ticker?.ask]).toEqual([level('50999.9', '1.00000000'), level('51000.1', '2.00000000')])
  })

  it('states the change against the price of 24 hours ago', () => {
    const ticker = view.ticker(BTC, NOON + 1)
    if (ticker === null) throw new Error('no ticker')
    expect([ticker.change, changePercent(ticker)]).toEqual(['2000', '4.08'])
  })

  it('is not there before the first price', () => {
    expect(viewOf([]).ticker(BTC, NOON)).toBeNull()
  })
})

describe('bars', () => {
  it('are made of prints, flat where nobody traded, the last one running', () => {
    const view = viewOf([
      trade('100', '1', NOON),
      trade('104', '3', NOON + 1000),
      trade('102', '1', NOON + 2 * MINUTE + 1),
    ])
    expect(view.bars(BTC, 1, NOON + 3 * MINUTE)).toEqual([
      { openAt: NOON, open: '100', high: '104', low: '100', close: '104', volume: '4', vwap: '103', trades: 2 },
      {
        ...{ openAt: NOON + MINUTE, open: '104', high: '104', low: '104', close: '104' },
        ...{ volume: '0', vwap: '0', trades: 0 },
      },
      {
        ...{ openAt: NOON + 2 * MINUTE, open: '102', high: '102', low: '102', close: '102' },
        ...{ volume: '1', vwap: '102', trades: 1 },
      },
      {
        ...{ openAt: NOON + 3 * MINUTE, open: '102', high: '102', low: '102', close: '102' },
        ...{ volume: '0', vwap: '0', trades: 0 },
      },
    ])
    expect(view.bars(BTC, 60, NOON + 3 * MINUTE).map((bar) => [bar.close, bar.volume])).toEqual([['102', '5']])
  })

  it('take a closed minute for the truth where prints were missed, and count no print twice where none was', () => {
    const closed = (volume: string, high: string): MarketEvent => ({
      kind: 'candle',
      symbol: BTC,
      candle: { ...candle(NOON, '101'), open: '99', low: '98', high, volume },
      at: NOON + MINUTE,
    })
    const missed = viewOf([trade('100', '1', NOON + 5), trade('101', '1', NOON + 9), closed('7', '110')])
    for (const interval of [1, 60] as const)
      expect(missed.bars(BTC, interval, NOON)).toMatchObject([
        { open: '99', high: '110', low: '98', close: '101', volume: '7' },
      ])
    const heard = viewOf([trade('100', '1', NOON + 5), trade('101', '1', NOON + 9), closed('2', '101')])
    expect(heard.bars(BTC, 60, NOON)).toMatchObject([{ open: '100', volume: '2', trades: 2 }])
  })

  it('reach back over what was read before the start, by coarse candles where fine ones end', () => {
    const view = viewOf([])
    view.seed(Array.from({ length: 90 }, (_, minute) => candle(NOON - (90 - minute) * MINUTE, '100')))
    view.seed([3, 2, 1].map((hours) => candle(NOON - hours * 60 * MINUTE, '90', '1h')))
    view.hear(trade('105', '1', NOON + 1))
    const hours = view.bars(BTC, 60, NOON + 2)
    expect(hours.map((bar) => [(bar.openAt - NOON) / (60 * MINUTE), bar.close, bar.volume])).toEqual([
      [-3, '90', '2'],
      [-2, '90', '2'],
      [-1, '100', '120'],
      [0, '105', '1'],
    ])
    expect(view.bars(BTC, 1, NOON + 2)).toHaveLength(91)
  })

  it('are at most 721, as Kraken gives them', () => {
    const events = Array.from({ length: 800 }, (_, minute) => trade(String(100 + minute), '1', NOON + minute * MINUTE))
    const rows = viewOf(events).bars(BTC, 1, NOON + 799 * MINUTE)
    expect([rows.length, rows.at(-1)?.close, rows[0]?.close]).toEqual([721, '899', '179'])
  })
})

describe('recent trades', () => {
  it('have ids without gaps, and a side where the feed told none', () => {
    const view = viewOf([trade('100', '1', 1, null), trade('99', '1', 2, null), trade('99', '1', 3, 'sell')])
    expect(view.trades(BTC).map((each) => [each.tradeId, each.side])).toEqual([
      [1, 'buy'],
      [2, 'sell'],
      [3, 'sell'],
    ])
  })

  it('are the newest thousand', () => {
    const view = viewOf(Array.from({ length: 3500 }, (_, index) => trade('1', '1', index)))
    const trades = view.trades(BTC)
    expect([trades.length, trades.at(-1)?.tradeId]).toEqual([1000, 3500])
  })
})

describe('the book', () => {
  const full: MarketEvent = {
    kind: 'book',
    symbol: BTC,
    bids: Array.from({ length: 12 }, (_, index) => level(String(50_000 - index), '0.5')),
    asks: Array.from({ length: 12 }, (_, index) => level(String(50_001 + index), '0.25')),
    at: 5,
  }

  it("carries a checksum that Kraken's own rule confirms, whatever depth is asked for", () => {
    const view = viewOf([full])
    for (const depth of [10, 25]) {
      const book = view.book(BTC, depth)
      if (book === null) throw new Error('no book')
      const kept = krakenBook({ price: 1, quantity: 8 })
      const frame = { kind: 'book', snapshot: true, symbol: BTC, ...book } as const
      const confirmed = kept.apply({ ...frame, bids: book.bids.slice(0, 10), asks: book.asks.slice(0, 10) })
      expect([confirmed, book.bids.length]).toEqual([true, Math.min(depth, 12)])
    }
    expect(view.book(BTC, 10)?.bids[0]).toEqual(level('50000.0', '0.50000000'))
  })

  it('gives way to a newer quote, and never crosses itself', () => {
    const view = viewOf([full, quote('49998.5', '49999.5', 6)])
    const book = view.book(BTC, 25)
    expect(book?.bids.slice(0, 2)).toEqual([level('49998.5', '1.00000000'), level('49998.0', '0.50000000')])
    expect(book?.asks.slice(0, 2)).toEqual([level('49999.5', '2.00000000'), level('50001.0', '0.25000000')])
    view.hear({ ...full, at: 7 })
    expect(view.book(BTC, 1)?.bids).toEqual([level('50000.0', '0.50000000')])
  })

  it.each([
    ['a quote', quote('49999.9', '50000.1', 9)],
    ['a print', trade('50000', '0.3', 9)],
  ])('is a ladder of ten levels a side when the feed tells %s alone, the same for the same market', (_, event) => {
    const [book, again] = [viewOf([event]).book(BTC, 25), viewOf([event]).book(BTC, 25)]
    const prices = (levels: readonly { price: string }[] = []) => levels.map(({ price }) => Number(price))
    const [bids, asks] = [prices(book?.bids), prices(book?.asks)]
    expect([bids.length, asks.length]).toEqual([10, 10])
    expect(bids).toEqual([...new Set(bids)].sort((a, b) => b - a))
    expect(asks).toEqual([...new Set(asks)].sort((a, b) => a - b))
    expect(Math.max(...bids)).toBeLessThan(Math.min(...asks))
    expect(again).toEqual(book)
  })
})

it('tells what changed, after it has, until nobody listens', () => {
  const view = viewOf([])
  const told: MarketChange['kind'][] = []
  const stop = view.onChange((change) => told.push(change.kind))
  view.hear(trade('100', '1', 1))
  view.hear(quote('99', '101', 2))
  view.hear({ kind: 'candle', symbol: BTC, candle: candle(0, '100'), at: MINUTE })
  stop()
  view.hear(trade('100', '1', 4))
  expect(told).toEqual(['trade', 'depth', 'bars'])
})

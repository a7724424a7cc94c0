import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../../../src/adapters/clock/simulated.ts'
import { mergeBars, textOf } from '../../../../src/adapters/market/simulated/bar.ts'
import { MARKETS } from '../../../../src/adapters/market/simulated/coins.ts'
import { simulatedFeed } from '../../../../src/adapters/market/simulated/simulated-feed.ts'
import { type Candle, TIMEFRAME_MS, type Timeframe } from '../../../../src/domain/candle.ts'
import { type Pair, pair } from '../../../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../../../src/domain/instrument.ts'
import { amount, sumOf, text } from '../../../../src/domain/units.ts'
import type { Clock } from '../../../../src/ports/clock.ts'
import type { Log } from '../../../../src/ports/log.ts'
import type { MarketEvent } from '../../../../src/ports/market-feed.ts'

const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')
const XRPBTC = pair('XRP/BTC')
const T0 = Date.UTC(2026, 0, 1, 12)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const log: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

function marketAt(now: number, seed = 'test', origin?: number) {
  const clock = simulatedClock(now)
  const feed = simulatedFeed({ clock, random: seededRandom(seed), log, ...(origin === undefined ? {} : { origin }) })
  const events: MarketEvent[] = []
  const run = async (symbols: readonly Pair[], until: number): Promise<readonly MarketEvent[]> => {
    await feed.start(symbols, (event) => events.push(event))
    clock.advanceTo(until)
    return events
  }
  const past = (symbol: Pair, timeframe: Timeframe, bars: number): Promise<readonly Candle[]> =>
    feed.history({ symbol, timeframe, from: clock.now() - bars * TIMEFRAME_MS[timeframe], to: clock.now() })
  return { feed, clock, events, run, past }
}

const candlesOf = (events: readonly MarketEvent[], symbol: Pair): readonly Candle[] =>
  events.flatMap((event) => (event.kind === 'candle' && event.symbol === symbol ? [event.candle] : []))

/** A candle out of the trades of its minute, by exact arithmetic. */
function rebuilt(events: readonly MarketEvent[], symbol: Pair, openAt: number): Omit<Candle, 'symbol' | 'timeframe'> {
  const trades = events.flatMap((event) =>
    event.kind === 'trade' && event.symbol === symbol && event.at >= openAt && event.at < openAt + MINUTE
      ? [event]
      : [],
  )
  const prices = trades.map((trade) => trade.price)
  const byValue = [...prices].sort((a, b) => amount(a).cmp(amount(b)))
  return {
    openAt,
    open: prices[0] ?? '',
    high: byValue.at(-1) ?? '',
    low: byValue[0] ?? '',
    close: prices.at(-1) ?? '',
    volume: text(sumOf(trades.map((trade) => amount(trade.quantity)))),
  }
}

describe('the simulated market', () => {
  it('starts at the documented prices', async () => {
    const events = await marketAt(T0).run([BTC, XRP, pair('ETH/USDT'), XRPBTC, pair('ETH/BTC')], T0 + MINUTE)
    const opens = events.flatMap((event) => (event.kind === 'candle' ? [[event.symbol, event.candle.open]] : []))
    expect(Object.fromEntries(opens)).toEqual({
      'BTC/USDT': '45000',
      'XRP/USDT': '0.6',
      'ETH/USDT': '2500',
      'XRP/BTC': '0.00001333',
      'ETH/BTC': '0.05556',
    })
  })

  it('closes each minute on exactly what it traded', async () => {
    const events = await marketAt(T0).run([BTC, XRP, XRPBTC], T0 + 90 * MINUTE)
    for (const symbol of [BTC, XRP, XRPBTC]) {
      const candles = candlesOf(events, symbol)
      expect(candles).toHaveLength(90)
      for (const { symbol: _symbol, timeframe: _timeframe, ...candle } of candles) {
        expect(rebuilt(events, symbol, candle.openAt)).toEqual(candle)
      }
    }
  })

  it('has no jump between two minutes', async () => {
    const candles = candlesOf(await marketAt(T0).run([XRP], T0 + HOUR), XRP)
    for (const [index, candle] of candles.slice(1).entries()) expect(candle.open).toBe(candles[index]?.close)
  })

  it('trades about once a second, in time order, on the tick and in lots', async () => {
    const events = await marketAt(T0).run([BTC, XRP], T0 + HOUR)
    let lastAt = 0
    const counts = { trade: 0, quote: 0, book: 0, candle: 0, line: 0, ended: 0 }
    for (const event of events) {
      expect(event.at).toBeGreaterThanOrEqual(lastAt)
      lastAt = event.at
      counts[event.kind] += 1
      if (event.kind !== 'trade') continue
      const instrument = BUILT_IN_INSTRUMENTS.find((each) => each.symbol === event.symbol)
      expect(
        amount(event.price)
          .mod(amount(instrument?.tick ?? 0))
          .isZero(),
      ).toBe(true)
      expect(
        amount(event.quantity)
          .mod(amount(instrument?.lot ?? 0))
          .isZero(),
      ).toBe(true)
      expect(amount(event.quantity).gt(0)).toBe(true)
    }
    expect(counts.trade / 7200).toBeGreaterThan(0.8)
    expect(counts.trade / 7200).toBeLessThan(1.2)
    expect(counts).toMatchObject({ quote: counts.trade, candle: 120, line: 1, ended: 0 })
  })

  it('trades at the quote, and the book begins with the quote and never crosses', async () => {
    const events = await marketAt(T0).run([BTC], T0 + 20 * MINUTE)
    let quote: Extract<MarketEvent, { kind: 'quote' }> | null = null
    let books = 0
    for (const event of events) {
      if (event.kind === 'quote') quote = event
      if (event.kind === 'trade') expect(event.price).toBe(event.side === 'buy' ? quote?.ask : quote?.bid)
      if (event.kind !== 'book') continue
      books += 1
      expect([event.bids.length, event.asks.length]).toEqual([10, 10])
      expect([event.bids[0]?.price, event.asks[0]?.price]).toEqual([quote?.bid, quote?.ask])
      const prices = [...[...event.bids].reverse(), ...event.asks].map((level) => Number(level.price))
      expect(prices).toEqual([...new Set(prices)].sort((a, b) => a - b))
    }
    expect(books).toBeGreaterThan(200)
  })

  it('keeps the crosses consistent with their legs at every open and close', async () => {
    const events = await marketAt(T0).run([BTC, XRP, XRPBTC], T0 + HOUR)
    const [btc, xrp] = [candlesOf(events, BTC), candlesOf(events, XRP)]
    candlesOf(events, XRPBTC).forEach((cross, index) => {
      const implied = Number(xrp[index]?.close) / Number(btc[index]?.close)
      expect(Math.abs(Number(cross.close) - implied)).toBeLessThanOrEqual(0.5000001e-8)
    })
  })

  it('moves XRP with BTC, correlated by about .7', async () => {
    const { past } = marketAt(T0)
    const returnsOf = async (symbol: Pair): Promise<readonly number[]> =>
      (await past(symbol, '1m', 14 * 1440)).map((candle) => Math.log(Number(candle.close) / Number(candle.open)))
    const [btc, xrp] = [await returnsOf(BTC), await returnsOf(XRP)]
    const product = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
    const correlation = product(btc, xrp) / Math.sqrt(product(btc, btc) * product(xrp, xrp))
    expect(correlation).toBeGreaterThan(0.65)
    expect(correlation).toBeLessThan(0.8)
  })

  it('has calm and wild hours, of believable size', async () => {
    const hours = await marketAt(T0).past(BTC, '1h', 3000)
    const ranges = hours.map((hour) => Number(hour.high) / Number(hour.low) - 1).sort((a, b) => a - b)
    expect(ranges[300]).toBeLessThan(0.005)
    expect(ranges[2700]).toBeGreaterThan(0.01)
    expect(ranges.at(-1)).toBeLessThan(0.2)
  })

  it('does not trade what it does not know, nor start twice', async () => {
    const { feed } = marketAt(T0)
    await expect(feed.start([pair('DOGE/USDT')], () => undefined)).rejects.toThrow(/does not trade DOGE\/USDT/)
    await feed.start([BTC], () => undefined)
    await expect(feed.start([BTC], () => undefined)).rejects.toThrow(/started before/)
  })
})

describe('the seed', () => {
  it('gives the same market again, and another one for another seed', async () => {
    const first = await marketAt(T0).run([BTC, XRP], T0 + 10 * MINUTE)
    expect(await marketAt(T0).run([BTC, XRP], T0 + 10 * MINUTE)).toEqual(first)
    expect(await marketAt(T0, 'other').run([BTC, XRP], T0 + 10 * MINUTE)).not.toEqual(first)
  })

  it('gives one symbol the same course whichever others are watched', async () => {
    const alone = await marketAt(T0).run([XRP], T0 + 10 * MINUTE)
    const together = await marketAt(T0).run([BTC, XRP], T0 + 10 * MINUTE)
    expect(together.filter((event) => !('symbol' in event) || event.symbol === XRP)).toEqual(alone)
  })

  it('and the origin give the same market at the same moment, after a restart too', async () => {
    const whole = await marketAt(T0).run([BTC], T0 + 30 * MINUTE)
    const restartedAt = T0 + 20 * MINUTE + 23_456
    const restarted = await marketAt(restartedAt, 'test', T0).run([BTC], T0 + 30 * MINUTE)
    expect(restarted.slice(1)).toEqual(whole.filter((event) => event.at >= restartedAt))
  })
})

describe('the past of the simulated market', () => {
  it('ends at the start price and joins the first minute', async () => {
    const { past } = marketAt(T0)
    for (const timeframe of ['1m', '5m', '1h', '4h'] as const) {
      const candles = await past(BTC, timeframe, 300)
      expect(candles).toHaveLength(300)
      expect(candles.at(-1)?.close).toBe('45000')
      candles.slice(1).forEach((candle, index) => {
        expect(candle.openAt - (candles[index]?.openAt ?? 0)).toBe(TIMEFRAME_MS[timeframe])
        expect(candle.open).toBe(candles[index]?.close)
      })
    }
  })

  it('warms up an EMA 200 on every time frame', async () => {
    const { past } = marketAt(T0)
    for (const timeframe of ['1m', '15m', '1h', '4h', '12h', '1d', '1w'] as const) {
      expect((await past(XRP, timeframe, 205)).length, timeframe).toBeGreaterThanOrEqual(204)
    }
  })

  it('is one past: coarse candles are the sum of the fine ones', async () => {
    const { past } = marketAt(T0)
    const minutes = await past(XRP, '1m', 24 * 60)
    const hours = await past(XRP, '1h', 24)
    for (const hour of hours) {
      const within = minutes.filter((each) => each.openAt >= hour.openAt && each.openAt < hour.openAt + HOUR)
      expect(within).toHaveLength(60)
      expect(hour.open).toBe(within[0]?.open)
      expect(hour.close).toBe(within.at(-1)?.close)
      expect(Number(hour.high)).toBe(Math.max(...within.map((each) => Number(each.high))))
      expect(Number(hour.low)).toBe(Math.min(...within.map((each) => Number(each.low))))
      expect(hour.volume).toBe(text(sumOf(within.map((each) => amount(each.volume)))))
    }
  })

  it('begins weeks on Monday', async () => {
    const [week] = await marketAt(T0).past(BTC, '1w', 3)
    expect(new Date(week?.openAt ?? 0).getUTCDay()).toBe(1)
  })

  it('never shows a candle that has not closed', async () => {
    const { feed, run } = marketAt(T0)
    await run([BTC], T0 + 2 * MINUTE + 30_000)
    const seen = await feed.history({ symbol: BTC, timeframe: '1m', from: T0, to: T0 + HOUR })
    expect(seen.map((candle) => (candle.openAt - T0) / MINUTE)).toEqual([0, 1])
  })

  it('holds the very candles that were told', async () => {
    const { feed, run } = marketAt(T0)
    const told = candlesOf(await run([XRP], T0 + 30 * MINUTE), XRP)
    expect(await feed.history({ symbol: XRP, timeframe: '1m', from: T0, to: T0 + HOUR })).toEqual(told)
  })
})

describe('on a clock that was late', () => {
  it('tells minutes long past by their candles alone, then goes on', async () => {
    const callbacks: (() => void)[] = []
    let now = T0
    const clock: Clock = {
      now: () => now,
      at: (_dueAt, callback) => {
        callbacks.push(callback)
        return { cancel: () => undefined }
      },
    }
    const feed = simulatedFeed({ clock, random: seededRandom('test'), log })
    const events: MarketEvent[] = []
    await feed.start([BTC], (event) => events.push(event))
    callbacks.shift()?.()
    now = T0 + 60 * MINUTE
    for (let turn = 0; turn < 62; turn++) callbacks.shift()?.()
    expect(candlesOf(events, BTC)).toHaveLength(60)
    const traded = new Set(
      events.flatMap((event) => (event.kind === 'trade' ? [Math.floor((event.at - T0) / MINUTE)] : [])),
    )
    expect([...traded].every((minute) => minute === 0 || minute >= 58)).toBe(true)
  })

  it('says nothing more once stopped', async () => {
    const { feed, clock, events, run } = marketAt(T0)
    await run([BTC], T0 + MINUTE)
    const told = events.length
    await feed.stop()
    clock.advanceTo(T0 + HOUR)
    expect(events).toHaveLength(told)
  })
})

describe('ticks and lots', () => {
  it('become exact canonical text', () => {
    expect([textOf(0, 5), textOf(1, 8), textOf(450_000, 1), textOf(123_450, 5), textOf(7, 0)]).toEqual([
      '0',
      '0.00000001',
      '45000',
      '1.2345',
      '7',
    ])
  })

  it('are those of the built-in instruments', () => {
    for (const market of MARKETS) {
      const instrument = BUILT_IN_INSTRUMENTS.find((each) => each.symbol === market.symbol)
      expect(textOf(1, market.tickDecimals)).toBe(instrument?.tick)
    }
  })

  it('of no bars make no bar', () => {
    expect(mergeBars([])).toBeNull()
  })
})

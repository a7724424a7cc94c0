import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { createMarket, marketLogic } from '../../actors/market.actor.ts'
import { createTriggerIndex } from '../../actors/trigger-index.ts'
import { type Candle, TIMEFRAME_MS, type Timeframe } from '../../src/domain/candle.ts'
import { pair } from '../../src/domain/ids.ts'
import type { HistoryQuery } from '../../src/ports/market-feed.ts'
import { BTC, POSITION, SETTINGS, settle, T0, tradingHouse, XRP } from './trading-house.ts'

const MINUTE = 60_000
const candle = (openAt: number, changes: Partial<Candle> = {}): Candle => ({
  ...{ symbol: BTC, timeframe: '1m', openAt, open: '100', high: '101', low: '99', close: '100', volume: '1' },
  ...changes,
})

function marketHouse(history: (query: HistoryQuery) => readonly Candle[] = () => []) {
  const house = tradingHouse({ history })
  house.listenAs('signals', 'system')
  const crossed: string[] = []
  const triggers = createTriggerIndex((id, kind, price) => crossed.push(`${id} ${kind} at ${price}`) > 0)
  let ends = 0
  const market = createMarket(house.house, triggers, () => {
    ends += 1
  })
  const trade = (price: string, symbol = BTC): void =>
    market.hear({ kind: 'trade', symbol, price, quantity: '1', side: null, at: house.clock.now() })
  const closed = (openAt: number, changes: Partial<Candle> = {}): void => {
    house.clock.advanceTo(Math.max(house.clock.now(), openAt + MINUTE))
    market.hear({ kind: 'candle', symbol: BTC, candle: candle(openAt, changes), at: openAt + MINUTE })
  }
  const counted = () => house.heardBy('signals').map((message) => message.ok)
  return { ...house, market, triggers, crossed, trade, closed, counted, ends: () => ends }
}

describe('marks', () => {
  it('are the last trade, with the time of the venue', () => {
    const { market, trade } = marketHouse()
    trade('100')
    market.hear({ kind: 'trade', symbol: BTC, price: '101', quantity: '1', side: 'buy', at: T0 - 250 })
    expect(market.marks()[BTC]).toEqual({ price: '101', at: T0 - 250 })
    expect(market.marks()[XRP]).toBeUndefined()
    expect(market.marks()).toEqual({ 'BTC/USDT': { price: '101', at: T0 - 250 } })
  })

  it('are the middle of a quote, to the last digit', () => {
    const { market } = marketHouse()
    const sizes = { bidQuantity: '1', askQuantity: '1', at: T0 }
    market.hear({ kind: 'quote', symbol: BTC, bid: '100.1', ask: '100.2', ...sizes })
    expect(market.marks()[BTC]?.price).toBe('100.15')
  })
})

describe('a trigger that is registered after the tick that crosses it', () => {
  const follow = { symbol: BTC, side: 'long', stopLoss: '90', takeProfit: null, trail: '101' } as const

  it('is told by the sweep, once, though nobody trades', () => {
    const { crossed, market, trade, triggers } = marketHouse()
    trade('102')
    triggers.watch(POSITION, follow)
    expect(crossed).toEqual([])
    market.sweepTriggers()
    market.sweepTriggers()
    expect(crossed).toEqual([`${POSITION} trail at 102`])
  })

  it('waits for a fresh price where the last one is stale', () => {
    const { clock, crossed, market, trade, triggers } = marketHouse()
    trade('102')
    clock.advanceTo(T0 + SETTINGS.staleAfterMs + 1)
    market.checkFreshness()
    triggers.watch(POSITION, follow)
    market.sweepTriggers()
    expect(crossed).toEqual([])
    trade('103')
    expect(crossed).toEqual([`${POSITION} trail at 103`])
  })

  it('is not told by a price from before a silence, though quotes are fresh again', () => {
    const { clock, crossed, market, trade, triggers } = marketHouse()
    trade('102')
    clock.advanceTo(T0 + SETTINGS.staleAfterMs + 1)
    market.checkFreshness()
    const at = clock.now()
    market.hear({ kind: 'quote', symbol: BTC, bid: '110', ask: '111', bidQuantity: '1', askQuantity: '1', at })
    triggers.watch(POSITION, { ...follow, stopLoss: '105', trail: null })
    market.sweepTriggers()
    expect(crossed).toEqual([])
    trade('105')
    expect(crossed).toEqual([`${POSITION} stopLoss at 105`])
  })
})

describe('marks that were handed out', () => {
  it('stay what they were, however the price goes on', () => {
    const { market, trade } = marketHouse()
    trade('100')
    const before = market.marks()
    trade('101')
    trade('0.5', XRP)
    expect(before).toEqual({ [BTC]: { price: '100', at: T0 } })
    expect(market.marks()).toEqual({ [BTC]: { price: '101', at: T0 }, [XRP]: { price: '0.5', at: T0 } })
  })

  it('are the same ones until a price changes', () => {
    const { market, trade } = marketHouse()
    trade('100')
    expect(market.marks()).toBe(market.marks())
  })

  it('follow a quote after a trade and a trade after a quote', () => {
    const { market, trade } = marketHouse()
    const quote = (bid: string, ask: string): void =>
      market.hear({ kind: 'quote', symbol: BTC, bid, ask, bidQuantity: '1', askQuantity: '1', at: T0 })
    const seen: unknown[] = []
    for (const tell of [() => trade('100'), () => quote('101', '102'), () => quote('101', '103'), () => trade('99')]) {
      tell()
      seen.push(market.marks()[BTC]?.price)
    }
    expect(seen).toEqual(['100', '101.5', '102', '99'])
  })

  it('are none of a quote without numbers: it is refused where it is heard', () => {
    const { market, trade } = marketHouse()
    trade('100')
    const sizes = { bidQuantity: '1', askQuantity: '1', at: T0 }
    expect(() => market.hear({ kind: 'quote', symbol: BTC, bid: 'much', ask: '102', ...sizes })).toThrow('much')
    expect(market.marks()[BTC]?.price).toBe('100')
  })
})

describe('triggers', () => {
  it('are crossed by trades, never by quotes or books', () => {
    const { market, triggers, trade, crossed } = marketHouse()
    triggers.watch(POSITION, { symbol: BTC, side: 'long', stopLoss: '97', takeProfit: null, trail: null })
    const sizes = { bidQuantity: '1', askQuantity: '1', at: T0 }
    market.hear({ kind: 'quote', symbol: BTC, bid: '90', ask: '91', ...sizes })
    market.hear({ kind: 'book', symbol: BTC, bids: [{ price: '90', quantity: '1' }], asks: [], at: T0 })
    expect(crossed).toEqual([])
    trade('97')
    expect(crossed).toEqual([`${POSITION} stopLoss at 97`])
  })
})

describe('freshness', () => {
  it('is lost once and said once, and found again by the next price', () => {
    const { market, trade, clock, told } = marketHouse()
    trade('100')
    trade('0.5', XRP)
    clock.advanceTo(T0 + SETTINGS.staleAfterMs)
    market.checkFreshness()
    expect(told('market.stale')).toEqual([])

    clock.advanceTo(T0 + SETTINGS.staleAfterMs + 1)
    trade('0.5', XRP)
    market.checkFreshness()
    market.checkFreshness()
    expect(told('market.stale')).toMatchObject([{ symbol: BTC, lastSeenAt: T0 }])

    trade('100')
    trade('100')
    expect(told('market.fresh')).toMatchObject([{ symbol: BTC }])
  })

  it('counts once a look, however many symbols are stale: an answer only while all of them are fresh', () => {
    const { market, trade, clock, counted } = marketHouse()
    const look = (): void => market.checkFreshness()
    look()
    trade('100')
    look()
    trade('0.5', XRP)
    look()
    clock.advanceTo(T0 + SETTINGS.staleAfterMs + 1)
    look()
    expect(counted()).toEqual([false, false, true, false])
  })

  it('of a symbol that was never seen is missing from the start', () => {
    const { market, told } = marketHouse()
    market.checkFreshness()
    expect(told('market.stale')).toMatchObject([
      { symbol: BTC, lastSeenAt: null },
      { symbol: XRP, lastSeenAt: null },
    ])
  })
})

describe('candles', () => {
  it('are stated when they close, at their closing time, and counted', () => {
    const { market, closed, told } = marketHouse()
    closed(T0)
    expect(told('candle.closed')).toMatchObject([{ symbol: BTC, at: T0 + MINUTE, candle: { openAt: T0 } }])
    expect(market.candlesHeard).toBe(1)
  })

  it('that are no candles are refused: not stated, not written, not counted', async () => {
    const { market, closed, told, saved, logged } = marketHouse()
    closed(T0)
    closed(T0)
    closed(T0 + MINUTE, { high: '50' })
    market.hear({ kind: 'candle', symbol: XRP, candle: candle(T0), at: T0 })
    await market.flush()
    expect(market.candlesHeard).toBe(1)
    expect(told('candle.closed')).toHaveLength(1)
    expect(saved.flat()).toHaveLength(1)
    expect(logged.filter((line) => line === 'candle refused').length).toBeGreaterThan(1)
  })

  it('that are missing are said to be', () => {
    const { closed, told } = marketHouse()
    closed(T0)
    closed(T0 + 4 * MINUTE)
    expect(told('market.gapFound')).toMatchObject([{ symbol: BTC, missing: 3 }])
  })

  it('are written once each, in groups: by time, by number, and when the market is told to finish', async () => {
    const { market, closed, clock, saved } = marketHouse()
    closed(T0)
    closed(T0 + MINUTE)
    clock.advanceTo(clock.now() + SETTINGS.candleWriteMs)
    await settle()
    closed(T0 + 2 * MINUTE)
    await market.flush()
    await market.flush()
    clock.advanceTo(clock.now() + 10 * SETTINGS.candleWriteMs)
    await market.flush()
    expect(saved.flat().map(({ openAt }) => (openAt - T0) / MINUTE)).toEqual([0, 1, 2])
  })

  it('do not wait for company for ever when they come fast', async () => {
    const { market, saved } = marketHouse()
    for (let index = 0; index < 501; index += 1) {
      const openAt = T0 - 600 * MINUTE + index * MINUTE
      market.hear({ kind: 'candle', symbol: BTC, candle: candle(openAt), at: openAt + MINUTE })
    }
    await settle()
    expect(saved.map((batch) => batch.length)).toEqual([500])
  })

  it('that cannot be written are said, and do not stop the next ones', async () => {
    const { house, logged } = tradingHouse()
    let writes = 0
    const save = (): Promise<void> => {
      writes += 1
      return writes === 1 ? Promise.reject(new Error('the disk is full')) : Promise.resolve()
    }
    const parts = { ...house, candles: { ...house.candles, save } }
    const market = createMarket(
      parts,
      createTriggerIndex(() => true),
      () => {},
    )
    for (const openAt of [T0 - 2 * MINUTE, T0 - MINUTE]) {
      market.hear({ kind: 'candle', symbol: BTC, candle: candle(openAt), at: openAt })
      await market.flush()
    }
    expect(writes).toBe(2)
    expect(logged).toContain('candles could not be written')
  })
})

describe('warming up', () => {
  const bars = ({ symbol, timeframe, from, to }: HistoryQuery, wanted: readonly Timeframe[]): Candle[] => {
    const step = TIMEFRAME_MS[timeframe]
    if (!wanted.includes(timeframe)) return []
    const found: Candle[] = []
    for (let openAt = Math.ceil(from / step) * step; openAt < to; openAt += step)
      found.push(candle(openAt, { symbol, timeframe }))
    return found
  }
  const half = Math.floor(T0 / MINUTE) * MINUTE

  it('reads history of every time frame into the indicators, and the last minute into the mark', async () => {
    const { market } = marketHouse((query) => bars(query, ['1d', '4h', '1h', '15m', '5m', '1m']))
    const warm = await market.warmUp(T0)
    expect(warm.missing).toEqual([])
    expect(warm.refused).toBe(0)
    expect(warm.candles).toBeGreaterThan(2 * 5 * 249)
    expect(market.marks()[BTC]).toEqual({ price: '100', at: half })
    const snapshot = market.snapshot(BTC)
    expect(snapshot).toMatchObject({ kind: 'taken' })
    expect(market.candlesHeard).toBe(0)
  })

  it('takes no candle that has not closed yet', async () => {
    const until = half + 30_000
    const { market, clock } = marketHouse((query) => bars(query, ['1h', '1m']))
    clock.advanceTo(until)
    await market.warmUp(until)
    expect(market.marks()[BTC]?.at).toBe(half)
  })

  it('names what it could not have', async () => {
    const { market } = marketHouse()
    const warm = await market.warmUp(T0)
    expect(warm).toMatchObject({ candles: 0, refused: 0 })
    expect(warm.missing).toContain('BTC/USDT 1h')
    expect(market.marks()[BTC]).toBeUndefined()
  })
})

describe('the line', () => {
  it('that drops puts the picture in doubt, without stopping trade; one that comes back says nothing', () => {
    const { market, heardBy } = marketHouse()
    market.hear({ kind: 'line', up: false, reason: 'no heartbeat', at: T0 })
    market.hear({ kind: 'line', up: true, reason: null, at: T0 })
    expect(heardBy('system')).toEqual([
      {
        ...{ name: 'system', type: 'picture.doubted', reason: 'the market line is down: no heartbeat' },
        ...{ stopTrading: false, seenAt: T0 },
      },
    ])
  })

  it('of a replay ends once', () => {
    const { market, ends } = marketHouse()
    expect(ends()).toBe(0)
    market.hear({ kind: 'ended', at: T0 })
    expect(ends()).toBe(1)
  })
})

it('asks nobody for a symbol that is not watched', () => {
  const { market } = marketHouse()
  expect(() => market.snapshot(pair('ETH/USDT'))).toThrow('ETH/USDT is not watched')
})

it('the actor passes on what it is told, and crashes for a feed that did', () => {
  const { market, ends } = marketHouse()
  const actor = createActor(marketLogic(market))
  const crashes: unknown[] = []
  actor.subscribe({ error: (error) => void crashes.push(error) })
  actor.start()
  actor.send({ type: 'market.told', event: { kind: 'ended', at: T0 } })
  expect(ends()).toBe(1)
  actor.send({ type: 'feed.crashed', problem: 'a bug in the feed' })
  expect(crashes).toEqual([new Error('a bug in the feed')])
})

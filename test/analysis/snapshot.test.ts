import { describe, expect, it } from 'vitest'
import { bookFeatures } from '../../src/analysis/book-features.ts'
import { MarketState } from '../../src/analysis/market-state.ts'
import { freshReading, gatherSnapshot, type SnapshotInput } from '../../src/analysis/snapshot.ts'
import { snapshotKey } from '../../src/analysis/snapshot-key.ts'
import { BTC, candle, candles, MINUTE } from './candles.ts'
import { NOW, reading, snapshot } from './snapshots.ts'

const NONE: SnapshotInput = {
  symbol: BTC,
  now: NOW,
  expected: ['1m', '5m', '15m', '1h', '4h', '1d'],
  slackMs: 120_000,
  book: 'none',
  readings: { '1m': null, '5m': null, '15m': null, '1h': null, '4h': null, '1d': null },
}
const THREE = { ...NONE.readings, '1m': reading('1m'), '5m': reading('5m'), '1h': reading('1h') }

describe('a snapshot', () => {
  it('is refused when more than half of its sources failed, and taken at half', () => {
    expect(gatherSnapshot({ ...NONE, readings: THREE })).toMatchObject({
      kind: 'taken',
      snapshot: { failedSources: 3 },
    })
    const two = { ...THREE, '5m': null }
    expect(gatherSnapshot({ ...NONE, readings: two })).toMatchObject({
      kind: 'refused',
      reason: 'tooManySourcesFailed',
      failedSources: 4,
      sources: 6,
    })
  })

  it('counts a missing, stale or unusable book as a source that failed', () => {
    for (const book of ['missing', 'stale', 'unusable'] as const)
      expect(gatherSnapshot({ ...NONE, readings: THREE, book })).toMatchObject({ kind: 'refused', sources: 7 })
  })

  it('is refused when nothing is there, whatever is expected', () => {
    expect(gatherSnapshot({ ...NONE, expected: [] }).kind).toBe('refused')
  })

  it('flags a time frame as stale once its candle is older than interval and slack', () => {
    const at = (now: number) => gatherSnapshot({ ...NONE, readings: THREE, now, slackMs: 1000 })
    const flags = (result: ReturnType<typeof at>) =>
      (result.kind === 'taken' ? result.snapshot : result).flags.filter((flag) => flag.problem === 'stale')
    expect(flags(at(NOW + MINUTE + 1000))).toEqual([])
    expect(flags(at(NOW + MINUTE + 1001))).toEqual([{ source: '1m', problem: 'stale' }])
  })

  it('gives no stale reading to a rule', () => {
    const readings = { ...THREE, '4h': reading('4h'), '1h': reading('1h', {}, { openAt: 0 }) }
    const result = gatherSnapshot({ ...NONE, readings })
    if (result.kind === 'refused') throw new Error('refused')
    expect(freshReading(result.snapshot, '1h')).toBeNull()
    expect(freshReading(result.snapshot, '4h')).toBe(readings['4h'])
  })

  it('flags time frames whose EMA 200 is warming up', () => {
    const warm = { ...THREE, '1m': reading('1m', { ema_200: 100 }) }
    const result = gatherSnapshot({ ...NONE, readings: warm })
    const flags = result.kind === 'taken' ? result.snapshot.flags : []
    expect(flags.filter((flag) => flag.problem === 'warmingUp').map((flag) => flag.source)).toEqual(['5m', '1h'])
  })

  it('measures alignment as (bullish − bearish) ÷ total over the time frames that can be computed', () => {
    expect(snapshot({}, { up: 3, down: 1 }).trend).toMatchObject({ bullish: 3, bearish: 1, total: 6, alignment: 1 / 3 })
    expect(snapshot({ ema_9: null }, { up: 3 }).trend).toMatchObject({ total: 5, alignment: 3 / 5 })
    expect(snapshot({}, { up: 6 }).trend.alignment).toBe(1)
  })

  it('has the freshest close as its last price', () => {
    const earlier = reading('1h', {}, { openAt: NOW - 61 * 60 * MINUTE, close: '98' })
    const readings = {
      ...THREE,
      '1m': reading('1m', {}, { close: '100.25' }),
      '5m': reading('5m'),
      '15m': reading('15m'),
    }
    const result = gatherSnapshot({ ...NONE, readings: { ...readings, '1h': earlier } })
    expect(result).toMatchObject({ kind: 'taken', snapshot: { lastPrice: '100.25' } })
  })

  it('has the same key for the same market, and another one when anything differs', () => {
    const key = snapshotKey(snapshot({ rsi_14: 50 }))
    expect(snapshotKey(snapshot({ rsi_14: 50 }))).toBe(key)
    expect(snapshotKey(snapshot({ rsi_14: 50.000001 }))).not.toBe(key)
    expect(snapshotKey({ ...snapshot({ rsi_14: 50 }), at: NOW + 1 })).not.toBe(key)
    expect(snapshotKey(snapshot({ rsi_14: 50 }, {}, '100.1'))).not.toBe(key)
  })
})

describe('book features', () => {
  const book = {
    at: NOW,
    bids: [
      { price: '99', quantity: '3' },
      { price: '98', quantity: '1' },
    ],
    asks: [
      { price: '101', quantity: '1' },
      { price: '102', quantity: '1' },
    ],
  }

  it('are depth, imbalance, spread and weighted mid', () => {
    expect(bookFeatures(book, 1)).toEqual({
      at: NOW,
      bidDepthUsd: 395,
      askDepthUsd: 203,
      imbalance: 192 / 598,
      spreadBps: 200,
      weightedMid: (99 * 1 + 101 * 3) / 4,
      levels: 2,
    })
    expect(bookFeatures(book, 50_000)?.bidDepthUsd).toBe(395 * 50_000)
  })

  it('read ten levels', () => {
    const side = (from: number) => Array.from({ length: 25 }, (_, at) => ({ price: `${from + at}`, quantity: '1' }))
    const features = bookFeatures({ at: NOW, bids: [{ price: '1', quantity: '1' }], asks: side(2) }, 1)
    expect(features).toMatchObject({ levels: 10, askDepthUsd: 65 })
  })

  it.each([
    ['an empty side', { ...book, bids: [] }],
    ['a crossed book', { ...book, asks: [{ price: '99', quantity: '1' }] }],
    ['a price that is no number', { ...book, asks: [{ price: 'x', quantity: '1' }] }],
    [
      'a size of zero',
      {
        ...book,
        bids: [
          { price: '99', quantity: '0' },
          { price: '98', quantity: '1' },
        ],
      },
    ],
  ])('do not exist for %s', (_, given) => {
    expect(bookFeatures(given, 1)).toBeNull()
  })
})

describe('the market state', () => {
  const day = candles(1440, '1m', NOW - 1440 * MINUTE)
  const fed = (options = {}) => {
    const state = new MarketState({ symbol: BTC, ...options })
    for (const one of day) state.add(one)
    return state
  }

  it('carries a minute through all nine time frames', () => {
    const state = fed()
    const counts = (['1m', '5m', '15m', '30m', '1h', '4h', '12h', '1d', '1w'] as const).map(
      (timeframe) => state.candles(timeframe).length,
    )
    expect(counts).toEqual([250, 250, 96, 48, 24, 6, 2, 1, 0])
    expect(state.indicators('1h').rsi_14).not.toBeNull()
    expect(state.lastPrice()).toBe('100')
  })

  it('keeps the newest candles in order once the ring has wrapped', () => {
    const opened = fed({ keep: 7 })
      .candles('1m')
      .map((one) => one.openAt)
    expect(opened).toEqual(day.slice(-7).map((one) => one.openAt))
    expect(
      fed({ keep: 7 })
        .candles('1m', 2)
        .map((one) => one.openAt),
    ).toEqual(opened.slice(-2))
  })

  it('takes snapshots with the last candles of each time frame and no book in a replay', () => {
    const result = fed().snapshot(NOW)
    expect(result).toMatchObject({ kind: 'taken', snapshot: { sources: 6, failedSources: 0, book: null } })
    const frames = result.kind === 'taken' ? result.snapshot.timeframes : null
    expect(frames?.['1h']?.candles.length).toBe(10)
    expect(frames?.['1h']?.range).toEqual({ highest: '101', lowest: '99' })
  })

  it('refuses a snapshot on a market that went silent', () => {
    expect(fed().snapshot(NOW + 3 * 3_600_000)).toMatchObject({ kind: 'refused', failedSources: 4 })
  })

  it('flags a missing, an old and a crossed book where one is expected', () => {
    const state = fed({ expectsBook: true })
    const side = [{ price: '100', quantity: '1' }]
    const problems = (result: ReturnType<typeof state.snapshot>) =>
      (result.kind === 'taken' ? result.snapshot : result).flags.filter((flag) => flag.source === 'book')
    expect(problems(state.snapshot(NOW))).toEqual([{ source: 'book', problem: 'missing' }])
    const old = { at: NOW - 60_001, bids: side, asks: [{ price: '101', quantity: '1' }] }
    expect(problems(state.snapshot(NOW, old))).toEqual([{ source: 'book', problem: 'stale' }])
    expect(problems(state.snapshot(NOW, { at: NOW, bids: side, asks: side }))).toEqual([
      { source: 'book', problem: 'unusable' },
    ])
  })

  it('expects no minutes of a feed of hours', () => {
    const state = new MarketState({ symbol: BTC, base: '1h' })
    for (const one of candles(48, '1h', NOW - 48 * 60 * MINUTE)) state.add(one)
    expect(state.snapshot(NOW)).toMatchObject({ kind: 'taken', snapshot: { sources: 3, failedSources: 0 } })
  })

  it('is warmed up by history given in any order of time frames', () => {
    // From ten hours before the day began to its last hour, and that one in minutes.
    const history = [...candles(60, '1m', NOW - 60 * MINUTE), ...candles(33, '1h', NOW - 34 * 60 * MINUTE)]
    const state = new MarketState({ symbol: BTC })
    expect(state.warmUp(history)).toBe(0)
    expect(state.candles('1h').length).toBe(34)
    expect(state.candles('1d').map((one) => one.openAt)).toEqual([NOW - 1440 * MINUTE])
  })

  it('leaves everything as it was when a candle is refused', () => {
    const state = fed()
    const before = state.snapshot(NOW)
    expect(state.add(candle(NOW, { low: '500' }))).toMatchObject({ kind: 'refused', reason: 'insane' })
    expect(state.snapshot(NOW)).toEqual(before)
  })
})

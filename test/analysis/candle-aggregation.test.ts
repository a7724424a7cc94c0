import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BaseTimeframe, CandleAggregator, type CandleGap, startOf } from '../../src/analysis/candle-aggregation.ts'
import { type Candle, TIMEFRAME_MS, type Timeframe } from '../../src/domain/candle.ts'
import { pair } from '../../src/domain/ids.ts'
import { marketData } from '../support/market-data.ts'
import { candlesOfCsv } from './candle-files.ts'
import { BTC, candle, candles, DAY, HOUR, MINUTE, MONDAY } from './candles.ts'

/** Everything closed, by time frame, and every gap. */
function aggregate(given: readonly Candle[], base: BaseTimeframe = '1m') {
  const aggregator = new CandleAggregator(given[0]?.symbol ?? BTC, base)
  const closed: Candle[] = []
  const gaps: CandleGap[] = []
  const refused: string[] = []
  for (const one of given) {
    const addition = aggregator.add(one)
    if (addition.kind === 'refused') refused.push(addition.reason)
    else {
      closed.push(...addition.closed.map(({ candle: coarser }) => coarser))
      gaps.push(...addition.gaps)
    }
  }
  const of = (timeframe: Timeframe) => closed.filter((one) => one.timeframe === timeframe)
  return { aggregator, closed, gaps, refused, of }
}

describe('candle aggregation', () => {
  it('closes a coarser candle on the minute that ends it, and not before', () => {
    const { aggregator, closed } = aggregate(candles(4))
    expect(closed).toEqual([])
    const last = aggregator.add(candle(MONDAY + 4 * MINUTE, { close: '100.5' }))
    expect(last.kind === 'accepted' ? last.closed.map((one) => one.candle) : last).toEqual([
      { ...candle(MONDAY), timeframe: '5m', close: '100.5', volume: '5' },
    ])
  })

  it('closes it on the first minute after it when its last minute never came', () => {
    const { aggregator } = aggregate(candles(3))
    const next = aggregator.add(candle(MONDAY + 6 * MINUTE))
    expect(next).toMatchObject({
      closed: [{ candle: { timeframe: '5m', openAt: MONDAY, volume: '3' } }],
      gaps: [{ timeframe: '1m', from: MONDAY + 3 * MINUTE, to: MONDAY + 6 * MINUTE, missing: 3 }],
    })
  })

  it('takes open, high, low, close and exact volume from the minutes', () => {
    const minutes = candles(5, '1m', MONDAY, (index) => ({
      open: `${10 + index}`,
      high: `${20 - index}`,
      low: `${5 - index}`,
      close: `${11 + index}`,
      volume: '0.1',
    }))
    expect(aggregate(minutes).of('5m')).toEqual([
      candle(MONDAY, { timeframe: '5m', open: '10', high: '20', low: '1', close: '15', volume: '0.5' }),
    ])
  })

  it('closes every time frame at the end of a week that begins on Monday', () => {
    const { of } = aggregate(candles(7 * 1440))
    expect(of('1w').map((one) => [one.openAt, one.volume])).toEqual([[MONDAY, '10080']])
    expect([of('5m'), of('15m'), of('30m'), of('1h')].map((all) => all.length)).toEqual([2016, 672, 336, 168])
    expect([of('4h'), of('12h'), of('1d')].map((all) => all.length)).toEqual([42, 14, 7])
  })

  it('drops the candles whose beginning it never saw', () => {
    const { of } = aggregate(candles(120, '1m', MONDAY + 3 * MINUTE))
    expect(of('5m')[0]?.openAt).toBe(MONDAY + 5 * MINUTE)
    expect(of('1h').map((one) => one.openAt)).toEqual(
      [MONDAY + HOUR].filter((at) => at + HOUR <= MONDAY + 123 * MINUTE),
    )
  })

  it('finishes the running day from the hours of its history and the minutes that follow', () => {
    const aggregator = new CandleAggregator(BTC)
    for (const day of candles(2, '1d', MONDAY)) expect(aggregator.add(day).kind).toBe('accepted')
    const wednesday = MONDAY + 2 * DAY
    for (const hour of candles(30, '1h', wednesday - 7 * HOUR, () => ({ volume: '60' }))) aggregator.add(hour)
    const closed: Candle[] = []
    for (const minute of candles(60, '1m', wednesday + 23 * HOUR)) {
      const addition = aggregator.add(minute)
      if (addition.kind === 'accepted') closed.push(...addition.closed.map((one) => one.candle))
    }
    const days = closed.filter((one) => one.timeframe === '1d')
    expect(days.map((one) => [one.openAt, one.volume])).toEqual([[wednesday, '1440']])
  })

  it('counts no minute twice when history has its hour already', () => {
    const aggregator = new CandleAggregator(BTC)
    for (const hour of candles(4, '1h', MONDAY, () => ({ volume: '60' }))) aggregator.add(hour)
    const closed: Candle[] = []
    for (const minute of candles(8 * 60, '1m', MONDAY)) {
      const addition = aggregator.add(minute)
      if (addition.kind === 'accepted') closed.push(...addition.closed.map((one) => one.candle))
    }
    const volumes = (timeframe: Timeframe) =>
      closed.filter((one) => one.timeframe === timeframe).map((one) => [(one.openAt - MONDAY) / HOUR, one.volume])
    expect(volumes('1h')).toEqual([4, 5, 6, 7].map((at) => [at, '60']))
    expect(volumes('4h')).toEqual([[4, '240']])
  })

  it.each<[string, Partial<Candle>, string]>([
    ['a high below the low', { high: '98' }, 'insane'],
    ['an open above the high', { open: '102' }, 'insane'],
    ['an open below the low', { open: '98.9' }, 'insane'],
    ['a close above the high', { close: '101.1' }, 'insane'],
    ['a close below the low', { close: '98.9' }, 'insane'],
    ['a price of zero', { low: '0' }, 'insane'],
    ['a negative price', { low: '-1' }, 'insane'],
    ['a price that is no number', { close: 'NaN' }, 'malformed'],
    ['an infinite price', { high: 'Infinity' }, 'malformed'],
    ['a negative volume', { volume: '-1' }, 'malformed'],
    ['a volume that is no number', { volume: '' }, 'malformed'],
    ['a time inside a minute', { openAt: MONDAY + 1 }, 'misaligned'],
    ['a time that is no number', { openAt: Number.NaN }, 'misaligned'],
    ['another symbol', { symbol: pair('XRP/USDT') }, 'foreign'],
  ])('refuses %s', (_, changes, reason) => {
    const aggregator = new CandleAggregator(BTC)
    expect(aggregator.add(candle(MONDAY, changes))).toMatchObject({ kind: 'refused', reason })
    expect(aggregator.add(candle(MONDAY)).kind).toBe('accepted')
  })

  it('refuses duplicates, what is out of order, and minutes that are not over', () => {
    const { aggregator } = aggregate(candles(3))
    expect(aggregator.add(candle(MONDAY + 2 * MINUTE))).toMatchObject({ reason: 'duplicate' })
    expect(aggregator.add(candle(MONDAY))).toMatchObject({ reason: 'outOfOrder' })
    const next = candle(MONDAY + 3 * MINUTE)
    expect(aggregator.add(next, MONDAY + 4 * MINUTE - 1)).toMatchObject({ reason: 'future' })
    expect(aggregator.add(next, MONDAY + 4 * MINUTE).kind).toBe('accepted')
  })

  it('refuses time frames finer than a coarser base', () => {
    const hourly = new CandleAggregator(BTC, '1h')
    expect(hourly.add(candle(MONDAY))).toMatchObject({ reason: 'foreign' })
    expect(hourly.add(candle(MONDAY, { timeframe: '1h' })).kind).toBe('accepted')
  })

  it('gives what a batch over the same minutes gives, whatever is missing', () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 400 }).map((picked) =>
      picked
        .toSorted((a, b) => a - b)
        .map((minute) => {
          const middle = 100 + ((minute * 7919) % 100) / 10
          const [low, high] = [String(middle - 1), String(middle + 1)]
          return candle(MONDAY + minute * MINUTE, { open: low, high, low, close: high, volume: `0.0${minute % 9}1` })
        }),
    )
    fc.assert(
      fc.property(minutes, fc.constantFrom<Timeframe>('5m', '30m', '4h', '1d'), (given, timeframe) => {
        const { of } = aggregate([candle(MONDAY - DAY), ...given])
        const wanted = batch([candle(MONDAY - DAY), ...given], timeframe)
        expect(
          of(timeframe)
            .filter((one) => one.openAt >= MONDAY)
            .map(flat),
        ).toEqual(wanted.filter((one) => one.openAt >= MONDAY).map(flat))
      }),
      { seed: 7, numRuns: 150 },
    )
  })
})

const flat = (one: Candle) => [one.openAt, one.open, one.high, one.low, one.close, Number(one.volume).toFixed(6)]

/** The same by grouping: only those that a later or the last minute ended. */
function batch(given: readonly Candle[], timeframe: Timeframe): Candle[] {
  const groups = Map.groupBy(given, (one) => startOf(one.openAt, timeframe))
  const end = (given.at(-1)?.openAt ?? 0) + MINUTE
  return [...groups]
    .filter(([openAt]) => openAt + TIMEFRAME_MS[timeframe] <= end)
    .map(([openAt, group]) => ({
      ...candle(openAt),
      timeframe,
      open: group[0]?.open ?? '',
      close: group.at(-1)?.close ?? '',
      high: group.reduce((most, one) => (Number(one.high) > Number(most) ? one.high : most), '0'),
      low: group.reduce((least, one) => (Number(one.low) < Number(least) ? one.low : least), '1e9'),
      volume: String(group.reduce((sum, one) => sum + Number(one.volume), 0)),
    }))
}

/** [symbol, base file, base, other file, other, candles compared at least]. */
const FILES: readonly (readonly [string, BaseTimeframe, string, Timeframe, string, number])[] = [
  ['BTC/USDT', '1m', 'kraken_XBTUSDT_1m_20231117_20231122', '5m', 'kraken_XBTUSDT_5m_20231117_20231122', 1500],
  ['BTC/USDT', '1m', 'kraken_XBTUSDT_1m_20231117_20231122', '1h', 'kraken_XBTUSDT_1h_20231117_20231122', 127],
  ['BTC/USDT', '1m', 'binance_BTCUSDT_1m_20250101_20250204', '5m', 'binance_BTCUSDT_5m_20250101_20250415', 10_000],
  ['XRP/USDT', '1m', 'binance_XRPUSDT_1m_20250101_20250204', '5m', 'binance_XRPUSDT_5m_20250101_20250415', 10_000],
  ['BTC/USDT', '1m', 'binance_BTCUSDT_1m_20250101_20250204', '1h', 'binance_BTCUSDT_gappy_1h_20241113_20251112', 700],
  ['XRP/BTC', '1m', 'binance_XRPBTC_1m_20210410_20210520', '5m', 'binance_XRPBTC_5m_20210225_20210520', 11_000],
  ['BTC/USDT', '5m', 'binance_BTCUSDT_5m_20240101_20240908', '1h', 'binance_BTCUSDT_1h_20240101_20240906', 5900],
  ['BTC/USDT', '5m', 'binance_BTCUSDT_5m_20240101_20240908', '1d', 'binance_BTCUSDT_1d_20240101_20240905', 240],
  ['BTC/USDT', '1h', 'binance_BTCUSDT_1h_20240101_20240906', '1d', 'binance_BTCUSDT_1d_20240101_20240905', 240],
]

/** The hours (UTC) of 2021-04-22 and 23 in which the two downloads differ: minutes there lack part of the trades. */
const REVISED: readonly (readonly [number, number])[] = [
  [Date.UTC(2021, 3, 22, 2), Date.UTC(2021, 3, 22, 3)],
  [Date.UTC(2021, 3, 23, 1), Date.UTC(2021, 3, 23, 3)],
]
const isRevised = ({ symbol, openAt }: Candle): boolean =>
  symbol === 'XRP/BTC' && REVISED.some(([from, to]) => openAt >= from && openAt < to)

describe.skipIf(marketData('candles') === null)(
  'rebuilding venue candles (skipped: no market data where absent)',
  () => {
    it.each(FILES)('%s: %s of %s make the %s of %s', (symbol, base, baseFile, timeframe, file, atLeast) => {
      const read = (name: string, of: Timeframe) =>
        candlesOfCsv(marketData(`candles/${name}.csv.gz`) ?? name, pair(symbol), of)
      const { of, refused } = aggregate(read(baseFile, base), base)
      expect(refused).toEqual([])
      const theirs = new Map(read(file, timeframe).map((one) => [one.openAt, one]))
      let compared = 0
      const different: Candle[] = []
      for (const ours of of(timeframe)) {
        const other = theirs.get(ours.openAt)
        if (other === undefined) continue
        compared++
        if (!isSame(ours, other) && !isRevised(ours)) different.push(ours)
      }
      expect(different).toEqual([])
      expect(compared).toBeGreaterThanOrEqual(atLeast)
    })
  },
)

const isSame = (ours: Candle, theirs: Candle): boolean =>
  Number(ours.open) === Number(theirs.open) &&
  Number(ours.high) === Number(theirs.high) &&
  Number(ours.low) === Number(theirs.low) &&
  Number(ours.close) === Number(theirs.close) &&
  Math.abs(Number(ours.volume) - Number(theirs.volume)) <= 1e-6 * Number(theirs.volume)

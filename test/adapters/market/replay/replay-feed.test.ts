import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../../src/adapters/clock/simulated.ts'
import { type ReplayOptions, replayFeed } from '../../../../src/adapters/market/replay/replay-feed.ts'
import { pair } from '../../../../src/domain/ids.ts'
import type { PrintPath } from '../../../../src/domain/prints.ts'
import type { Log } from '../../../../src/ports/log.ts'
import type { MarketEvent } from '../../../../src/ports/market-feed.ts'
import { marketData } from '../../../support/market-data.ts'

const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')
const HEADER = 'timestamp_ms,open,high,low,close,volume'
const T0 = Date.UTC(2024, 0, 1)
const MINUTE = 60_000

interface Line {
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>> | undefined
}

let folder: string
let lines: Line[]
const keep = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
  lines.push({ message, fields })
}
const log: Log = { debug: keep, info: keep, warn: keep, error: keep }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'triplegain-replay-'))
  lines = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const row = (minute: number, prices = '100,110.50,90,105', volume = '4'): string =>
  `${T0 + minute * MINUTE},${prices},${volume}`
const file = (name: string, rows: readonly string[]): void =>
  writeFileSync(join(folder, name), `${[HEADER, ...rows].join('\n')}\n`)

function feedOf(changes: Partial<ReplayOptions> = {}) {
  const clock = simulatedClock(changes.from ?? T0)
  const feed = replayFeed({ source: folder, from: T0, to: T0 + 86_400_000, clock, speed: 'max', log, ...changes })
  const events: MarketEvent[] = []
  const run = async (symbols = [BTC]): Promise<readonly MarketEvent[]> => {
    await feed.start(symbols, (event) => events.push(event))
    while (clock.fireNext());
    return events
  }
  return { feed, clock, events, run }
}

const shown = (event: MarketEvent): string => {
  const second = (event.at - T0) / 1000
  if (event.kind === 'trade') return `${second} ${event.symbol} ${event.quantity} @ ${event.price}`
  if (event.kind === 'candle') return `${second} ${event.symbol} closed ${event.candle.close}`
  return `${second} ${event.kind}`
}

describe('a replayed minute', () => {
  it('becomes four prints with a quarter of the volume each, then the closed candle', async () => {
    file('kraken_XBTUSDT_1m_20240101_20240101.csv', [row(0)])
    const events = await feedOf().run()
    expect(events.map(shown)).toEqual([
      '0 line',
      '0 BTC/USDT 1 @ 100',
      '15 BTC/USDT 1 @ 90',
      '30 BTC/USDT 1 @ 110.50',
      '45 BTC/USDT 1 @ 105',
      '60 BTC/USDT closed 105',
      '60 ended',
    ])
  })

  it('shows the high first while a short is held, asked when the extremes are due', async () => {
    file('kraken_XBTUSDT_1m_20240101_20240101.csv', [row(0), row(1)])
    const asked: number[] = []
    const clock = simulatedClock(T0)
    const pathFor = (): PrintPath => {
      asked.push(clock.now() - T0)
      return asked.length === 1 ? 'high-first' : 'low-first'
    }
    const events = await feedOf({ clock, pathFor }).run.call(null)
    while (clock.fireNext());
    const prices = events.flatMap((event) => (event.kind === 'trade' ? [event.price] : []))
    expect(prices).toEqual(['100', '110.50', '90', '105', '100', '90', '110.50', '105'])
    expect(asked).toEqual([15_000, 75_000])
  })

  it('keeps prices exactly as they were written', async () => {
    file('kraken_XBTUSDT_1m_20240101_20240101.csv', [row(0, '0.10000000000000001,0.30000000000000004,0.1,0.2', '0.3')])
    const events = await feedOf().run()
    expect(events.find((event) => event.kind === 'candle')).toMatchObject({
      candle: { open: '0.10000000000000001', high: '0.30000000000000004', low: '0.1', close: '0.2', volume: '0.3' },
    })
  })

  it('comes by time, then in the order in which the symbols were given', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0), row(1)])
    file('binance_XRPUSDT_1m_20240101_20240101.csv', [row(0), row(1)])
    const events = await feedOf().run([XRP, BTC])
    const order = events.map(shown).filter((line) => line.startsWith('60 '))
    expect(order).toEqual([
      '60 XRP/USDT closed 105',
      '60 XRP/USDT 1 @ 100',
      '60 BTC/USDT closed 105',
      '60 BTC/USDT 1 @ 100',
    ])
  })

  it('is not invented where the recording has a gap', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0), row(5)])
    const events = await feedOf().run()
    const opened = events.flatMap((event) => (event.kind === 'candle' ? [event.candle.openAt - T0] : []))
    expect(opened).toEqual([0, 5 * MINUTE])
  })

  it('is not played when it opens at or after the end, or before the beginning', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0), row(1), row(2), row(3)])
    const events = await feedOf({ from: T0 + MINUTE, to: T0 + 3 * MINUTE }).run()
    const opened = events.flatMap((event) => (event.kind === 'candle' ? [(event.candle.openAt - T0) / MINUTE] : []))
    expect(opened).toEqual([1, 2])
  })
})

describe('the pace of a replay', () => {
  it('follows the clock, sixty replayed seconds a second where asked', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0)])
    const now = Date.UTC(2026, 5, 1)
    const clock = simulatedClock(now)
    const feed = replayFeed({ source: folder, from: T0, to: T0 + MINUTE, clock, speed: 60, log })
    const seen: number[] = []
    await feed.start([BTC], () => seen.push(clock.now() - now))
    while (clock.fireNext());
    expect(seen).toEqual([0, 0, 250, 500, 750, 1000, 1000])
  })

  it('holds one timer at a time', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0), row(1), row(2)])
    const { feed, clock } = feedOf()
    await feed.start([BTC], () => undefined)
    clock.fireNext()
    expect(clock.nextDueAt()).toBe(T0)
    await feed.stop()
    expect(clock.nextDueAt()).toBeNull()
  })

  it('says nothing more once stopped', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0), row(1)])
    const { feed, clock, events } = feedOf()
    await feed.start([BTC], (event) => {
      events.push(event)
      if (event.kind === 'candle') void feed.stop()
    })
    while (clock.fireNext());
    expect(events.map(shown).at(-1)).toBe('60 BTC/USDT closed 105')
  })
})

describe('the folder of candles', () => {
  it('is read by file name, skipping and logging what does not match', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0)])
    file('binance_BTCUSDT_gappy_1m_20240101_20240101.csv', [row(0)])
    writeFileSync(join(folder, 'README.md'), 'about')
    await feedOf().run()
    expect(lines.flatMap((line) => line.fields?.skipped ?? [])).toEqual([
      'README.md',
      'binance_BTCUSDT_gappy_1m_20240101_20240101.csv',
    ])
  })

  it('refuses two files for the same days, lists both and names --source', async () => {
    file('binance_BTCUSDT_1m_20240101_20240105.csv', [row(0)])
    file('kraken_XBTUSDT_1m_20240103_20240110.csv', [row(0)])
    const failure = feedOf({ to: T0 + 5 * 86_400_000 }).run()
    await expect(failure).rejects.toMatchObject({ problem: 'overlap' })
    await expect(failure).rejects.toThrow(
      /binance_BTCUSDT_1m_20240101_20240105\.csv, kraken_XBTUSDT_1m_20240103_20240110\.csv.*--source/,
    )
  })

  it('does not mind an overlap after the end', async () => {
    file('binance_BTCUSDT_1m_20240101_20240105.csv', [row(0)])
    file('kraken_XBTUSDT_1m_20240103_20240110.csv', [row(0)])
    const { run } = feedOf({ to: T0 + 2 * 86_400_000 })
    expect((await run()).at(-1)?.kind).toBe('ended')
  })

  it('minds an overlap in the warm-up when that is asked for', async () => {
    file('binance_BTCUSDT_1m_20240101_20240105.csv', [row(0)])
    file('kraken_XBTUSDT_1m_20240103_20240104.csv', [row(2 * 1440)])
    const { feed } = feedOf({ from: T0 + 4 * 86_400_000, to: T0 + 5 * 86_400_000 })
    const query = { symbol: BTC, timeframe: '1m', from: T0, to: T0 + 4 * 86_400_000 } as const
    await expect(feed.history(query)).rejects.toMatchObject({ problem: 'overlap' })
  })

  it('keeps to one venue when told', async () => {
    file('binance_BTCUSDT_1m_20240101_20240105.csv', [row(0, '1,1,1,1')])
    file('kraken_XBTUSDT_1m_20240101_20240110.csv', [row(0, '2,2,2,2')])
    const events = await feedOf({ venue: 'kraken' }).run()
    expect(events[1]).toMatchObject({ price: '2' })
  })

  it('joins neighbouring files of one venue, plain and gzipped', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0)])
    const rest = `${HEADER}\n${row(1440)}\n${row(1441)}\n`
    writeFileSync(join(folder, 'binance_BTCUSDT_1m_20240102_20240102.csv.gz'), gzipSync(rest))
    const events = await feedOf({ to: T0 + 2 * 86_400_000 }).run()
    expect(events.filter((event) => event.kind === 'candle')).toHaveLength(3)
  })

  it('says what there is when a symbol has no minutes', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0)])
    file('binance_XRPUSDT_5m_20240101_20240101.csv', [row(0)])
    const failure = feedOf().run([BTC, XRP])
    await expect(failure).rejects.toMatchObject({ problem: 'no-data' })
    await expect(failure).rejects.toThrow(
      /no 1m candles of XRP\/USDT.*there is binance_XRPUSDT_5m_20240101_20240101\.csv/,
    )
  })

  it('says what there is when the window is outside the recording', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0)])
    const from = Date.UTC(2025, 0, 1)
    await expect(feedOf({ from, to: from + MINUTE }).run()).rejects.toThrow(/from 2025-01-01.*there is binance_BTCUSDT/)
  })

  it('must exist', async () => {
    await expect(feedOf({ source: join(folder, 'nowhere') }).run()).rejects.toMatchObject({ problem: 'source-missing' })
  })

  it('may be a single file, whose name must say what it holds', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0)])
    file('candles.csv', [row(0)])
    const source = join(folder, 'binance_BTCUSDT_1m_20240101_20240101.csv')
    expect(await feedOf({ source }).run()).toHaveLength(7)
    await expect(feedOf({ source: join(folder, 'candles.csv') }).run()).rejects.toThrow(/name it <venue>_<PAIR>/)
  })
})

describe('a bad recording', () => {
  const bad: readonly (readonly [string, readonly string[], string, number])[] = [
    ['a missing field', [row(0), `${T0 + MINUTE},1,1,1,1`], 'malformed-line', 3],
    ['a price that is no number', [row(0), row(1), row(2, '1,x,1,1')], 'malformed-line', 4],
    ['a high below the close', [row(0, '1,1,1,2')], 'malformed-line', 2],
    ['a price of zero', [row(0, '0,0,0,0')], 'malformed-line', 2],
    ['a stamp inside a minute', [`${T0 + 1},1,1,1,1,1`], 'malformed-line', 2],
    ['a stamp in seconds', [`${T0 / 1000},1,1,1,1,1`, 'x'], 'malformed-line', 2],
    ['a repeated minute', [row(0), row(1), row(1)], 'not-ascending', 4],
    ['a minute that goes back', [row(5), row(1)], 'not-ascending', 3],
  ]
  for (const [what, rows, problem, line] of bad) {
    it(`is refused with file and line: ${what}`, async () => {
      const name = 'binance_BTCUSDT_1m_20240101_20240101.csv'
      file(name, rows)
      await expect(feedOf().run()).rejects.toMatchObject({ problem, file: name, line })
      await expect(feedOf().run()).rejects.toThrow(`${name} line ${line}: `)
    })
  }

  it('is refused when the header is another one', async () => {
    writeFileSync(join(folder, 'binance_BTCUSDT_1m_20240101_20240101.csv'), 'time,o,h,l,c,v\n')
    await expect(feedOf().run()).rejects.toMatchObject({ problem: 'malformed-line', line: 1 })
  })

  it('is refused when the file is cut short', async () => {
    const name = 'binance_BTCUSDT_1m_20240101_20240101.csv.gz'
    const whole = gzipSync(`${HEADER}\n${Array.from({ length: 500 }, (_, minute) => row(minute)).join('\n')}\n`)
    writeFileSync(join(folder, name), whole.subarray(0, whole.length - 40))
    await expect(feedOf().run()).rejects.toMatchObject({ problem: 'unreadable', file: name })
  })
})

describe('the history of a replay', () => {
  it('is what had closed by the moment reached, never the future', async () => {
    file('binance_BTCUSDT_1m_20240101_20240101.csv', [row(0), row(1), row(2), row(3)])
    const { feed, clock } = feedOf({ from: T0 + 2 * MINUTE })
    const query = { symbol: BTC, timeframe: '1m', from: T0, to: T0 + 86_400_000 } as const
    expect((await feed.history(query)).map((candle) => (candle.openAt - T0) / MINUTE)).toEqual([0, 1])
    await feed.start([BTC], () => undefined)
    clock.advanceTo(T0 + 3 * MINUTE)
    expect((await feed.history(query)).map((candle) => (candle.openAt - T0) / MINUTE)).toEqual([0, 1, 2])
  })

  it('takes other time frames from files of the same venue, and none where there are none', async () => {
    file('binance_BTCUSDT_1m_20240103_20240103.csv', [row(2 * 1440)])
    file('binance_BTCUSDT_1h_20240101_20240103.csv', [row(0), row(60)])
    file('other_BTCUSDT_1h_20240101_20240103.csv', [row(0)])
    const { feed } = feedOf({ from: T0 + 2 * 86_400_000, to: T0 + 3 * 86_400_000 })
    const query = { symbol: BTC, from: T0, to: T0 + 2 * 86_400_000 } as const
    expect(await feed.history({ ...query, timeframe: '1h' })).toHaveLength(2)
    expect(await feed.history({ ...query, timeframe: '1d' })).toEqual([])
  })
})

describe('the crash of May 2021', () => {
  const candles = marketData('candles')
  const unless = candles === null ? ' (skipped: no market data)' : ''

  it.skipIf(candles === null)(`plays ten days of two symbols, every minute once, cheaply${unless}`, async () => {
    const from = Date.UTC(2021, 4, 10)
    const to = Date.UTC(2021, 4, 20)
    const { feed, clock } = feedOf({ source: candles ?? '', from, to })
    const seen = { trade: 0, candle: 0, quote: 0, book: 0, line: 0, ended: 0 }
    let lastAt = 0
    let lowestBtc = Number.POSITIVE_INFINITY
    await feed.start([BTC, XRP], (event) => {
      seen[event.kind] += 1
      if (event.at < lastAt) throw new Error(`${event.at} after ${lastAt}`)
      lastAt = event.at
      if (event.kind === 'trade' && event.symbol === BTC) lowestBtc = Math.min(lowestBtc, Number(event.price))
    })
    while (clock.fireNext());
    expect(seen).toEqual({ trade: 115_200, candle: 28_800, quote: 0, book: 0, line: 1, ended: 1 })
    expect(lastAt).toBe(to)
    expect(lowestBtc).toBe(30_000)
  })

  it.skipIf(candles === null)(`leaves the exchange halt of 25 April a gap${unless}`, async () => {
    const from = Date.UTC(2021, 3, 25)
    const events = await feedOf({ source: candles ?? '', from, to: from + 86_400_000 }).run([BTC])
    const opened = events.flatMap((event) => (event.kind === 'candle' ? [event.candle.openAt] : []))
    const steps = opened.slice(1).map((at, index) => (at - (opened[index] ?? 0)) / MINUTE)
    expect(Math.max(...steps)).toBe(285)
    expect(opened).toHaveLength(1440 - 284)
  })

  it.skipIf(candles === null)(`plays Kraken’s own minutes without those that had no trade${unless}`, async () => {
    const from = Date.UTC(2023, 10, 17)
    const events = await feedOf({ source: candles ?? '', from, to: from + 6 * 86_400_000 }).run([BTC])
    expect(events.filter((event) => event.kind === 'candle')).toHaveLength(5388)
  })

  it.skipIf(candles === null)(`warms up from the minutes before it${unless}`, async () => {
    const from = Date.UTC(2021, 4, 10)
    const { feed } = feedOf({ source: candles ?? '', from, to: from + 86_400_000 })
    const minutes = await feed.history({ symbol: BTC, timeframe: '1m', from: from - 200 * MINUTE, to: from })
    expect(minutes).toHaveLength(200)
    expect(minutes.at(-1)?.openAt).toBe(from - MINUTE)
  })

  it.skipIf(candles === null)(`gives the same events twice${unless}`, async () => {
    const copied = 'binance_XRPUSDT_1m_20210402_20210520.csv.gz'
    cpSync(join(candles ?? '', copied), join(folder, copied))
    const window = { from: Date.UTC(2021, 4, 19), to: Date.UTC(2021, 4, 19, 6) }
    const first = await feedOf(window).run([XRP])
    const second = await feedOf(window).run([XRP])
    expect(first).toEqual(second)
    expect(first).toHaveLength(360 * 5 + 2)
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../../src/adapters/clock/simulated.ts'
import { pairOfWsname } from '../../../../src/adapters/kraken/pairs.ts'
import { KrakenRestError } from '../../../../src/adapters/kraken/rest-call.ts'
import { krakenRest } from '../../../../src/adapters/market/kraken/rest.ts'
import { pair } from '../../../../src/domain/ids.ts'
import { marketData } from '../../../support/market-data.ts'

const START = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000
const BTC = pair('BTC/USDT')
const pairsPath = marketData('http_asset_pairs.json')

const listing = (altname: string, wsname: string) => ({
  ...{
    altname,
    wsname,
    pair_decimals: 1,
    lot_decimals: 8,
    cost_decimals: 5,
    leverage_buy: [2, 3],
    leverage_sell: [2, 3],
  },
  ...{ ordermin: '0.00005', costmin: '0.5', tick_size: '0.1' },
})
const ASSET_PAIRS = { error: [], result: { XBTUSDT: listing('XBTUSDT', 'XBT/USDT'), DARK: { altname: 'XBTUSD.d' } } }
const bar = (minute: number) => [
  START / 1000 + minute * 60,
  '100.10',
  '101.0',
  '99.0',
  '100.0',
  '100.2',
  '1.50000000',
  7,
]
const OHLC = { error: [], result: { XBTUSDT: [bar(0), bar(1), bar(2), bar(3)], last: START / 1000 + 120 } }

type Reply = { readonly status?: number; readonly body: unknown } | 'never' | 'down'

/** A venue that answers each method from a table; what is asked of it is noted with the time of asking. */
function venue(replies: Readonly<Record<string, Reply>>) {
  const clock = simulatedClock(START)
  const asked: { readonly path: string; readonly at: number }[] = []
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = new URL(String(input))
    asked.push({ path: url.pathname + url.search, at: clock.now() - START })
    const reply = replies[url.pathname.split('/').at(-1) ?? ''] ?? { status: 404, body: '<html>' }
    if (reply === 'down') throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
    if (reply === 'never') {
      return new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
    }
    const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body)
    return new Response(body, { status: reply.status ?? 200 })
  }
  const rest = krakenRest({ baseUrl: 'https://venue.test', fetch, clock, paceMs: 1_000 })
  /** Lets promises run and time pass until the work is done. */
  const settle = async <T>(work: Promise<T>): Promise<T | KrakenRestError> => {
    let done = false
    const watched = work.catch((error: unknown) => {
      if (error instanceof KrakenRestError) return error
      throw error
    })
    const noted = watched.finally(() => {
      done = true
    })
    for (let turn = 0; turn < 200 && !done; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      if (turn % 10 === 9) clock.fireNext()
    }
    return noted
  }
  return { clock, asked, rest, settle }
}
const minutes = { symbol: BTC, timeframe: '1m' as const, from: START, to: START + 60 * MINUTE }

describe('candle history', () => {
  it('asks by the REST name and leaves out the bar that still runs', async () => {
    const { rest, asked, settle } = venue({ AssetPairs: { body: ASSET_PAIRS }, OHLC: { body: OHLC } })
    const candles = await settle(rest.history(minutes))
    expect(candles).toHaveLength(3)
    expect(candles).toMatchObject([
      { openAt: START, open: '100.1', volume: '1.5', timeframe: '1m', symbol: BTC },
      {},
      {},
    ])
    expect(asked[1]?.path).toContain('/0/public/OHLC?pair=XBTUSDT&interval=1&since=')
  })

  it('keeps to the asked-for span', async () => {
    const { rest, settle } = venue({ AssetPairs: { body: ASSET_PAIRS }, OHLC: { body: OHLC } })
    const candles = await settle(rest.history({ ...minutes, from: START + MINUTE, to: START + 2 * MINUTE }))
    expect(candles).toMatchObject([{ openAt: START + MINUTE }])
  })

  it('asks nothing for bars that the venue does not have as we do', async () => {
    const { rest, asked, settle } = venue({})
    expect(await settle(rest.history({ ...minutes, timeframe: '12h' }))).toEqual([])
    expect(await settle(rest.history({ ...minutes, timeframe: '1w' }))).toEqual([])
    expect(asked).toEqual([])
  })

  it('starts its calls a second apart', async () => {
    const { rest, asked, settle } = venue({ AssetPairs: { body: ASSET_PAIRS }, OHLC: { body: OHLC } })
    await settle(Promise.all([rest.history(minutes), rest.history(minutes)]))
    expect(asked.map((call) => call.at)).toEqual([0, 1_000, 2_000])
  })
})

describe('an answer that does not come', () => {
  const failing: readonly (readonly [string, Reply, string])[] = [
    ['silence', 'never', 'timeout'],
    ['a refused connection', 'down', 'unreachable'],
    ['an error page', { status: 520, body: '<html>' }, 'http'],
    ["Kraken's own error", { body: { error: ['EService:Unavailable'] } }, 'refused'],
    ['something else', { body: 'hello' }, 'unreadable'],
    ['no result', { body: { error: [] } }, 'unreadable'],
  ]
  it.each(failing)('tells %s by its kind', async (_, reply, problem) => {
    const { rest, settle } = venue({ SystemStatus: reply })
    expect(await settle(rest.ping())).toMatchObject({ name: 'KrakenRestError', problem })
  })

  it('gives up after five seconds', async () => {
    const { rest, settle, clock } = venue({ SystemStatus: 'never' })
    await settle(rest.ping())
    expect(clock.now() - START).toBe(5_000)
  })

  it('takes a warning that comes with a result', async () => {
    const body = { error: ['WGeneral:Danger'], result: { status: 'post_only', timestamp: '' } }
    const { rest, settle } = venue({ SystemStatus: { body } })
    expect(await settle(rest.ping())).toBe('post_only')
  })

  it('asks for the pairs again after a failure', async () => {
    const replies: Record<string, Reply> = { AssetPairs: 'down', OHLC: { body: OHLC } }
    const { rest, settle } = venue(replies)
    expect(await settle(rest.history(minutes))).toMatchObject({ problem: 'unreachable' })
    replies.AssetPairs = { body: ASSET_PAIRS }
    expect(await settle(rest.history(minutes))).toHaveLength(3)
  })

  it('names a pair that is not listed', async () => {
    const { rest, settle } = venue({ AssetPairs: { body: ASSET_PAIRS } })
    const wanted = rest.history({ ...minutes, symbol: pair('NOPE/USDT') })
    expect(await settle(wanted)).toMatchObject({ problem: 'unlisted', message: 'Kraken does not list NOPE/USDT' })
  })

  it('calls a malformed bar unreadable instead of trading on it', async () => {
    const broken = { error: [], result: { XBTUSDT: [[START / 1000, '-1', '1', '1', '1', '1', '1', 1], bar(1)] } }
    const { rest, settle } = venue({ AssetPairs: { body: ASSET_PAIRS }, OHLC: { body: broken } })
    expect(await settle(rest.history(minutes))).toMatchObject({ problem: 'unreadable' })
  })
})

describe('names and instruments', () => {
  it.each([
    ['XBT/USDT', 'BTC/USDT'],
    ['XDG/USD', 'DOGE/USD'],
    ['XRP/XBT', 'XRP/BTC'],
    ['XTZ/ZRX', 'XTZ/ZRX'],
    ['AAPLx/USD', null],
  ])('reads %s as %s', (wsname, ours) => {
    expect(pairOfWsname(wsname)).toBe(ours)
  })

  it.skipIf(pairsPath === null)('maps a real AssetPairs answer', async () => {
    const { rest, settle } = venue({ AssetPairs: { body: readFileSync(pairsPath ?? '', 'utf8') } })
    expect(rest.decimals(BTC)).toBeNull()
    expect(await settle(rest.instruments())).toEqual([
      {
        ...{ symbol: BTC, tick: '0.1', lot: '0.00000001', orderMin: '0.00005', costMin: '0.5', costDecimals: 5 },
        leverages: [2, 3, 4, 5, 6, 7, 8, 9, 10],
      },
    ])
    expect(rest.decimals(BTC)).toEqual({ price: 1, quantity: 8 })
  })
})

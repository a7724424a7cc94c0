import { afterEach, describe, expect, it } from 'vitest'
import { type Pair, pair } from '../../src/domain/ids.ts'
import type { HistoryQuery, MarketEvent, MarketFeed } from '../../src/ports/market-feed.ts'
import { SandboxServeError } from '../../src/sandbox/server.ts'
import { type OpenSandbox, openSandbox, T0 } from './open-sandbox.ts'

const BTC = pair('BTC/USDT')
const MINUTE_MS = 60_000
let sandbox: OpenSandbox | null = null
afterEach(async () => {
  await sandbox?.stop()
  sandbox = null
})

/** A feed that a test speaks through. */
class Spoken implements MarketFeed {
  readonly name = 'spoken'
  stopped = 0
  asked: HistoryQuery[] = []
  tell: (event: MarketEvent) => void = () => {}
  readonly #problem: Error | null
  constructor(problem: Error | null = null) {
    this.#problem = problem
  }
  async start(_symbols: readonly Pair[], listener: (event: MarketEvent) => void) {
    if (this.#problem !== null) throw this.#problem
    this.tell = listener
  }
  async stop() {
    this.stopped += 1
  }
  async history(query: HistoryQuery) {
    this.asked.push(query)
    if (query.timeframe !== '1m') return []
    const [price, openAt] = ['48000', T0 - MINUTE_MS]
    return [{ ...query, openAt, open: price, high: price, low: price, close: price, volume: '3' }]
  }
}

const open = async (feed: Spoken): Promise<OpenSandbox> => {
  sandbox = await openSandbox({ feed: { source: feed, symbols: [BTC] } })
  return sandbox
}

describe('a sandbox with a feed', () => {
  it('knows the feed’s past from the start, and its prices in dollars too', async () => {
    const feed = new Spoken()
    const { public: ask } = await open(feed)
    const price = async (name: string) => (await ask('OHLC', { pair: name })).result[name].at(-1)
    expect((await price('XBTUSDT'))[4]).toBe('48000.0')
    expect((await price('XXBTZUSD'))[4]).toBe('48000.0')
    expect(feed.asked.every(({ to }) => to === T0)).toBe(true)
  })

  it('follows it from then on, under both names', async () => {
    const feed = new Spoken()
    const { public: ask, venue } = await open(feed)
    feed.tell({ kind: 'trade', symbol: BTC, price: '50000', quantity: '1', side: 'buy', at: T0 })
    const { XBTUSDT, XXBTZUSD } = (await ask('Ticker', { pair: 'XBTUSDT,XBTUSD' })).result
    expect([XBTUSDT.c[0], XXBTZUSD.c[0]]).toEqual(['50000.0', '50000.0'])
    expect(venue.market.last(pair('XRP/USDT'))).toBeNull()
  })

  it('ends the feed with itself, once', async () => {
    const feed = new Spoken()
    const { stop } = await open(feed)
    await Promise.all([stop(), stop()])
    expect(feed.stopped).toBe(1)
  })

  it('that cannot start lets go of its port', async () => {
    await expect(open(new Spoken(new Error('no market today')))).rejects.toThrow('no market today')
    expect(sandbox).toBeNull()
  })
})

it('a port that is taken is told in one line', async () => {
  sandbox = await openSandbox()
  const port = Number(new URL(sandbox.rest).port)
  await expect(openSandbox({ port })).rejects.toThrow(SandboxServeError)
  await expect(openSandbox({ port })).rejects.toThrow(`port ${port} is taken`)
})

it('an upgrade elsewhere than /v2 is turned away', async () => {
  sandbox = await openSandbox()
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = new WebSocket(`${sandbox.rest.replace('http', 'ws')}/v1`)
  socket.onerror = () => resolve('refused')
  socket.onopen = () => resolve('opened')
  expect(await promise).toBe('refused')
})

import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../../src/adapters/clock/simulated.ts'
import { krakenSocket } from '../../../../src/adapters/market/kraken/socket.ts'
import { pair } from '../../../../src/domain/ids.ts'
import type { MarketSocket, SocketEvent } from '../../../../src/ports/market-socket.ts'
import { type KrakenServer, krakenServer } from '../../../support/kraken-server.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')

let server: KrakenServer
let socket: MarketSocket
let heard: SocketEvent[]
let waiting: { readonly fits: (event: SocketEvent) => boolean; readonly resolve: (event: SocketEvent) => void }[]

/** The first event of a kind, come or yet to come. */
function next<K extends SocketEvent['kind']>(kind: K): Promise<SocketEvent & { kind: K }> {
  const fits = (event: SocketEvent): event is SocketEvent & { kind: K } => event.kind === kind
  const found = heard.find(fits)
  if (found !== undefined) return Promise.resolve(found)
  return new Promise((resolve) => waiting.push({ fits, resolve: (event) => fits(event) && resolve(event) }))
}
function listen(event: SocketEvent): void {
  heard.push(event)
  for (const waiter of waiting.filter(({ fits }) => fits(event))) waiter.resolve(event)
}
/** Everything sent before it has been read once its answer is here: frames keep their order. */
async function readUpToHere(): Promise<void> {
  server.send({ channel: 'status', data: [{ system: 'post_only' }] })
  await new Promise<void>((resolve) =>
    waiting.push({ fits: (event) => event.kind === 'status' && event.mode === 'post_only', resolve: () => resolve() }),
  )
}
const market = () => heard.flatMap((event) => (event.kind === 'market' ? [event.event] : []))
const words = () => heard.filter((event) => event.kind !== 'traffic')

beforeEach(async () => {
  server = await krakenServer()
  socket = krakenSocket({ url: server.url, clock: simulatedClock(NOON), decimals: () => null })
  heard = []
  waiting = []
})
afterEach(async () => {
  socket.close()
  await server.close()
})

async function opened(): Promise<void> {
  socket.open(listen)
  await next('status')
}

describe('the socket to Kraken', () => {
  it('tells that it opened, then the mode of the engine', async () => {
    await opened()
    expect(words()).toEqual([{ kind: 'opened' }, { kind: 'status', mode: 'online' }])
  })

  it('asks for each channel as Kraken documents it', async () => {
    await opened()
    for (const channel of ['ticker', 'trade', 'ohlc', 'book'] as const) socket.subscribe(channel, [BTC, XRP])
    await server.request((request) => request.params?.channel === 'book')
    const symbol = ['BTC/USDT', 'XRP/USDT']
    expect(server.requests.map((request) => request.params)).toEqual([
      { channel: 'ticker', symbol, event_trigger: 'bbo', snapshot: true },
      { channel: 'trade', symbol, snapshot: false },
      { channel: 'ohlc', symbol, interval: 1, snapshot: true },
      { channel: 'book', symbol, depth: 10, snapshot: true },
    ])
    expect(new Set(server.requests.map((request) => request.req_id)).size).toBe(4)
  })

  it('tells an answer for every symbol, and the channel of a refusal that does not name it', async () => {
    server.script.refused = new Set(['XRP/USDT'])
    await opened()
    socket.subscribe('trade', [BTC, XRP])
    await next('refused')
    expect(words().slice(2)).toEqual([
      { kind: 'subscribed', channel: 'trade', symbol: BTC },
      { kind: 'refused', channel: 'trade', symbol: XRP, problem: 'Currency pair not supported XRP/USDT' },
    ])
  })

  it('carries prices as exact text', async () => {
    await opened()
    const at = '2026-01-05T12:00:01.250123Z'
    server.sendText(
      `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USDT","side":"sell","price":105433.60000,"qty":0.1000000000000000055,"ord_type":"market","trade_id":9007199254740993,"timestamp":"${at}"}]}`,
    )
    server.sendText(
      '{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USDT","bid":1e-8,"bid_qty":2.50,"ask":100.10,"ask_qty":3}]}',
    )
    await readUpToHere()
    expect(market()).toEqual([
      {
        kind: 'trade',
        symbol: BTC,
        price: '105433.6',
        quantity: '0.1000000000000000055',
        side: 'sell',
        at: NOON + 1_250,
      },
      {
        ...{ kind: 'quote', symbol: BTC, bid: '0.00000001', bidQuantity: '2.5' },
        ask: '100.1',
        askQuantity: '3',
        at: NOON,
      },
    ])
  })

  it('closes a candle when the next minute begins', async () => {
    await opened()
    const ohlc = (minute: string, close: number) => ({
      channel: 'ohlc',
      type: 'update',
      data: [
        {
          ...{ symbol: 'BTC/USDT', open: 1, high: 3, low: 1, close, volume: 5, interval: 1 },
          interval_begin: `2026-01-05T12:0${minute}:00.000000000Z`,
        },
      ],
    })
    server.send(ohlc('0', 2))
    server.send(ohlc('1', 3))
    await readUpToHere()
    expect(market()).toMatchObject([
      { kind: 'candle', symbol: BTC, at: NOON + 60_000, candle: { openAt: NOON, close: '2', timeframe: '1m' } },
    ])
  })

  it('tells a broken book once and nothing more of it until a fresh snapshot', async () => {
    await opened()
    const book = (type: string, checksum: string) =>
      `{"channel":"book","type":"${type}","data":[{"symbol":"BTC/USDT","asks":[{"price":101.0,"qty":1.0}],"bids":[],"checksum":${checksum}}]}`
    // 101.0 and 1.0 without point and leading zeros.
    const right = String(crc32('101010'))
    server.sendText(book('snapshot', right))
    server.sendText(book('update', '7'))
    server.sendText(book('update', right))
    await readUpToHere()
    expect(words().filter((event) => event.kind === 'mismatch')).toEqual([{ kind: 'mismatch', symbol: BTC }])
    const before = market().length
    server.sendText(book('snapshot', right))
    await readUpToHere()
    expect([before, market().length]).toEqual([1, 2])
  })

  it.each([
    ['not JSON', 'hello'],
    [
      'a price below zero',
      '{"channel":"trade","data":[{"symbol":"BTC/USDT","side":"buy","price":-1,"qty":1,"timestamp":"2026-01-05T12:00:00Z"}]}',
    ],
    ['no rows', '{"channel":"ticker","type":"update"}'],
    ['a list', '[1,2]'],
  ])('leaves out %s and goes on', async (_, sent) => {
    await opened()
    server.sendText(sent)
    await readUpToHere()
    expect(words().map((event) => event.kind)).toEqual(['opened', 'status', 'unreadable', 'status'])
  })

  it('counts any frame as a sign of life, and reads past channels it did not ask for', async () => {
    await opened()
    server.send({ channel: 'heartbeat' })
    server.send({ channel: 'instrument', type: 'snapshot', data: {} })
    await readUpToHere()
    expect(heard.filter((event) => event.kind === 'traffic')).toHaveLength(4)
    expect(words().map((event) => event.kind)).toEqual(['opened', 'status', 'status'])
  })

  it('tells a complaint about the message rate', async () => {
    await opened()
    server.send({ Error: 'Exceeded msg rate' })
    expect(await next('throttled')).toEqual({ kind: 'throttled', problem: 'Exceeded msg rate' })
  })

  it('tells a drop, once', async () => {
    await opened()
    server.drop()
    expect(await next('closed')).toEqual({ kind: 'closed', reason: 'closed by the venue (1006)', banned: false })
    expect(heard.filter((event) => event.kind === 'closed')).toHaveLength(1)
  })

  it.each([
    [429, true],
    [403, true],
    [503, false],
  ])('takes HTTP %i at the door for a ban: %s', async (status, banned) => {
    server.script.turnAway = status
    socket.open(listen)
    expect(await next('closed')).toEqual({ kind: 'closed', reason: `the venue answered HTTP ${status}`, banned })
  })

  it('tells when nobody is at the address', async () => {
    await server.close()
    socket.open(listen)
    expect((await next('closed')).reason).toContain('ECONNREFUSED')
    server = await krakenServer()
  })

  it('says nothing more after it was closed, and opens again', async () => {
    await opened()
    socket.close()
    const before = heard.length
    socket.subscribe('book', [BTC])
    socket.ping()
    const second: SocketEvent[] = []
    await new Promise<void>((resolve) => {
      socket.open((event) => {
        second.push(event)
        if (event.kind === 'status') resolve()
      })
    })
    expect([heard.length - before, server.lines, server.requests.length]).toEqual([0, 2, 0])
  })
})

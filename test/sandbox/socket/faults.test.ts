import { connect as connectTcp } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { krakenBook } from '../../../src/adapters/market/kraken/book.ts'
import { readFrame } from '../../../src/adapters/market/kraken/frames.ts'
import { BTC, type Client, type SocketHouse, START, socketHouse } from './socket-house.ts'

let house: SocketHouse
let client: Client
let token: string

beforeEach(async () => {
  house = await socketHouse()
  house.quote('49999.9', '50000.1')
  house.trade('50000', '0.5')
  client = await house.connect()
  token = house.venue.tokenFor()
})
afterEach(() => house.stop())

async function subscribe(channel: string, from: Client = client): Promise<void> {
  from.ask({ method: 'subscribe', params: { channel, symbol: [BTC], token, snapshot: true }, req_id: 1 })
  await from.on(channel, 'snapshot')
}
const order = (req_id: number, over: object = {}) => ({
  method: 'add_order',
  params: { token, order_type: 'limit', side: 'buy', symbol: BTC, order_qty: 0.01, limit_price: 49_000, ...over },
  req_id,
})
/** What a client has heard of a channel once everything sent so far is there. */
async function heardOf(channel: string): Promise<readonly { text: string; sequence: number }[]> {
  client.ask({ method: 'ping', req_id: 99 })
  await client.answer(99)
  return client.heard
    .filter(({ frame }) => frame.channel === channel)
    .map(({ text, frame }) => ({ text, sequence: frame.sequence }))
}

describe('faults of single frames', () => {
  it('send one twice', async () => {
    await subscribe('trade')
    house.faults.add([{ kind: 'duplicate-frame', match: { channel: 'trade' } }])
    house.trade('50001', '1')
    const [, first, second] = await heardOf('trade')
    expect([first?.text.includes('50001.0'), second?.text]).toEqual([true, first?.text])
  })

  it('let the next one overtake', async () => {
    await subscribe('executions')
    house.faults.add([{ kind: 'reorder-frame', match: { channel: 'executions' } }])
    client.ask(order(2))
    await client.answer(2)
    expect((await heardOf('executions')).map(({ sequence }) => sequence)).toEqual([1, 3, 2])
  })

  it('lose one together with its number', async () => {
    await subscribe('executions')
    house.faults.add([{ kind: 'sequence-gap' }])
    client.ask(order(2))
    await client.answer(2)
    expect((await heardOf('executions')).map(({ sequence }) => sequence)).toEqual([1, 3])
  })

  it('spoil a checksum, and the reader of books notices exactly that one', async () => {
    await subscribe('book')
    house.faults.add([{ kind: 'bad-checksum', skip: 1 }])
    for (const bid of ['50000', '50000.5', '50001']) house.quote(bid, '50010')
    const book = krakenBook(null)
    const right = (await heardOf('book')).map(({ text }) => {
      const frame = readFrame(text, 0)
      return frame.kind === 'books' && frame.books[0] !== undefined && book.apply(frame.books[0])
    })
    expect(right.slice(0, 3)).toEqual([true, true, false])
  })

  it('hold one back, and all that follow it', async () => {
    await subscribe('trade')
    house.faults.add([{ kind: 'delay', delayMs: 300, match: { channel: 'trade' } }])
    house.trade('50001', '1')
    house.trade('50002', '1')
    client.ask({ method: 'ping', req_id: 5 })
    house.clock.advanceTo(START + 299)
    expect(client.heard.filter(({ frame }) => frame.type === 'update' && frame.channel === 'trade')).toEqual([])
    house.clock.advanceTo(START + 300)
    await client.next((frame) => frame.channel === 'trade' && frame.data[0].price === 50_002)
    expect((await heardOf('trade')).map(({ text }) => /"price":([\d.]+)/.exec(text)?.[1])).toEqual([
      ...['50000.0', '50001.0', '50002.0'],
    ])
  })
})

describe('faults of the line', () => {
  it('leave it open and silent', async () => {
    const other = await house.connect()
    await subscribe('trade')
    await subscribe('trade', other)
    house.faults.add([{ kind: 'silent-socket', match: { channel: 'trade' } }])
    house.trade('50001', '1')
    house.trade('50002', '1')
    await other.next((frame) => frame.channel === 'trade' && frame.data[0].price === 50_002)
    expect(client.heard.filter(({ frame }) => frame.type === 'update' && frame.channel === 'trade')).toEqual([])
    expect(client.socket.readyState).toBe(client.socket.OPEN)
  })

  it('cut it in the middle of a stream', async () => {
    await subscribe('trade')
    house.faults.add([{ kind: 'drop-socket', match: { channel: 'trade' } }])
    house.trade('50001', '1')
    expect(await client.closed).toBe(1006)
  })
})

describe('faults of requests', () => {
  it('cut the line before an order is placed, or after it', async () => {
    house.faults.add([{ kind: 'drop-request', match: { method: 'add_order' } }])
    client.ask(order(2))
    await client.closed
    expect(house.venue.openOrders()).toEqual([])
    const again = await house.connect()
    house.faults.add([{ kind: 'drop-answer', match: { method: 'add_order' } }])
    again.ask(order(3))
    await again.closed
    expect(house.venue.openOrders()).toHaveLength(1)
  })

  it('answer that something broke though the order was placed', async () => {
    house.faults.add([{ kind: 'server-error', status: 520, match: { method: 'add_order' } }])
    client.ask(order(2))
    expect(await client.answer(2)).toMatchObject({ success: false, error: 'EGeneral:Internal error' })
    expect(house.venue.openOrders()).toHaveLength(1)
  })

  it('keep an order until its deadline is over', async () => {
    house.faults.add([{ kind: 'delay', delayMs: 6000, match: { method: 'add_order' } }])
    client.ask(order(2))
    client.ask({ method: 'ping', req_id: 3 })
    await client.answer(3)
    house.clock.advanceTo(START + 6000)
    expect(await client.answer(2)).toMatchObject({ success: false, error: 'EService:Deadline elapsed' })
  })

  it('refuse for too many requests', async () => {
    house.faults.add([{ kind: 'rate-limit', match: { method: 'add_order' } }])
    client.ask(order(2))
    expect(await client.answer(2)).toMatchObject({ success: false, error: 'EOrder:Rate limit exceeded' })
  })
})

it('cuts off a client that does not read, and keeps nobody else waiting', async () => {
  const port = Number(new URL(house.url).port)
  const deaf = connectTcp(port, '127.0.0.1')
  const lost = new Promise<void>((resolve) => deaf.on('close', () => resolve()).on('error', () => {}))
  const key = 'dGhlIHNhbXBsZSBub25jZQ=='
  const upgrade = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13`
  deaf.write(`GET /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\n${upgrade}\r\n\r\n`)
  await new Promise((answered) => deaf.once('data', answered))
  const text = Buffer.from(`{"method":"subscribe","params":{"channel":"book","symbol":["${BTC}"],"depth":1000}}`)
  // One masked text frame, its mask all zeros.
  deaf.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]))
  await new Promise((answered) => deaf.once('data', answered))
  deaf.pause()
  await subscribe('trade')
  expect(house.server.lines).toBe(2)
  // Every level of a deep book changes each time: some seventy kilobytes that nobody takes.
  const side = (from: number, direction: 1 | -1, quantity: string) =>
    Array.from({ length: 900 }, (_, index) => ({ price: `${from + direction * index}.5`, quantity }))
  for (let round = 1; house.server.lines === 2 && round < 500; round++) {
    const [bids, asks] = [side(40_000, -1, `${round}.5`), side(40_002, 1, `${round}.5`)]
    house.hear({ kind: 'book', symbol: BTC, bids, asks, at: house.clock.now() })
    house.trade('50001', '1')
    client.ask({ method: 'ping', req_id: round + 1000 })
    await client.answer(round + 1000)
  }
  expect(house.server.lines).toBe(1)
  deaf.resume()
  await lost
  house.trade('50002', '1')
  await client.next((frame) => frame.channel === 'trade' && frame.data[0].price === 50_002)
}, 30_000)

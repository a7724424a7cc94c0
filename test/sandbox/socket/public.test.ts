import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { BTC, type Client, type SocketHouse, START, socketHouse } from './socket-house.ts'

let house: SocketHouse
let client: Client
const subscribe = (channel: string, params: object = {}, req_id = 1): void =>
  client.ask({ method: 'subscribe', params: { channel, symbol: ['BTC/USDT'], ...params }, req_id })

beforeEach(async () => {
  house = await socketHouse()
  client = await house.connect()
})
afterEach(() => house.stop())

describe('the line', () => {
  it("greets with the market's state and a connection id that no float holds", async () => {
    const { text, frame } = await client.next((each) => each.channel === 'status')
    expect(frame).toMatchObject({ channel: 'status', type: 'update', data: [{ system: 'online', api_version: 'v2' }] })
    expect(text).toContain('"connection_id":17834968092736251234')
    const second = await house.connect()
    expect((await second.next((each) => each.channel === 'status')).text).not.toContain('17834968092736251234')
  })

  it('answers a ping with its number and both times, to the microsecond', async () => {
    client.ask({ method: 'ping', req_id: 101 })
    const at = '2026-11-02T12:00:00.000000Z'
    expect(await client.answer(101)).toEqual({ method: 'pong', req_id: 101, time_in: at, time_out: at })
  })

  it('beats each second once something is subscribed to, and only while nothing else is said', async () => {
    house.clock.advanceTo(START + 5000)
    client.ask({ method: 'ping', req_id: 1 })
    await client.answer(1)
    expect(client.heard.map(({ frame }) => frame.channel ?? frame.method)).toEqual(['status', 'pong'])
    subscribe('ticker', {}, 2)
    await client.answer(2)
    house.clock.advanceTo(START + 6000)
    expect((await client.next((frame) => frame.channel === 'heartbeat')).text).toBe('{"channel":"heartbeat"}')
    house.clock.advanceTo(START + 6500)
    house.quote('49999.9', '50000.1')
    house.trade('50000', '1')
    await client.on('ticker')
    house.clock.advanceTo(START + 7400)
    client.ask({ method: 'ping', req_id: 3 })
    await client.answer(3)
    expect(client.heard.filter(({ frame }) => frame.channel === 'heartbeat')).toHaveLength(1)
  })

  it('is closed after a minute in which nothing was said', async () => {
    await client.on('status')
    house.clock.advanceTo(START + 59_000)
    expect(client.socket.readyState).toBe(client.socket.OPEN)
    house.clock.advanceTo(START + 61_000)
    expect(await client.closed).toBe(1001)
  })

  it('tells everybody when the market changes its mode', async () => {
    await client.on('status')
    house.venue.setMode('cancel_only')
    expect((await client.on('status')).data[0]).toMatchObject({ system: 'cancel_only' })
  })

  it('refuses what it does not know, in words', async () => {
    const asked: readonly [object, string][] = [
      [{ method: 'dance', req_id: 1 }, 'Unsupported event'],
      [{ method: 'subscribe', params: { channel: 'gossip' }, req_id: 2 }, 'Unsupported event'],
      [
        { method: 'subscribe', params: { channel: 'book', symbol: ['BTC/USDT'], depth: 11 }, req_id: 3 },
        'Subscription depth not supported',
      ],
      [
        { method: 'subscribe', params: { channel: 'ohlc', symbol: ['BTC/USDT'], interval: 7 }, req_id: 4 },
        'Subscription ohlc interval not supported',
      ],
      [{ method: 'ping', params: {}, req_id: 5 }, "Unsupported field: 'params' for the given msg type: ping"],
      [{ method: 'subscribe', params: { channel: 'executions' }, req_id: 6 }, 'Token(s) not found'],
    ]
    for (const [request, error] of asked) {
      client.ask(request)
      const { req_id } = request as { req_id: number }
      expect(await client.answer(req_id)).toMatchObject({ success: false, error })
    }
    client.socket.send('{"method":')
    await client.next((frame) => frame.error === 'Malformed request')
  })

  it('takes clients that name a subprotocol, as some do', async () => {
    const named = new WebSocket(house.url, ['v1'])
    await new Promise((opened, failed) => named.on('open', opened).on('error', failed))
    expect(named.protocol).toBe('v1')
    named.terminate()
  })

  it('reads requests in binary frames too', async () => {
    client.socket.send(Buffer.from('{"method":"ping","req_id":4}'))
    expect(await client.answer(4)).toMatchObject({ method: 'pong' })
  })
})

describe('subscriptions', () => {
  it("are answered once a symbol, each with the request's number, also where REST's names are used", async () => {
    client.ask({
      method: 'subscribe',
      params: { channel: 'trade', symbol: ['BTC/USDT', 'XBT/USD', 'XRP/USDT'] },
      req_id: 7,
    })
    const answers = [await client.answer(7), await client.answer(7), await client.answer(7)]
    expect(answers.map((each) => [each.success, each.result?.symbol ?? each.symbol, each.error])).toEqual([
      [true, 'BTC/USDT', undefined],
      [false, 'XBT/USD', 'Currency pair not supported XBT/USD'],
      [true, 'XRP/USDT', undefined],
    ])
  })

  it('refuse the same twice, and a second depth of the same book', async () => {
    subscribe('book', { depth: 10 })
    expect(await client.answer(1)).toMatchObject({ success: true, result: { channel: 'book', depth: 10, symbol: BTC } })
    subscribe('book', { depth: 25 }, 2)
    expect(await client.answer(2)).toMatchObject({ success: false, error: 'Already subscribed', symbol: BTC })
  })

  it('end with an unsubscription, and not before', async () => {
    subscribe('trade')
    await client.answer(1)
    house.trade('50000', '1')
    await client.on('trade')
    client.ask({ method: 'unsubscribe', params: { channel: 'trade', symbol: ['BTC/USDT'] }, req_id: 2 })
    expect(await client.answer(2)).toMatchObject({ success: true, result: { channel: 'trade', symbol: BTC } })
    house.trade('50001', '1')
    client.ask({ method: 'unsubscribe', params: { channel: 'trade', symbol: ['BTC/USDT'] }, req_id: 3 })
    expect(await client.answer(3)).toMatchObject({ success: false })
    expect(client.heard.filter(({ frame }) => frame.channel === 'trade')).toHaveLength(1)
  })
})

describe('the market', () => {
  beforeEach(() => {
    house.quote('49999.9', '50000.1')
    house.trade('50000', '0.5')
  })

  it("is written as numbers with all of the pair's decimals", async () => {
    subscribe('ticker')
    const { text } = await client.next((frame) => frame.channel === 'ticker')
    expect(text).toBe(
      '{"channel":"ticker","type":"snapshot","data":[{"symbol":"BTC/USDT","bid":49999.9,"bid_qty":1.00000000,' +
        '"ask":50000.1,"ask_qty":2.00000000,"last":50000.0,"volume":0.50000000,"vwap":50000.0,"low":50000.0,' +
        '"high":50000.0,"change":0.0,"change_pct":0.00,"timestamp":"2026-11-02T12:00:00.000000Z"}]}',
    )
  })

  it('tells the ticker of trades or of the best prices, as asked', async () => {
    const other = await house.connect()
    subscribe('ticker', { event_trigger: 'trades' })
    other.ask({
      method: 'subscribe',
      params: { channel: 'ticker', symbol: [BTC], event_trigger: 'bbo', snapshot: false },
      req_id: 1,
    })
    await client.answer(1)
    await other.answer(1)
    house.quote('50000', '50000.2')
    expect((await other.on('ticker', 'update')).data[0]).toMatchObject({ bid: 50000, last: 50000 })
    house.trade('50000.2', '1')
    expect((await client.on('ticker', 'update')).data[0]).toMatchObject({ bid: 50000, last: 50000.2 })
  })

  it('tells trades as they come, earlier ones only where they are asked for', async () => {
    subscribe('trade', { snapshot: true })
    expect((await client.on('trade', 'snapshot')).data).toHaveLength(1)
    house.trade('49999.9', '0.25', 'sell')
    expect((await client.on('trade', 'update')).data).toEqual([
      {
        ...{ symbol: BTC, side: 'sell', price: 49999.9, qty: 0.25, ord_type: 'market', trade_id: 2 },
        timestamp: '2026-11-02T12:00:00.000000Z',
      },
    ])
  })

  it('tells candles of each interval with every trade', async () => {
    subscribe('ohlc', { interval: 5 })
    expect((await client.on('ohlc', 'snapshot')).data).toMatchObject([{ open: 50000, interval: 5, trades: 1 }])
    house.clock.advanceTo(START + 61_000)
    house.trade('50010', '0.5')
    const { data, timestamp } = await client.on('ohlc', 'update')
    expect(timestamp).toBe('2026-11-02T12:01:01.000000000Z')
    expect(data).toEqual([
      {
        ...{ symbol: BTC, open: 50000, high: 50010, low: 50000, close: 50010, trades: 2, volume: 1, vwap: 50005 },
        ...{ interval_begin: '2026-11-02T12:00:00.000000000Z', interval: 5, timestamp: '2026-11-02T12:05:00.000000Z' },
      },
    ])
  })

  it('lists assets and pairs with their rules, and their state when it changes', async () => {
    client.ask({ method: 'subscribe', params: { channel: 'instrument' }, req_id: 1 })
    const { data } = await client.on('instrument', 'snapshot')
    expect(data.assets.map((each: { id: string }) => each.id)).toContain('USDT')
    expect(data.pairs.find((each: { symbol: string }) => each.symbol === BTC)).toMatchObject({
      ...{ base: 'BTC', quote: 'USDT', status: 'online', price_precision: 1, qty_precision: 8, price_increment: 0.1 },
      ...{ qty_increment: 1e-8, qty_min: 0.00005, cost_min: 0.5, cost_precision: 5 },
    })
    house.venue.setMode('post_only')
    expect((await client.on('instrument', 'update')).data.pairs[0].status).toBe('post_only')
  })

  it('waits with the snapshot until there is a price', async () => {
    client.ask({ method: 'subscribe', params: { channel: 'ticker', symbol: ['XRP/USDT'] }, req_id: 1 })
    client.ask({ method: 'subscribe', params: { channel: 'book', symbol: ['XRP/USDT'] }, req_id: 2 })
    await client.answer(2)
    house.hear({
      ...{ kind: 'trade', symbol: 'XRP/USDT' as typeof BTC, price: '0.6', quantity: '5', side: 'buy', at: START },
    })
    expect((await client.on('ticker')).type).toBe('snapshot')
    expect((await client.on('book')).type).toBe('snapshot')
  })
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { venueOrderId } from '../../../../src/domain/ids.ts'
import { clientId, orderRequest } from '../orders.ts'
import { type Loopback, NOON, openLoopback } from './loopback.ts'

const ID = clientId(1)
const ORDER = venueOrderId('OUF4EM-FRGI2-MQMWZD')
const AT = '2026-01-05T12:00:01.250000Z'
const MS = NOON + 1_250

const pending = (changes: object = {}) => ({
  ...{ order_id: ORDER, cl_ord_id: ID, exec_type: 'pending_new', order_status: 'pending_new', symbol: 'BTC/USDT' },
  ...{ side: 'buy', order_type: 'limit', order_qty: 0.01, limit_price: 40000, timestamp: AT, ...changes },
})
const sparse = (type: string, changes: object = {}) => ({
  ...{ order_id: ORDER, exec_type: type, order_status: type, timestamp: AT, ...changes },
})
const trade = (id: string, quantity: number, changes: object = {}) => ({
  ...sparse('trade', { order_status: 'partially_filled' }),
  ...{ exec_id: id, trade_id: 7, symbol: 'BTC/USDT', last_qty: quantity, last_price: 40000.1, liquidity_ind: 't' },
  ...{ fees: [{ asset: 'USDT', qty: 1.6e-7 }], ...changes },
})

let venue: Loopback
beforeEach(async () => {
  venue = await openLoopback()
})
afterEach(() => venue.stop())

const heard = () => venue.exchange.caughtUp()
const told = () => venue.reports.map((report) => report.kind)
/** Waits for the line to say something more. */
const nextLine = async (): Promise<string | null | undefined> => {
  const before = venue.lines.length
  while (venue.lines.length === before) await new Promise((resolve) => setImmediate(resolve))
  return venue.lines.at(-1)
}
const subscribed = () => venue.socket.requests.filter((request) => request.method === 'subscribe')

describe('the private line', () => {
  it('opens with a fresh token, subscribes to executions and balances, and is up when both are acknowledged', async () => {
    await venue.start()
    expect(venue.lines).toEqual(['up'])
    expect(subscribed().map((request) => request.params)).toEqual([
      {
        ...{ channel: 'executions', snap_orders: true, snap_trades: false, order_status: true, ratecounter: true },
        token: 'a-token',
      },
      { channel: 'balances', snapshot: true, token: 'a-token' },
    ])
    expect(venue.modes).toEqual(['online'])
  })

  it('tells an order from its opening to its fills, out of sparse updates', async () => {
    await venue.start()
    venue.socket.executions([pending()])
    venue.socket.executions([sparse('new')])
    venue.socket.executions([trade('T1', 0.004)])
    venue.socket.executions([trade('T2', 0.006)])
    venue.socket.executions([sparse('filled', { cum_qty: 0.01 })])
    await heard()
    const fill = { price: '40000.1', fee: '0.00000016', liquidity: 'taker', at: MS }
    expect(venue.reports).toEqual([
      { kind: 'opened', clientOrderId: ID, venueOrderId: ORDER, at: MS },
      {
        ...{ kind: 'filled', clientOrderId: ID, venueOrderId: ORDER, at: MS },
        fill: { ...fill, tradeId: 'T1', quantity: '0.004' },
      },
      {
        ...{ kind: 'filled', clientOrderId: ID, venueOrderId: ORDER, at: MS },
        fill: { ...fill, tradeId: 'T2', quantity: '0.006' },
      },
    ])
  })

  it('tells why an order was cancelled and how much of it was filled, and nothing after its end', async () => {
    await venue.start()
    venue.socket.executions([pending(), sparse('new'), trade('T1', 0.004)])
    venue.socket.executions([sparse('canceled', { reason: 'User requested', cum_qty: 0.004 })])
    venue.socket.executions([sparse('new'), sparse('expired'), sparse('amended', { order_qty: 1 }), sparse('canceled')])
    await heard()
    expect(told()).toEqual(['opened', 'filled', 'cancelled'])
    expect(venue.reports.at(-1)).toMatchObject({ reason: 'User requested', filled: '0.004' })
  })

  it('believes the state of an order where what happened is no end by itself', async () => {
    await venue.start()
    venue.socket.executions([pending(), sparse('new'), trade('T1', 0.01, { order_status: 'filled' })])
    venue.socket.executions([sparse('canceled')])
    const other = { order_id: 'OTHER', cl_ord_id: clientId(2) }
    venue.socket.executions([pending(other), sparse('new', other)])
    venue.socket.executions([sparse('status', { ...other, order_status: 'canceled', reason: 'Stop triggered' })])
    await heard()
    expect(told()).toEqual(['opened', 'filled', 'opened', 'cancelled'])
  })

  it('still tells a fill that arrives after the end of its order', async () => {
    await venue.start()
    venue.socket.executions([pending(), sparse('new'), sparse('canceled', { reason: 'User requested' })])
    venue.socket.executions([trade('T1', 0.004)])
    await heard()
    expect(told()).toEqual(['opened', 'cancelled', 'filled'])
  })

  it('tells an amendment with all terms, once', async () => {
    await venue.start()
    venue.socket.executions([pending(), sparse('new')])
    venue.socket.executions([sparse('amended', { order_qty: 0.02 })])
    venue.socket.executions([sparse('restated', { order_qty: 0.02 })])
    await heard()
    expect(told()).toEqual(['opened', 'amended'])
    expect(venue.reports.at(-1)).toMatchObject({ quantity: '0.02', limitPrice: '40000', triggerPrice: null })
  })

  it('reads the trigger of a stop where Kraken puts it', async () => {
    await venue.start()
    const stop = { order_type: 'stop-loss', limit_price: undefined, triggers: { price: 38000, price_type: 'static' } }
    venue.socket.executions([pending(stop), sparse('new')])
    venue.socket.executions([sparse('amended', { triggers: { price: 38500.5, price_type: 'static' } })])
    await heard()
    expect(venue.reports.at(-1)).toMatchObject({ kind: 'amended', triggerPrice: '38500.5', limitPrice: null })
  })

  it('counts an execution once, however often its frame comes', async () => {
    await venue.start()
    venue.socket.executions([pending(), sparse('new')])
    venue.socket.executions([trade('T1', 0.004)])
    venue.socket.executions([trade('T1', 0.004)], 3)
    venue.socket.executions([trade('T1', 0.004)], 4)
    await heard()
    expect(told()).toEqual(['opened', 'filled'])
  })

  it('learns from the answer to its placement whose order it is, and tells what it heard before', async () => {
    await venue.start()
    venue.reply('AddOrder', { result: { descr: {}, txid: [ORDER] } })
    venue.socket.executions([sparse('new'), trade('T1', 0.004)])
    await heard()
    expect(told()).toEqual([])
    const order = { clientOrderId: ID, request: orderRequest(), deadlineAt: NOON + 60_000 }
    await venue.settle(venue.exchange.place(order))
    expect(told()).toEqual(['opened', 'filled'])
  })

  it('tells the venue’s own count of a pair’s limit, also of orders that are not ours', async () => {
    const counts: unknown[] = []
    venue.exchange.onCount?.((symbol, points) => counts.push([symbol, points]))
    await venue.start()
    venue.socket.executions([pending({ cl_ord_id: 'mine-17', ratecount: 1 })])
    venue.socket.executions([sparse('canceled', { ratecount: 9 })])
    await heard()
    expect(counts).toEqual([
      ['BTC/USDT', 1],
      ['BTC/USDT', 9],
    ])
  })

  it('says nothing of orders that are not ours', async () => {
    await venue.start()
    venue.socket.executions([pending({ cl_ord_id: 'mine-17' }), sparse('new'), trade('T1', 0.004)])
    await heard()
    expect(told()).toEqual([])
  })

  it('tells neither the opening nor the terms of an order that was open before', async () => {
    venue.socket.snapshot = [pending({ exec_type: 'new', order_status: 'new' })]
    await venue.start()
    await heard()
    expect(told()).toEqual([])
    venue.socket.executions([trade('T1', 0.004)])
    await heard()
    expect(told()).toEqual(['filled'])
  })

  it('asks for the channel anew when a frame is missing, and calls for one reconciliation', async () => {
    await venue.start()
    venue.socket.executions([pending(), sparse('new')])
    venue.socket.snapshot = [pending({ exec_type: 'new', order_status: 'new' })]
    venue.socket.executions([trade('T2', 0.002)], 4)
    venue.socket.executions([trade('T1', 0.004)], 3)
    await nextLine()
    await nextLine()
    expect(venue.lines).toEqual(['up', 'frames of executions are missing', 'up'])
    venue.socket.executions([trade('T3', 0.001)])
    venue.socket.executions([sparse('amended', { order_qty: 0.02 })])
    await heard()
    expect(told()).toEqual(['opened', 'filled', 'filled', 'filled', 'amended'])
    expect(venue.lines).toHaveLength(3)
    expect(subscribed().map((request) => request.params?.channel)).toEqual(['executions', 'balances', 'executions'])
  })

  it('takes of a frame that comes late its executions alone', async () => {
    await venue.start()
    venue.socket.executions([pending(), sparse('new')])
    venue.socket.executions([sparse('amended', { order_qty: 0.03 })])
    venue.socket.executions([sparse('amended', { order_qty: 0.02 }), trade('T1', 0.004)], 2)
    await heard()
    expect(told()).toEqual(['opened', 'amended', 'filled'])
    expect(venue.reports[1]).toMatchObject({ quantity: '0.03' })
  })

  it('leaves out a row that it cannot read, and reads the others', async () => {
    await venue.start()
    venue.socket.executions([{ order_id: 7 }, pending(), sparse('new')])
    await heard()
    expect(told()).toEqual(['opened'])
    expect(venue.logged.join()).toContain('left out')
  })

  it('is closed by a stop, sends nothing more, and opens again by a start', async () => {
    await venue.start()
    await venue.settle(venue.exchange.stop())
    expect(venue.lines).toEqual(['up', 'stopped'])
    const before = venue.asked.length
    expect(await venue.settle(venue.exchange.cancel(ID))).toMatchObject({ kind: 'refused', code: 'outage' })
    venue.clock.advanceTo(venue.clock.now() + 60_000)
    expect(venue.asked).toHaveLength(before)
    await venue.start()
    expect(venue.lines).toEqual(['up', 'stopped', 'up'])
  })

  it('tells the engine’s mode whenever it changes', async () => {
    await venue.start()
    venue.socket.send({ channel: 'status', type: 'update', data: [{ system: 'cancel_only' }] })
    venue.socket.send({ channel: 'status', type: 'update', data: [{ system: 'cancel_only' }] })
    await heard()
    expect(venue.modes).toEqual(['online', 'cancel_only'])
  })
})

describe('a private line that drops', () => {
  it('is opened again at once with a new token, and calls for reconciliation', async () => {
    await venue.start()
    venue.socket.drop()
    await nextLine()
    await venue.settle(nextLine())
    expect(venue.lines).toHaveLength(3)
    expect(venue.lines.at(-1)).toBe('up')
    expect(venue.asked.filter((call) => call.method === 'GetWebSocketsToken')).toHaveLength(2)
    expect(venue.clock.now() - NOON).toBeLessThan(1_000)
  })

  it('gets a new token where the old one has expired', async () => {
    venue.socket.refuses = 'ESession:Invalid session'
    await venue.settle(venue.exchange.start())
    expect(venue.lines).toEqual(['a subscription was refused: ESession:Invalid session'])
    venue.socket.refuses = null
    await venue.settle(nextLine())
    expect(venue.lines.at(-1)).toBe('up')
    expect(venue.clock.now() - NOON).toBeLessThan(60_000)
  })

  it('is left alone for ten minutes when the venue turns the address away', async () => {
    venue.socket.turnAway = 429
    await venue.settle(venue.exchange.start())
    expect(venue.lines).toEqual(['the venue answered HTTP 429'])
    venue.socket.turnAway = null
    venue.clock.advanceTo(NOON + 599_500)
    expect(venue.logged.filter((line) => line.includes('the private line dropped'))).toHaveLength(1)
    await venue.settle(nextLine())
    expect(venue.clock.now() - NOON).toBeGreaterThanOrEqual(600_000)
    expect(venue.lines.at(-1)).toBe('up')
  })

  it('is asked once when it falls silent, and given up when it stays so', async () => {
    venue.socket.answersPings = false
    await venue.start()
    venue.clock.advanceTo(venue.clock.now() + 5_000)
    await venue.socket.request((request) => request.method === 'ping')
    expect(venue.lines).toEqual(['up'])
    venue.clock.advanceTo(venue.clock.now() + 5_000)
    expect(venue.lines).toEqual(['up', 'the line fell silent'])
  })

  it('is kept when it answers', async () => {
    await venue.start()
    for (let turn = 0; turn < 4; turn += 1) {
      venue.clock.advanceTo(venue.clock.now() + 5_000)
      await venue.socket.request((request) => request.method === 'ping')
      await heard()
    }
    expect(venue.lines).toEqual(['up'])
  })
})

describe('while the line is down', () => {
  const row = (changes: object = {}) => ({
    ...{ refid: null, userref: null, cl_ord_id: ID, status: 'open', opentm: NOON / 1000, starttm: 0, expiretm: 0 },
    descr: { pair: 'XBTUSDT', type: 'buy', ordertype: 'limit', price: '40000.0', price2: '0', leverage: 'none' },
    ...{ vol: '0.01000000', vol_exec: '0.00000000', cost: '0', fee: '0', price: '0', oflags: 'fciq', ...changes },
  })
  const traded = {
    ...{ ordertxid: ORDER, pair: 'XBTUSDT', time: NOON / 1000 + 1.25, type: 'buy', ordertype: 'limit' },
    ...{ price: '40000.1', cost: '400.001', fee: '1.6', vol: '0.004', maker: true, trade_id: 7 },
  }

  beforeEach(async () => {
    venue.reply('AddOrder', { result: { descr: {}, txid: [ORDER] } })
    venue.socket.turnAway = 503
    await venue.settle(venue.exchange.start())
    const order = { clientOrderId: ID, request: orderRequest(), deadlineAt: NOON + 60_000 }
    await venue.settle(venue.exchange.place(order))
  })
  const polled = async () => {
    const before = venue.asked.filter((call) => call.method === 'OpenOrders').length
    while (venue.asked.filter((call) => call.method === 'OpenOrders').length < before + 2) {
      await venue.settle(venue.called('OpenOrders'))
    }
  }

  it('reports come from the lists, every five seconds, each once', async () => {
    venue.reply('OpenOrders', { result: { open: { [ORDER]: row({ vol_exec: '0.00400000' }) } } })
    venue.reply('TradesHistory', { result: { trades: { T1: traded }, count: 1 } })
    await polled()
    await polled()
    expect(told()).toEqual(['opened', 'filled'])
    expect(venue.reports[1]).toMatchObject({ fill: { tradeId: 'T1', quantity: '0.004', fee: '1.6', at: MS } })
    expect(venue.asked.filter((call) => call.method === 'TradesHistory')).toHaveLength(1)
  })

  it('an order that is no longer open is looked at for its end', async () => {
    venue.reply('QueryOrders', { result: { [ORDER]: row({ status: 'canceled', reason: 'User requested' }) } })
    await polled()
    expect(told()).toEqual(['opened', 'cancelled'])
    expect(venue.asked.find((call) => call.method === 'QueryOrders')?.form).toMatchObject({ txid: ORDER })
  })

  it('an end is not told before the fill that belongs to it', async () => {
    venue.reply('QueryOrders', { result: { [ORDER]: row({ status: 'canceled', vol_exec: '0.004' }) } })
    await polled()
    expect(told()).toEqual([])
    venue.reply('TradesHistory', { result: { trades: { T1: traded }, count: 1 } })
    await polled()
    expect(told()).toEqual(['opened', 'filled', 'cancelled'])
  })

  it('the lists are read, and no longer once it is up', async () => {
    await polled()
    venue.socket.turnAway = null
    await venue.settle(nextLine())
    const before = venue.asked.length
    venue.clock.advanceTo(venue.clock.now() + 4_900)
    await heard()
    venue.clock.advanceTo(venue.clock.now() + 4_900)
    await heard()
    expect(venue.asked).toHaveLength(before)
    venue.socket.turnAway = 503
    venue.socket.drop()
    await venue.settle(nextLine())
    await polled()
    expect(venue.asked.length).toBeGreaterThan(before)
  })

  it('what the lists told is not told again by the line', async () => {
    venue.reply('OpenOrders', { result: { open: { [ORDER]: row({ vol_exec: '0.00400000' }) } } })
    venue.reply('TradesHistory', { result: { trades: { T1: traded }, count: 1 } })
    await polled()
    venue.socket.turnAway = null
    venue.socket.snapshot = [pending({ exec_type: 'new', order_status: 'partially_filled', cum_qty: 0.004 })]
    await venue.settle(nextLine())
    venue.socket.executions([trade('T1', 0.004)])
    await heard()
    expect(told()).toEqual(['opened', 'filled'])
  })
})

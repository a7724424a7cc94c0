/** ccxt, unmodified, trading against the sandbox: nothing but its addresses point at loopback. */
import ccxt, { type Exchange, InsufficientFunds, InvalidNonce, OrderNotFound } from 'ccxt'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OpenSandbox, openSandbox, T0, type Wire } from './open-sandbox.ts'

const BTC = 'BTC/USDT'
let sandbox: OpenSandbox
/** Its types leave out what the unified methods of one exchange take; the tests state what comes back. */
let client: Exchange & Record<string, Wire>
const checks = { passed: 0, of: 0 }

beforeAll(async () => {
  sandbox = await openSandbox({ limits: false, balances: { BTC: '5', USDT: '200000', XRP: '1000' } })
  sandbox.quote(BTC, '49999.9', '50000.1')
  sandbox.trade(BTC, '50000', '100')
  sandbox.quote('XRP/USDT', '0.5999', '0.6')
  sandbox.trade('XRP/USDT', '0.6', '1000')
  let last = 0
  client = new ccxt.kraken({
    ...{ apiKey: sandbox.apiKey, secret: sandbox.apiSecret, enableRateLimit: false },
    // ccxt's own nonce is the clock's millisecond: on loopback two calls share one, which Kraken would refuse as well.
    nonce: () => {
      last = Math.max(Date.now(), last + 1)
      return last
    },
  })
  client.urls.api = { ...(client.urls.api as object), public: sandbox.rest, private: sandbox.rest }
})
afterEach(({ task }) => {
  checks.of += 1
  if (task.result?.state !== 'fail') checks.passed += 1
})
afterAll(async () => {
  process.stdout.write(`${JSON.stringify({ ccxtRest: checks })}\n`)
  await sandbox.stop()
})

/** An order's id. */
const create = async (...order: Parameters<Exchange['createOrder']>): Promise<string> => {
  const { id } = await client.createOrder(...order)
  if (id === undefined) throw new Error('an order without an id')
  return id
}
const limit = (over: Record<string, unknown> = {}, price = 40_000): Promise<string> =>
  create(BTC, 'limit', 'buy', 0.01, price, over)

describe('ccxt reads the market', () => {
  it('loadMarkets', async () => {
    const markets = await client.loadMarkets()
    expect(markets[BTC]).toMatchObject({
      id: 'XBTUSDT',
      base: 'BTC',
      quote: 'USDT',
      active: true,
      maker: 0.004,
      taker: 0.008,
      precision: { amount: 1e-8, price: 0.1 },
      limits: { amount: { min: 0.00005 }, cost: { min: 0.5 } },
    })
    expect(Object.keys(markets)).toEqual(expect.arrayContaining(['XRP/USDT', 'ETH/BTC', 'BTC/USD']))
  })
  it('fetchCurrencies', async () => {
    expect((await client.fetchCurrencies()).BTC).toMatchObject({ id: 'XXBT', active: true, precision: 1e-10 })
  })
  it('fetchTime', async () => expect(await client.fetchTime()).toBe(T0))
  it('fetchStatus', async () => expect(await client.fetchStatus()).toMatchObject({ status: 'ok' }))
  it('fetchTicker', async () => {
    expect(await client.fetchTicker(BTC)).toMatchObject({ bid: 49_999.9, ask: 50_000.1, last: 50_000, baseVolume: 100 })
  })
  it('fetchTickers', async () => {
    expect(Object.keys(await client.fetchTickers([BTC, 'XRP/USDT']))).toEqual([BTC, 'XRP/USDT'])
  })
  it('fetchOHLCV', async () => {
    expect(await client.fetchOHLCV(BTC, '1m')).toEqual([[T0, 50_000, 50_000, 50_000, 50_000, 100]])
  })
  it('fetchOrderBook', async () => {
    const { bids, asks } = await client.fetchOrderBook(BTC, 5)
    expect([bids[0]?.[0], asks[0]?.[0], bids.length]).toEqual([49_999.9, 50_000.1, 5])
  })
  it('fetchTrades', async () => {
    expect(await client.fetchTrades(BTC)).toMatchObject([{ price: 50_000, amount: 100, side: 'buy', timestamp: T0 }])
  })
})

describe('ccxt reads the account', () => {
  it('fetchBalance', async () => {
    expect(await client.fetchBalance()).toMatchObject({ BTC: { total: 5 }, USDT: { free: 200_000 }, XRP: { used: 0 } })
  })
  it('fetchTradingFee', async () => {
    expect(await client.fetchTradingFee(BTC)).toMatchObject({ symbol: BTC, maker: 0.004, taker: 0.008 })
  })
})

describe('ccxt places', () => {
  it('a market order, and sees it filled', async () => {
    const id = await create(BTC, 'market', 'buy', 0.02)
    expect(await client.fetchOrder(id)).toMatchObject({ status: 'closed', filled: 0.02, side: 'buy', symbol: BTC })
  })
  it('a market order by cost', async () => {
    const { id } = await client.createMarketBuyOrderWithCost(BTC, 500)
    const { status, filled, cost } = await client.fetchOrder(id ?? '')
    expect(status).toBe('closed')
    expect(filled).toBeGreaterThan(0.0098)
    expect(cost).toBeLessThanOrEqual(500)
  })
  it('a limit order with a client id', async () => {
    const id = await limit({ clientOrderId: 'ccxt-1' })
    expect(await client.fetchOrder(id)).toMatchObject({ status: 'open', clientOrderId: 'ccxt-1', price: 40_000 })
  })
  it('a post-only limit order', async () => {
    const id = await create(BTC, 'limit', 'sell', 0.01, 60_000, { postOnly: true })
    expect(await client.fetchOrder(id)).toMatchObject({ status: 'open', postOnly: true })
  })
  it.each([
    ['stop-loss', 'market', undefined, { stopLossPrice: 45_000 }],
    ['stop-loss-limit', 'limit', 44_900, { stopLossPrice: 45_000 }],
    ['take-profit', 'market', undefined, { takeProfitPrice: 55_000 }],
    ['take-profit-limit', 'limit', 55_100, { takeProfitPrice: 55_000 }],
    ['trailing-stop', 'market', undefined, { trailingAmount: 500 }],
    ['trailing-stop', 'market', undefined, { trailingPercent: 2 }],
    ['trailing-stop-limit', 'limit', undefined, { trailingAmount: 500, trailingLimitAmount: 10 }],
    ['iceberg', 'iceberg', 61_000, { price: '61000', displayvol: '0.001' }],
  ])('%s', async (ordertype, type, price, params) => {
    const id = await create(BTC, type, 'sell', 0.01, price, params)
    const order = await client.fetchOrder(id)
    expect(order.status).toBe('open')
    expect(order.info.descr.ordertype).toBe(ordertype)
  })
  it('an order with a conditional close', async () => {
    const close = { ordertype: 'stop-loss-limit', price: 39_000, price2: 38_900 }
    const id = await limit({ close })
    expect((await client.fetchOrder(id)).info.descr.close).toBe('close position @ stop loss 39000.0 -> limit 38900.0')
  })
  it('immediate or cancel, and fill or kill', async () => {
    const [ioc, fok] = [await limit({ timeInForce: 'IOC' }), await limit({ timeInForce: 'FOK' })]
    expect((await client.fetchOrder(ioc)).status).toBe('canceled')
    expect((await client.fetchOrder(fok)).status).toBe('canceled')
  })
  it('a validated order, which is none', async () => {
    const before = (await client.fetchOpenOrders()).length
    await client.createOrder(BTC, 'limit', 'buy', 0.01, 40_000, { validate: true })
    expect(await client.fetchOpenOrders()).toHaveLength(before)
  })
  it('several orders at once', async () => {
    const order = { symbol: BTC, type: 'limit', side: 'buy', amount: 0.01 } as const
    const orders = await client.createOrders([
      { ...order, price: 40_001 },
      { ...order, price: 40_002 },
    ])
    expect(orders.map(({ id }) => id)).toEqual([expect.stringMatching(/^O/), expect.stringMatching(/^O/)])
  })
  it('what the funds do not cover, and hears of it', async () => {
    await expect(client.createOrder(BTC, 'limit', 'buy', 100, 49_000)).rejects.toThrow(InsufficientFunds)
  })
})

describe('ccxt changes and cancels', () => {
  it('editOrder amends', async () => {
    const id = await limit()
    await client.editOrder(id, BTC, 'limit', 'buy', 0.02, 41_000)
    expect(await client.fetchOrder(id)).toMatchObject({ status: 'open', amount: 0.02, price: 41_000 })
  })
  it('cancelOrder', async () => {
    const id = await limit()
    await client.cancelOrder(id, BTC)
    expect((await client.fetchOrder(id)).status).toBe('canceled')
  })
  it('cancelOrder by client id', async () => {
    const id = await limit({ clientOrderId: 'ccxt-2' })
    await client.cancelOrder('', BTC, { clientOrderId: 'ccxt-2' })
    expect((await client.fetchOrder(id)).status).toBe('canceled')
  })
  it('cancelOrder of an order that is not there', async () => {
    await expect(client.cancelOrder('OAAAAA-AAAAA-AAAAAA', BTC)).rejects.toThrow(OrderNotFound)
  })
  it('cancelOrders', async () => {
    const ids = [await limit(), await limit()]
    await client.cancelOrders(ids, BTC)
    expect((await client.fetchOrdersByIds(ids)).map((order: Wire) => order.status)).toEqual(['canceled', 'canceled'])
  })
  it('cancelAllOrdersAfter', async () => {
    expect(await client.cancelAllOrdersAfter(60_000)).toMatchObject({
      result: { currentTime: '2026-11-22T12:00:00Z', triggerTime: '2026-11-22T12:01:00Z' },
    })
    await client.cancelAllOrdersAfter(0)
  })
})

describe('ccxt reads what happened', () => {
  it('fetchOpenOrders', async () => {
    const open = await client.fetchOpenOrders(BTC)
    expect(open.length).toBeGreaterThan(8)
    expect(open.every(({ status, symbol }) => status === 'open' && symbol === BTC)).toBe(true)
  })
  it('fetchOpenOrders by client id', async () => {
    expect(await client.fetchOpenOrders(undefined, undefined, undefined, { clientOrderId: 'ccxt-1' })).toMatchObject([
      { clientOrderId: 'ccxt-1', price: 40_000 },
    ])
  })
  it('fetchClosedOrders', async () => {
    const closed = await client.fetchClosedOrders(BTC)
    expect(closed.filter(({ status }) => status === 'closed')).toHaveLength(2)
  })
  it('fetchOrdersByIds', async () => {
    const ids = (await client.fetchOpenOrders(BTC)).slice(0, 2).map(({ id }) => id)
    expect((await client.fetchOrdersByIds(ids)).map((order: Wire) => order.id).sort()).toEqual([...ids].sort())
  })
  it('fetchMyTrades', async () => {
    const trades = await client.fetchMyTrades(BTC)
    expect(trades).toHaveLength(2)
    expect(trades[0]).toMatchObject({ symbol: BTC, side: 'buy', amount: 0.02, takerOrMaker: 'taker' })
  })
  it('fetchOrderTrades', async () => {
    const [order] = (await client.fetchClosedOrders(BTC)).filter(({ status }) => status === 'closed')
    const { info } = await client.fetchOrder(order?.id ?? '')
    const trades = await client.fetchOrderTrades(order?.id ?? '', BTC, undefined, undefined, { trades: info.trades })
    expect(trades.map((trade: Wire) => trade.order)).toEqual([order?.id])
  })
  it('fetchLedger', async () => {
    const entries = await client.fetchLedger('BTC')
    expect(entries.map((entry: Wire) => [entry.type, entry.direction])).toEqual([
      ['trade', 'in'],
      ['trade', 'in'],
    ])
  })
  it('fetchLedgerEntry', async () => {
    const [entry] = await client.fetchLedger('USDT')
    expect(await client.fetchLedgerEntry(entry?.id ?? '')).toMatchObject({ id: entry?.id, currency: 'USDT' })
  })
  it('fetchPositions', async () => {
    expect(await client.fetchPositions()).toEqual([])
    await create(BTC, 'market', 'buy', 0.1, undefined, { leverage: 2 })
    expect(await client.fetchPositions([BTC])).toMatchObject([
      { symbol: BTC, side: 'long', contracts: 0.1, leverage: 2 },
    ])
    await create(BTC, 'market', 'sell', 0.1, undefined, { leverage: 2, reduceOnly: true })
    expect(await client.fetchPositions()).toEqual([])
  })
  it('cancelAllOrders', async () => {
    await client.cancelAllOrders()
    expect(await client.fetchOpenOrders()).toEqual([])
  })
})

describe('ccxt hears of trouble by name', () => {
  it('a nonce that was used before', async () => {
    const { nonce } = client
    client.nonce = () => 1
    await expect(client.fetchBalance()).rejects.toThrow(InvalidNonce)
    client.nonce = nonce
  })
  it('Kraken not answering', async () => {
    sandbox.faults.add([{ kind: 'server-error', status: 520, match: { method: 'BalanceEx' } }])
    await expect(client.fetchBalance()).rejects.toThrow(ccxt.ExchangeNotAvailable)
    await client.fetchBalance()
  })
  it('a connection that is gone', async () => {
    sandbox.faults.add([{ kind: 'drop-request', match: { method: 'BalanceEx' } }])
    await expect(client.fetchBalance()).rejects.toThrow(ccxt.NetworkError)
  })
  it('too many calls', async () => {
    sandbox.faults.add([{ kind: 'rate-limit', match: { method: 'BalanceEx' } }])
    await expect(client.fetchBalance()).rejects.toThrow(ccxt.DDoSProtection)
  })
  it('a market in maintenance', async () => {
    await sandbox.adminPost('/mode', { mode: 'maintenance' })
    expect(await client.fetchStatus()).toMatchObject({ status: 'maintenance' })
    await expect(limit()).rejects.toThrow(ccxt.ExchangeNotAvailable)
    await sandbox.adminPost('/mode', { mode: 'online' })
  })
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type OpenSandbox, openSandbox, T0, type Wire } from './open-sandbox.ts'

let sandbox: OpenSandbox
beforeEach(async () => {
  sandbox = await openSandbox({ limits: false })
  sandbox.quote('BTC/USDT', '49999.9', '50000.1')
  sandbox.trade('BTC/USDT', '50000')
})
afterEach(() => sandbox.stop())

const result = async (method: string, fields: Record<string, unknown> = {}): Promise<Wire> => {
  const { error, result: found } = await sandbox.private(method, fields)
  expect(error).toEqual([])
  return found
}
const placed = async (over: Record<string, unknown> = {}): Promise<string> =>
  (
    await result('AddOrder', {
      pair: 'XBTUSDT',
      type: 'buy',
      ordertype: 'limit',
      price: '40000',
      volume: '0.01',
      ...over,
    })
  ).txid[0]
const pass = (ms: number) => sandbox.clock.advanceTo(sandbox.clock.now() + ms)

describe('an order', () => {
  it('that is open has every field in Kraken’s form', async () => {
    const id = await placed({ cl_ord_id: 'mine' })
    expect((await result('OpenOrders')).open[id]).toEqual({
      refid: null,
      userref: 0,
      cl_ord_id: 'mine',
      status: 'open',
      opentm: T0 / 1000,
      starttm: 0,
      expiretm: 0,
      descr: {
        pair: 'XBTUSDT',
        aclass: 'forex',
        type: 'buy',
        ordertype: 'limit',
        price: '40000.0',
        price2: '0',
        leverage: 'none',
        order: 'buy 0.01000000 XBTUSDT @ limit 40000.0',
        close: '',
      },
      vol: '0.01000000',
      vol_exec: '0.00000000',
      cost: '0.00000',
      fee: '0.00000',
      price: '0.00000',
      stopprice: '0.00000',
      limitprice: '0.00000',
      misc: '',
      oflags: 'fciq',
    })
  })

  it('that was filled tells cost, fee, average price and, where asked, its trades', async () => {
    const id = await placed({ ordertype: 'market' })
    const plain = (await result('QueryOrders', { txid: id }))[id]
    expect(plain).toMatchObject({ status: 'closed', reason: null, closetm: T0 / 1000, vol_exec: '0.01000000' })
    expect(plain).not.toHaveProperty('trades')
    const { trades, price, cost, fee } = (await result('QueryOrders', { txid: id, trades: true }))[id]
    expect(trades).toHaveLength(1)
    expect(Number(cost)).toBeCloseTo(Number(price) * 0.01, 6)
    expect(Number(fee)).toBeCloseTo(Number(cost) * 0.008, 4)
  })

  it('that waits for a trigger names it, and its price', async () => {
    const id = await placed({ type: 'sell', ordertype: 'stop-loss-limit', price: '45000', price2: '44900' })
    expect((await result('QueryOrders', { txid: id }))[id]).toMatchObject({
      trigger: 'last',
      stopprice: '45000.00000',
      limitprice: '0.00000',
      descr: { price: '45000.0', price2: '44900.0' },
    })
  })

  it('is found by number of the client and by client id', async () => {
    const [a, b] = [await placed({ userref: '7' }), await placed({ cl_ord_id: 'mine' })]
    expect(Object.keys((await result('OpenOrders', { userref: '7' })).open)).toEqual([a])
    expect(Object.keys((await result('OpenOrders', { cl_ord_id: 'mine' })).open)).toEqual([b])
    await result('CancelAll')
    expect(Object.keys((await result('ClosedOrders', { cl_ord_id: 'mine' })).closed)).toEqual([b])
  })

  it('is asked for by id alone, at most fifty at once, and must exist', async () => {
    const id = await placed()
    expect(Object.keys(await result('QueryOrders', { txid: `${id}` }))).toEqual([id])
    const error = async (txid: string) => (await sandbox.private('QueryOrders', { txid })).error
    expect(await error('mine')).toEqual(['EOrder:Invalid order'])
    expect(await error('')).toEqual(['EGeneral:Invalid arguments:txid'])
    expect(await error(Array.from({ length: 51 }, () => id).join(','))).toEqual(['EGeneral:Invalid arguments:txid'])
  })
})

describe('closed orders', () => {
  it('come newest first, fifty to a page, with the number of all', async () => {
    const ids: string[] = []
    for (let index = 0; index < 55; index += 1) {
      ids.push(await placed())
      pass(1_000)
      await result('CancelAll')
    }
    const first = await result('ClosedOrders')
    expect([Object.keys(first.closed).length, first.count]).toEqual([50, 55])
    expect(Object.keys(first.closed)[0]).toBe(ids[54])
    const second = await result('ClosedOrders', { ofs: 50 })
    expect(Object.keys(second.closed)).toEqual(ids.slice(0, 5).reverse())
    expect(await result('ClosedOrders', { without_count: 'true' })).not.toHaveProperty('count')
  })

  it('between two moments: the first excluded, the last included; an id stands for its moment', async () => {
    const ids: string[] = []
    for (let index = 0; index < 4; index += 1) {
      ids.push(await placed())
      pass(10_000)
      await result('CancelAll')
    }
    const between = async (fields: Record<string, unknown>) =>
      Object.keys((await result('ClosedOrders', fields)).closed)
    const at = (index: number) => String((T0 + (index + 1) * 10_000) / 1000)
    expect(await between({ start: at(0), end: at(2) })).toEqual([ids[2], ids[1]])
    expect(await between({ start: ids[0], end: ids[2] })).toEqual([ids[2], ids[1]])
    expect(await between({ start: at(2), closetime: 'open' })).toEqual([])
  })
})

describe('trades', () => {
  it('have every field in Kraken’s form, and their ledger entries', async () => {
    const order = await placed({ ordertype: 'market' })
    const { trades, count } = await result('TradesHistory')
    const [id] = Object.keys(trades)
    expect(count).toBe(1)
    expect(trades[id ?? '']).toEqual({
      ordertxid: order,
      postxid: expect.any(String),
      pair: 'XBTUSDT',
      aclass: 'forex',
      time: T0 / 1000,
      type: 'buy',
      ordertype: 'market',
      price: expect.stringMatching(/^\d+\.\d{5}$/),
      cost: expect.any(String),
      fee: expect.any(String),
      vol: '0.01000000',
      margin: '0.00000',
      leverage: '0',
      misc: '',
      trade_id: 1,
      maker: false,
      ledgers: [expect.stringMatching(/^L/), expect.stringMatching(/^L/)],
    })
    expect(await result('QueryTrades', { txid: id })).toEqual(trades)
  })

  it('of one taker order at one moment are one, unless they are wanted singly', async () => {
    const level = (price: string) => ({ price, quantity: '0.01' })
    await sandbox.adminPost('/market', {
      ...{ kind: 'book', symbol: 'XBTUSDT', bids: [level('49999')] },
      asks: [level('50001'), level('50002'), level('50003')],
    })
    await placed({ ordertype: 'market', volume: '0.03' })
    const joined = Object.values((await result('TradesHistory')).trades) as Wire[]
    const single = Object.values((await result('TradesHistory', { consolidate_taker: 'false' })).trades) as Wire[]
    expect(joined.map(({ vol, price }) => [vol, price])).toEqual([['0.03000000', '50002.00000']])
    expect(single.map(({ vol, price }) => [vol, price])).toEqual([
      ['0.01000000', '50003.00000'],
      ['0.01000000', '50002.00000'],
      ['0.01000000', '50001.00000'],
    ])
    expect(joined[0].ledgers).toHaveLength(6)
  })
})

describe('the ledger', () => {
  it('has two entries a trade that add up to the balances', async () => {
    await placed({ ordertype: 'market' })
    const { ledger, count } = await result('Ledgers')
    expect(count).toBe(2)
    const rows = Object.values(ledger) as Wire[]
    expect(rows.map(({ type, asset }) => [type, asset]).sort()).toEqual([
      ['trade', 'USDT'],
      ['trade', 'XXBT'],
    ])
    const balances = await result('Balance')
    for (const { asset, balance } of rows) expect(Number(balance)).toBe(Number(balances[asset]))
  })

  it('has deposits and withdrawals, and is narrowed down by asset and kind', async () => {
    await sandbox.adminPost('/deposits', { asset: 'XXBT', amount: '0.5' })
    await sandbox.adminPost('/withdrawals', { asset: 'USDT', amount: '100' })
    const kinds = async (fields: Record<string, unknown>) =>
      (Object.values((await result('Ledgers', fields)).ledger) as Wire[]).map(({ type, amount }) => [type, amount])
    expect(await kinds({ asset: 'XBT' })).toEqual([['deposit', '0.5000000000']])
    expect(await kinds({ type: 'withdrawal' })).toEqual([['withdrawal', '-100.00000000']])
    const [id] = Object.keys((await result('Ledgers', { asset: 'USDT' })).ledger)
    expect(Object.keys(await result('QueryLedgers', { id }))).toEqual([id])
    expect((await sandbox.private('Ledgers', { asset: 'FOO' })).error).toEqual(['EQuery:Unknown asset'])
  })
})

describe('balances and fees', () => {
  it('what an open order holds is not available', async () => {
    await placed({ type: 'sell', price: '60000', volume: '0.25' })
    expect((await result('BalanceEx')).XXBT).toEqual({ balance: '1.0000000000', hold_trade: '0.2500000000' })
  })

  it('have as many decimals as the asset, and every digit that there is', async () => {
    await sandbox.adminPost('/deposits', { asset: 'USDT', amount: '0.123456789123' })
    expect((await result('Balance')).USDT).toBe('50000.123456789123')
    expect((await result('BalanceEx')).XXRP).toEqual({ balance: '1000.00000000', hold_trade: '0.00000000' })
  })

  it('TradeBalance values everything at last prices', async () => {
    sandbox.trade('XRP/USDT', '0.5')
    expect(await result('TradeBalance')).toMatchObject({ eb: '100500.0000', tb: '100500.0000', m: '0.0000' })
    expect(await result('TradeBalance', { asset: 'XXBT' })).toMatchObject({ eb: '2.0100' })
  })

  it('TradeVolume tells the fee of each pair asked for, and the next step', async () => {
    const volume = await result('TradeVolume', { pair: 'XBTUSDT,XRPUSDT' })
    expect(volume).toMatchObject({ currency: 'ZUSD', volume: '0.0000' })
    expect(Object.keys(volume.fees)).toEqual(['XBTUSDT', 'XRPUSDT'])
    expect(volume.fees.XBTUSDT).toEqual({
      fee: '0.8000',
      minfee: '0.0500',
      maxfee: '0.8000',
      nextfee: '0.6000',
      nextvolume: '2500.0000',
      tiervolume: '0.0000',
    })
    expect(volume.fees_maker.XBTUSDT.fee).toBe('0.4000')
    expect(await result('TradeVolume')).toEqual({ currency: 'ZUSD', volume: '0.0000' })
  })

  it('the fee falls with what was traded', async () => {
    await placed({ ordertype: 'market', volume: '0.06' })
    const { volume, fees } = await result('TradeVolume', { pair: 'XBTUSDT' })
    expect(Number(volume)).toBeGreaterThan(2_500)
    expect(fees.XBTUSDT.fee).toBe('0.6000')
  })
})

import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { marketData } from '../support/market-data.ts'
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
const market = (side: 'buy' | 'sell', volume: string, over: Record<string, unknown> = {}) =>
  result('AddOrder', { pair: 'XBTUSDT', type: side, ordertype: 'market', volume, leverage: '2:1', ...over })

it('an order with leverage says so, and opens a position instead of moving the coins', async () => {
  const { descr, txid } = await market('buy', '0.1')
  expect(descr.order).toBe('buy 0.10000000 XBTUSDT @ market with 2:1 leverage')
  const positions = await result('OpenPositions', { docalcs: 'true' })
  const [id] = Object.keys(positions)
  expect(positions[id ?? '']).toEqual({
    ordertxid: txid[0],
    posstatus: 'open',
    pair: 'XBTUSDT',
    time: T0 / 1000,
    type: 'buy',
    ordertype: 'market',
    cost: expect.stringMatching(/^\d+\.\d{5}$/),
    fee: expect.stringMatching(/^\d+\.\d{5}$/),
    vol: '0.10000000',
    vol_closed: '0.00000000',
    margin: expect.stringMatching(/^\d+\.\d{5}$/),
    value: '5000.0',
    net: expect.stringMatching(/^-\d+\.\d{5}$/),
    terms: '0.0200% per 4 hours',
    rollovertm: String(T0 / 1000 + 4 * 3_600),
    misc: '',
    oflags: '',
  })
  expect((await result('Balance')).XXBT).toBe('1.0000000000')
  const trade = Object.values((await result('TradesHistory')).trades)[0] as Wire
  expect(trade).toMatchObject({ leverage: '2', postxid: id })
  expect(Number(trade.margin)).toBeCloseTo(Number(trade.cost) / 2, 2)
})

it('TradeBalance tells margin, profit and margin level as the price moves', async () => {
  await market('buy', '0.2')
  const before = await result('TradeBalance')
  sandbox.trade('BTC/USDT', '51000')
  const after = await result('TradeBalance')
  expect(Number(after.n) - Number(before.n)).toBeCloseTo(200, 3)
  expect(Number(after.v)).toBeCloseTo(0.2 * 51_000, 2)
  expect(Number(after.mf)).toBeCloseTo(Number(after.e) - Number(after.m), 3)
  expect(Number(after.ml)).toBeCloseTo((Number(after.e) / Number(after.m)) * 100, 1)
})

it.each([
  ['buy', '5100.0', /^\+9\d\./],
  ['sell', '5100.0', /^-10\d\./],
] as const)(
  'a position of a %s is worth the coins at the last price, and tells what it would bring',
  async (side, value, net) => {
    await market(side, '0.1')
    sandbox.trade('BTC/USDT', '51000')
    const [position] = Object.values(await result('OpenPositions', { docalcs: 'true' })) as Wire[]
    expect(position.value).toBe(value)
    expect(position.net).toMatch(net)
  },
)

it('positions of one side of a pair are one where that is asked for', async () => {
  await market('sell', '0.1')
  await market('sell', '0.05')
  expect(await result('OpenPositions', { consolidation: 'market' })).toMatchObject([
    { pair: 'XBTUSDT', positions: '2', type: 'sell', leverage: '2.00000', vol: '0.15000000', vol_closed: '0.00000000' },
  ])
  const ids = Object.keys(await result('OpenPositions'))
  expect(Object.keys(await result('OpenPositions', { txid: ids[1] }))).toEqual([ids[1]])
})

it('a reduce-only order closes, and the profit is in the ledger', async () => {
  await market('buy', '0.1')
  sandbox.trade('BTC/USDT', '52000')
  sandbox.quote('BTC/USDT', '51999.9', '52000.1')
  await market('sell', '0.1', { reduce_only: 'true' })
  expect(await result('OpenPositions')).toEqual({})
  const kinds = (Object.values((await result('Ledgers')).ledger) as Wire[]).map(({ type }) => type)
  expect(kinds).toContain('margin')
  expect(kinds).toContain('rollover')
})

it('trades are told apart by what they did to positions', async () => {
  await market('buy', '0.1')
  await market('sell', '0.1', { reduce_only: 'true' })
  await market('buy', '0.2')
  await market('buy', '0.01', { leverage: 'none' })
  const volumes = async (type: string) =>
    (Object.values((await result('TradesHistory', { type })).trades) as Wire[]).map(({ type: side, vol }) => [
      side,
      vol,
    ])
  expect(await volumes('no position')).toEqual([['buy', '0.01000000']])
  expect(await volumes('closing position')).toEqual([['sell', '0.10000000']])
  expect(await volumes('closed position')).toEqual([['buy', '0.10000000']])
  expect(await volumes('any position')).toHaveLength(3)
  expect((await sandbox.private('TradesHistory', { type: 'some' })).error).toEqual(['EGeneral:Invalid arguments:type'])
})

it('a position is settled by paying for the coins at the price it was opened at', async () => {
  await market('buy', '0.1')
  const before = await result('Balance')
  const { descr } = await market('sell', '0.1', { ordertype: 'settle-position' })
  expect(descr.order).toBe('sell 0.10000000 XBTUSDT @ settle position with 2:1 leverage')
  expect(await result('OpenPositions')).toEqual({})
  const after = await result('Balance')
  expect(Number(after.XXBT) - Number(before.XXBT)).toBeCloseTo(0.1, 9)
  expect(Number(before.USDT) - Number(after.USDT)).toBeGreaterThan(4_999)
})

it('a leverage that the pair does not list is refused', async () => {
  const { error } = await sandbox.private('AddOrder', {
    ...{ pair: 'XBTUSDT', type: 'buy', ordertype: 'market', volume: '0.1', leverage: '7' },
  })
  expect(error).toEqual(['EGeneral:Invalid arguments:leverage'])
})

const documented = marketData('kraken-json/account/GetOpenPositions.txt')
it.skipIf(documented === null)('a position has every field that Kraken documents', async () => {
  await market('buy', '0.1')
  const text = readFileSync(documented ?? '', 'utf8')
  const theirs = Object.values(JSON.parse(text.slice(text.indexOf('{'))).result)[0] as Wire
  const ours = Object.values(await result('OpenPositions', { docalcs: 'true' }))[0] as Wire
  expect(Object.keys(theirs).filter((name) => typeof theirs[name] !== typeof ours[name])).toEqual([])
})

it('a position that has eaten its margin is closed by the venue, which marks its order as liquidated', async () => {
  await market('buy', '2', { leverage: '5:1' })
  sandbox.quote('BTC/USDT', '24999.9', '25000.1')
  sandbox.trade('BTC/USDT', '25000')
  expect(await result('OpenPositions')).toEqual({})
  const closed = Object.values((await result('ClosedOrders')).closed) as Wire[]
  expect(closed.map(({ status, misc, descr }) => [status, misc, descr.type])).toContainEqual([
    ...['closed', 'liquidated', 'sell'],
  ])
})

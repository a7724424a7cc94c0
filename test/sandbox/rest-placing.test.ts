import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type OpenSandbox, openSandbox, T0 } from './open-sandbox.ts'

let sandbox: OpenSandbox
beforeEach(async () => {
  sandbox = await openSandbox()
  sandbox.quote('BTC/USDT', '49999.9', '50000.1')
  sandbox.trade('BTC/USDT', '50000')
})
afterEach(() => sandbox.stop())

const LIMIT = { pair: 'XBTUSDT', type: 'buy', ordertype: 'limit', price: '40000', volume: '0.01' }
const add = (over: Record<string, unknown> = {}, sending = {}) =>
  sandbox.private('AddOrder', { ...LIMIT, ...over }, sending)
const placed = async (over: Record<string, unknown> = {}): Promise<string> => {
  const { error, result } = await add(over)
  expect(error).toEqual([])
  return result.txid[0]
}
const openIds = async () => Object.keys((await sandbox.private('OpenOrders')).result.open)
const row = async (id: string) => (await sandbox.private('QueryOrders', { txid: id })).result[id]

describe('AddOrder', () => {
  it('answers with the order in words and its id', async () => {
    const { status, error, result } = await add()
    expect([status, error]).toEqual([200, []])
    expect(result).toEqual({
      descr: { order: 'buy 0.01000000 XBTUSDT @ limit 40000.0' },
      txid: [expect.stringMatching(/^O[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{6}$/)],
    })
  })

  it.each([
    [{ ordertype: 'market', price: '' }, 'buy 0.01000000 XBTUSDT @ market'],
    [{ type: 'sell', ordertype: 'stop-loss', price: '45000' }, 'sell 0.01000000 XBTUSDT @ stop loss 45000.0'],
    [
      { type: 'sell', ordertype: 'stop-loss-limit', price: '45000', price2: '44900' },
      'sell 0.01000000 XBTUSDT @ stop loss 45000.0 -> limit 44900.0',
    ],
    [{ type: 'sell', ordertype: 'take-profit', price: '55000' }, 'sell 0.01000000 XBTUSDT @ take profit 55000.0'],
    [
      { type: 'sell', ordertype: 'take-profit-limit', price: '55000', price2: '54900' },
      'sell 0.01000000 XBTUSDT @ take profit 55000.0 -> limit 54900.0',
    ],
    [{ ordertype: 'iceberg', displayvol: '0.001' }, 'buy 0.01000000 XBTUSDT @ iceberg 40000.0'],
    [{ type: 'sell', ordertype: 'trailing-stop', price: '+1%' }, 'sell 0.01000000 XBTUSDT @ trailing stop +1.0000%'],
    [
      { type: 'sell', ordertype: 'trailing-stop-limit', price: '+500', price2: '-10' },
      'sell 0.01000000 XBTUSDT @ trailing stop +500.0 -> limit -10.0',
    ],
  ])('takes %o', async (fields, order) => {
    const { error, result } = await add(fields)
    expect(error).toEqual([])
    expect(result.descr.order).toBe(order)
  })

  it.each([
    ['-10%', '45000.0'],
    ['+250', '50250.0'],
    ['#1%', '49500.0'],
    ['-0.123', '49999.9'],
  ])('a relative price %s is reckoned from the last trade and rounded to the tick', async (price, resolved) => {
    const { result } = await add({ price, validate: 'true' })
    expect(result.descr.order).toBe(`buy 0.01000000 XBTUSDT @ limit ${resolved}`)
  })

  it('validate checks in full and places nothing', async () => {
    const { error, result } = await add({ validate: true })
    expect([error, result]).toEqual([[], { descr: { order: 'buy 0.01000000 XBTUSDT @ limit 40000.0' } }])
    expect((await add({ validate: true, volume: '10' })).error).toEqual(['EOrder:Insufficient funds'])
    expect(await openIds()).toEqual([])
    expect(sandbox.venue.requests()).toEqual([])
  })

  it.each([
    [{ pair: 'FOO' }, 'EQuery:Unknown asset pair'],
    [{ pair: '' }, 'EGeneral:Invalid arguments:pair'],
    [{ type: 'hold' }, 'EGeneral:Invalid arguments:type'],
    [{ ordertype: 'guess' }, 'EGeneral:Invalid arguments:ordertype'],
    [{ volume: '' }, 'EGeneral:Invalid arguments:volume'],
    [{ volume: 'much' }, 'EGeneral:Invalid arguments:volume'],
    [{ volume: '-1' }, 'EGeneral:Invalid arguments:volume'],
    [{ volume: '0.00001' }, 'EOrder:Order minimum not met'],
    [{ volume: '0.00005', price: '100' }, 'EOrder:Cost minimum not met'],
    [{ price: '40000.05' }, 'EOrder:Tick size check failed'],
    [{ volume: '100' }, 'EOrder:Insufficient funds'],
    [{ oflags: 'post,nonsense' }, 'EGeneral:Invalid arguments:oflags'],
    [{ oflags: 'fcib,fciq' }, 'EGeneral:Invalid arguments:oflags'],
    [{ timeinforce: 'SOON' }, 'EGeneral:Invalid arguments:timeinforce'],
    [{ timeinforce: 'GTD' }, 'EGeneral:Invalid arguments:expiretm'],
    [{ expiretm: 'tomorrow' }, 'EGeneral:Invalid arguments:expiretm'],
    [{ leverage: '99:1' }, 'EGeneral:Invalid arguments:leverage'],
    [{ cl_ord_id: 'with spaces' }, 'EGeneral:Invalid arguments:cl_ord_id'],
    [{ cl_ord_id: 'a', userref: '7' }, 'EGeneral:Invalid arguments:cl_ord_id'],
    [{ userref: '2147483648' }, 'EGeneral:Invalid arguments:userref'],
    [{ ordertype: 'trailing-stop', price: '500' }, 'EGeneral:Invalid arguments:price'],
    [{ deadline: 'soon' }, 'EGeneral:Invalid arguments:deadline'],
  ])('%o is refused: %s', async (fields, error) => {
    const answer = await add(fields)
    expect([answer.status, answer.error, answer.result]).toEqual([200, [error], undefined])
    expect(await openIds()).toEqual([])
  })

  it('numbers in JSON keep their digits', async () => {
    const nonce = '2000000'
    const body = `{"nonce":${nonce},"pair":"XBTUSDT","type":"buy","ordertype":"limit","price":40000.1,"volume":0.01234567}`
    const { result } = await sandbox.private('AddOrder', {}, { nonce, body, json: true })
    expect(result.descr.order).toBe('buy 0.01234567 XBTUSDT @ limit 40000.1')
  })

  it('a deadline that has passed is told so, one over a minute ahead is not taken', async () => {
    const at = (ms: number) => new Date(T0 + ms).toISOString()
    expect((await add({ deadline: at(-1) })).error).toEqual(['EService:Deadline elapsed'])
    expect((await add({ deadline: at(60_001) })).error).toEqual(['EGeneral:Invalid arguments:deadline'])
    expect((await add({ deadline: at(5_000).replace('Z', '000000+00:00') })).error).toEqual([])
  })

  it('a client id is free again once its order has ended', async () => {
    const id = await placed({ cl_ord_id: 'mine' })
    expect((await add({ cl_ord_id: 'mine' })).error).toHaveLength(1)
    await sandbox.private('CancelOrder', { txid: id })
    await placed({ cl_ord_id: 'mine' })
  })

  it('good till a moment: gone when it has come', async () => {
    const id = await placed({ timeinforce: 'GTD', expiretm: '+60' })
    expect((await row(id)).expiretm).toBe(T0 / 1000 + 60)
    sandbox.clock.advanceTo(T0 + 60_000)
    expect(await row(id)).toMatchObject({ status: 'expired', closetm: T0 / 1000 + 60 })
  })

  it('a post-only order that would trade is taken, and cancelled for it', async () => {
    const id = await placed({ price: '50001', oflags: 'post' })
    expect(await row(id)).toMatchObject({ status: 'canceled', reason: 'Post only order', vol_exec: '0.00000000' })
  })

  it('a market buy can be given in quote units', async () => {
    const id = await placed({ ordertype: 'market', oflags: 'viqc', volume: '500' })
    const { status, cost, oflags } = await row(id)
    expect([status, oflags]).toEqual(['closed', 'fciq,viqc'])
    expect(Number(cost)).toBeLessThanOrEqual(500)
    expect(Number(cost)).toBeGreaterThan(499)
  })

  it('an order with a conditional close opens its opposite when it is filled', async () => {
    const close = { 'close[ordertype]': 'stop-loss-limit', 'close[price]': '45000', 'close[price2]': '44900' }
    const { result } = await add({ ordertype: 'market', ...close })
    expect(result.descr.close).toBe('close position @ stop loss 45000.0 -> limit 44900.0')
    const [spawned] = await openIds()
    expect(await row(spawned ?? '')).toMatchObject({
      refid: result.txid[0],
      vol: '0.01000000',
      descr: { type: 'sell', order: 'sell 0.01000000 XBTUSDT @ stop loss 45000.0 -> limit 44900.0' },
    })
  })

  it('a market order is filled at once and paid for', async () => {
    const id = await placed({ ordertype: 'market' })
    expect(await row(id)).toMatchObject({ status: 'closed', vol_exec: '0.01000000' })
    const { result } = await sandbox.private('Balance')
    expect(result.XXBT).toBe('1.0100000000')
  })
})

describe('AddOrderBatch', () => {
  const batch = (orders: unknown[], over = {}, json = true) =>
    sandbox.private('AddOrderBatch', { pair: 'XBTUSDT', orders, ...over }, { json })
  const { pair: _pair, ...order } = LIMIT

  it('places two to fifteen orders of one pair', async () => {
    const { error, result } = await batch([order, { ...order, price: '40001' }])
    expect(error).toEqual([])
    expect(result.orders).toEqual([
      { txid: expect.any(String), descr: { order: 'buy 0.01000000 XBTUSDT @ limit 40000.0' } },
      { txid: expect.any(String), descr: { order: 'buy 0.01000000 XBTUSDT @ limit 40001.0' } },
    ])
    expect((await batch([order])).error).toEqual(['EGeneral:Invalid arguments:orders'])
    expect((await batch(Array.from({ length: 16 }, () => order))).error).toEqual(['EGeneral:Invalid arguments:orders'])
  })

  it('is refused as a whole where one order is not valid', async () => {
    expect((await batch([order, { ...order, price: '40000.05' }])).error).toEqual(['EOrder:Tick size check failed'])
    expect(await openIds()).toEqual([])
  })

  it('leaves out those that the funds do not cover, alone or after the ones before', async () => {
    const { error, result } = await batch([
      { ...order, volume: '1' },
      { ...order, volume: '1' },
      { ...order, volume: '9' },
    ])
    expect(error).toEqual([])
    expect(result.orders[0].txid).toEqual(expect.any(String))
    expect(result.orders.slice(1)).toEqual([
      { error: 'EOrder:Insufficient funds' },
      { error: 'EOrder:Insufficient funds' },
    ])
    expect(await openIds()).toHaveLength(1)
  })

  it('is read from a nested form too', async () => {
    const fields = {
      pair: 'XBTUSDT',
      ...Object.fromEntries(
        [0, 1].flatMap((index) => Object.entries(order).map(([name, value]) => [`orders[${index}][${name}]`, value])),
      ),
    }
    expect((await sandbox.private('AddOrderBatch', fields)).result.orders).toHaveLength(2)
  })
})

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

describe('AmendOrder', () => {
  it('changes size and price, and keeps the id', async () => {
    const id = await placed()
    const { error, result } = await sandbox.private('AmendOrder', { txid: id, order_qty: '0.02', limit_price: '41000' })
    expect(error).toEqual([])
    expect(result).toEqual({ amend_id: expect.stringMatching(/^T[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{6}$/) })
    expect(await row(id)).toMatchObject({
      status: 'open',
      vol: '0.02000000',
      descr: { price: '41000.0' },
      misc: 'amended',
    })
  })

  it('finds an order by client id, and refuses what the pair does not allow', async () => {
    await placed({ cl_ord_id: 'mine' })
    const amend = async (fields: Record<string, unknown>) =>
      (await sandbox.private('AmendOrder', { cl_ord_id: 'mine', ...fields })).error
    expect(await amend({ limit_price: '41000.05' })).toEqual(['EOrder:Tick size check failed'])
    expect(await amend({ order_qty: '100' })).toEqual(['EOrder:Insufficient funds'])
    expect(await amend({ limit_price: '41000' })).toEqual([])
    expect((await sandbox.private('AmendOrder', { txid: 'OAAAAA-AAAAA-AAAAAA', order_qty: '1' })).error).toEqual([
      'EOrder:Unknown order',
    ])
    expect((await sandbox.private('AmendOrder', { order_qty: '1' })).error).toEqual(['EGeneral:Invalid arguments:txid'])
  })
})

describe('EditOrder', () => {
  it('cancels the order and places another with the new terms', async () => {
    const id = await placed()
    const { error, result } = await sandbox.private('EditOrder', { pair: 'XBTUSDT', txid: id, price: '41000' })
    expect(error).toEqual([])
    expect(result).toMatchObject({
      status: 'ok',
      originaltxid: id,
      orders_cancelled: 1,
      descr: { order: 'buy 0.01000000 XBTUSDT @ limit 41000.0' },
    })
    expect(await openIds()).toEqual([result.txid])
    expect((await row(id)).status).toBe('canceled')
  })

  it('does not take an order with a conditional close, nor a size below what is filled', async () => {
    const edit = async (txid: string, over: Record<string, unknown>) =>
      (await sandbox.private('EditOrder', { pair: 'XBTUSDT', txid, ...over })).error
    const closing = await placed({ 'close[ordertype]': 'stop-loss', 'close[price]': '39000' })
    expect(await edit(closing, { price: '41000' })).toEqual(['EGeneral:Invalid arguments:txid'])
    const id = await placed({ volume: '0.2' })
    sandbox.clock.advanceTo(T0 + 1_000)
    sandbox.trade('BTC/USDT', '39999', '0.6')
    expect(Number((await row(id)).vol_exec)).toBeGreaterThan(0.1)
    expect(await edit(id, { volume: '0.1' })).toEqual(['EGeneral:Invalid arguments:volume'])
    const { result } = await sandbox.private('EditOrder', { pair: 'XBTUSDT', txid: id, price: '38000' })
    const rest = 0.2 - Number((await row(id)).vol_exec)
    expect(Number((await row(result.txid)).vol)).toBeCloseTo(rest, 8)
  })

  it('leaves the order alone where the new terms are not valid', async () => {
    const id = await placed()
    const edit = (over: Record<string, unknown>) => sandbox.private('EditOrder', { pair: 'XBTUSDT', txid: id, ...over })
    expect((await edit({ price: '41000.05' })).error).toEqual(['EOrder:Tick size check failed'])
    expect((await edit({ price: '41000', validate: 'true' })).error).toEqual([])
    expect(await openIds()).toEqual([id])
  })
})

describe('cancelling', () => {
  it('by id, by client id and by a shared number', async () => {
    const [a, b, c] = [await placed(), await placed({ cl_ord_id: 'b' }), await placed({ userref: '7' })]
    await placed({ userref: '7' })
    const cancel = async (fields: Record<string, unknown>) => (await sandbox.private('CancelOrder', fields)).result
    expect(await cancel({ txid: a })).toEqual({ count: 1 })
    expect(await cancel({ cl_ord_id: 'b' })).toEqual({ count: 1 })
    expect(await cancel({ txid: '7' })).toEqual({ count: 2 })
    expect(await openIds()).toEqual([])
    expect(await Promise.all([a, b, c].map(async (id) => (await row(id)).reason))).toEqual([
      'User requested',
      'User requested',
      'User requested',
    ])
  })

  it('what is not open is unknown', async () => {
    const id = await placed()
    await sandbox.private('CancelOrder', { txid: id })
    for (const fields of [{ txid: id }, { txid: 'OAAAAA-AAAAA-AAAAAA' }, { cl_ord_id: 'none' }, { txid: '99' }])
      expect((await sandbox.private('CancelOrder', fields)).error).toEqual(['EOrder:Unknown order'])
    expect((await sandbox.private('CancelOrder')).error).toEqual(['EGeneral:Invalid arguments:txid'])
  })

  it('many at once, by whatever names', async () => {
    const [a, b] = [await placed(), await placed()]
    await placed({ cl_ord_id: 'c' })
    const { result } = await sandbox.private(
      'CancelOrderBatch',
      { orders: [a, { txid: b }], cl_ord_ids: ['c'] },
      { json: true },
    )
    expect(result).toEqual({ count: 3 })
    expect((await sandbox.private('CancelOrderBatch', { orders: [a] }, { json: true })).error).toEqual([
      'EOrder:Unknown order',
    ])
  })

  it('all of them', async () => {
    await placed()
    await placed({ type: 'sell', price: '60000' })
    expect((await sandbox.private('CancelAll')).result).toEqual({ count: 2 })
    expect((await sandbox.private('CancelAll')).result).toEqual({ count: 0 })
  })

  it('all of them unless a sign of life comes in time', async () => {
    const id = await placed()
    const within = (timeout: string) => sandbox.private('CancelAllOrdersAfter', { timeout })
    expect((await within('60')).result).toEqual({
      currentTime: '2026-11-22T12:00:00Z',
      triggerTime: '2026-11-22T12:01:00Z',
    })
    sandbox.clock.advanceTo(T0 + 50_000)
    await within('60')
    sandbox.clock.advanceTo(T0 + 100_000)
    expect(await openIds()).toEqual([id])
    sandbox.clock.advanceTo(T0 + 110_000)
    expect(await openIds()).toEqual([])
    expect((await within('0')).result.triggerTime).toBe('0')
    expect((await sandbox.private('CancelAllOrdersAfter')).error).toEqual(['EGeneral:Invalid arguments:timeout'])
  })
})

describe('a market that is not open', () => {
  it('takes cancels only', async () => {
    const id = await placed()
    await sandbox.adminPost('/mode', { mode: 'cancel_only' })
    expect((await add()).error).toEqual(['EService:Market in cancel_only mode'])
    expect((await sandbox.private('AmendOrder', { txid: id, order_qty: '0.02' })).error).toEqual([
      'EService:Market in cancel_only mode',
    ])
    expect((await sandbox.private('CancelOrder', { txid: id })).error).toEqual([])
  })

  it('takes post-only orders only', async () => {
    await sandbox.adminPost('/mode', { mode: 'post_only' })
    expect((await add()).error).toEqual(['EService:Market in post_only mode'])
    expect((await add({ oflags: 'post' })).error).toEqual([])
  })

  it('takes nothing in maintenance', async () => {
    const id = await placed()
    await sandbox.adminPost('/mode', { mode: 'maintenance' })
    for (const [method, fields] of [
      ['AddOrder', LIMIT],
      ['CancelOrder', { txid: id }],
      ['CancelAll', {}],
    ] as const)
      expect((await sandbox.private(method, fields)).error).toEqual(['EService:Unavailable'])
  })
})

it('GetWebSocketsToken gives a token for fifteen minutes', async () => {
  const { result } = await sandbox.private('GetWebSocketsToken')
  expect(result).toEqual({ token: expect.any(String), expires: 900 })
  expect(sandbox.venue.tokenIsValid(result.token)).toBe(true)
  sandbox.clock.advanceTo(T0 + 900_001)
  expect(sandbox.venue.tokenIsValid(result.token)).toBe(false)
})

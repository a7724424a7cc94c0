import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type OpenSandbox, openSandbox, T0 } from './open-sandbox.ts'

let sandbox: OpenSandbox
beforeEach(async () => {
  sandbox = await openSandbox()
})
afterEach(() => sandbox.stop())

const ORDER = { pair: 'XBTUSDT', type: 'buy', ordertype: 'limit', price: '40000', volume: '0.001' }

describe('the admin', () => {
  it('moves the market with one event or many, under any name of the pair', async () => {
    await sandbox.adminPost('/market', [
      { kind: 'quote', symbol: 'XBTUSDT', bid: 49_999.9, bidQuantity: '1', ask: '50000.1', askQuantity: '2' },
      { kind: 'trade', symbol: 'XBT/USDT', price: '50000', quantity: '0.5', side: 'sell' },
    ])
    const { result } = await sandbox.public('Ticker', { pair: 'XBTUSDT' })
    expect(result.XBTUSDT).toMatchObject({ a: ['50000.1', '2', '2.00000000'], c: ['50000.0', '0.50000000'] })
  })

  it('makes a trade through a resting order fill it', async () => {
    await sandbox.adminPost('/market', { kind: 'trade', symbol: 'BTC/USDT', price: '50000', quantity: '1' })
    await sandbox.private('AddOrder', ORDER)
    sandbox.clock.advanceTo(T0 + 1_000)
    await sandbox.adminPost('/market', { kind: 'trade', symbol: 'BTC/USDT', price: '39990', quantity: '1' })
    const { orders, trades } = await sandbox.adminGet('/state')
    expect([orders.open, orders.closed[0].status, trades.length]).toEqual([[], 'filled', 1])
  })

  it('pays in and out, and refuses to pay out what is held or not there', async () => {
    await sandbox.adminPost('/deposits', { asset: 'ETH', amount: '2' })
    await sandbox.adminPost('/withdrawals', { asset: 'BTC', amount: 0.25 })
    expect((await sandbox.private('Balance')).result).toMatchObject({ XETH: '2.0000000000', XXBT: '0.7500000000' })
    expect((await sandbox.adminPost('/withdrawals', { asset: 'BTC', amount: '1' })).status).toBe(400)
    expect((await sandbox.adminPost('/deposits', { asset: 'BTC', amount: '0' })).status).toBe(400)
  })

  it('adds keys with other permissions', async () => {
    const { apiKey: key, apiSecret: secret } = await sandbox.adminPost('/keys', {
      permissions: ['query-funds', 'withdraw-funds'],
    })
    const { result } = await sandbox.private('GetApiKeyInfo', {}, { key, secret })
    expect(result.permissions).toEqual(['query-funds', 'withdraw-funds'])
  })

  it('tells which nonces were accepted and what reached the engine, when and under which nonce', async () => {
    await sandbox.adminPost('/market', { kind: 'trade', symbol: 'BTC/USDT', price: '50000', quantity: '1' })
    const { result } = await sandbox.private('AddOrder', { ...ORDER, cl_ord_id: 'mine' }, { nonce: '5000000' })
    sandbox.clock.advanceTo(T0 + 500)
    await sandbox.private('AddOrder', { ...ORDER, volume: '100' }, { nonce: '5000001' })
    const { nonces, requests } = await sandbox.adminGet('/state')
    expect(nonces).toEqual([
      { key: sandbox.apiKey, nonce: '5000000', method: 'AddOrder', at: T0 },
      { key: sandbox.apiKey, nonce: '5000001', method: 'AddOrder', at: T0 + 500 },
    ])
    const usual = { kind: 'place', via: 'rest', key: sandbox.apiKey, symbol: 'BTC/USDT' }
    expect(requests).toEqual([
      { ...usual, nonce: '5000000', clientOrderId: 'mine', venueOrderId: result.txid[0], at: T0, errors: [] },
      {
        ...{ ...usual, nonce: '5000001', clientOrderId: null, venueOrderId: null, at: T0 + 500 },
        errors: ['EOrder:Insufficient funds'],
      },
    ])
  })

  it.each([
    ['/market', { kind: 'rumour' }],
    ['/market', { kind: 'trade', symbol: 'FOO', price: '1', quantity: '1' }],
    ['/market', { kind: 'trade', symbol: 'BTC/USDT', price: 'much', quantity: '1' }],
    ['/mode', { mode: 'closed' }],
    ['/keys', { permissions: ['everything'] }],
  ])('%s with %o is told what is wrong', async (path, body) => {
    const { status, error } = await sandbox.adminPost(path, body)
    expect(status).toBe(400)
    expect(error.length).toBeGreaterThan(3)
  })

  it('has nothing elsewhere', async () => {
    expect((await sandbox.adminPost('/nothing')).status).toBe(404)
  })

  it('does not answer to a name that is not this machine’s', async () => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>()
    const asked = request(`${sandbox.admin}/state`, { headers: { host: 'evil.example' } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    asked.end()
    expect(await promise).toBe(403)
  })
})

it('a stopped sandbox has let go of its port, however often it is stopped', async () => {
  await sandbox.stop()
  await sandbox.stop()
  await expect(sandbox.public('Time')).rejects.toThrow('fetch failed')
})

import { describe, expect, it } from 'vitest'
import { tradeId } from '../../src/domain/ids.ts'
import { deskAndApi, NOW, order, XRP } from './test-desk.ts'

function withOrders() {
  const setup = deskAndApi()
  const fill = {
    tradeId: tradeId('t1'),
    price: '40000.1',
    quantity: '0.0001',
    fee: '0.03',
    liquidity: 'taker',
    at: NOW,
  }
  setup.desk.ordersNow = [
    order('o1', { createdAt: NOW - 4_000 }),
    order('o2', { createdAt: NOW - 3_000, status: 'PENDING', phase: 'unknown' }, XRP),
    order('o3', { createdAt: NOW - 2_000, status: 'FILLED', phase: 'done', fills: [{ ...fill, liquidity: 'taker' }] }),
    order('o4', { createdAt: NOW - 1_000, status: 'CANCELLED', phase: 'done', reason: 'halted' }, XRP),
  ]
  return setup
}
const idsOf = (json: { orders: { orderId: string }[] }) => json.orders.map((one) => one.orderId)

describe('orders', () => {
  it('lists the live ones unless asked otherwise, newest first, with their phase', async () => {
    const { status, json } = await withOrders().get('/api/v1/orders')
    expect(status).toBe(200)
    expect(idsOf(json)).toEqual(['o2', 'o1'])
    expect(json.orders[0]).toMatchObject({ status: 'PENDING', phase: 'unknown' })
  })

  it.each([
    ['status=all', ['o4', 'o3', 'o2', 'o1']],
    ['status=final', ['o4', 'o3']],
    ['status=filled', ['o3']],
    ['status=CANCELLED&symbol=XRP_USDT', ['o4']],
    ['symbol=BTC/USDT', ['o1']],
  ])('filters by %s', async (query, expected) => {
    const { status, json } = await withOrders().get(`/api/v1/orders?${query}`)
    expect(status).toBe(200)
    expect(idsOf(json)).toEqual(expected)
  })

  it.each([['status=alive'], ['symbol=ADA/USDT'], ['live=true']])('refuses %s with 400', async (query) => {
    expect((await withOrders().get(`/api/v1/orders?${query}`)).status).toBe(400)
  })

  it('writes money as text and every time as ISO text, down to the fills', async () => {
    const { json } = await withOrders().get('/api/v1/orders/o3')
    expect(json.request).toMatchObject({ limitPrice: '40000.1', expiresAt: '2021-05-19T12:45:00.000Z', leverage: 1 })
    expect(json.fills[0]).toMatchObject({ fee: '0.03', at: '2021-05-19T12:30:00.000Z' })
  })

  it('answers 404 for an id that is no order', async () => {
    expect(await withOrders().get('/api/v1/orders/o9')).toMatchObject({
      status: 404,
      json: { type: 'urn:triplegain:problem:not-found', detail: 'there is no order o9', instance: '/api/v1/orders/o9' },
    })
  })
})

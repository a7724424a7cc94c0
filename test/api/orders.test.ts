import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { deskAndApi, NOW, order, XRP } from './test-desk.ts'
import { fillRecord } from './test-history.ts'

const closedOrder = (id: string, over: Parameters<typeof order>[1] = {}) => ({
  ...order(id, { status: 'FILLED', phase: 'done', ...over }),
  closedAt: NOW - 500,
})

function withOrders() {
  const setup = deskAndApi()
  setup.desk.ordersNow = [
    order('o1', { createdAt: NOW - 4_000 }),
    order('o2', { createdAt: NOW - 3_000, status: 'PENDING', phase: 'unknown' }, XRP),
    order('o3', { createdAt: NOW - 2_000, status: 'FILLED', phase: 'done' }),
  ]
  setup.history.ordersPast = [
    closedOrder('o4', { createdAt: NOW - 1_000, status: 'CANCELLED', reason: 'halted' }),
    closedOrder('o3', { createdAt: NOW - 2_000, filled: '0.0001', cost: '4.00001', fees: '0.032' }),
  ]
  setup.history.fillsPast = [fillRecord('t1', NOW - 600, { orderId: closedOrder('o3').orderId })]
  setup.history.statusLog = [
    {
      at: NOW - 2_000,
      from: null,
      status: 'PENDING',
      phase: 'intended',
      filled: '0',
      averagePrice: null,
      reason: null,
    },
  ]
  return setup
}
const rowsOf = (text: string): Record<string, string>[] => parse(text, { columns: true })
const idsOf = (json: { orders: { orderId: string }[] }) => json.orders.map((one) => one.orderId)

describe('open orders', () => {
  it('are listed unless asked otherwise, newest first, with their phase', async () => {
    const { status, json } = await withOrders().get('/api/v1/orders')
    expect(status).toBe(200)
    expect(idsOf(json)).toEqual(['o2', 'o1'])
    expect(json.orders[0]).toMatchObject({ status: 'PENDING', phase: 'unknown', closedAt: null })
  })

  it.each([
    ['status=OPEN', ['o2', 'o1']],
    ['status=pending', ['o2']],
    ['symbol=BTC/USDT', ['o1']],
    ['symbol=XRP_USDT&side=buy', ['o2']],
    ['side=sell', []],
    ['book=core', []],
    ['from=2021-05-19T12:29:57Z', ['o2']],
    ['to=2021-05-19T12:29:57Z', ['o1']],
    ['limit=1', ['o2']],
    ['limit=1&cursor=o2', ['o1']],
  ])('are filtered and paged by %s', async (query, expected) => {
    const { status, json } = await withOrders().get(`/api/v1/orders?${query}`)
    expect(status).toBe(200)
    expect(idsOf(json)).toEqual(expected)
    expect(json.nextCursor).toBe(query === 'limit=1' ? 'o2' : null)
  })

  it('are told while the database is away', async () => {
    const { history, get } = withOrders()
    history.answersLeft = 0
    expect((await get('/api/v1/orders')).status).toBe(200)
    expect((await get('/api/v1/orders?format=csv')).status).toBe(200)
  })
})

describe('closed orders', () => {
  it('come from the past, newest first, with when they ended', async () => {
    const { history, get } = withOrders()
    const { status, json } = await get('/api/v1/orders?status=closed')
    expect(status).toBe(200)
    expect(idsOf(json)).toEqual(['o4', 'o3'])
    expect(json.orders[0]).toMatchObject({ status: 'CANCELLED', closedAt: '2021-05-19T12:29:59.500Z' })
    expect(history.asked).toEqual([
      {
        filter: {
          ...{ symbol: null, side: null, book: null, from: null, to: null },
          statuses: ['FILLED', 'CANCELLED', 'EXPIRED', 'ERROR'],
        },
        page: { limit: 100, cursor: null },
      },
    ])
  })

  it.each([
    ['status=all', { statuses: null }],
    ['status=expired', { statuses: ['EXPIRED'] }],
    ['status=closed&symbol=xrp_usdt&side=SELL&book=core', { symbol: 'XRP/USDT', side: 'sell', book: 'core' }],
    ['status=all&from=2021-01-01&to=2022-01-01', { from: 1_609_459_200_000, to: 1_640_995_200_000 }],
    ['status=all&from=2021-01-01T00:00:00%2B01:00', { from: 1_609_455_600_000 }],
  ])('are asked for by %s', async (query, filter) => {
    const { history, get } = withOrders()
    expect((await get(`/api/v1/orders?${query}`)).status).toBe(200)
    expect(history.asked[0]?.filter).toMatchObject(filter)
  })

  it('are paged by a cursor', async () => {
    const { get } = withOrders()
    const { json } = await get('/api/v1/orders?status=closed&limit=1')
    expect(json.nextCursor).toBe('o4')
    expect(idsOf((await get('/api/v1/orders?status=closed&limit=1&cursor=o4')).json)).toEqual(['o3'])
    for (const status of ['closed', 'open'])
      expect(await get(`/api/v1/orders?status=${status}&cursor=nobody`)).toMatchObject({
        status: 400,
        json: { detail: 'cursor: no such row, start again' },
      })
  })

  it('are 503 while the database is away, which is logged and not told', async () => {
    const { history, get, log } = withOrders()
    history.answersLeft = 0
    for (const path of ['/api/v1/orders?status=closed', '/api/v1/orders/o3', '/api/v1/orders?status=all&format=csv']) {
      const { status, json, text, response } = await get(path)
      expect(status).toBe(503)
      expect(json).toMatchObject({ type: 'urn:triplegain:problem:history-away' })
      expect(response.headers.get('retry-after')).toBe('5')
      expect(text).not.toContain('ECONNREFUSED')
    }
    expect(log.lines[0]).toMatchObject({ level: 'warn', fields: { problem: expect.stringContaining('ECONNREFUSED') } })
  })
})

describe('questions that are none', () => {
  it.each([
    'status=alive',
    'symbol=ADA/USDT',
    'live=true',
    'side=both',
    'book=hodl',
    'from=yesterday',
    'from=2021-02-30',
    'from=2021-05-20&to=2021-05-19',
    'from=2021-05-19&to=2021-05-19',
    'limit=0',
    'limit=101',
    'limit=1e2',
    'format=xml',
    'side=buy&side=sell',
  ])('are refused with 400: %s', async (query) => {
    const { get } = withOrders()
    for (const path of ['/api/v1/orders', '/api/v1/fills']) {
      const { status, json } = await get(`${path}?${query}`)
      expect(status).toBe(400)
      expect(json.type).toBe('urn:triplegain:problem:bad-request')
    }
  })
})

describe('one order', () => {
  it('is told with its fills and its steps, times as ISO text', async () => {
    const { json } = await withOrders().get('/api/v1/orders/o3')
    expect(json.request).toMatchObject({ limitPrice: '40000.1', expiresAt: '2021-05-19T12:45:00.000Z', leverage: 1 })
    expect(json.fills).toMatchObject([{ tradeId: 't1', cost: '4.00001', at: '2021-05-19T12:29:59.400Z' }])
    expect(json.statusLog).toMatchObject([{ at: '2021-05-19T12:29:58.000Z', from: null, phase: 'intended' }])
  })

  it('is 404 for an id that is no order', async () => {
    expect(await withOrders().get('/api/v1/orders/o9')).toMatchObject({
      status: 404,
      json: { type: 'urn:triplegain:problem:not-found', detail: 'there is no order o9', instance: '/api/v1/orders/o9' },
    })
  })

  it('is one row as CSV', async () => {
    const { text } = await withOrders().get('/api/v1/orders/o3?format=csv')
    expect(text.split('\r\n')).toHaveLength(3)
    expect(text).toContain(',o3,')
  })

  it("says a fee only where it is known what it was paid in: of somebody else's order, its fills say", async () => {
    const { history, get } = withOrders()
    const [given] = history.ordersPast
    if (given === undefined) throw new Error('there is an order')
    const { request } = given
    history.ordersPast = [
      { ...given, cost: '4', fees: '0.03' },
      { ...given, cost: '4', fees: '0.03', request: { ...request, purpose: 'external' } },
    ]
    const [own, foreign] = rowsOf((await get('/api/v1/orders?status=closed&format=csv')).text)
    expect(own).toMatchObject({ fee: '0.03', fee_asset: 'USDT', net_proceeds: '-4.03' })
    expect(foreign).toMatchObject({ cost: '4', fee: '', fee_asset: '', net_proceeds: '' })
  })
})

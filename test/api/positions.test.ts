import { describe, expect, it } from 'vitest'
import { deskAndApi, NOW, position, XRP } from './test-desk.ts'

function withPositions() {
  const setup = deskAndApi()
  setup.desk.positionsNow = [
    position('p1', { openedAt: NOW - 3_000 }),
    position('p2', { openedAt: NOW - 2_000, symbol: XRP }),
    position('p3', {
      openedAt: NOW - 1_000,
      status: 'closed',
      phase: 'closed',
      closedAt: NOW,
      closeReason: 'stop_loss',
    }),
  ]
  return setup
}
const idsOf = (json: { positions: { positionId: string }[] }) => json.positions.map((one) => one.positionId)

describe('positions', () => {
  it('lists all, newest first, with money as text and times as ISO text', async () => {
    const { status, json } = await withPositions().get('/api/v1/positions')
    expect(status).toBe(200)
    expect(idsOf(json)).toEqual(['p3', 'p2', 'p1'])
    expect(json.positions[0]).toMatchObject({
      quantity: '0.00012345',
      openedAt: '2021-05-19T12:29:59.000Z',
      closedAt: '2021-05-19T12:30:00.000Z',
    })
    expect(json).toMatchObject({ total: 3, nextCursor: null })
  })

  it.each([
    ['status=open', ['p2', 'p1']],
    ['status=closed', ['p3']],
    ['symbol=BTC/USDT', ['p3', 'p1']],
    ['symbol=BTC_USDT', ['p3', 'p1']],
    ['symbol=xrp_usdt&status=OPEN', ['p2']],
    ['symbol=ETH/BTC', []],
  ])('filters by %s', async (query, expected) => {
    const { status, json } = await withPositions().get(`/api/v1/positions?${query}`)
    expect(status).toBe(200)
    expect(idsOf(json)).toEqual(expected)
  })

  it.each([
    ['symbol=BTCUSDT', 'symbol: "BTCUSDT" is not one of BTC/USDT'],
    ['symbol=DOGE/USDT', 'symbol: "DOGE/USDT" is not one of'],
    ['symbol=', 'symbol: "" is not one of'],
    ['status=opened', 'status: "opened" is not one of open, closed, all'],
    ['limit=0', 'limit: "0" is not a whole number from 1 to 100'],
    ['limit=101', 'limit: "101"'],
    ['cursor=nobody', 'cursor: no such row'],
    ['symbols=BTC/USDT', 'unknown: symbols (known: status, symbol, limit, cursor)'],
    ['status=open&status=closed', 'given more than once: status'],
  ])('refuses %s with 400 and the reason', async (query, detail) => {
    const { status, json } = await withPositions().get(`/api/v1/positions?${query}`)
    expect(status).toBe(400)
    expect(json).toMatchObject({
      type: 'urn:triplegain:problem:bad-request',
      status: 400,
      instance: '/api/v1/positions',
    })
    expect(json.detail).toContain(detail)
  })

  it('pages without losing or repeating one', async () => {
    const { get } = withPositions()
    const first = await get('/api/v1/positions?limit=2')
    expect(first.json).toMatchObject({ total: 3, nextCursor: 'p2' })
    const second = await get('/api/v1/positions?limit=2&cursor=p2')
    expect([...idsOf(first.json), ...idsOf(second.json)]).toEqual(['p3', 'p2', 'p1'])
    expect(second.json.nextCursor).toBeNull()
  })

  it('finds one by its id, and answers 404 for none', async () => {
    const { get } = withPositions()
    expect(await get('/api/v1/positions/p2')).toMatchObject({ status: 200, json: { symbol: 'XRP/USDT' } })
    const missing = await get('/api/v1/positions/p9')
    expect(missing).toMatchObject({ status: 404, json: { detail: 'there is no position p9' } })
  })
})

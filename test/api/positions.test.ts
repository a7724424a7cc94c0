import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { orderId, positionId } from '../../src/domain/ids.ts'
import type { PositionSnapshot } from '../../src/domain/money-snapshot.ts'
import { deskAndApi, NOW, order, position, XRP } from './test-desk.ts'

const MINUTE = 60_000

const look = (id: string, at: number): PositionSnapshot => ({
  ...{ positionId: positionId(id), symbol: XRP, at, mark: '0.61', quantity: '100', stopLoss: '0.58' },
  ...{ realisedGross: '0', unrealisedGross: '1.5', fees: '0.04', financing: '0', returnOnMarginPct: '2.5' },
})

/** Two open positions in memory; in the database those and a closed one. */
function withPositions() {
  const setup = deskAndApi()
  const open = [
    position('p1', { openedAt: NOW - 3_000 }),
    position('p2', { openedAt: NOW - 2_000, symbol: XRP }),
  ] as const
  const closed = { status: 'closed', phase: 'closed', closedAt: NOW, closeReason: 'stop_loss' } as const
  const {
    mark: _m,
    realisedNet: _n,
    unrealisedPnl: _u,
    unrealisedPnlPct: _p,
    ...past
  } = position('p3', { openedAt: NOW - 1_000 })
  const figures = { realisedGross: '3.5', fees: '0.5', financing: '0.25' }
  setup.desk.positionsNow = [...open, position('p3', { ...closed, openedAt: NOW - 1_000 })]
  setup.money.positionsPast = [{ ...past, ...closed, ...figures }, open[1], open[0]]
  return setup
}
const idsOf = (json: { positions: { positionId: string }[] }) => json.positions.map((one) => one.positionId)

describe('positions', () => {
  it('lists all, newest first, with money as text and times as ISO text; open ones with what they are worth', async () => {
    const { status, json } = await withPositions().get('/api/v1/positions')
    expect(status).toBe(200)
    expect(idsOf(json)).toEqual(['p3', 'p2', 'p1'])
    expect(json.positions[0]).toMatchObject({
      ...{ quantity: '0.00012345', openedAt: '2021-05-19T12:29:59.000Z', closedAt: '2021-05-19T12:30:00.000Z' },
      ...{ mark: null, unrealisedPnl: null, realisedNet: '2.75' },
    })
    expect(json.positions[1]).toMatchObject({ mark: '46000', unrealisedPnl: '50' })
    expect(json.nextCursor).toBeNull()
  })

  it.each([
    ['status=open', ['p2', 'p1']],
    ['symbol=BTC_USDT&status=OPEN', ['p1']],
    ['symbol=xrp_usdt&status=OPEN', ['p2']],
    ['symbol=ETH/BTC&status=open', []],
    ['status=open&from=2021-05-19T12:29:58Z', ['p2']],
    ['status=open&to=2021-05-19T12:29:58Z', ['p1']],
    ['status=open&limit=1&cursor=p2', ['p1']],
  ])('filters the open ones by %s, also while the database is away', async (query, expected) => {
    const { money, get } = withPositions()
    money.isAway = true
    const { status, json } = await get(`/api/v1/positions?${query}`)
    expect(status).toBe(200)
    expect(idsOf(json)).toEqual(expected)
  })

  it.each([
    ['status=closed', { status: 'closed', symbol: null, from: null, to: null }],
    ['symbol=xrp/usdt', { status: null, symbol: 'XRP/USDT' }],
    ['from=2021-01-01&to=2022-01-01', { from: 1_609_459_200_000, to: 1_640_995_200_000 }],
  ])('asks the database for %s', async (query, filter) => {
    const { money, get } = withPositions()
    expect((await get(`/api/v1/positions?${query}`)).status).toBe(200)
    expect(money.asked).toMatchObject([{ filter, page: { limit: 100, cursor: null } }])
  })

  it.each([
    ['symbol=BTCUSDT', 'symbol: "BTCUSDT" is not one of BTC/USDT'],
    ['symbol=DOGE/USDT', 'symbol: "DOGE/USDT" is not one of'],
    ['symbol=', 'symbol: "" is not one of'],
    ['status=opened', 'status: "opened" is not one of open, closed, all'],
    ['limit=0', 'limit: "0" is not a whole number from 1 to 100'],
    ['limit=101', 'limit: "101"'],
    ['cursor=nobody', 'cursor: no such row'],
    ['from=2021-05-20&to=2021-05-20', 'from must be before to'],
    ['symbols=BTC/USDT', 'unknown: symbols (known: status, symbol, from, to, limit, cursor, format)'],
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

  it('are exported as CSV with what each brought, charges of margin taken off', async () => {
    const { text } = await withPositions().get('/api/v1/positions?status=closed&format=csv')
    const rows: Record<string, string>[] = parse(text, { columns: true })
    expect(rows).toMatchObject([
      {
        ...{ position_id: 'p3', close_reason: 'stop_loss', closed_at: '2021-05-19T12:30:00.000Z' },
        ...{ realised_gross: '3.5', fees: '0.5', financing: '0.25', realised_net: '2.75', unrealised_gross: '' },
      },
    ])
  })

  it('that have ended are 503 while the database is away', async () => {
    const { money, get, log } = withPositions()
    money.isAway = true
    for (const path of ['?status=closed', '', '/p3', '/p3/snapshots']) {
      const { status, json, response } = await get(`/api/v1/positions${path}`)
      expect(status).toBe(503)
      expect(json.type).toBe('urn:triplegain:problem:history-away')
      expect(response.headers.get('retry-after')).toBe('5')
    }
    expect(log.lines[0]).toMatchObject({ level: 'warn' })
  })
})

describe('one position', () => {
  it('is told from memory while it is open, with its orders and the last look at it', async () => {
    const { desk, money, get } = withPositions()
    money.isAway = true
    const [first, second] = [order('o1', { createdAt: NOW - 9 }), order('o2', { createdAt: NOW - 10 })]
    const request = { ...first.request, positionId: positionId('p2') }
    desk.ordersNow = [{ ...first, request }, { ...second, request }, order('o3')]
    desk.positionLooks = [look('p2', NOW - MINUTE), look('p2', NOW)]
    const { status, json } = await get('/api/v1/positions/p2')
    expect(status).toBe(200)
    expect(json).toMatchObject({ symbol: 'XRP/USDT', mark: '46000', orderIds: ['o2', 'o1'] })
    expect(json.latestSnapshot).toMatchObject({ at: '2021-05-19T12:30:00.000Z', unrealisedGross: '1.5' })
  })

  it('is told from the database once it has closed', async () => {
    const { money, get } = withPositions()
    money.orderIds = [orderId('o1')]
    money.positionLooks = [look('p3', NOW)]
    const { json } = await get('/api/v1/positions/p3')
    expect(json).toMatchObject({
      status: 'closed',
      realisedGross: '3.5',
      realisedNet: '2.75',
      mark: null,
      orderIds: ['o1'],
    })
    expect(json.latestSnapshot).toMatchObject({ mark: '0.61' })
  })

  it('is 404 for an id that is no position', async () => {
    const { get } = withPositions()
    const detail = 'there is no position p9'
    expect(await get('/api/v1/positions/p9')).toMatchObject({ status: 404, json: { detail } })
    expect(await get('/api/v1/positions/p9/snapshots')).toMatchObject({ status: 404, json: { detail } })
  })
})

describe('looks at a position', () => {
  it('come from the database, newest first, in pages and as CSV', async () => {
    const { money, get } = withPositions()
    money.positionLooks = [look('p3', NOW), look('p3', NOW - MINUTE), look('p1', NOW)]
    const { json, response } = await get('/api/v1/positions/p3/snapshots?limit=1&from=2021-05-19')
    expect(json.snapshots).toMatchObject([{ at: '2021-05-19T12:30:00.000Z', returnOnMarginPct: '2.5' }])
    expect(json.nextCursor).toBe('1')
    expect(response.headers.get('x-source')).toBeNull()
    expect(money.asked[0]?.filter).toEqual({ from: 1_621_382_400_000, to: null })
    expect((await get('/api/v1/positions/p3/snapshots?format=csv')).text.split('\r\n')).toHaveLength(4)
  })

  it('are none for a position that was not looked at yet', async () => {
    expect(await withPositions().get('/api/v1/positions/p1/snapshots')).toMatchObject({
      status: 200,
      json: { snapshots: [], nextCursor: null },
    })
  })

  it('are told from memory while the database is away, page by page, and said to be', async () => {
    const { desk, money, get } = withPositions()
    money.isAway = true
    desk.positionLooks = [3, 2, 1, 0].map((minutes) => look('p2', NOW - minutes * MINUTE))
    const first = await get('/api/v1/positions/p2/snapshots?limit=2')
    expect(first.response.headers.get('x-source')).toBe('memory')
    const times = (json: { snapshots: { at: string }[] }) => json.snapshots.map(({ at }) => at.slice(11, 16))
    expect(times(first.json)).toEqual(['12:30', '12:29'])
    const second = await get(`/api/v1/positions/p2/snapshots?limit=2&cursor=${first.json.nextCursor}`)
    expect(times(second.json)).toEqual(['12:28', '12:27'])
    expect(second.json.nextCursor).toBeNull()
    const span = await get('/api/v1/positions/p2/snapshots?from=2021-05-19T12:28:00Z&to=2021-05-19T12:30:00Z')
    expect(times(span.json)).toEqual(['12:29', '12:28'])
    expect((await get('/api/v1/positions/p2/snapshots?cursor=nobody')).status).toBe(400)
  })
})

describe('exposure', () => {
  it('is told by the desk, and is no position of that name', async () => {
    const { desk, get } = withPositions()
    const { status, json } = await get('/api/v1/positions/exposure')
    expect(status).toBe(200)
    expect(json.total).toEqual(JSON.parse(JSON.stringify(desk.exposureNow.total)))
  })
})

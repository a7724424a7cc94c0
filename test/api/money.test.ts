import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { asset, orderId, planId } from '../../src/domain/ids.ts'
import type { PortfolioSnapshot } from '../../src/domain/money-snapshot.ts'
import { hodlBook, planView, riskRecord } from '../support/money-lives.ts'
import { allocation, deskAndApi, NOW } from './test-desk.ts'

const MINUTE = 60_000
const look = (at: number): PortfolioSnapshot => {
  const { staleMarks: _, ...valued } = allocation()
  return { ...valued, at, tradingExposure: '410.5' }
}
const plan = planView('plan1', NOW)
const [trade] = plan.trades

/** A past in which everything happened once. */
function withPast() {
  const setup = deskAndApi()
  const { money } = setup
  if (trade === undefined) throw new Error('there is a trade')
  money.portfolioLooks = [look(NOW), look(NOW - MINUTE)]
  money.plansPast = [plan]
  money.tradesPast = [{ ...trade, planId: plan.planId, updatedAt: NOW }]
  money.madePast = [
    {
      ...{ at: NOW, planId: planId('plan1'), batch: 1, symbol: 'XRP/USDT', side: 'sell', quantity: '100.5' },
      ...{ cost: '60.3', fees: '0.24', executionStrategy: null, usedFallbackStrategy: null, orderId: orderId('o1') },
    },
  ]
  money.book = { ...hodlBook('0.88', '0.000375'), updatedAt: NOW }
  money.hodlPast = [
    {
      ...{ at: NOW, asset: asset('BTC'), kind: 'bought', quantity: '0.000375', valueUsd: '15', fees: '0.12' },
      ...{ pendingUsd: '0.88', orderId: null, positionId: null },
    },
  ]
  money.riskPast = [{ at: NOW, risk: riskRecord({ lossStreak: 3 }) }]
  return setup
}

const LISTS = [
  '/api/v1/portfolio/history',
  '/api/v1/portfolio/rebalances',
  '/api/v1/portfolio/rebalances/trades',
  '/api/v1/portfolio/scheduled-trades',
  '/api/v1/portfolio/hodl',
  '/api/v1/risk/history',
]

describe.each(LISTS)('%s', (path) => {
  it('passes on span and page, and is one page', async () => {
    const { money, get } = withPast()
    const { status, json } = await get(`${path}?from=2021-01-01&to=2022-01-01&limit=7`)
    expect(status).toBe(200)
    expect(json.nextCursor).toBeNull()
    expect(money.asked).toMatchObject([
      { filter: { from: 1_609_459_200_000, to: 1_640_995_200_000 }, page: { limit: 7, cursor: null } },
    ])
  })

  it.each(['limit=0', 'limit=101', 'from=yesterday', 'from=2021-05-19&to=2021-05-19', 'of=BTC', 'cursor=x'])(
    'refuses %s with 400',
    async (query) => {
      const { status, json } = await withPast().get(`${path}?${query}`)
      expect(status).toBe(400)
      expect(json).toMatchObject({ type: 'urn:triplegain:problem:bad-request', instance: path })
    },
  )

  it('is 503 while the database is away and memory has nothing', async () => {
    const { money, get } = withPast()
    money.isAway = true
    expect(await get(path)).toMatchObject({ status: 503, json: { type: 'urn:triplegain:problem:history-away' } })
  })
})

describe('the equity curve', () => {
  it('is told with holdings, balances and statement, newest first', async () => {
    const { json } = await withPast().get('/api/v1/portfolio/history')
    expect(json.snapshots).toHaveLength(2)
    expect(json.snapshots[0]).toMatchObject({
      ...{ at: '2021-05-19T12:30:00.000Z', equity: '1300', tradingExposure: '410.5' },
      ...{ ledger: { equityEnd: '1300' }, balances: [{ asset: 'USDT' }] },
    })
  })

  it('is told from memory while the database is away, and said to be', async () => {
    const { desk, money, get } = withPast()
    money.isAway = true
    desk.portfolioLooks = [look(NOW - MINUTE), look(NOW)]
    const { json, response } = await get('/api/v1/portfolio/history?limit=1')
    expect(response.headers.get('x-source')).toBe('memory')
    expect(json).toMatchObject({ snapshots: [{ at: '2021-05-19T12:30:00.000Z' }], nextCursor: `${NOW}.` })
  })

  it('is given as CSV', async () => {
    const { text } = await withPast().get('/api/v1/portfolio/history?format=csv')
    expect(parse(text, { columns: true })).toMatchObject([{ equity: '1300', trading_net: '0' }, { flows: '0' }])
  })
})

describe('rebalancing', () => {
  it('tells whole plans with what became of each trade', async () => {
    const { json } = await withPast().get('/api/v1/portfolio/rebalances')
    expect(json.plans).toMatchObject([
      {
        ...{ planId: 'plan1', status: 'planned', executionStrategy: 'dca_24h', plannedAt: '2021-05-19T12:30:00.000Z' },
        trades: [{ side: 'sell', status: 'scheduled', dueAt: '2021-05-19T12:30:00.000Z' }, {}, {}],
      },
    ])
  })

  it('tells the trades that were made, also those of older code', async () => {
    const { json } = await withPast().get('/api/v1/portfolio/rebalances/trades')
    expect(json.trades).toMatchObject([{ cost: '60.3', executionStrategy: null, orderId: 'o1' }])
    const { text } = await withPast().get('/api/v1/portfolio/rebalances/trades?format=csv')
    expect(parse(text, { columns: true })).toMatchObject([{ cost: '60.3', execution_strategy: '', order_id: 'o1' }])
  })

  it('tells scheduled trades by what became of them', async () => {
    const { money, get } = withPast()
    const { json } = await get('/api/v1/portfolio/scheduled-trades?status=SCHEDULED&symbol=xrp_usdt')
    expect(json.trades).toMatchObject([{ planId: 'plan1', batch: 1, filled: '0' }])
    expect(money.asked[0]?.filter).toMatchObject({ status: 'scheduled', symbol: 'XRP/USDT' })
    expect((await get('/api/v1/portfolio/scheduled-trades?status=done')).status).toBe(400)
    const { text } = await get('/api/v1/portfolio/scheduled-trades?format=csv')
    expect(parse(text, { columns: true })).toMatchObject([{ plan_id: 'plan1', value_usd: '60.3' }])
  })
})

describe('hodl bags', () => {
  it('are told with what is protected: what is configured, and what profits have bought', async () => {
    const { json } = await withPast().get('/api/v1/portfolio/hodl')
    expect(json).toMatchObject({ highUsd: '120.5', updatedAt: '2021-05-19T12:30:00.000Z' })
    expect(json.bags).toEqual([
      {
        ...{ asset: 'BTC', configured: '0.5', quantity: '0.000375', protected: '0.500375' },
        ...{ pendingUsd: '0.88', spentUsd: '15.12' },
      },
      { asset: 'USDT', configured: '0', quantity: '4.02', protected: '4.02', pendingUsd: '0', spentUsd: '4.02' },
      { asset: 'XRP', configured: '0', quantity: '0', protected: '0', pendingUsd: '0', spentUsd: '0' },
    ])
    expect(json.changes).toMatchObject([{ asset: 'BTC', kind: 'bought', valueUsd: '15' }])
  })

  it('are what is configured before anything was set aside', async () => {
    const { money, get } = withPast()
    money.book = null
    expect((await get('/api/v1/portfolio/hodl')).json).toMatchObject({
      ...{ highUsd: '0', updatedAt: null },
      bags: [{ asset: 'BTC', protected: '0.5' }, { asset: 'XRP' }],
    })
  })
})

it('what the risk engine measures is told as it is now, every time as ISO text', async () => {
  const { desk, get } = withPast()
  const breaker = { name: 'daily_loss', trippedAt: NOW, until: NOW + MINUTE, acknowledged: false } as const
  const risk = { ...desk.riskNow.risk, breakers: [breaker], cooldownUntil: { 'BTC/USDT': NOW } }
  desk.riskNow = { ...desk.riskNow, risk, breakers: [breaker], cooldowns: { 'BTC/USDT': NOW } }
  const { status, json } = await get('/api/v1/risk')
  expect(status).toBe(200)
  const told = { trippedAt: '2021-05-19T12:30:00.000Z', until: '2021-05-19T12:31:00.000Z' }
  const cooldown = { 'BTC/USDT': '2021-05-19T12:30:00.000Z' }
  expect(json).toMatchObject({ breakers: [told], cooldowns: cooldown, readings: {}, thresholds: {} })
  expect(json.risk).toMatchObject({ breakers: [told], cooldownUntil: cooldown, peakEquityUsd: '1300' })
})

it('what the risk engine remembered is told change by change', async () => {
  const { json } = await withPast().get('/api/v1/risk/history')
  expect(json.changes).toMatchObject([{ at: '2021-05-19T12:30:00.000Z', risk: { lossStreak: 3 } }])
})

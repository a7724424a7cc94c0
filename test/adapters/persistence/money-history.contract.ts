import { expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import type { Database } from '../../../src/adapters/persistence/database.ts'
import { PostgresMoneyHistory } from '../../../src/adapters/persistence/postgres-money-history.ts'
import { PostgresSnapshotStore } from '../../../src/adapters/persistence/postgres-snapshot-store.ts'
import { DatabaseFailedError, type Sql } from '../../../src/adapters/persistence/sql.ts'
import { pair, positionId } from '../../../src/domain/ids.ts'
import { type Look, type PortfolioSnapshot, positionSnapshot } from '../../../src/domain/money-snapshot.ts'
import { price } from '../../../src/domain/units.ts'
import type { PositionFilter, Span } from '../../../src/ports/money-history.ts'
import {
  HistoryAwayError,
  type HistoryPage,
  type PageAsk,
  UnknownCursorError,
} from '../../../src/ports/order-history.ts'
import { requestOf } from '../../domain/order-builders.ts'
import {
  charged,
  hodlBook,
  hodlLife,
  planLife,
  planView,
  positionLife,
  positionView,
  riskLife,
  riskRecord,
  stated,
} from '../../support/money-lives.ts'
import { cancelledLife } from '../../support/order-lives.ts'
import { freshAccount } from './database-journal.contract.ts'
import { T0 } from './entries.ts'
import { FIRST, written } from './history-entries.ts'

const MINUTE = 60_000
const EVER: Span = { from: null, to: null }
const ANY: PositionFilter = { ...EVER, status: null, symbol: null }
const P1 = positionId('p1')

const moneyHistoryOf = (sql: Sql, account: string): PostgresMoneyHistory =>
  new PostgresMoneyHistory({ sql, account, clock: simulatedClock(T0), deadlineMs: 5_000 })

const look = (at: number, mark = '41000.5'): Look => {
  const view = positionView('p1', T0, { quantity: '0.00012345', entryPrice: '40000.1', fees: '0.04' })
  const ledger = { equityStart: '1300', equityEnd: '1300.1' }
  const figures = { equity: '1300.1', coreEquity: '1290', tradingExposure: '4.93', maxDeviationPct: '2.53' }
  const portfolio = { at, ...figures, ledger, holdings: [{ asset: 'BTC', quantity: '0.01' }], balances: [] }
  return {
    ...{ at, positions: [positionSnapshot(view, price(mark), at)] },
    portfolio: portfolio as unknown as PortfolioSnapshot,
  }
}

/** Every row over pages of this size. */
async function allPages<T>(limit: number, ask: (page: PageAsk) => Promise<HistoryPage<T>>): Promise<readonly T[]> {
  const rows: T[] = []
  let cursor: string | null = null
  do {
    const page: HistoryPage<T> = await ask({ limit, cursor })
    expect(page.rows.length).toBeLessThanOrEqual(limit)
    rows.push(...page.rows)
    cursor = page.nextCursor
  } while (cursor !== null)
  return rows
}

export function moneyHistoryContract(database: () => Database): void {
  const told = async (...given: Parameters<typeof written>[1][number][][]) => {
    const { sql } = database()
    const { account } = await written(sql, given.flat())
    return { account, history: moneyHistoryOf(sql, account), store: new PostgresSnapshotStore(sql, account) }
  }

  it('gives positions back as they were stated last, newest first', async () => {
    const short = positionView('p2', T0 + MINUTE, { symbol: pair('XRP/USDT'), side: 'short', leverage: 3 })
    const opening = stated(T0 + MINUTE, 'position:p2', { type: 'position.opening', position: short })
    const { history } = await told([...positionLife('p1', T0)], [opening])
    const { rows, nextCursor } = await history.positions(ANY, FIRST)
    expect(nextCursor).toBeNull()
    expect(rows).toHaveLength(2)
    expect(rows[0]).toEqual(short)
    expect(rows[1]).toMatchObject({
      ...{
        positionId: 'p1',
        status: 'closed',
        closeReason: 'trailing_stop',
        exitPrice: '40385',
        realisedGross: '0.0475',
      },
      trailing: { activationPct: '1', distancePct: '1.5', bestPrice: '41000' },
    })
  })

  it.each<[string, Partial<PositionFilter>, readonly string[]]>([
    ['status', { status: 'open' }, ['p2']],
    ['pair', { symbol: pair('BTC/USDT') }, ['p1']],
    ['time: from inclusive', { from: T0 + MINUTE }, ['p2']],
    ['time: to exclusive', { to: T0 + MINUTE }, ['p1']],
    ['several at once', { status: 'closed', symbol: pair('XRP/USDT') }, []],
  ])('filters positions by %s', async (_, filter, expected) => {
    const view = positionView('p2', T0 + MINUTE, { symbol: pair('XRP/USDT') })
    const second = stated(T0 + MINUTE, 'position:p2', { type: 'position.opening', position: view })
    const { history } = await told([...positionLife('p1', T0)], [second])
    const { rows } = await history.positions({ ...ANY, ...filter }, FIRST)
    expect(rows.map((one) => one.positionId)).toEqual(expected)
  })

  it('tells of one position its orders and the last look at it, and null of none', async () => {
    const request = requestOf({ positionId: P1 })
    const { history, store } = await told(
      [...positionLife('p1', T0)],
      [...cancelledLife({ id: 'o2', request, at: T0 + 5 })],
      [...cancelledLife({ id: 'o1', request: { ...request, key: 'p1/stop/2' }, at: T0 + 6 })],
    )
    expect(await history.position(P1)).toMatchObject({ orderIds: ['o2', 'o1'], latestSnapshot: null })
    await store.save([look(T0 + MINUTE), look(T0 + 2 * MINUTE, '41001.5')])
    const story = await history.position(P1)
    expect(story?.position).toMatchObject({ positionId: 'p1', phase: 'closed' })
    expect(story?.latestSnapshot).toEqual(look(T0 + 2 * MINUTE, '41001.5').positions[0])
    expect(await history.position(positionId('nobody'))).toBeNull()
  })

  it('counts every charge of margin to its position once, also one that is told after its end', async () => {
    const { history } = await told(
      [...positionLife('p1', T0)],
      [
        charged('p1', 'f1', '0.02', T0 + 1),
        charged('p1', 'f1', '0.02', T0 + 2),
        charged('p1', 'f2', '0.0105', T0 + 99),
      ],
    )
    expect((await history.positions(ANY, FIRST)).rows).toMatchObject([{ status: 'closed', financing: '0.0305' }])
    expect((await history.position(P1))?.position.financing).toBe('0.0305')
  })

  it('gives looks back to the last digit, newest first, between two moments', async () => {
    const { history, store } = await told([])
    const looks = [0, 1, 2, 3].map((minute) => look(T0 + minute * MINUTE, `${41_000 + minute}`))
    await store.save(looks)
    const span = { from: T0 + MINUTE, to: T0 + 3 * MINUTE }
    const positions = await history.positionSnapshots(P1, span, FIRST)
    expect(positions.rows).toEqual([looks[2]?.positions[0], looks[1]?.positions[0]])
    const portfolio = await history.portfolioSnapshots(span, FIRST)
    expect(portfolio.rows).toEqual([looks[2]?.portfolio, looks[1]?.portfolio])
    expect((await history.positionSnapshots(positionId('p9'), EVER, FIRST)).rows).toEqual([])
  })

  it('tells whole plans, and their trades one by one with what became of each', async () => {
    const { history } = await told([...planLife('plan1', T0)], [...planLife('plan2', T0 + MINUTE)])
    const plans = await history.plans(EVER, FIRST)
    expect(plans.rows.map(({ planId, status }) => [planId, status])).toEqual([
      ['plan2', 'completed'],
      ['plan1', 'completed'],
    ])
    expect(plans.rows[1]?.trades).toHaveLength(planView('plan1', T0).trades.length)
    const filter = { ...EVER, status: null, symbol: null }
    const trades = await history.scheduledTrades({ ...filter, status: 'dropped' }, FIRST)
    expect(trades.rows).toEqual([
      {
        ...{ planId: 'plan2', batch: 2, symbol: 'XRP/USDT', side: 'buy', key: 'plan2/2/buy', quantity: '100.5' },
        ...{ valueUsd: '60.3', filled: '0', status: 'dropped', orderId: null, dueAt: T0 + MINUTE + 4 * 60 * MINUTE },
        updatedAt: T0 + MINUTE + 5,
      },
      expect.objectContaining({ planId: 'plan1', updatedAt: T0 + 5 }),
    ])
    expect((await history.scheduledTrades({ ...filter, symbol: pair('BTC/USDT') }, FIRST)).rows).toEqual([])
    const made = await history.rebalances({ ...EVER, to: T0 + MINUTE }, FIRST)
    expect(made.rows).toEqual([
      {
        ...{ at: T0 + 3, planId: 'plan1', batch: 1, symbol: 'XRP/USDT', side: 'buy', quantity: '100.5', cost: '60.3' },
        ...{ fees: '0.24', executionStrategy: 'dca_24h', usedFallbackStrategy: true, orderId: 'plan1-o2' },
      },
      expect.objectContaining({ side: 'sell', orderId: 'plan1-o1' }),
    ])
  })

  it('tells the hodl ledger as it stands and every change of it, and null before anything was set aside', async () => {
    const { history } = await told([...hodlLife(T0)])
    expect(await history.hodl()).toEqual({ ...hodlBook('0.88', '0.000375'), updatedAt: T0 + 2 })
    const changes = await history.hodlChanges(EVER, FIRST)
    expect(changes.rows[0]).toEqual({
      ...{ at: T0 + 2, asset: 'BTC', kind: 'bought', quantity: '0.000375', valueUsd: '15', fees: '0.12' },
      ...{ pendingUsd: '0.88', orderId: 'hodl-o1', positionId: null },
    })
    expect(changes.rows.map(({ kind, valueUsd, positionId }) => [kind, valueUsd, positionId])).toEqual([
      ['bought', '15', null],
      ['accrued', '6', null],
      ['accrued', '10', 'p1'],
    ])
    expect(await moneyHistoryOf(database().sql, freshAccount()).hodl()).toBeNull()
  })

  it('tells what the risk engine knew, each time that it changed', async () => {
    const { history } = await told([...riskLife(T0)])
    const { rows } = await history.riskChanges(EVER, FIRST)
    expect(rows).toHaveLength(3)
    expect(rows[0]).toMatchObject({
      at: T0 + 2,
      risk: { lossStreak: 3, breakers: [{ name: 'daily_loss', acknowledged: false }] },
    })
    expect(rows[2]).toEqual({ at: T0, risk: riskRecord() })
  })

  it('shows every row once over pages of any size, though all of them are of one moment', async () => {
    const views = Array.from({ length: 7 }, (_, index) => positionView(`p${index}`, T0))
    const positions = views.map((view) =>
      stated(T0, `position:${view.positionId}`, { type: 'position.opening', position: view }),
    )
    const risks = Array.from({ length: 12 }, (_, index) =>
      stated(T0, `account ${index}`, { type: 'risk.stateChanged', risk: riskRecord({ lossStreak: index }) }),
    )
    const { history } = await told(positions, risks, [...planLife('plan', T0), ...hodlLife(T0)])
    for (const limit of [1, 3, 7, 100]) {
      const ids = (await allPages(limit, (page) => history.positions(ANY, page))).map((one) => one.positionId)
      expect([ids.length, new Set(ids).size]).toEqual([7, 7])
      const streaks = await allPages(limit, (page) => history.riskChanges(EVER, page))
      expect(streaks.map(({ risk }) => risk.lossStreak)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
      const trades = await allPages(limit, (page) =>
        history.scheduledTrades({ ...EVER, status: null, symbol: null }, page),
      )
      expect(new Set(trades.map(({ key }) => key)).size).toBe(3)
      expect(await allPages(limit, (page) => history.hodlChanges(EVER, page))).toHaveLength(3)
    }
  })

  it('pages looks without losing or repeating one', async () => {
    const { history, store } = await told([])
    await store.save(Array.from({ length: 10 }, (_, minute) => look(T0 + minute * MINUTE)))
    for (const limit of [1, 3, 10]) {
      const looks = await allPages(limit, (page) => history.positionSnapshots(P1, EVER, page))
      expect(looks.map(({ at }) => (at - T0) / MINUTE)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
      expect(await allPages(limit, (page) => history.portfolioSnapshots(EVER, page))).toHaveLength(10)
    }
  })

  it('refuses a cursor that no page can have told', async () => {
    const { history } = await told([])
    for (const cursor of ['nobody', '', '1', '-1.x', `1${'0'.repeat(30)}.x`, `1.${'x'.repeat(999)}`])
      await expect(history.positions(ANY, { limit: 1, cursor })).rejects.toThrow(UnknownCursorError)
  })

  it('answers in time or not at all, and says when the database is away or its tables are not whole', async () => {
    const clock = simulatedClock(T0)
    const parts = { account: 'nobody', clock, deadlineMs: 2_000 }
    const silent = new PostgresMoneyHistory({ ...parts, sql: { query: () => new Promise(() => null) } })
    const asked = silent.riskChanges(EVER, FIRST)
    clock.fireNext()
    await expect(asked).rejects.toThrow(new HistoryAwayError('the database did not answer within 2000 ms'))
    const gone = new PostgresMoneyHistory({
      ...parts,
      sql: { query: () => Promise.reject(new DatabaseFailedError('connection refused', 'ECONNREFUSED')) },
    })
    await expect(gone.hodl()).rejects.toThrow(HistoryAwayError)
    await expect(gone.portfolioSnapshots(EVER, FIRST)).rejects.toThrow('connection refused')

    const { account, history } = await told([...positionLife('p1', T0)])
    await database().sql.query("delete from projections where account = $1 and name = 'money'", [account])
    await expect(history.positions(ANY, FIRST)).rejects.toThrow('lag behind')
    expect((await history.positionSnapshots(P1, EVER, FIRST)).rows).toEqual([])
  })
}

import { expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import type { Database } from '../../../src/adapters/persistence/database.ts'
import { PostgresOrderHistory } from '../../../src/adapters/persistence/postgres-order-history.ts'
import { DatabaseFailedError } from '../../../src/adapters/persistence/sql.ts'
import { orderId } from '../../../src/domain/ids.ts'
import { amount, sumOf } from '../../../src/domain/units.ts'
import {
  HistoryAwayError,
  type OrderFilter,
  type OrderHistory,
  UnknownCursorError,
} from '../../../src/ports/order-history.ts'
import { requestOf } from '../../domain/order-builders.ts'
import { fillAt, filledLife } from '../../support/order-lives.ts'
import { freshAccount, openJournal } from './database-journal.contract.ts'
import { T0 } from './entries.ts'
import { ANY, ANY_FILL, FIRST, historyOf, threeLives, written, XRP } from './history-entries.ts'

/** What is read back of orders and fills. */
export function orderHistoryContract(database: () => Database): void {
  it('remembers orders as they ended, newest first, whole and to the last digit', async () => {
    const { history } = await written(database().sql, threeLives())
    const { rows, nextCursor } = await history.orders(ANY, FIRST)
    expect(nextCursor).toBeNull()
    expect(rows.map((order) => `${order.orderId} ${order.status} ${order.phase}`)).toEqual([
      'sale FILLED done',
      'stop CANCELLED done',
      'buy FILLED done',
    ])
    expect(rows[2]).toEqual({
      orderId: 'buy',
      request: requestOf({ quantity: '0.3', limitPrice: '40000.1' }),
      ...{ status: 'FILLED', phase: 'done', venueOrderId: 'V-buy', quantity: '0.3', limitPrice: '40000.1' },
      ...{ triggerPrice: null, filled: '0.3', cost: '12000.01', fees: '96.00008', reason: null },
      fills: [fillAt('t1', '40000.1', '0.1', '32.00008', T0 + 1_003), fillAt('t2', '40000', '0.2', '64', T0 + 1_004)],
      ...{ createdAt: T0 + 1_000, updatedAt: T0 + 61_004, closedAt: T0 + 1_004 },
    })
    expect(rows[1]).toMatchObject({ reason: 'User requested', triggerPrice: '39000', closedAt: T0 + 2_004, fills: [] })
  })

  it('remembers each fill with its order, what it cost, what it brought and where it was seen', async () => {
    const { history } = await written(database().sql, threeLives())
    const { rows } = await history.fills(ANY_FILL, FIRST)
    expect(rows.map(({ tradeId }) => tradeId)).toEqual(['t3', 't2', 't1'])
    expect(rows[0]).toEqual({
      ...fillAt('t3', '0.00001234', '7', '0.0000003456', T0 + 5_000),
      ...{ orderId: 'sale', venueOrderId: 'V-sale', symbol: 'XRP/BTC', side: 'sell', cost: '0.00008638' },
      ...{ feeAsset: 'BTC', netProceeds: '0.0000860344', origin: 'reconciled', book: 'core', purpose: 'rebalance' },
      ...{ positionId: null, planId: 'plan' },
    })
    expect(rows[2]).toMatchObject({ cost: '4000.01', netProceeds: '-4032.01008', origin: 'live', positionId: 'p1' })
  })

  it('tells an order by its steps, each from the one before, also where they were written apart', async () => {
    const { sql } = database()
    const steps = (history: OrderHistory) => history.order(orderId('buy'))
    const together = await steps((await written(sql, threeLives())).history)
    const { journal, account } = await openJournal(sql, freshAccount()).then((it) => ({
      ...it,
      account: it.options.lease.account,
    }))
    for (const entry of threeLives()) {
      journal.append(entry, () => null)
      await journal.settled()
    }
    const apart = await steps(historyOf(sql, account))
    expect(apart).toEqual(together)
    expect(together?.statusLog.map(({ from, status, phase, filled }) => [from, status, phase, filled])).toEqual([
      [null, 'PENDING', 'intended', '0'],
      ['PENDING', 'PENDING', 'submitting', '0'],
      ['PENDING', 'OPEN', 'open', '0'],
      ['OPEN', 'PARTIALLY_FILLED', 'partiallyFilled', '0.1'],
      ['PARTIALLY_FILLED', 'FILLED', 'settling', '0.3'],
      ['FILLED', 'FILLED', 'done', '0.3'],
    ])
    expect(together?.statusLog[4]?.averagePrice).toMatch(/^40000\.0333/)
    expect(together?.fills.map(({ tradeId, cost }) => [tradeId, cost])).toEqual([
      ['t1', '4000.01'],
      ['t2', '8000'],
    ])
    expect(await historyOf(sql, account).order(orderId('nobody'))).toBeNull()
  })

  it.each<[string, Partial<OrderFilter>, readonly string[]]>([
    ['pair', { symbol: XRP }, ['sale']],
    ['side', { side: 'buy' }, ['buy']],
    ['book', { book: 'core' }, ['sale']],
    ['states', { statuses: ['CANCELLED', 'EXPIRED'] }, ['stop']],
    ['time: from inclusive, to exclusive', { from: T0 + 1_000, to: T0 + 2_000 }, ['buy']],
    ['several at once', { side: 'sell', book: 'trading' }, ['stop']],
  ])('filters by %s', async (_, filter, expected) => {
    const { history } = await written(database().sql, threeLives())
    const orders = await history.orders({ ...ANY, ...filter }, FIRST)
    expect(orders.rows.map((order) => order.orderId)).toEqual(expected)
    const { statuses, ...fillFilter } = { ...ANY, ...filter }
    if (statuses !== null || filter.from !== undefined) return
    const fills = await history.fills(fillFilter, FIRST)
    const owners = fills.rows.map((fill) => fill.orderId)
    expect(new Set(owners)).toEqual(new Set(expected.filter((id) => id !== 'stop')))
  })

  it('finds fills by when they happened, from inclusive, to exclusive', async () => {
    const { history } = await written(database().sql, threeLives())
    const { rows } = await history.fills({ ...ANY_FILL, from: T0 + 1_004, to: T0 + 5_000 }, FIRST)
    expect(rows.map(({ tradeId }) => tradeId)).toEqual(['t2'])
  })

  it('shows every row once over pages of any size, though all of them are of one moment', async () => {
    const lives = Array.from({ length: 23 }, (_, index) =>
      filledLife({ id: `o${index}`, request: requestOf(), at: T0, fills: [fillAt(`t${index}`, '1', '1', '0', T0)] }),
    )
    const { history } = await written(database().sql, lives.flat())
    for (const limit of [1, 7, 23, 100]) {
      const orders: string[] = []
      const fills: string[] = []
      let cursor: string | null = null
      do {
        const page = await history.orders(ANY, { limit, cursor })
        expect(page.rows.length).toBeLessThanOrEqual(limit)
        orders.push(...page.rows.map((order) => order.orderId))
        cursor = page.nextCursor
      } while (cursor !== null)
      do {
        const page = await history.fills(ANY_FILL, { limit, cursor })
        fills.push(...page.rows.map((fill) => fill.tradeId))
        cursor = page.nextCursor
      } while (cursor !== null)
      expect([new Set(orders).size, orders.length, new Set(fills).size, fills.length]).toEqual([23, 23, 23, 23])
    }
  })

  it('refuses a cursor that no page has told', async () => {
    const { history } = await written(database().sql, threeLives())
    await expect(history.orders(ANY, { limit: 1, cursor: 'nobody' })).rejects.toThrow(UnknownCursorError)
    for (const cursor of ['999', 'x', '-1', `1${'0'.repeat(30)}`])
      await expect(history.fills(ANY_FILL, { limit: 1, cursor })).rejects.toThrow(UnknownCursorError)
  })

  it('sums to what was paid, whatever the order of magnitude', async () => {
    const prices = ['0.00000001', '123456.7', '99999999.99999999', '1']
    const lives = prices.map((price, index) => {
      const fills = [fillAt(`t${index}`, price, '0.00000003', '0.000000000000000001', T0)]
      return filledLife({ id: `o${index}`, request: requestOf({ quantity: '0.00000003' }), at: T0, fills })
    })
    const { history } = await written(database().sql, lives.flat())
    const { rows } = await history.fills(ANY_FILL, FIRST)
    expect(sumOf(rows.map(({ cost }) => amount(cost))).toString()).toBe(
      sumOf(prices.map((price) => amount(price).times('0.00000003'))).toString(),
    )
    expect(sumOf(rows.map(({ fee }) => amount(fee))).toString()).toBe('0.000000000000000004')
  })

  it('answers in time or not at all, and says when the database is away', async () => {
    const clock = simulatedClock(T0)
    const parts = { account: 'nobody', clock, deadlineMs: 2_000 }
    const silent = new PostgresOrderHistory({ ...parts, sql: { query: () => new Promise(() => null) } })
    const asked = silent.orders(ANY, FIRST)
    clock.fireNext()
    await expect(asked).rejects.toThrow(new HistoryAwayError('the database did not answer within 2000 ms'))
    const gone = new PostgresOrderHistory({
      ...parts,
      sql: { query: () => Promise.reject(new DatabaseFailedError('connection refused', 'ECONNREFUSED')) },
    })
    await expect(gone.fills(ANY_FILL, FIRST)).rejects.toThrow(HistoryAwayError)
    await expect(gone.order(orderId('x'))).rejects.toThrow('connection refused')
    expect(clock.nextDueAt()).toBeNull()
  })
}

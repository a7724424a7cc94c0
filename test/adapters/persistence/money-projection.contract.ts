import { expect, it } from 'vitest'
import type { Database } from '../../../src/adapters/persistence/database.ts'
import { RowNumbering } from '../../../src/adapters/persistence/journal-rows.ts'
import { appendRows } from '../../../src/adapters/persistence/journal-table.ts'
import { PostgresJournal } from '../../../src/adapters/persistence/postgres-journal.ts'
import { projectJournal } from '../../../src/adapters/persistence/project-journal.ts'
import type { Sql } from '../../../src/adapters/persistence/sql.ts'
import type { JournalEntry } from '../../../src/ports/journal.ts'
import {
  charged,
  hodlLife,
  planLife,
  planView,
  positionLife,
  positionView,
  riskLife,
  stated,
} from '../../support/money-lives.ts'
import { entryOf, T0 } from './entries.ts'
import { threeLives, written } from './history-entries.ts'

const TABLES = [
  ...['positions', 'position_charges', 'rebalance_plans', 'scheduled_trades', 'rebalancing_history'],
  ...['hodl_bags', 'hodl_bag_history', 'risk_state', 'risk_state_history'],
]

/** Every row of every table of an account, without the account's name. */
async function tablesOf(sql: Sql, account: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const rows = TABLES.map(async (table) => {
    const found = await sql.query<{ row: string }>(
      `select (to_jsonb(t) - 'account')::text as row from ${table} t where account = $1 order by pos, 1`,
      [account],
    )
    return [table, found.map(({ row }) => row)] as const
  })
  return Object.fromEntries(await Promise.all(rows))
}

/** Lives side by side, as they happen. */
const allLives = (): readonly JournalEntry[] =>
  [
    ...[...positionLife('p1', T0), ...positionLife('p2', T0 + 2, { side: 'short', leverage: 3 })],
    ...[charged('p2', 'f1', '0.02', T0 + 3), charged('p2', 'f1', '0.02', T0 + 4), charged('p2', 'f2', '0.01', T0 + 99)],
    ...[...planLife('plan1', T0 + 1), ...hodlLife(T0 + 3), ...riskLife(T0 + 4), ...threeLives(), entryOf(1)],
  ].toSorted((a, b) => a.heard.at - b.heard.at)

export function moneyProjectionContract(database: () => Database): void {
  it('keeps the last state of each position, plan, trade and bag, and every change of bags, trades and risk', async () => {
    const { sql } = database()
    const { account } = await written(sql, allLives())
    const tables = await tablesOf(sql, account)
    const counts = Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, rows.length]))
    expect(counts).toEqual({
      ...{ positions: 2, position_charges: 2, rebalance_plans: 1, scheduled_trades: 3, rebalancing_history: 2 },
      // BTC alone: set aside twice, spent once; nothing became of the bag of USDT.
      ...{ hodl_bags: 2, hodl_bag_history: 3, risk_state: 1, risk_state_history: 3 },
    })
    const [position] = await sql.query(
      `select status, phase, quantity::float8 as quantity, close_reason,
        trailing_stop->>'bestPrice' as best, view->>'exitPrice' as exit from positions
        where account = $1 and position_id = 'p1'`,
      [account],
    )
    expect(position).toEqual({
      ...{ status: 'closed', phase: 'closed', quantity: 0, close_reason: 'trailing_stop' },
      ...{ best: '41000', exit: '40385' },
    })
  })

  it('tells of a trade sold and a trade bought of one symbol in one batch apart', async () => {
    const { sql } = database()
    const { account } = await written(sql, planLife('both', T0))
    const trades = await sql.query(
      `select batch, side, status, order_id, filled::float8 as filled from scheduled_trades
        where account = $1 order by batch, side desc`,
      [account],
    )
    expect(trades).toEqual([
      { batch: 1, side: 'sell', status: 'executed', order_id: 'both-o1', filled: 100.5 },
      { batch: 1, side: 'buy', status: 'executed', order_id: 'both-o2', filled: 100.5 },
      { batch: 2, side: 'buy', status: 'dropped', order_id: null, filled: 0 },
    ])
  })

  it('finds what was set aside for each bag, whether its facts are written together or apart', async () => {
    const { sql } = database()
    const changes = async (entries: readonly (readonly JournalEntry[])[]) => {
      const [first = [], ...rest] = entries
      const { account, journal } = await written(sql, first)
      for (const group of rest) {
        for (const entry of group) journal.append(entry, () => null)
        await journal.settled()
      }
      return sql.query(
        `select asset, kind, quantity::float8 as quantity, value_usd::float8 as value, fees::float8 as fees,
          pending_usd::float8 as pending, order_id, position_id from hodl_bag_history where account = $1 order by pos`,
        [account],
      )
    }
    const together = await changes([hodlLife(T0)])
    expect(together).toEqual([
      {
        asset: 'BTC',
        kind: 'accrued',
        quantity: 0,
        value: 10,
        fees: 0,
        pending: 10,
        order_id: null,
        position_id: 'p1',
      },
      { asset: 'BTC', kind: 'accrued', quantity: 0, value: 6, fees: 0, pending: 16, order_id: null, position_id: null },
      {
        ...{ asset: 'BTC', kind: 'bought', quantity: 0.000375, value: 15, fees: 0.12, pending: 0.88 },
        ...{ order_id: 'hodl-o1', position_id: null },
      },
    ])
    expect(await changes(hodlLife(T0).map((entry) => [entry]))).toEqual(together)
  })

  it('has the same rows after they were lost and the journal was read anew, and when it is opened twice', async () => {
    const { sql } = database()
    const { account, options, log } = await written(sql, allLives())
    const expected = await tablesOf(sql, account)
    for (const table of TABLES) await sql.query(`delete from ${table} where account = $1`, [account])
    await sql.query("delete from projections where account = $1 and name = 'money'", [account])
    expect(await projectJournal(sql, account, log)).toBeGreaterThan(40)
    expect(await tablesOf(sql, account)).toEqual(expected)
    await PostgresJournal.open(options)
    expect(await tablesOf(sql, account)).toEqual(expected)
    expect(log.lines).toEqual([])
  })

  it('changes nothing when rows that are there are given again', async () => {
    const { sql } = database()
    const { account, options, log } = await written(sql, allLives())
    const expected = await tablesOf(sql, account)
    const numbering = new RowNumbering({ ...options.lease }, { pos: 0, sequences: new Map() }, {})
    const [first] = allLives()
    if (first === undefined) throw new Error('there are entries')
    const rows = numbering.rowsOf(first).map((row) => (row.kind === 'fact' ? { ...row, version: 2 } : row))
    expect(await appendRows(sql, options.lease, rows, T0, log)).toBe('written')
    expect(await tablesOf(sql, account)).toEqual(expected)
  })

  it('reads positions of older code, which had neither a trail nor financing', async () => {
    const { sql } = database()
    const { trailing: _trailing, financing: _financing, ...older } = positionView('old', T0, { fees: '0.1' })
    const { options, account } = await written(sql, [])
    const journal = await PostgresJournal.open({ ...options, upcasters: {} })
    const position = older as ReturnType<typeof positionView>
    journal.append(stated(T0, 'position:old', { type: 'position.opening', position }), () => null)
    await journal.settled()
    const rows = await sql.query(
      `select version, trailing_stop, view->>'financing' as told
        from positions join journal using (account, pos) where account = $1`,
      [account],
    )
    expect(rows).toEqual([{ version: 1, trailing_stop: null, told: '0' }])
  })

  it('keeps the executed trades of plans of older code, and makes up no plan for them', async () => {
    const { sql } = database()
    const older = planLife('old', T0).map((entry) => ({
      ...entry,
      facts: entry.facts.map((fact) => {
        const { plan: _, ...rest } = fact as typeof fact & { plan?: unknown }
        return rest as typeof fact
      }),
    }))
    const { account } = await written(sql, older)
    const rows = await sql.query(
      `select side, execution_strategy, used_fallback_strategy, order_id from rebalancing_history
        where account = $1 order by pos`,
      [account],
    )
    const unknown = { execution_strategy: null, used_fallback_strategy: null }
    expect(rows).toEqual([
      { side: 'sell', ...unknown, order_id: 'old-o1' },
      { side: 'buy', ...unknown, order_id: 'old-o2' },
    ])
    expect((await tablesOf(sql, account)).rebalance_plans).toEqual([])
  })

  it('lets no older state undo a newer one, in whatever order rows are caught up with', async () => {
    const { sql } = database()
    const { account, journal, options } = await written(sql, positionLife('p', T0).slice(0, 2))
    // As an older program would leave it: the rows are there, and the watermark has not moved.
    await sql.query("update projections set pos = 0 where account = $1 and name = 'money'", [account])
    for (const entry of positionLife('p', T0).slice(2)) journal.append(entry, () => null)
    await journal.settled()
    const expected = await tablesOf(sql, account)
    await PostgresJournal.open(options)
    expect(await tablesOf(sql, account)).toEqual(expected)
  })

  it('holds up neither the journal nor the history of orders: what cannot be projected is said, and waits', async () => {
    const { sql } = database()
    const broken = planView('broken', T0, { executionStrategy: null as unknown as 'defer' })
    const entry = stated(T0, 'plan:broken', { type: 'rebalance.completed', planId: broken.planId, plan: broken })
    const { options, history, log } = await written(sql, [...threeLives(), entry])
    expect(log.lines).toMatchObject([{ level: 'error' }])
    await PostgresJournal.open(options)
    const page = { limit: 100, cursor: null }
    const filter = { symbol: null, side: null, book: null, from: null, to: null, statuses: null }
    expect((await history.orders(filter, page)).rows).toHaveLength(3)
  })
}

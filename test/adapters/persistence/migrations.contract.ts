import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Database } from '../../../src/adapters/persistence/database.ts'
import { ENTITIES } from '../../../src/adapters/persistence/entities/registered.ts'
import { MIGRATIONS, NewerDatabaseError } from '../../../src/adapters/persistence/migrate.ts'
import { freshAccount } from './database-journal.contract.ts'
import { ANY_FILL, FIRST, historyOf, threeLives, written } from './history-entries.ts'

const TEN_TABLES = [
  'order_status_log',
  'positions',
  'position_snapshots',
  'hodl_bags',
  'hodl_bag_history',
  'coordinator_state',
  'rebalancing_history',
  'conflict_resolution_log',
  'execution_events',
  'scheduled_trades',
]

const TIME_SERIES = [
  ...['candles', 'execution_events', 'order_status_log', 'portfolio_snapshots', 'position_snapshots'],
  'risk_state_history',
]

/** Back to the tables as 0003 made them, which nothing filled. */
const UNDO_EXECUTION_HISTORY = [
  ...['orders', 'fills', 'order_status_log', 'execution_events'].map((table) => `delete from ${table}`),
  'alter table orders drop column pos, drop column request, drop column closed_at',
  'drop index orders_newest',
  'create index orders_status on orders (account, status)',
  `alter table fills drop column pos, drop column cost, drop column fee_asset, drop column venue_order_id,
    drop column position_id, drop column plan_id, drop column book, drop column purpose`,
  'drop index if exists fills_newest',
  'create index fills_time on fills (account, at)',
  'drop table projections',
  "delete from mikro_orm_migrations where name = '0007_execution_history'",
]

/** `open` opens one and the same database, empty at first. */
export function migrationsContract(open: () => Promise<Database>): void {
  const withDatabase = async <T>(work: (database: Database) => Promise<T>): Promise<T> => {
    const database = await open()
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  }

  it('makes every table that the entities describe, the ten of the orchestration document among them', async () => {
    const rows = await withDatabase(({ sql }) =>
      sql.query<{ name: string }>(
        "select table_name as name from information_schema.tables where table_schema = 'public'",
      ),
    )
    const names = rows.map(({ name }) => name).filter((name) => name !== 'mikro_orm_migrations')
    expect(names.sort()).toEqual(ENTITIES.map((entity) => entity.meta.tableName).sort())
    expect(names).toEqual(expect.arrayContaining(TEN_TABLES))
  })

  it('agrees with the entities in every column and key', async () => {
    const { up } = await withDatabase(({ orm }) => orm.schema.getUpdateSchemaMigrationSQL({ wrap: false }))
    const differences = up
      .split('\n')
      .map((line) => line.trim())
      // Indexes, unique constraints and checks are written by hand and not described by the entities.
      .filter((line) => line !== '' && !/^drop index |drop constraint /.test(line))
    expect(differences).toEqual([])
  })

  it('indexes every time series by block range', async () => {
    const rows = await withDatabase(({ sql }) =>
      sql.query<{ name: string }>(
        "select tablename as name from pg_indexes where schemaname = 'public' and indexdef like '%USING brin%'",
      ),
    )
    expect(rows.map(({ name }) => name).sort()).toEqual(TIME_SERIES)
  })

  it('runs each migration once, however often the program starts', async () => {
    const count = () =>
      withDatabase(({ sql }) => sql.query<{ count: number }>('select count(*)::int as count from mikro_orm_migrations'))
    const files = readdirSync(MIGRATIONS).filter((file) => file.endsWith('.ts')).length
    expect(files).toBeGreaterThan(0)
    expect(await count()).toEqual([{ count: files }])
    expect(await count()).toEqual([{ count: files }])
  })

  it('fills the tables of orders and fills from a journal that was written before they could be', async () => {
    const account = freshAccount()
    const before = await withDatabase(async ({ sql }) => {
      await written(sql, threeLives(), account)
      const rows = (await historyOf(sql, account).fills(ANY_FILL, FIRST)).rows
      for (const statement of UNDO_EXECUTION_HISTORY) await sql.query(statement)
      return rows
    })
    expect(before).toHaveLength(3)
    const after = await withDatabase(({ sql }) => historyOf(sql, account).fills(ANY_FILL, FIRST))
    expect(after.rows).toEqual(before)
  })

  it('refuses a database that newer code has migrated', async () => {
    const name = '9999_from_the_future'
    await withDatabase(({ sql }) => sql.query('insert into mikro_orm_migrations (name) values ($1)', [name]))
    await expect(open()).rejects.toThrow(NewerDatabaseError)
    await expect(open()).rejects.toThrow(`unknown migrations: ${name}`)
  })
}

/** Opens the database: embedded in a folder, or PostgreSQL by URL. Same tables, same migrations. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { MikroORM, Options } from '@mikro-orm/core'
import { Migrator } from '@mikro-orm/migrations'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { ENTITIES } from './entities/registered.ts'
import { MIGRATIONS, migrateTo } from './migrate.ts'
import { projectEveryJournal } from './project-journal.ts'
import {
  type DatabaseFailedError,
  databaseFailure,
  embeddedSql,
  type NativeClient,
  type Sql,
  serverSql,
} from './sql.ts'

const CONNECT_DEADLINE_MS = 5000
const MOST_CONNECTIONS = 4
const IN_MEMORY = 'memory://'

export interface Database {
  readonly driver: 'pglite' | 'postgresql'
  readonly sql: Sql
  /** For entities. On the embedded engine never hold its transactions open across other work. */
  readonly orm: MikroORM
  /** Waits for statements under way. */
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** PostgreSQL; wins over `dataDir`. */
  readonly databaseUrl?: string
  /** The embedded engine's own folder, or `memory://` for one that is gone when it closes. */
  readonly dataDir?: string
  readonly log: Log
  readonly clock: Clock
}

/** The database could not be opened; one line, without the password. */
export class DatabaseUnreachableError extends Error {
  override readonly name = 'DatabaseUnreachableError'
}

type Opened = Pick<Database, 'driver' | 'sql' | 'orm'> & { readonly pool: NativeClient | null }

const baseOptions = (log: Log) =>
  ({
    entities: [...ENTITIES],
    extensions: [Migrator],
    migrations: { path: MIGRATIONS, pathTs: MIGRATIONS, glob: '*.ts', snapshot: false, silent: true },
    logger: (message: string) => log.debug(message),
    colors: false,
  }) satisfies Partial<Options>

/** Where a database URL leads, without who and how; the URL itself never gets into a message. */
function placeOf(databaseUrl: string): { readonly place: string; readonly password: string } {
  try {
    const { host, pathname, password } = new URL(databaseUrl)
    return { place: `${host}${pathname}`, password: decodeURIComponent(password) }
  } catch {
    throw new DatabaseUnreachableError('the database URL is not a URL such as postgresql://user@host:5432/triplegain')
  }
}

async function openServer(databaseUrl: string, log: Log): Promise<Opened> {
  const { place, password } = placeOf(databaseUrl)
  const { MikroORM: ServerORM, PostgreSqlDriver } = await import('@mikro-orm/postgresql')
  const driverOptions = {
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_DEADLINE_MS,
    max: MOST_CONNECTIONS,
    keepAlive: true,
    application_name: 'triplegain',
  }
  const orm = await ServerORM.init({
    ...baseOptions(log),
    driver: PostgreSqlDriver,
    clientUrl: databaseUrl,
    driverOptions,
    ensureDatabase: false,
  })
  try {
    const pool: NativeClient = await orm.em.getConnection().getNativeClient()
    const sql = serverSql(pool)
    await sql.query('select 1')
    return { driver: 'postgresql', sql, orm, pool }
  } catch (cause) {
    await orm.close(true)
    const { message } = databaseFailure(cause)
    const told = password === '' ? message : message.replaceAll(password, '***')
    throw new DatabaseUnreachableError(
      `cannot reach PostgreSQL at ${place}: ${told}; mend DATABASE_URL, or unset it for the embedded database`,
    )
  }
}

async function openEmbedded(dataDir: string, log: Log): Promise<Opened> {
  if (dataDir !== IN_MEMORY) mkdirSync(dirname(dataDir), { recursive: true })
  const { MikroORM: EmbeddedORM, PgliteDriver } = await import('@mikro-orm/pglite')
  const orm = await EmbeddedORM.init({ ...baseOptions(log), driver: PgliteDriver, dbName: dataDir })
  try {
    const client: NativeClient = await orm.em.getConnection().getNativeClient()
    return { driver: 'pglite', sql: embeddedSql(client), orm, pool: null }
  } catch (cause) {
    const failure: DatabaseFailedError = databaseFailure(cause)
    throw new DatabaseUnreachableError(`cannot open the database in ${dataDir}: ${failure.message}`)
  }
}

/**
 * Opens and migrates, and fills projections that lag behind their journal. An embedded folder must be locked by the caller first.
 * @throws DatabaseUnreachableError, after 5 s at the latest where a server does not answer; NewerDatabaseError where
 *   newer code has been at work; DatabaseFailedError where a migration fails.
 */
export async function openDatabase({ databaseUrl, dataDir, log, clock }: DatabaseOptions): Promise<Database> {
  const startedAt = clock.now()
  if (databaseUrl === undefined && dataDir === undefined) {
    throw new DatabaseUnreachableError('neither a database URL nor a data folder is given')
  }
  const opened =
    databaseUrl === undefined ? await openEmbedded(dataDir ?? IN_MEMORY, log) : await openServer(databaseUrl, log)
  const { driver, sql, orm, pool } = opened
  try {
    const migrations = await migrateTo(orm, pool)
    const projected = await projectEveryJournal(sql, log)
    log.info('database open', { driver, migrations, projected, ms: clock.now() - startedAt })
  } catch (cause) {
    await orm.close(true)
    throw cause
  }
  return { driver, sql, orm, close: () => orm.close(true) }
}

/** Brings the tables up to date; refuses a database that is ahead of this program. */
import { readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MikroORM } from '@mikro-orm/core'
import { databaseFailure, type NativeClient } from './sql.ts'

export const MIGRATIONS = resolve(dirname(fileURLToPath(import.meta.url)), '../../../migrations')

/** Any number that nobody else locks by. */
const MIGRATION_LOCK = 7_214_001
const LOCK_DEADLINE_MS = 5000

/** The database has been migrated by newer code: running older code on it could only do harm. */
export class NewerDatabaseError extends Error {
  override readonly name = 'NewerDatabaseError'

  constructor(unknown: readonly string[]) {
    super(`the database was written by a newer version of this program (unknown migrations: ${unknown.join(', ')})`)
  }
}

const known = (): readonly string[] =>
  readdirSync(MIGRATIONS)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))

async function migrated(orm: MikroORM): Promise<number> {
  const names = known()
  const executed = await orm.migrator.getExecuted()
  const unknown = executed.map(({ name }) => name).filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new NewerDatabaseError(unknown)
  return (await orm.migrator.up()).length
}

interface ServerClient extends NativeClient {
  release(destroy: boolean): void
}

/** Two processes that start at once on one server migrate one after the other. */
async function oneAtATime<T>(pool: NativeClient, work: () => Promise<T>): Promise<T> {
  const client = await (pool as NativeClient & { connect(): Promise<ServerClient> }).connect()
  let done = false
  try {
    await client.query(`set lock_timeout = ${LOCK_DEADLINE_MS}`)
    await client.query(`select pg_advisory_lock(${MIGRATION_LOCK})`)
    const result = await work()
    await client.query(`select pg_advisory_unlock(${MIGRATION_LOCK})`)
    await client.query('reset lock_timeout')
    done = true
    return result
  } finally {
    // A connection that is closed takes its lock with it.
    client.release(!done)
  }
}

/**
 * Runs what has not been run yet and returns how many migrations that were.
 * @throws NewerDatabaseError, DatabaseFailedError
 */
export async function migrateTo(orm: MikroORM, pool: NativeClient | null): Promise<number> {
  try {
    return pool === null ? await migrated(orm) : await oneAtATime(pool, () => migrated(orm))
  } catch (cause) {
    if (cause instanceof NewerDatabaseError) throw cause
    throw databaseFailure(cause)
  }
}

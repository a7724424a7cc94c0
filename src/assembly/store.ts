/** Everything that is kept: the folder and its lock, the database, the account's lease and its journal. */
import { hostname } from 'node:os'
import { DataFolder } from '../adapters/persistence/data-folder.ts'
import { type Database, openDatabase } from '../adapters/persistence/database.ts'
import { importSpool } from '../adapters/persistence/import-spool.ts'
import { JournalSpool } from '../adapters/persistence/journal-spool.ts'
import { PostgresJournal } from '../adapters/persistence/postgres-journal.ts'
import { PostgresLeadership } from '../adapters/persistence/postgres-leadership.ts'
import { claimSession } from '../adapters/persistence/session.ts'
import type { Clock, IdSource } from '../ports/clock.ts'
import type { Lease } from '../ports/leadership.ts'
import type { Log } from '../ports/log.ts'
import { sha256 } from './hash.ts'

export interface StoreOptions {
  readonly dataDir: string
  readonly databaseUrl: string | null
  /** The key of a live account; null for the folder's own paper account. */
  readonly apiKey: string | null
  /** From when on rows are spooled while the database is away. */
  readonly spoolAfterMs: number
  readonly clock: Clock
  readonly ids: IdSource
  readonly log: Log
}

export interface Store {
  readonly folder: DataFolder
  readonly database: Database
  readonly account: string
  readonly lease: Lease
  readonly leadership: PostgresLeadership
  readonly journal: PostgresJournal
  /** Where a spool was put that tells of another past than the journal; null as a rule. */
  readonly divergedSpool: string | null
  /** Gives up the lease, closes the database and the folder, in that order. */
  close(): Promise<void>
}

/** Another process holds the account. */
export class AccountHeldError extends Error {
  override readonly name = 'AccountHeldError'
}

const TAKE_FOR_MS = 20_000
const TAKE_EVERY_MS = 1_000
const RENEW_EVERY_MS = 5_000

const pass = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => clock.at(clock.now() + ms, resolve))

/** The lease, or an error after twenty seconds: a crashed process's lease has run out by then, a living one's has not. */
async function takeLease(leadership: PostgresLeadership, account: string, clock: Clock, log: Log): Promise<Lease> {
  const giveUpAt = clock.now() + TAKE_FOR_MS
  for (let first = true; ; first = false) {
    const lease = await leadership.take()
    if (lease !== null) return lease
    if (clock.now() >= giveUpAt)
      throw new AccountHeldError(`another process holds the account ${account}: stop it first`)
    if (first)
      log.info('an earlier process has not given the account back; waiting for its lease to run out', { account })
    await pass(clock, TAKE_EVERY_MS)
  }
}

/** A live account is known by its key, of which nothing but a hash is written down. */
const ACCOUNT_HASH_CHARACTERS = 32
const liveAccount = (apiKey: string): string => `kraken:${sha256(apiKey).slice(0, ACCOUNT_HASH_CHARACTERS)}`

/**
 * Opens what a process keeps. On any failure all that was opened is closed again.
 * @throws FolderInUseError, DataFolderError, DatabaseUnreachableError, NewerDatabaseError, OtherSessionError,
 * AccountHeldError, SpoolDamagedError
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, databaseUrl, apiKey, spoolAfterMs, clock, ids, log } = options
  const folder = DataFolder.open(dataDir, clock, ids)
  let database: Database | null = null
  try {
    const where = databaseUrl === null ? { dataDir: folder.databaseDir } : { databaseUrl }
    database = await openDatabase({ ...where, log, clock })
    const { sql } = database
    const kind = apiKey === null ? 'paper' : 'live'
    const account = apiKey === null ? `paper:${folder.id}` : liveAccount(apiKey)
    await claimSession(sql, { kind, key: account }, clock.now())
    const holder = `${hostname()} process ${process.pid}`
    let written: PostgresJournal | null = null
    const leadership = new PostgresLeadership({
      ...{ sql, clock, account, holder, incarnation: ids.next() },
      isDatabaseAway: () => written?.health().state === 'away',
    })
    const lease = await takeLease(leadership, account, clock, log)
    const file = new JournalSpool(folder.spoolPath)
    const imported = await importSpool({ sql, lease, spool: file, now: clock.now(), log })
    const journal = await PostgresJournal.open({ sql, lease, clock, log, spool: { file, afterMs: spoolAfterMs } })
    written = journal
    const opened = database
    return {
      ...{ folder, database, account, lease, leadership, journal },
      divergedSpool: imported.kind === 'diverged' ? imported.kept : null,
      close: async () => {
        await leadership.release()
        await opened.close()
        folder.close()
      },
    }
  } catch (error) {
    await database?.close()
    folder.close()
    throw error
  }
}

/** Renews the lease until told to stop; `onLost` when it is no longer ours. A database that is away is asked again. */
export function keepLease({ leadership }: Store, clock: Clock, log: Log, onLost: () => void): { stop(): void } {
  let stopped = false
  let timer = clock.at(clock.now() + RENEW_EVERY_MS, renew)
  function renew(): void {
    leadership
      .renew()
      .then(
        (lease) => {
          if (lease === null && !stopped) onLost()
        },
        (error: unknown) => log.warn('the lease could not be renewed', { problem: String(error) }),
      )
      .finally(() => {
        if (!stopped) timer = clock.at(clock.now() + RENEW_EVERY_MS, renew)
      })
  }
  return {
    stop: () => {
      stopped = true
      timer.cancel()
    },
  }
}

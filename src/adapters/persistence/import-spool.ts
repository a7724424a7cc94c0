/** What a process could only put beside the database enters it at the next start, before the journal is read. */
import type { Lease } from '../../ports/leadership.ts'
import type { Log } from '../../ports/log.ts'
import type { NumberedRow } from './journal-rows.ts'
import type { JournalSpool } from './journal-spool.ts'
import { appendRows, areThere, lastRows } from './journal-table.ts'
import type { Sql } from './sql.ts'

/** Rows that one transaction takes at most. */
const GROUP_ROWS = 1000

export interface ImportParts {
  readonly sql: Sql
  /** Taken already. */
  readonly lease: Pick<Lease, 'account' | 'epoch'>
  readonly spool: JournalSpool
  readonly now: number
  readonly log: Log
}

/** Empty, all in the database now, or kept aside because somebody else has written at its places meanwhile. */
export type Imported =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'imported'; readonly rows: number }
  | { readonly kind: 'diverged'; readonly kept: string }

/**
 * Rows that continue the journal are written under the epoch they were decided in; those that are in it already are left
 * out. If another process has written the account's journal since, ours tell of another past: the file is kept for a
 * person, and what was done at the venue is found by comparing with it.
 * @throws DatabaseFailedError, SpoolDamagedError, SpoolFailedError
 */
export async function importSpool({ sql, lease, spool, now, log }: ImportParts): Promise<Imported> {
  const rows = spool.read()
  if (rows.length === 0) return { kind: 'nothing' }
  const continues = await isContinuation(sql, lease.account, rows)
  if (!continues) {
    const kept = spool.setAside(now)
    log.error('the spool tells of another past than the journal: it is kept for a person to read', { kept })
    return { kind: 'diverged', kept }
  }
  for (let first = 0; first < rows.length; first += GROUP_ROWS) {
    const outcome = await appendRows(sql, lease, rows.slice(first, first + GROUP_ROWS), now, log)
    if (outcome !== 'written') throw new Error(`the spool could not be imported: ${outcome}`)
  }
  spool.clear()
  log.info('the journal has what was spooled while the database was away', { rows: rows.length })
  return { kind: 'imported', rows: rows.length }
}

async function isContinuation(sql: Sql, account: string, rows: readonly NumberedRow[]): Promise<boolean> {
  if (rows.some((row, index) => row.account !== account || row.pos !== (rows[0]?.pos ?? 0) + index)) return false
  const { pos } = await lastRows(sql, account)
  if ((rows[0]?.pos ?? 0) > pos + 1) return false
  return areThere(
    sql,
    account,
    rows.filter((row) => row.pos <= pos),
  )
}

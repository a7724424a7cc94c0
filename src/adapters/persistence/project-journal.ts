/** Fills the projections from the journal where they lag behind it: tables that are new, or of an older version. */
import type { Log } from '../../ports/log.ts'
import { projectExecution } from './execution-projection.ts'
import {
  catchUpSql,
  executionText,
  LAGGING,
  OPEN_WATERMARK,
  partsOf,
  READ_WATERMARK,
  unlessUnprojectable,
} from './execution-tables.ts'
import { pageAfter } from './journal-table.ts'
import type { Sql } from './sql.ts'

async function catchUp(sql: Sql, account: string): Promise<number> {
  await sql.query(OPEN_WATERMARK, [account])
  let read = 0
  for (;;) {
    const [watermark] = await sql.query<{ pos: number }>(READ_WATERMARK, [account])
    // Newer code has been here: its tables are not ours to fill.
    if (watermark === undefined) return read
    const page = await pageAfter(sql, account, watermark.pos)
    const last = page.at(-1)
    if (last === undefined) return read
    const projection = projectExecution(page)
    const span = [account, watermark.pos, last.pos]
    await sql.query(catchUpSql(partsOf(projection)), [...span, executionText(projection)])
    read += page.length
  }
}

/**
 * Brings the account's projections up to the end of its journal, page by page, each page one transaction; what an
 * interrupted run has done is not done again. Rows that cannot be projected are logged, and hold up nothing but the
 * tables. Returns how many rows were read.
 * @throws DatabaseFailedError
 */
export const projectJournal = (sql: Sql, account: string, log: Log): Promise<number> =>
  unlessUnprojectable(
    () => catchUp(sql, account),
    (problem) => {
      log.error('the journal cannot be projected: orders and fills are not to be had', { account, problem })
      return 0
    },
  )

/** The same for every account of the database. Returns how many rows were read. @throws DatabaseFailedError */
export async function projectEveryJournal(sql: Sql, log: Log): Promise<number> {
  let read = 0
  for (const { account } of await sql.query<{ account: string }>(LAGGING))
    read += await projectJournal(sql, account, log)
  return read
}

/** Fills the projections from the journal where they lag behind it: tables that are new, or of an older version. */
import type { Log } from '../../ports/log.ts'
import { pageAfter } from './journal-table.ts'
import type { Projection } from './projection.ts'
import {
  catchUpSql,
  LAGGING,
  openWatermark,
  PROJECTIONS,
  partsOf,
  readWatermark,
  rowsText,
  unlessUnprojectable,
} from './projections.ts'
import type { Sql } from './sql.ts'

async function catchUp(sql: Sql, account: string, projection: Projection): Promise<number> {
  await sql.query(openWatermark(projection), [account])
  let read = 0
  for (;;) {
    const [watermark] = await sql.query<{ pos: number }>(readWatermark(projection), [account])
    // Newer code has been here: its tables are not ours to fill.
    if (watermark === undefined) return read
    const page = await pageAfter(sql, account, watermark.pos)
    const last = page.at(-1)
    if (last === undefined) return read
    const rows = projection.rowsOf(page)
    const span = [account, watermark.pos, last.pos]
    await sql.query(catchUpSql(projection, partsOf(rows)), [...span, rowsText(rows)])
    read += page.length
  }
}

/**
 * Brings the account's projections up to the end of its journal, one after the other, page by page, each page one
 * transaction; what an interrupted run has done is not done again. Rows that cannot be projected are logged, and hold up
 * nothing but the tables of that projection. Returns how many rows were read.
 * @throws DatabaseFailedError
 */
export async function projectJournal(sql: Sql, account: string, log: Log): Promise<number> {
  let read = 0
  for (const projection of PROJECTIONS)
    read += await unlessUnprojectable(
      () => catchUp(sql, account, projection),
      (problem) => {
        log.error('the journal cannot be projected: its tables are not to be read', {
          account,
          projection: projection.name,
          problem,
        })
        return 0
      },
    )
  return read
}

/** The same for every account of the database. Returns how many rows were read. @throws DatabaseFailedError */
export async function projectEveryJournal(sql: Sql, log: Log): Promise<number> {
  let read = 0
  for (const { account } of await sql.query<{ account: string }>(LAGGING))
    read += await projectJournal(sql, account, log)
  return read
}

/** What a projection is: tables that are made of the journal, and by nothing else. */
import type { StoredRow } from './journal-rows.ts'

/** One row of a table, columns as the table has them; times in milliseconds, amounts as text. */
export type Columns = Readonly<Record<string, unknown>>

export type ProjectedRow = Pick<StoredRow, 'pos' | 'kind' | 'type' | 'version' | 'at' | 'body'>

/** What rows of the journal come to, by part. */
export type PartRows = Readonly<Record<string, readonly Columns[]>>

export interface Projection {
  readonly name: string
  /** Raise it when the same journal is to give other rows: the tables are then filled anew at the next start. */
  readonly version: number
  /** What it fills, and nobody else. */
  readonly tables: readonly string[]
  /** Whether it reads this row of the journal. */
  reads(row: Pick<ProjectedRow, 'kind' | 'type'>): boolean
  /** Pure. The rows of one journal in order of `pos`, whatever their versions. @throws NewerEventError */
  rowsOf(rows: Iterable<ProjectedRow>): PartRows
  /**
   * By part, no name twice over all projections: a statement's piece that inserts from the JSON of `$p`, only what `written`
   * has, so that rows that are there already change nothing. `$1` is the account.
   */
  readonly parts: Readonly<Record<string, string>>
}

/** A moment of the database from milliseconds in this column. */
export const at = (column: string): string => `timestamptz 'epoch' + ${column} * interval '1 millisecond'`

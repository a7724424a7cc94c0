/** The journal's table: appended to in groups, read in pages, never changed. */

import type { Log } from '../../ports/log.ts'
import type { LastRows, NumberedRow, StoredRow, Writer } from './journal-rows.ts'
import {
  ADVANCE_WATERMARKS,
  isProjected,
  partsName,
  partsOf,
  projectRows,
  projectSql,
  rowsText,
  unlessUnprojectable,
} from './projections.ts'
import type { Prepared, Sql } from './sql.ts'

const PAGE_ROWS = 1000

/**
 * One statement, so one transaction. The share lock on the lease's row holds a takeover up until these rows are
 * visible to it, or waits for it and then finds the epoch gone: a row under an old epoch cannot slip in behind it.
 */
const WRITE = `
with lease as materialized (
  select 1 from leadership where account = $1 and epoch = $2 for share
), written as (
  insert into journal (account, epoch, incarnation, pos, stream, sequence, id, kind, type, version, body,
    correlation_id, causation_id, at, recorded_at)
  select $1, r.epoch, r.incarnation, r.pos, r.stream, r.sequence, r.id, r.kind, r.type, r.version, r.body::json,
    r.correlation_id, r.causation_id, timestamptz 'epoch' + r.at * interval '1 millisecond',
    timestamptz 'epoch' + $4::bigint * interval '1 millisecond'
  from json_to_recordset($3::json) as r(epoch bigint, incarnation text, pos bigint, stream text, sequence bigint,
    id text, kind text, type text, version int, body text, correlation_id text, causation_id text, at bigint), lease
  on conflict do nothing
  returning pos, type, at, correlation_id, causation_id
)`

const OUTCOME = `
select (select count(*) from lease)::int as leases, (select count(*) from written)::int as written`

/** With what the rows project, in the same transaction; `null` leaves them to whoever catches up. */
function appendStatement(parts: readonly string[] | null): Prepared {
  if (parts === null) return { name: 'append alone', text: `${WRITE}${OUTCOME}` }
  return {
    name: `append ${partsName(parts)}`,
    text: `${WRITE}, ${ADVANCE_WATERMARKS}${projectSql(parts, '$5')}${OUTCOME}`,
  }
}

const COUNT_SAME = `
select count(*)::int as same
from json_to_recordset($2::json) as r(epoch bigint, incarnation text, pos bigint, stream text, sequence bigint,
  id text, kind text, type text, version int, body text)
join journal j on j.account = $1 and j.pos = r.pos
where j.epoch = r.epoch and j.incarnation = r.incarnation and j.stream = r.stream and j.sequence = r.sequence and j.id = r.id
  and j.kind = r.kind and j.type = r.type and j.version = r.version and j.body::text = r.body`

const LAST_OF_STREAMS = `
select stream, max(sequence)::float8 as sequence, max(pos)::float8 as pos
from journal where account = $1 group by stream`

const PAGE = `
select epoch::float8 as epoch, incarnation, pos::float8 as pos, stream, sequence::float8 as sequence, id, kind, type,
  version, body::text as body, correlation_id, causation_id, (extract(epoch from at) * 1000)::float8 as at
from journal where account = $1 and pos > $2 order by pos limit ${PAGE_ROWS}`

interface PageRow {
  readonly epoch: number
  readonly incarnation: string
  readonly pos: number
  readonly stream: string
  readonly sequence: number
  readonly id: string
  readonly kind: 'heard' | 'fact'
  readonly type: string
  readonly version: number
  readonly body: string
  readonly correlation_id: string | null
  readonly causation_id: string | null
  readonly at: number
}

/**
 * `fenced`: the epoch is no longer ours. `taken`: other rows than these stand at their places, which only another
 * writer can have put there.
 */
export type AppendOutcome = 'written' | 'fenced' | 'taken'

const asJson = (rows: readonly NumberedRow[]): string =>
  JSON.stringify(
    rows.map(({ account: _account, bodyText, correlationId, causationId, ...row }) => ({
      ...row,
      body: bodyText,
      correlation_id: correlationId,
      causation_id: causationId,
    })),
  )

interface Appended {
  readonly leases: number
  readonly written: number
}

const bodyOf = (text: string): StoredRow['body'] => JSON.parse(text) as StoredRow['body']

/**
 * Writes the rows, or finds that they are there already: after a lost answer the same rows may be given again. The lease
 * is the present one; the rows say themselves under which epoch they were decided, which is an older one for those that
 * waited in a spool while the process was restarted. Rows that the projections cannot take are written all the same: the
 * journal is the truth, and the tables wait for better code.
 * @throws DatabaseFailedError when it is not known whether they were written.
 */
export async function appendRows(
  sql: Sql,
  lease: Pick<Writer, 'account' | 'epoch'>,
  rows: readonly NumberedRow[],
  recordedAt: number,
  log: Log,
): Promise<AppendOutcome> {
  const given = [lease.account, lease.epoch, asJson(rows), Math.trunc(recordedAt)]
  const append = async (parts: readonly string[] | null, more: readonly string[]): Promise<Appended | undefined> =>
    (await sql.query<Appended>(appendStatement(parts), [...given, ...more]))[0]
  const answer = await unlessUnprojectable(
    () => {
      const told = rows.filter(isProjected).map((row) => ({ ...row, body: bodyOf(row.bodyText) }))
      const projection = projectRows(told)
      const parts = partsOf(projection)
      return append(parts, parts.length === 0 ? [] : [rowsText(projection)])
    },
    (problem) => {
      log.error('rows were journaled that cannot be projected', { pos: rows[0]?.pos, problem })
      return append(null, [])
    },
  )
  if (answer === undefined || answer.leases === 0) return 'fenced'
  if (answer.written === rows.length) return 'written'
  return (await areThere(sql, lease.account, rows)) ? 'written' : 'taken'
}

/** Whether exactly these rows stand in the journal. @throws DatabaseFailedError */
export async function areThere(sql: Sql, account: string, rows: readonly NumberedRow[]): Promise<boolean> {
  const [found] = await sql.query<{ same: number }>(COUNT_SAME, [account, asJson(rows)])
  return found?.same === rows.length
}

/** Where the account's journal stands. @throws DatabaseFailedError */
export async function lastRows(sql: Sql, account: string): Promise<LastRows> {
  const streams = await sql.query<{ stream: string; sequence: number; pos: number }>(LAST_OF_STREAMS, [account])
  return {
    pos: streams.reduce((highest, { pos }) => Math.max(highest, pos), 0),
    sequences: new Map(streams.map(({ stream, sequence }) => [stream, sequence])),
  }
}

/** The rows after `after` as they were written, in order of `pos`, a thousand at most. @throws DatabaseFailedError */
export async function pageAfter(sql: Sql, account: string, after: number): Promise<readonly StoredRow[]> {
  const page = await sql.query<PageRow>(PAGE, [account, after])
  return page.map(({ body, correlation_id, causation_id, ...row }) => ({
    ...{ account, ...row, body: bodyOf(body), correlationId: correlation_id, causationId: causation_id },
  }))
}

/** The account's rows as they were written, in order of `pos`. @throws DatabaseFailedError */
export async function* storedRows(sql: Sql, account: string): AsyncGenerator<StoredRow> {
  let after = 0
  for (;;) {
    const page = await pageAfter(sql, account, after)
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) return
    after = last.pos
  }
}

/** Every projection, and what they share: the statement's pieces, the watermarks, and how rows travel. */
import { EXECUTION } from './execution-tables.ts'
import { MONEY } from './money-tables.ts'
import type { PartRows, ProjectedRow, Projection } from './projection.ts'
import { DatabaseFailedError } from './sql.ts'

export const PROJECTIONS: readonly Projection[] = [EXECUTION, MONEY]

const PARTS: Readonly<Record<string, string>> = Object.assign({}, ...PROJECTIONS.map(({ parts }) => parts))

/** Whether any projection reads this row. */
export const isProjected = (row: Pick<ProjectedRow, 'kind' | 'type'>): boolean =>
  PROJECTIONS.some((projection) => projection.reads(row))

/** What these rows come to in all tables. @throws NewerEventError */
export const projectRows = (rows: readonly ProjectedRow[]): PartRows =>
  Object.assign({}, ...PROJECTIONS.map((projection) => projection.rowsOf(rows)))

/** The parts that have something to write: nearly every row has no fill, and a part is planned each time. */
export const partsOf = (rows: PartRows): readonly string[] =>
  Object.keys(PARTS).filter((part) => (rows[part]?.length ?? 0) > 0)

/** A short name of these parts together: a server cuts the names of prepared statements off at 63 characters. */
export const partsName = (parts: readonly string[]): string =>
  parts.map((part) => Object.keys(PARTS).indexOf(part)).join(' ')

/**
 * These parts in the middle of a statement, a comma before each. Above stands a `written` with rows of the journal
 * (pos, type, at, correlation_id, causation_id). `$1` is the account, `parameter` the rows as JSON.
 */
export const projectSql = (parts: readonly string[], parameter: string): string =>
  parts.map((part) => `, ${PARTS[part]?.replace('$p', parameter)}`).join('')

/** What JSON can carry and a text of the database cannot: NUL, and half a character. */
const UNWRITABLE = /\\u(0000|d[89a-f])/i

/** How the rows travel: one JSON text, amounts as text in it, which the database reads digit by digit. */
export function rowsText(rows: PartRows): string {
  const plain = JSON.stringify(rows)
  if (!UNWRITABLE.test(plain)) return plain
  return JSON.stringify(rows, (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '\uFFFD').toWellFormed() : value,
  )
}

const isThis = ({ name, version }: Projection): string => `name = '${name}' and version = ${version}`

/**
 * Part of a statement: moves the watermarks over the rows of `written` where they are the next ones. Rows that somebody
 * appended without projecting them leave a watermark behind, and it stays there until they are caught up with.
 */
export const ADVANCE_WATERMARKS = `
watermarks as (
  update projections set pos = next.last
  from (select min(pos) - 1 as before, max(pos) as last from written) next
  where account = $1 and (${PROJECTIONS.map((one) => `(${isThis(one)})`).join(' or ')}) and projections.pos = next.before
  returning 1
)`

/** The watermark of an account, made where there is none; rows of an older version are dropped, and it begins anew. */
export const openWatermark = ({ name, version, tables }: Projection): string => `
with begun as (
  insert into projections as known (account, name, version, pos) values ($1, '${name}', ${version}, 0)
  on conflict (account, name) do update set version = excluded.version, pos = 0 where known.version < excluded.version
  returning 1
)${tables.map((table) => `, no_${table} as (delete from ${table} where account = $1 and exists (select from begun))`).join('')}
select 1`

/** Where the watermark stands; no row where it is missing or of another version than this program's. */
export const readWatermark = (projection: Projection): string =>
  `select pos::float8 as pos from projections where account = $1 and ${isThis(projection)}`

/** Projects the journal's rows after $2 up to $3, `$4` as JSON, where the watermark is at $2: it is done once. */
export const catchUpSql = (projection: Projection, parts: readonly string[]): string => `
with watermark as (
  update projections set pos = $3 where account = $1 and ${isThis(projection)} and pos = $2 returning 1
), written as materialized (
  select pos, type, at, correlation_id, causation_id from journal
  where account = $1 and pos > $2 and pos <= $3 and exists (select from watermark)
)${projectSql(parts, '$4')}
select $4::text is null`

const behind = (projection: Projection, account: string): string => `
(select coalesce(max(j.pos), 0) from journal j where j.account = ${account}) > coalesce((
  select p.pos from projections p where p.account = ${account} and p.name = '${projection.name}'
    and p.version = ${projection.version}), 0)`

/** A row where the watermark of an account is behind its journal: what the tables hold is not all of it. */
export const isLagging = (projection: Projection): string => `select 1 as lagging where ${behind(projection, '$1')}`

/** Accounts whose journal has rows that are not projected. */
export const LAGGING = `
select l.account from leadership l where ${PROJECTIONS.map((one) => behind(one, 'l.account')).join(' or ')}
order by l.account`

/** Values that a column refuses: the same statement fails the same way for ever (SQLSTATE classes 22 and 23). */
const isRefusal = (cause: DatabaseFailedError): boolean => /^2[23]/.test(cause.code ?? '')

/** Does `work`; what the projection itself fails at goes to `otherwise`, in one line. @throws DatabaseFailedError */
export async function unlessUnprojectable<T>(
  work: () => Promise<T>,
  otherwise: (problem: string) => T | Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof DatabaseFailedError && !isRefusal(cause)) throw cause
    return otherwise(cause instanceof Error ? cause.message : String(cause))
  }
}

/** Writes the projection of execution: in the statement that appends its rows, or from rows that are there. */
import type { ExecutionRows } from './execution-projection.ts'
import { DatabaseFailedError } from './sql.ts'

const EXECUTION = 'execution'
/** Raise it when the same journal is to give other rows: the tables are then filled anew at the next start. */
const EXECUTION_VERSION = 1

const at = (column: string): string => `timestamptz 'epoch' + ${column} * interval '1 millisecond'`

export type Part = keyof ExecutionRows

/** Each part inserts from the JSON of `$p`, only what `written` has: rows that are there already change nothing. */
const PARTS: Readonly<Record<Part, string>> = {
  events: `
events as (
  insert into execution_events (account, pos, at, type, order_id, position_id, symbol, origin, correlation_id,
    causation_id, body)
  select $1, w.pos, w.at, w.type, r.order_id, r.position_id, r.symbol, r.origin, w.correlation_id, w.causation_id, r.body
  from json_to_recordset($p::json->'events') as r(pos bigint, order_id text, position_id text, symbol text,
    origin text, body json) join written w on w.pos = r.pos
  on conflict do nothing
)`,
  statuses: `
statuses as (
  insert into order_status_log (account, pos, at, order_id, symbol, from_status, status, phase, venue_order_id, filled,
    average_price, reason)
  select $1, w.pos, w.at, r.order_id, r.symbol,
    coalesce(lag(r.status) over (partition by r.order_id order by r.pos), o.status), r.status, r.phase,
    r.venue_order_id, r.filled, r.average_price, r.reason
  from json_to_recordset($p::json->'statuses') as r(pos bigint, order_id text, symbol text, status text, phase text,
    venue_order_id text, filled numeric, average_price numeric, reason text)
    join written w on w.pos = r.pos
    left join orders o on o.account = $1 and o.order_id = r.order_id
  on conflict do nothing
)`,
  orders: `
orders_now as (
  insert into orders as known (account, pos, order_id, key, symbol, side, type, status, phase, venue_order_id, request,
    requested_quantity, quantity, limit_price, trigger_price, filled, cost, fees, time_in_force, expires_at, post_only,
    reduce_only, leverage, intent, purpose, book, position_id, plan_id, reason, created_at, updated_at, closed_at)
  select $1, r.pos, r.order_id, r.key, r.symbol, r.side, r.type, r.status, r.phase, r.venue_order_id, r.request,
    r.requested_quantity, r.quantity, r.limit_price, r.trigger_price, r.filled, r.cost, r.fees, r.time_in_force,
    ${at('r.expires_at')}, r.post_only, r.reduce_only, r.leverage, r.intent, r.purpose, r.book, r.position_id,
    r.plan_id, r.reason, ${at('r.created_at')}, ${at('r.updated_at')}, ${at('r.closed_at')}
  from json_to_recordset($p::json->'orders') as r(pos bigint, order_id text, key text, symbol text, side text, type text,
    status text, phase text, venue_order_id text, request json, requested_quantity numeric, quantity numeric,
    limit_price numeric, trigger_price numeric, filled numeric, cost numeric, fees numeric, time_in_force text,
    expires_at bigint, post_only boolean, reduce_only boolean, leverage int, intent text, purpose text, book text,
    position_id text, plan_id text, reason text, created_at bigint, updated_at bigint, closed_at bigint)
    join written w on w.pos = r.pos
  on conflict (account, order_id) do update set pos = excluded.pos, status = excluded.status, phase = excluded.phase,
    venue_order_id = excluded.venue_order_id, quantity = excluded.quantity, limit_price = excluded.limit_price,
    trigger_price = excluded.trigger_price, filled = excluded.filled, cost = excluded.cost, fees = excluded.fees,
    reason = excluded.reason, updated_at = excluded.updated_at,
    closed_at = coalesce(known.closed_at, excluded.closed_at)
)`,
  fills: `
fills_new as (
  insert into fills (account, pos, order_id, trade_id, symbol, side, price, quantity, cost, fee, fee_asset, liquidity,
    origin, venue_order_id, position_id, plan_id, book, purpose, at)
  select $1, r.pos, r.order_id, r.trade_id, r.symbol, r.side, r.price, r.quantity, r.cost, r.fee, r.fee_asset,
    r.liquidity, r.origin, r.venue_order_id, r.position_id, r.plan_id, r.book, r.purpose, ${at('r.at')}
  from json_to_recordset($p::json->'fills') as r(pos bigint, order_id text, trade_id text, symbol text, side text,
    price numeric, quantity numeric, cost numeric, fee numeric, fee_asset text, liquidity text, origin text,
    venue_order_id text, position_id text, plan_id text, book text, purpose text, at bigint)
    join written w on w.pos = r.pos
  on conflict do nothing
)`,
}

/** The parts that have something to write: nearly every row has no fill, and a part is planned each time. */
export const partsOf = (rows: ExecutionRows): readonly Part[] =>
  (Object.keys(PARTS) as Part[]).filter((part) => rows[part].length > 0)

/**
 * These parts in the middle of a statement, a comma before each. Above stands a `written` with rows of the journal
 * (pos, type, at, correlation_id, causation_id). `$1` is the account, `parameter` the rows as JSON.
 */
export const projectSql = (parts: readonly Part[], parameter: string): string =>
  parts.map((part) => `, ${PARTS[part].replace('$p', parameter)}`).join('')

/** What JSON can carry and a text of the database cannot: NUL, and half a character. */
const UNWRITABLE = /\\u(0000|d[89a-f])/i

/** How the rows travel: one JSON text, amounts as text in it, which the database reads digit by digit. */
export function executionText(rows: ExecutionRows): string {
  const plain = JSON.stringify(rows)
  if (!UNWRITABLE.test(plain)) return plain
  return JSON.stringify(rows, (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '\uFFFD').toWellFormed() : value,
  )
}

/**
 * Part of a statement: moves the watermark over the rows of `written` where they are the next ones. Rows that somebody
 * appended without projecting them leave it behind, and it stays there until they are caught up with.
 */
export const ADVANCE_WATERMARK = `
watermark as (
  update projections set pos = next.last
  from (select min(pos) - 1 as before, max(pos) as last from written) next
  where account = $1 and name = '${EXECUTION}' and version = ${EXECUTION_VERSION} and projections.pos = next.before
  returning 1
)`

/** The watermark of an account, made where there is none; rows of an older version are dropped, and it begins anew. */
export const OPEN_WATERMARK = `
with begun as (
  insert into projections as known (account, name, version, pos) values ($1, '${EXECUTION}', ${EXECUTION_VERSION}, 0)
  on conflict (account, name) do update set version = excluded.version, pos = 0 where known.version < excluded.version
  returning 1
), no_events as (delete from execution_events where account = $1 and exists (select from begun)
), no_statuses as (delete from order_status_log where account = $1 and exists (select from begun)
), no_fills as (delete from fills where account = $1 and exists (select from begun)
), no_orders as (delete from orders where account = $1 and exists (select from begun))
select 1`

/** Where the watermark stands; no row where it is missing or of another version than this program's. */
export const READ_WATERMARK = `
select pos::float8 as pos from projections
where account = $1 and name = '${EXECUTION}' and version = ${EXECUTION_VERSION}`

/** Projects the journal's rows after $2 up to $3, `$4` as JSON, where the watermark is at $2: it is done once. */
export const catchUpSql = (parts: readonly Part[]): string => `
with watermark as (
  update projections set pos = $3
  where account = $1 and name = '${EXECUTION}' and version = ${EXECUTION_VERSION} and pos = $2
  returning 1
), written as materialized (
  select pos, type, at, correlation_id, causation_id from journal
  where account = $1 and pos > $2 and pos <= $3 and exists (select from watermark)
)${projectSql(parts, '$4')}
select $4::text is null`

/** A row where the watermark of an account is behind its journal: what the tables hold is not all of it. */
export const IS_LAGGING = `
select 1 as lagging where (select coalesce(max(pos), 0) from journal where account = $1) > coalesce((
  select pos from projections where account = $1 and name = '${EXECUTION}' and version = ${EXECUTION_VERSION}), 0)`

/** Accounts whose journal has rows that are not projected. */
export const LAGGING = `
select l.account from leadership l
where (select coalesce(max(j.pos), 0) from journal j where j.account = l.account) > coalesce((
  select p.pos from projections p
  where p.account = l.account and p.name = '${EXECUTION}' and p.version = ${EXECUTION_VERSION}), 0)
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

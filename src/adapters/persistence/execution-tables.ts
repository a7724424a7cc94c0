/** Orders, fills, steps and facts of execution, written in the statement that appends their rows. */
import { isExecution, projectExecution } from './execution-projection.ts'
import { at, type Projection } from './projection.ts'

const PARTS = {
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

export const EXECUTION: Projection = {
  name: 'execution',
  version: 1,
  tables: ['execution_events', 'order_status_log', 'fills', 'orders'],
  reads: isExecution,
  rowsOf: projectExecution,
  parts: PARTS,
}

/** Positions, plans, hodl bags and risk, written in the statement that appends the facts of them. */
import { isMoney, projectMoney } from './money-projection.ts'
import { at, type Projection } from './projection.ts'

/** After a conflict: the row that was told last stands, in whatever order rows are caught up with. */
const LAST = 'where known.pos < excluded.pos'

const PARTS = {
  positions: `
positions_now as (
  insert into positions as known (account, pos, position_id, symbol, side, status, phase, leverage, quantity, entry_price,
    exit_price, stop_loss, take_profit, trailing_stop, realised_gross, fees, view, close_reason, opened_at,
    updated_at, closed_at)
  select $1, r.pos, r.position_id, r.symbol, r.side, r.status, r.phase, r.leverage, r.quantity, r.entry_price,
    r.exit_price, r.stop_loss, r.take_profit, r.trailing_stop, r.realised_gross, r.fees, r.view, r.close_reason,
    ${at('r.opened_at')}, ${at('r.updated_at')}, ${at('r.closed_at')}
  from json_to_recordset($p::json->'positions') as r(pos bigint, position_id text, symbol text, side text, status text,
    phase text, leverage int, quantity numeric, entry_price numeric, exit_price numeric, stop_loss numeric,
    take_profit numeric, trailing_stop json, realised_gross numeric, fees numeric, view json,
    close_reason text, opened_at bigint, updated_at bigint, closed_at bigint)
    join written w on w.pos = r.pos
  on conflict (account, position_id) do update set pos = excluded.pos, status = excluded.status, phase = excluded.phase,
    leverage = excluded.leverage, quantity = excluded.quantity, entry_price = excluded.entry_price,
    exit_price = excluded.exit_price, stop_loss = excluded.stop_loss, take_profit = excluded.take_profit,
    trailing_stop = excluded.trailing_stop, realised_gross = excluded.realised_gross, fees = excluded.fees,
    view = excluded.view, close_reason = excluded.close_reason,
    updated_at = excluded.updated_at, closed_at = excluded.closed_at ${LAST}
)`,
  charges: `
charges_new as (
  insert into position_charges (account, flow_id, pos, position_id, asset, amount, value_usd, at)
  select $1, r.flow_id, r.pos, r.position_id, r.asset, r.amount, r.value_usd, w.at
  from json_to_recordset($p::json->'charges') as r(pos bigint, flow_id text, position_id text, asset text,
    amount numeric, value_usd numeric)
    join written w on w.pos = r.pos
  on conflict do nothing
)`,
  plans: `
plans_now as (
  insert into rebalance_plans as known (account, pos, plan_id, status, execution_strategy, used_fallback_strategy,
    reasoning, batch, plan, planned_at, updated_at)
  select $1, r.pos, r.plan_id, r.status, r.execution_strategy, r.used_fallback_strategy, r.reasoning, r.batch, r.plan,
    ${at('r.planned_at')}, ${at('r.updated_at')}
  from json_to_recordset($p::json->'plans') as r(pos bigint, plan_id text, status text, execution_strategy text,
    used_fallback_strategy boolean, reasoning text, batch int, plan json, planned_at bigint, updated_at bigint)
    join written w on w.pos = r.pos
  on conflict (account, plan_id) do update set pos = excluded.pos, status = excluded.status, batch = excluded.batch,
    execution_strategy = excluded.execution_strategy, used_fallback_strategy = excluded.used_fallback_strategy,
    reasoning = excluded.reasoning, plan = excluded.plan, updated_at = excluded.updated_at ${LAST}
)`,
  planTrades: `
plan_trades_now as (
  insert into scheduled_trades as known (account, pos, plan_id, batch, symbol, side, key, quantity, value_usd, filled,
    status, order_id, due_at, updated_at)
  select $1, r.pos, r.plan_id, r.batch, r.symbol, r.side, r.key, r.quantity, r.value_usd, r.filled, r.status, r.order_id,
    ${at('r.due_at')}, ${at('r.updated_at')}
  from json_to_recordset($p::json->'planTrades') as r(pos bigint, plan_id text, batch int, symbol text, side text,
    key text, quantity numeric, value_usd numeric, filled numeric, status text, order_id text, due_at bigint,
    updated_at bigint)
    join written w on w.pos = r.pos
  on conflict (account, plan_id, batch, symbol, side) do update set pos = excluded.pos, key = excluded.key,
    quantity = excluded.quantity, value_usd = excluded.value_usd, filled = excluded.filled, status = excluded.status,
    order_id = excluded.order_id, due_at = excluded.due_at, updated_at = excluded.updated_at ${LAST}
)`,
  rebalances: `
rebalances_new as (
  insert into rebalancing_history (account, pos, plan_id, symbol, side, batch, quantity, cost, fees,
    execution_strategy, used_fallback_strategy, order_id, at)
  select $1, r.pos, r.plan_id, r.symbol, r.side, r.batch, r.quantity, r.cost, r.fees, r.execution_strategy,
    r.used_fallback_strategy, r.order_id, w.at
  from json_to_recordset($p::json->'rebalances') as r(pos bigint, plan_id text, symbol text, side text, batch int,
    quantity numeric, cost numeric, fees numeric, execution_strategy text, used_fallback_strategy boolean, order_id text)
    join written w on w.pos = r.pos
  on conflict do nothing
)`,
  bagChanges: `
bag_changes as (
  insert into hodl_bag_history (account, pos, asset, kind, quantity, value_usd, fees, pending_usd, order_id, position_id, at)
  select $1, c.pos, c.asset, c.kind, c.quantity, coalesce(c.value_usd, c.added), c.fees, c.pending_usd, c.order_id,
    c.position_id, c.at
  from (
    select r.*, w.at,
      r.pending_usd - coalesce(lag(r.pending_usd) over (partition by r.asset order by r.pos), b.pending_usd, 0) as added
    from json_to_recordset($p::json->'bagChanges') as r(pos bigint, asset text, kind text, quantity numeric,
      value_usd numeric, fees numeric, pending_usd numeric, order_id text, position_id text)
      join written w on w.pos = r.pos
      left join hodl_bags b on b.account = $1 and b.asset = r.asset
  ) c
  where c.kind = 'bought' or c.added <> 0
  on conflict do nothing
)`,
  bags: `
bags_now as (
  insert into hodl_bags as known (account, pos, asset, quantity, pending_usd, spent_usd, high_usd, updated_at)
  select $1, r.pos, r.asset, r.quantity, r.pending_usd, r.spent_usd, r.high_usd, ${at('r.updated_at')}
  from json_to_recordset($p::json->'bags') as r(pos bigint, asset text, quantity numeric, pending_usd numeric,
    spent_usd numeric, high_usd numeric, updated_at bigint)
    join written w on w.pos = r.pos
  on conflict (account, asset) do update set pos = excluded.pos, quantity = excluded.quantity,
    pending_usd = excluded.pending_usd, spent_usd = excluded.spent_usd, high_usd = excluded.high_usd,
    updated_at = excluded.updated_at ${LAST}
)`,
  risk: `
risk_now as (
  insert into risk_state as known (account, pos, day_started_at, day_opening_equity, day_trading_net, week_started_at,
    week_opening_equity, week_trading_net, peak_equity, peak_trading_net, consecutive_losses, cooldowns, breakers,
    record, updated_at)
  select $1, r.pos, ${at('r.day_started_at')}, r.day_opening_equity, r.day_trading_net, ${at('r.week_started_at')},
    r.week_opening_equity, r.week_trading_net, r.peak_equity, r.peak_trading_net, r.consecutive_losses, r.cooldowns,
    r.breakers, r.record, ${at('r.updated_at')}
  from json_to_recordset($p::json->'risk') as r(pos bigint, day_started_at bigint, day_opening_equity numeric,
    day_trading_net numeric, week_started_at bigint, week_opening_equity numeric, week_trading_net numeric,
    peak_equity numeric, peak_trading_net numeric, consecutive_losses int, cooldowns json, breakers json, record json,
    updated_at bigint)
    join written w on w.pos = r.pos
  on conflict (account) do update set pos = excluded.pos, day_started_at = excluded.day_started_at,
    day_opening_equity = excluded.day_opening_equity, day_trading_net = excluded.day_trading_net,
    week_started_at = excluded.week_started_at, week_opening_equity = excluded.week_opening_equity,
    week_trading_net = excluded.week_trading_net, peak_equity = excluded.peak_equity,
    peak_trading_net = excluded.peak_trading_net, consecutive_losses = excluded.consecutive_losses,
    cooldowns = excluded.cooldowns, breakers = excluded.breakers, record = excluded.record,
    updated_at = excluded.updated_at ${LAST}
)`,
  riskChanges: `
risk_changes as (
  insert into risk_state_history (account, pos, at, record)
  select $1, r.pos, w.at, r.record
  from json_to_recordset($p::json->'riskChanges') as r(pos bigint, record json)
    join written w on w.pos = r.pos
  on conflict do nothing
)`,
}

export const MONEY: Projection = {
  name: 'money',
  version: 2,
  tables: [
    ...['positions', 'position_charges', 'rebalance_plans', 'scheduled_trades', 'rebalancing_history'],
    ...['hodl_bags', 'hodl_bag_history', 'risk_state', 'risk_state_history'],
  ],
  reads: isMoney,
  rowsOf: projectMoney,
  parts: PARTS,
}

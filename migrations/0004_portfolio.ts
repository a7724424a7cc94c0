import { Migration } from '@mikro-orm/migrations'

/** Valuations, hodl bags, rebalancing, the coordinator and the risk engine. */
export class Portfolio extends Migration {
  override up(): void {
    this.addSql(`create table portfolio_snapshots (
      account text not null, at timestamptz not null, equity numeric(38,18) not null,
      core_equity numeric(38,18) not null, max_deviation_pct numeric(38,18) not null,
      holdings json not null, balances json not null, ledger json not null, stale_marks json not null,
      primary key (account, at)
    )`)
    this.addSql('create index portfolio_snapshots_at_brin on portfolio_snapshots using brin (at)')
    this.addSql(`create table hodl_bags (
      account text not null, asset text not null, quantity numeric(38,18) not null,
      pending_usd numeric(38,18) not null, updated_at timestamptz not null,
      primary key (account, asset)
    )`)
    this.addSql(`create table hodl_bag_history (
      account text not null, pos bigint not null, asset text not null, kind text not null,
      quantity numeric(38,18) not null, value_usd numeric(38,18) not null, position_id text,
      order_id text, at timestamptz not null, primary key (account, pos, asset)
    )`)
    this.addSql(`create table rebalancing_history (
      account text not null, pos bigint not null, plan_id text not null, symbol text not null,
      side text not null, batch int not null, quantity numeric(38,18) not null,
      cost numeric(38,18) not null, fees numeric(38,18) not null, execution_strategy text not null,
      used_fallback_strategy boolean not null, order_id text, at timestamptz not null,
      primary key (account, pos)
    )`)
    this.addSql('create index rebalancing_history_plan on rebalancing_history (account, plan_id)')
    this.addSql(`create table scheduled_trades (
      account text not null, plan_id text not null, batch int not null, symbol text not null,
      side text not null, quantity numeric(38,18) not null, value_usd numeric(38,18) not null,
      status text not null, order_id text, due_at timestamptz not null,
      updated_at timestamptz not null, primary key (account, plan_id, batch, symbol)
    )`)
    this.addSql('create index scheduled_trades_due on scheduled_trades (account, status, due_at)')
    this.addSql(`create table coordinator_state (
      account text not null, pos bigint not null, state text not null, pause_reasons json not null,
      halt_reason text, degradation text not null, counters json not null,
      reconciliation text not null, tasks json not null, statistics json not null,
      in_flight json not null, updated_at timestamptz not null, primary key (account)
    )`)
    this.addSql(`create table conflict_resolution_log (
      account text not null, conflict_id text not null, symbol text not null,
      proposal_id text not null, conflicts json not null, action text not null,
      confidence double precision not null, reasoning text not null, modifications json,
      model text not null, used_fallback boolean not null, latency_ms int not null,
      correlation_id text not null, at timestamptz not null, primary key (account, conflict_id)
    )`)
    this.addSql('create index conflict_resolution_log_time on conflict_resolution_log (account, at)')
    this.addSql(`create table risk_state (
      account text not null, pos bigint not null, day_started_at timestamptz not null,
      day_opening_equity numeric(38,18) not null, week_started_at timestamptz not null,
      week_opening_equity numeric(38,18) not null, peak_equity numeric(38,18) not null,
      consecutive_losses int not null, cooldown_until timestamptz, cooldowns json not null,
      breakers json not null, updated_at timestamptz not null, primary key (account)
    )`)
  }
}

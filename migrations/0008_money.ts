import { Migration } from '@mikro-orm/migrations'

/** What the projections of positions, plans, hodl bags and risk need, and what a snapshot says beside. */
export class Money extends Migration {
  override up(): void {
    this.addSql(`alter table positions
      add column pos bigint not null, add column trailing_stop json, add column financing numeric(38,18) not null,
      add column view json not null`)
    // Open positions are told from memory; without this index a position's next state is written in place.
    this.addSql('drop index positions_status')
    this.addSql('create index positions_newest on positions (account, opened_at, position_id collate "C")')
    this.addSql('alter table position_snapshots add column financing numeric(38,18) not null')
    this.addSql('alter table portfolio_snapshots add column trading_exposure numeric(38,18) not null')
    this.addSql(`create table rebalance_plans (
      account text not null, plan_id text not null, pos bigint not null, status text not null,
      execution_strategy text not null, used_fallback_strategy boolean not null, reasoning text not null,
      batch int not null, plan json not null, planned_at timestamptz not null,
      updated_at timestamptz not null, primary key (account, plan_id)
    )`)
    this.addSql('create index rebalance_plans_newest on rebalance_plans (account, planned_at, plan_id collate "C")')
    this.addSql(`alter table scheduled_trades
      add column pos bigint not null, add column key text not null, add column filled numeric(38,18) not null`)
    // One batch may sell and buy the same symbol.
    this.addSql(`alter table scheduled_trades drop constraint scheduled_trades_pkey,
      add primary key (account, plan_id, batch, symbol, side)`)
    this.addSql('drop index scheduled_trades_due')
    this.addSql('create index scheduled_trades_newest on scheduled_trades (account, due_at, key collate "C")')
    // Trades of older code do not say how their plan was brought to the venue.
    this.addSql(`alter table rebalancing_history
      alter column execution_strategy drop not null, alter column used_fallback_strategy drop not null`)
    this.addSql('create index rebalancing_history_newest on rebalancing_history (account, at, pos)')
    this.addSql(`alter table hodl_bags
      add column pos bigint not null, add column spent_usd numeric(38,18) not null,
      add column high_usd numeric(38,18) not null`)
    this.addSql(`alter table hodl_bag_history
      add column fees numeric(38,18) not null, add column pending_usd numeric(38,18) not null`)
    this.addSql('create index hodl_bag_history_newest on hodl_bag_history (account, at, pos)')
    this.addSql(`alter table risk_state
      alter column day_started_at drop not null, alter column day_opening_equity drop not null,
      alter column week_started_at drop not null, alter column week_opening_equity drop not null,
      drop column cooldown_until, add column day_trading_net numeric(38,18),
      add column week_trading_net numeric(38,18), add column peak_trading_net numeric(38,18) not null,
      add column record json not null`)
    this.addSql(`create table risk_state_history (
      account text not null, pos bigint not null, at timestamptz not null, record json not null,
      primary key (account, pos, at)
    )`)
    this.addSql('create index risk_state_history_newest on risk_state_history (account, at, pos)')
    this.addSql('create index risk_state_history_at_brin on risk_state_history using brin (at)')
    this.addSql(`do $$
begin
  if exists (select 1 from pg_extension where extname = 'timescaledb') then
    perform create_hypertable('risk_state_history', 'at');
  end if;
end $$`)
  }
}

import { Migration } from '@mikro-orm/migrations'

/** Orders, their fills and histories, positions. */
export class Execution extends Migration {
  override up(): void {
    this.addSql(`create table orders (
      account text not null, order_id text not null, key text not null, symbol text not null,
      side text not null, type text not null, status text not null, phase text not null,
      venue_order_id text, requested_quantity numeric(38,18) not null,
      quantity numeric(38,18) not null, limit_price numeric(38,18), trigger_price numeric(38,18),
      filled numeric(38,18) not null, cost numeric(38,18) not null, fees numeric(38,18) not null,
      time_in_force text not null, expires_at timestamptz, post_only boolean not null,
      reduce_only boolean not null, leverage int not null, intent text not null,
      purpose text not null, book text not null, position_id text, plan_id text, reason text,
      created_at timestamptz not null, updated_at timestamptz not null,
      primary key (account, order_id)
    )`)
    this.addSql('create index orders_status on orders (account, status)')
    this.addSql('create index orders_position on orders (account, position_id)')
    this.addSql(`create table fills (
      account text not null, order_id text not null, trade_id text not null, symbol text not null,
      side text not null, price numeric(38,18) not null, quantity numeric(38,18) not null,
      fee numeric(38,18) not null, liquidity text not null, origin text not null,
      at timestamptz not null, primary key (account, order_id, trade_id)
    )`)
    this.addSql('create index fills_time on fills (account, at)')
    this.addSql(`create table order_status_log (
      account text not null, pos bigint not null, at timestamptz not null, order_id text not null,
      symbol text not null, from_status text, status text not null, phase text not null,
      venue_order_id text, filled numeric(38,18) not null, average_price numeric(38,18), reason text,
      primary key (account, pos, at)
    )`)
    this.addSql('create index order_status_log_order on order_status_log (account, order_id)')
    this.addSql('create index order_status_log_at_brin on order_status_log using brin (at)')
    this.addSql(`create table execution_events (
      account text not null, pos bigint not null, at timestamptz not null, type text not null,
      order_id text, position_id text, symbol text, origin text not null,
      correlation_id text not null, causation_id text, body json not null,
      primary key (account, pos, at)
    )`)
    this.addSql('create index execution_events_correlation on execution_events (account, correlation_id)')
    this.addSql('create index execution_events_at_brin on execution_events using brin (at)')
    this.addSql(`create table positions (
      account text not null, position_id text not null, symbol text not null, side text not null,
      status text not null, phase text not null, leverage int not null,
      quantity numeric(38,18) not null, entry_price numeric(38,18) not null,
      exit_price numeric(38,18) not null, stop_loss numeric(38,18) not null,
      take_profit numeric(38,18), realised_gross numeric(38,18) not null,
      fees numeric(38,18) not null, close_reason text, opened_at timestamptz not null,
      updated_at timestamptz not null, closed_at timestamptz, primary key (account, position_id)
    )`)
    this.addSql('create index positions_status on positions (account, status, symbol)')
    this.addSql(`create table position_snapshots (
      account text not null, position_id text not null, at timestamptz not null, symbol text not null,
      mark numeric(38,18) not null, quantity numeric(38,18) not null,
      stop_loss numeric(38,18) not null, realised_gross numeric(38,18) not null,
      unrealised_gross numeric(38,18) not null, fees numeric(38,18) not null,
      return_on_margin_pct numeric(38,18), primary key (account, position_id, at)
    )`)
    this.addSql('create index position_snapshots_at_brin on position_snapshots using brin (at)')
  }
}

import { Migration } from '@mikro-orm/migrations'

/** What the projections of orders and fills need, and how far each projection has read the journal. */
export class ExecutionHistory extends Migration {
  override up(): void {
    this.addSql(`create table projections (
      account text not null, name text not null, version int not null, pos bigint not null,
      primary key (account, name)
    )`)
    this.addSql(`alter table orders
      add column pos bigint not null, add column request json not null, add column closed_at timestamptz`)
    // Nobody asks by status alone, and without this index an order's next state is written in place.
    this.addSql('drop index orders_status')
    this.addSql('create index orders_newest on orders (account, created_at, order_id collate "C")')
    this.addSql(`alter table fills
      add column pos bigint not null, add column cost numeric(38,18) not null,
      add column fee_asset text not null, add column venue_order_id text, add column position_id text,
      add column plan_id text, add column book text not null, add column purpose text not null`)
    this.addSql('drop index fills_time')
    this.addSql('create index fills_newest on fills (account, at, pos)')
    this.addSql('create unique index fills_pos on fills (account, pos)')
  }
}

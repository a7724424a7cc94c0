import { Migration } from '@mikro-orm/migrations'

/** What the venue charged for positions on margin: told apart from the position itself, and also after its end. */
export class PositionCharges extends Migration {
  override up(): void {
    this.addSql('alter table positions drop column financing')
    this.addSql(`create table position_charges (
      account text not null, flow_id text not null, pos bigint not null, position_id text not null,
      asset text not null, amount numeric(38,18) not null, value_usd numeric(38,18) not null,
      at timestamptz not null, primary key (account, flow_id)
    )`)
    this.addSql('create index position_charges_position on position_charges (account, position_id)')
  }
}

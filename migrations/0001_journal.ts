import { Migration } from '@mikro-orm/migrations'

/** The journal, the lease that guards it, and what session the database holds. */
export class Journal extends Migration {
  override up(): void {
    this.addSql(`create table journal (
      account text not null, pos bigint not null, epoch bigint not null, incarnation text not null,
      stream text not null, sequence bigint not null, id text not null,
      kind text not null check (kind in ('heard', 'fact')),
      type text not null, version int not null, body json not null, correlation_id text,
      causation_id text, at timestamptz not null, recorded_at timestamptz not null,
      primary key (account, pos), unique (account, stream, sequence)
    )`)
    this.addSql('create index journal_correlation on journal (account, correlation_id)')
    this.addSql(`create table leadership (
      account text not null, holder text not null, incarnation text not null, epoch bigint not null,
      expires_at timestamptz not null, nonce_next bigint not null, primary key (account)
    )`)
    this.addSql(`create table session (
      single boolean not null check (single),
      kind text not null check (kind in ('paper', 'live', 'replay')),
      key text not null, claimed_at timestamptz not null, primary key (single)
    )`)
  }
}

import { Migration } from '@mikro-orm/migrations'

/** Closed candles, and the memory of the paper venue. */
export class Market extends Migration {
  override up(): void {
    this.addSql(`create table candles (
      symbol text not null, timeframe text not null, open_at timestamptz not null,
      open numeric(38,18) not null, high numeric(38,18) not null, low numeric(38,18) not null,
      close numeric(38,18) not null, volume numeric(38,18) not null,
      primary key (symbol, timeframe, open_at)
    )`)
    this.addSql('create index candles_open_at_brin on candles using brin (open_at)')
    this.addSql(`create table paper_venue (
      account text not null, state json not null, saved_at timestamptz not null,
      primary key (account)
    )`)
  }
}

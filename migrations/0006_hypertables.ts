import { Migration } from '@mikro-orm/migrations'

/**
 * Time series become hypertables where TimescaleDB is there and loaded; elsewhere they stay plain tables with their
 * BRIN indexes. The extension is only made where the server has loaded its library: asking for it elsewhere would end
 * the connection.
 */
export class Hypertables extends Migration {
  override up(): void {
    this.addSql(`do $$
begin
  if exists (select 1 from pg_available_extensions where name = 'timescaledb')
    and exists (select 1 from pg_settings where name = 'shared_preload_libraries' and setting like '%timescaledb%')
  then
    begin
      create extension if not exists timescaledb;
    exception when insufficient_privilege then
      raise notice 'TimescaleDB may not be created by this user: plain tables are used';
    end;
  end if;
  if exists (select 1 from pg_extension where extname = 'timescaledb') then
    perform create_hypertable('candles', 'open_at');
    perform create_hypertable('position_snapshots', 'at');
    perform create_hypertable('portfolio_snapshots', 'at');
    perform create_hypertable('execution_events', 'at');
    perform create_hypertable('order_status_log', 'at');
  end if;
end $$`)
  }
}

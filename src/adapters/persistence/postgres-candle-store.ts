/** Closed candles in the database. */
import { type Candle, TIMEFRAMES } from '../../domain/candle.ts'
import { text } from '../../domain/units.ts'
import type { CandleStore } from '../../ports/candle-store.ts'
import type { HistoryQuery } from '../../ports/market-feed.ts'
import type { Sql } from './sql.ts'

const GROUP_ROWS = 2000
const PAGE_ROWS = 5000

const SAVE = `
insert into candles (symbol, timeframe, open_at, open, high, low, close, volume)
select c.symbol, c.timeframe, timestamptz 'epoch' + c.open_at * interval '1 millisecond',
  c.open::numeric, c.high::numeric, c.low::numeric, c.close::numeric, c.volume::numeric
from json_to_recordset($1::json) as c(symbol text, timeframe text, open_at bigint, open text, high text, low text,
  close text, volume text)
on conflict (symbol, timeframe, open_at) do update set open = excluded.open, high = excluded.high,
  low = excluded.low, close = excluded.close, volume = excluded.volume`

const LOAD = `
select (extract(epoch from open_at) * 1000)::float8 as "openAt", open::text, high::text, low::text, close::text,
  volume::text
from candles
where symbol = $1 and timeframe = $2 and open_at >= timestamptz 'epoch' + $3::bigint * interval '1 millisecond'
  and open_at < timestamptz 'epoch' + $4::bigint * interval '1 millisecond'
order by open_at limit ${PAGE_ROWS}`

type CandleRow = Pick<Candle, 'openAt' | 'open' | 'high' | 'low' | 'close' | 'volume'>

const keyOf = (candle: Candle): string => `${candle.symbol} ${candle.timeframe} ${candle.openAt}`

/** One statement may touch a row only once: of candles with the same key the last one counts. */
const withoutRepeats = (candles: readonly Candle[]): readonly Candle[] => [
  ...new Map(candles.map((candle) => [keyOf(candle), candle])).values(),
]

const asJson = (candles: readonly Candle[]): string =>
  JSON.stringify(candles.map(({ openAt, ...candle }) => ({ ...candle, open_at: openAt })))

export class PostgresCandleStore implements CandleStore {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** In groups, each of them one transaction. @throws DatabaseFailedError */
  async save(candles: readonly Candle[]): Promise<void> {
    const rows = withoutRepeats(candles)
    for (let from = 0; from < rows.length; from += GROUP_ROWS) {
      await this.#sql.query(SAVE, [asJson(rows.slice(from, from + GROUP_ROWS))])
    }
  }

  /** Ascending, amounts as canonical texts. @throws DatabaseFailedError */
  async load({ symbol, timeframe, from, to }: HistoryQuery): Promise<readonly Candle[]> {
    if (!TIMEFRAMES.includes(timeframe)) throw new RangeError(`${JSON.stringify(timeframe)} is not a timeframe`)
    const candles: Candle[] = []
    let after = from
    for (;;) {
      const page = await this.#sql.query<CandleRow>(LOAD, [symbol, timeframe, Math.ceil(after), Math.ceil(to)])
      for (const { openAt, open, high, low, close, volume } of page) {
        candles.push({
          symbol,
          timeframe,
          openAt,
          open: text(open),
          high: text(high),
          low: text(low),
          close: text(close),
          volume: text(volume),
        })
      }
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE_ROWS) return candles
      after = last.openAt + 1
    }
  }
}

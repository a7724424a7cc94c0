/** The paper venue's memory: one JSON document per account. */
import type { Clock } from '../../ports/clock.ts'
import type { VenueStore } from '../../ports/venue-store.ts'
import { canonicalJson } from './canonical-json.ts'
import type { Sql } from './sql.ts'

const SAVE = `
insert into paper_venue (account, state, saved_at)
values ($1, $2::json, timestamptz 'epoch' + $3::bigint * interval '1 millisecond')
on conflict (account) do update set state = excluded.state, saved_at = excluded.saved_at`

export class PostgresVenueStore implements VenueStore {
  readonly #sql: Sql
  readonly #account: string
  readonly #clock: Clock

  constructor(sql: Sql, account: string, clock: Clock) {
    this.#sql = sql
    this.#account = account
    this.#clock = clock
  }

  /** Null before the first save; members come back in alphabetical order. @throws DatabaseFailedError */
  async load(): Promise<Readonly<Record<string, unknown>> | null> {
    const [row] = await this.#sql.query<{ state: string }>(
      'select state::text as state from paper_venue where account = $1',
      [this.#account],
    )
    return row === undefined ? null : (JSON.parse(row.state) as Readonly<Record<string, unknown>>)
  }

  /** @throws NotJsonError for a state that JSON cannot carry; DatabaseFailedError */
  async save(state: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#sql.query(SAVE, [this.#account, canonicalJson(state), Math.trunc(this.#clock.now())])
  }
}

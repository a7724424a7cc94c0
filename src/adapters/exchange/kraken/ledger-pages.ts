/** The account's ledger in pages: a read that is long, or breaks off, goes on where it stopped, so that it ends. */
import type { VenueAnswer } from '../../../ports/exchange.ts'
import type { Wire } from '../../kraken/exact-json.ts'
import { lost, reading } from './answer.ts'
import type { PrivateCalls } from './call.ts'
import { fieldsIn, readTable } from './rows.ts'

const PAGE = 50
/** Of one look: each costs two points of a counter that holds fifteen. */
const MOST_PAGES = 5

export type LedgerRows = ReadonlyMap<string, Wire>

/** The newest entries, as they follow each other, that were read of all since a moment. */
interface Unfinished {
  readonly since: number
  readonly rows: Map<string, Wire>
}

export class LedgerPages {
  readonly #calls: Pick<PrivateCalls, 'ask'>
  readonly #unfinished = new Map<string, Unfinished>()

  constructor(calls: Pick<PrivateCalls, 'ask'>) {
    this.#calls = calls
  }

  /**
   * Every entry since a moment (milliseconds UTC), by id; of one type where it is named. Lost while it is not read to the
   * end: asked again, also for a later moment, it goes on.
   */
  async since(since: number, type: 'trade' | 'all'): Promise<VenueAnswer<LedgerRows>> {
    const kept = this.#unfinished.get(type)
    const unfinished = kept !== undefined && kept.since <= since ? kept : { since, rows: new Map<string, Wire>() }
    this.#unfinished.set(type, unfinished)
    const { rows } = unfinished
    // What has come in meanwhile stands before what is known; only once both meet is nothing missing between them.
    let news: Map<string, Wire> | null = rows.size > 0 ? new Map() : null
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = await this.#page(type, unfinished.since, news === null ? rows.size : news.size)
      if (answer.kind !== 'done') return answer
      const isMet = answer.value.some(([id]) => rows.has(id))
      for (const [id, row] of answer.value) (news ?? rows).set(id, row)
      if (answer.value.length < PAGE) {
        this.#unfinished.delete(type)
        return { kind: 'done', value: new Map([...(news ?? []), ...rows]) }
      }
      if (news === null || !isMet) continue
      for (const [id, row] of news) rows.set(id, row)
      news = null
    }
    // So much has come in that what was known is far down: begun anew.
    if (news !== null) this.#unfinished.delete(type)
    return lost(
      `${rows.size} ledger entries read since ${new Date(unfinished.since).toISOString()}, and there are more`,
    )
  }

  async #page(type: string, since: number, offset: number): Promise<VenueAnswer<readonly (readonly [string, Wire])[]>> {
    const start = String(Math.max(0, Math.floor(since / 1000) - 1))
    const form = { ...(type === 'all' ? {} : { type }), start, ofs: String(offset) }
    return reading(await this.#calls.ask({ method: 'Ledgers', rank: 'read', form }), (result) =>
      readTable(fieldsIn(result, 'Ledgers').ledger, 'ledger', (id, row) => [id, row] as const),
    )
  }
}

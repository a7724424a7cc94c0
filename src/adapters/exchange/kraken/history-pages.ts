/** The account's ledger and trades in pages: a read that is long, or breaks off, goes on where it stopped, so that it ends. */
import type { VenueAnswer } from '../../../ports/exchange.ts'
import type { Wire } from '../../kraken/exact-json.ts'
import { lost, reading } from './answer.ts'
import type { Form, PrivateCalls } from './call.ts'
import { fieldsIn, readTable, readTrade, type TradeRow } from './rows.ts'

const PAGE = 50
/** Of one look: each costs two points of a counter that holds fifteen. */
const MOST_PAGES = 5

/** One of Kraken's histories: fifty rows a page, the newest first. */
export interface History<Row> {
  readonly method: string
  /** Where its answer has the rows. */
  readonly list: string
  readonly form: Form
  readonly read: (id: string, row: Wire) => Row
}

const asItIs = (_id: string, row: Wire): Wire => row
/** All that moved a balance. */
export const flowsOf: History<Wire> = { method: 'Ledgers', list: 'ledger', form: {}, read: asItIs }
/** What trades moved, with what they cost. */
export const tradeFeesOf: History<Wire> = { ...flowsOf, form: { type: 'trade' } }
/** Executions. Consolidated rows would have other ids than those that the socket tells. */
export const tradesOf: History<TradeRow> = {
  ...{ method: 'TradesHistory', list: 'trades', form: { consolidate_taker: 'false' }, read: readTrade },
}

type Page<Row> = readonly (readonly [id: string, row: Row])[]

export class HistoryPages<Row> {
  readonly #calls: Pick<PrivateCalls, 'ask'>
  readonly #history: History<Row>
  /** The newest rows, as they follow each other. */
  #known: ReadonlyMap<string, Row> = new Map()

  constructor(calls: Pick<PrivateCalls, 'ask'>, history: History<Row>) {
    this.#calls = calls
    this.#history = history
  }

  /**
   * Every row since a moment (milliseconds UTC), the newest first, and maybe older ones. `hear` is told each page, and
   * says whether that is enough. Lost while it is not read to the end: asked again, also for another moment, it goes on.
   * What was read stays known until it is forgotten.
   */
  async since(
    since: number,
    hear: (page: readonly Row[]) => boolean = () => false,
  ): Promise<VenueAnswer<ReadonlyMap<string, Row>>> {
    const start = String(Math.max(0, Math.floor(since / 1000) - 1))
    // What has come in meanwhile stands before what is known; only once both meet is nothing missing between them.
    let below = this.#known
    let rows: ReadonlyMap<string, Row> = new Map()
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = await this.page({ start, ofs: String(rows.size) })
      if (answer.kind !== 'done') return answer
      const isEnough = hear(answer.value.map(([, row]) => row))
      const isMet = answer.value.some(([id]) => below.has(id))
      const isEnd = answer.value.length < PAGE
      rows = new Map([...rows, ...answer.value, ...(isMet ? below : [])])
      if (isMet) below = new Map()
      if (isEnd || below.size === 0) this.#known = rows
      if (isEnd || isEnough) return { kind: 'done', value: rows }
    }
    // So much has come in that what was known is far down: begun anew.
    if (below.size > 0) this.forget()
    const { method } = this.#history
    return lost(`${rows.size} rows of ${method} read since ${new Date(since).toISOString()}, and there are more`)
  }

  /** All that was asked for has been read and used. */
  forget(): void {
    this.#known = new Map()
  }

  /** One page, as it is. */
  async page(form: Form): Promise<VenueAnswer<Page<Row>>> {
    const { method, list, form: always, read } = this.#history
    return reading(await this.#calls.ask({ method, rank: 'read', form: { ...always, ...form } }), (result) =>
      readTable(fieldsIn(result, method)[list], list, (id, row) => [id, read(id, row)] as const),
    )
  }
}

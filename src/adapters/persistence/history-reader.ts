/** What reading the past has in common: a deadline, tables that are whole, pages, and amounts as canonical text. */
import { type Numeric, text } from '../../domain/units.ts'
import type { Clock } from '../../ports/clock.ts'
import { HistoryAwayError, type HistoryPage, type PageAsk } from '../../ports/order-history.ts'
import type { Projection } from './projection.ts'
import { isLagging } from './projections.ts'
import { DatabaseFailedError, type Sql } from './sql.ts'

/** Milliseconds of a moment of the database. */
export const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`
/** A moment of the database from milliseconds in this parameter. */
export const moment = (parameter: string): string =>
  `timestamptz 'epoch' + ${parameter}::bigint * interval '1 millisecond'`

export const canonical = (given: Numeric | null): Numeric | null => (given === null ? null : text(given))

export interface HistoryOptions {
  readonly sql: Sql
  readonly account: string
  /** The real one: whoever asks waits in real time. */
  readonly clock: Clock
  /** How long one question may take. */
  readonly deadlineMs: number
}

export class HistoryReader {
  readonly #options: HistoryOptions
  readonly #projections: readonly Projection[]

  /** `projections`: whose tables are read, and must have all that the journal has. */
  constructor(options: HistoryOptions, projections: readonly Projection[]) {
    this.#options = options
    this.#projections = projections
  }

  /** `$1` is the account. @throws DatabaseFailedError */
  ask<Row>(statement: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#options.sql.query<Row>(statement, [this.#options.account, ...parameters])
  }

  /** Within the deadline, from tables that are whole. @throws HistoryAwayError */
  async inTime<T>(question: () => Promise<T>): Promise<T> {
    const { clock, deadlineMs } = this.#options
    const late = Promise.withResolvers<never>()
    const timer = clock.at(clock.now() + deadlineMs, () =>
      late.reject(new HistoryAwayError(`the database did not answer within ${deadlineMs} ms`)),
    )
    try {
      return await Promise.race([this.#whole(question), late.promise])
    } catch (cause) {
      throw cause instanceof DatabaseFailedError ? new HistoryAwayError(cause.message) : cause
    } finally {
      timer.cancel()
    }
  }

  async #whole<T>(question: () => Promise<T>): Promise<T> {
    for (const projection of this.#projections) {
      const [lagging] = await this.ask(isLagging(projection))
      if (lagging !== undefined) throw new HistoryAwayError('the tables lag behind the journal, see the log')
    }
    return question()
  }
}

/** A page of rows of which one more than asked for was read, where there is one. */
export function pageOf<Row, T>(
  found: readonly Row[],
  { limit }: PageAsk,
  cursorOf: (row: Row) => string,
  recordOf: (row: Row) => T,
): HistoryPage<T> {
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  return {
    rows: shown.map(recordOf),
    nextCursor: found.length > limit && last !== undefined ? cursorOf(last) : null,
  }
}

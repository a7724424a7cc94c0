/** Kraken's paging: newest first, fifty to a page, `start` exclusive, `end` inclusive, both as times or as ids. */
import { invalidArgument } from '../refusal.ts'
import { countField, type Fields, flagField, textField } from './fields.ts'

const PAGE = 50

export interface Paged<Row> {
  readonly rows: readonly Row[]
  /** Of all pages; null where it was not wanted. */
  readonly count: number | null
}

interface Keys<Row> {
  idOf(row: Row): string
  /** Milliseconds UTC. */
  timeOf(row: Row): number
}

/** A moment in seconds, or the id of a row. Milliseconds UTC; null where absent. */
function bound<Row>(fields: Fields, name: string, rows: readonly Row[], { idOf, timeOf }: Keys<Row>): number | null {
  const given = textField(fields, name)
  if (given === null) return null
  if (/^\d{1,11}(\.\d+)?$/.test(given)) return Number(given) * 1000
  const row = rows.find((each) => idOf(each) === given)
  if (row === undefined) throw invalidArgument(name)
  return timeOf(row)
}

/** `rows` oldest first; what the fields let through, newest first. */
export function paged<Row>(fields: Fields, rows: readonly Row[], keys: Keys<Row>): Paged<Row> {
  const [start, end] = [bound(fields, 'start', rows, keys), bound(fields, 'end', rows, keys)]
  const within = rows.filter((row) => {
    const at = keys.timeOf(row)
    return (start === null || at > start) && (end === null || at <= end)
  })
  const from = countField(fields, 'ofs', 0)
  return {
    rows: within.toReversed().slice(from, from + PAGE),
    count: flagField(fields, 'without_count') ? null : within.length,
  }
}

/** Rows by id, in their order. */
export const byId = <Row>(
  rows: readonly Row[],
  idOf: (row: Row) => string,
  shown: (row: Row) => unknown,
): Readonly<Record<string, unknown>> => Object.fromEntries(rows.map((row) => [idOf(row), shown(row)]))

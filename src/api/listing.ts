/** A list as JSON in pages, or as CSV: a page of it, or all of it without ever holding more than some hundred rows. */
import type { Context } from 'hono'
import { parseAccept } from 'hono/utils/accept'
import type { z } from 'zod'
import type { HistoryPage, PageAsk } from '../ports/order-history.ts'
import { type Column, csvHeader, csvRows } from './csv.ts'
import { ProblemError } from './errors.ts'
import { answer } from './json.ts'
import { pageAskOf, pageParameters, wordParameter } from './query.ts'

const EXPORT_ROWS = 500

export const listParameters = { ...pageParameters, format: wordParameter(['json', 'csv']).optional() }
type ListQuery = z.output<z.ZodObject<typeof listParameters>>
type Format = NonNullable<ListQuery['format']>

const OFFERS: readonly (readonly [Format, string])[] = [
  ['json', 'application/json'],
  ['csv', 'text/csv'],
]

/** How much the caller wants this media type, 0 to 1: the most specific of his ranges counts (RFC 9110 §12.5.1). */
function qualityOf(offered: string, accepted: ReturnType<typeof parseAccept>): number {
  for (const range of [offered, `${offered.split('/', 1)[0]}/*`, '*/*']) {
    const found = accepted.find(({ type }) => type.toLowerCase() === range)
    if (found !== undefined) return found.q
  }
  return 0
}

/** What `format` says, else what `Accept` likes best, JSON among equals. @throws ProblemError 406 when neither will do. */
export function formatOf(context: Context, given: Format | undefined): Format {
  if (given !== undefined) return given
  const header = context.req.header('accept')
  if (header === undefined) return 'json'
  const accepted = parseAccept(header)
  const [best] = OFFERS.map(([format, type]) => ({ format, quality: qualityOf(type, accepted) })).toSorted(
    (a, b) => b.quality - a.quality,
  )
  if (best !== undefined && best.quality > 0) return best.format
  throw new ProblemError('not-acceptable', `this is given as ${OFFERS.map(([, type]) => type).join(' or ')}`)
}

export interface Listing<T> {
  /** What the rows are called in JSON, and the exported file. */
  readonly name: string
  readonly columns: readonly Column<T>[]
  readonly page: (ask: PageAsk) => Promise<HistoryPage<T>>
}

const csvHeaders = (name: string) => ({
  'content-type': 'text/csv; charset=utf-8; header=present',
  'content-disposition': `attachment; filename="${name}.csv"`,
  vary: 'accept',
})

/** Rows that are there already, as CSV. */
export const csvAnswer = <T>(
  context: Context,
  { name, columns }: Omit<Listing<T>, 'page'>,
  rows: readonly T[],
): Response => context.body(csvHeader(columns) + csvRows(columns, rows), 200, csvHeaders(name))

/** What is thrown into a stream whose header has left: it cuts the line, for a file that is short must not look whole. */
function brokenOff(cause: unknown): Error {
  const error = new Error(`the export broke off: ${cause instanceof Error ? cause.message : String(cause)}`)
  // The server prints it; of a stack trace nobody there would learn anything.
  error.stack = error.message
  return error
}

/** The first page is asked for before anything is answered, so that a refusal still is one. */
async function exported<T>(
  context: Context,
  { name, columns, page }: Listing<T>,
  cursor: string | null,
): Promise<Response> {
  const first = await page({ limit: EXPORT_ROWS, cursor })
  const encoder = new TextEncoder()
  async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield encoder.encode(csvHeader(columns) + csvRows(columns, first.rows))
    for (let next = first.nextCursor; next !== null; ) {
      const { rows, nextCursor } = await page({ limit: EXPORT_ROWS, cursor: next }).catch((cause: unknown) => {
        throw brokenOff(cause)
      })
      yield encoder.encode(csvRows(columns, rows))
      next = nextCursor
    }
  }
  return context.body(ReadableStream.from(pieces()), 200, csvHeaders(name))
}

/** Where the next page is, for whoever follows links (RFC 8288). */
function nextLink(context: Context, nextCursor: string): string {
  const query = new URLSearchParams(context.req.query())
  query.set('cursor', nextCursor)
  return `<${context.req.path}?${query}>; rel="next"`
}

/**
 * The list as asked for: JSON has at most `limit` rows (100) and `nextCursor`; CSV with a `limit` has as many and a link
 * to the next page, without one all rows.
 * @throws ProblemError 406; what `page` throws.
 */
export async function listAnswer<T>(context: Context, query: ListQuery, listing: Listing<T>): Promise<Response> {
  const { name, page } = listing
  const format = formatOf(context, query.format)
  const ask = pageAskOf(query)
  if (format === 'csv' && query.limit === undefined) return exported(context, listing, ask.cursor)
  const { rows, nextCursor } = await page(ask)
  if (format === 'json') {
    context.header('vary', 'accept')
    return answer(context, { [name]: rows, nextCursor })
  }
  if (nextCursor !== null) context.header('link', nextLink(context, nextCursor))
  return csvAnswer(context, listing, rows)
}

/** Query parameters: every name and value is checked, so that a misspelt filter is never silently ignored. */
import type { Context } from 'hono'
import { z } from 'zod'
import { type Pair, parsePair, SUPPORTED_PAIRS } from '../domain/ids.ts'
import { parseTime } from '../domain/utc.ts'
import type { Span } from '../ports/money-history.ts'
import { type FillFilter, type HistoryPage, type PageAsk, UnknownCursorError } from '../ports/order-history.ts'
import { ProblemError } from './errors.ts'

/** `BTC/USDT` or `BTC_USDT`, in any case, and one of the five that are traded. */
export const symbolParameter = z.string().transform((given, check): Pair => {
  const parsed = parsePair(given)
  if (parsed !== null && SUPPORTED_PAIRS.some((supported) => supported === parsed)) return parsed
  check.addIssue(`${JSON.stringify(given)} is not one of ${SUPPORTED_PAIRS.join(', ')}`)
  return z.NEVER
})

/** One of these words, in any case. */
export const wordParameter = <const W extends string>(words: readonly W[]) =>
  z.string().transform((given, check): W => {
    const known = words.find((word) => word.toLowerCase() === given.toLowerCase())
    if (known !== undefined) return known
    check.addIssue(`${JSON.stringify(given)} is not one of ${words.join(', ')}`)
    return z.NEVER
  })

/** A day or an ISO time, UTC unless it names an offset: milliseconds. */
const timeParameter = z.string().transform((given, check): number => {
  const at = parseTime(given)
  if (at !== null) return at
  check.addIssue(`${JSON.stringify(given)} is not YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ`)
  return z.NEVER
})

/** Between two moments. */
export const spanParameters = { from: timeParameter.optional(), to: timeParameter.optional() }

/** @throws ProblemError 400 for a time that ends before it begins. */
export function spanOf(query: z.output<z.ZodObject<typeof spanParameters>>): Span {
  const [from, to] = [query.from ?? null, query.to ?? null]
  if (from !== null && to !== null && from >= to)
    throw new ProblemError('bad-request', 'from must be before to, which is exclusive')
  return { from, to }
}

/** What orders and fills are filtered by. */
export const filterParameters = {
  symbol: symbolParameter.optional(),
  side: wordParameter(['buy', 'sell']).optional(),
  book: wordParameter(['trading', 'core']).optional(),
  ...spanParameters,
}

/** @throws ProblemError 400 for a time that ends before it begins. */
export function filterOf(query: z.output<z.ZodObject<typeof filterParameters>>): FillFilter {
  const { symbol = null, side = null, book = null } = query
  return { symbol, side, book, ...spanOf(query) }
}

const MOST_ROWS = 100
/** Paging: at most `limit` rows after the one that `cursor` names. */
export const pageParameters = {
  limit: z
    .string()
    .transform((given, check): number => {
      const limit = /^\d{1,3}$/.test(given) ? Number(given) : 0
      if (limit >= 1 && limit <= MOST_ROWS) return limit
      check.addIssue(`${JSON.stringify(given)} is not a whole number from 1 to ${MOST_ROWS}`)
      return z.NEVER
    })
    .optional(),
  cursor: z.string().optional(),
}

/** The query by its schema. @throws ProblemError 400 that names every parameter that is wrong. */
export function readQuery<S extends z.ZodObject>(context: Context, schema: S): z.output<S> {
  const given = context.req.queries()
  const repeated = Object.keys(given).filter((name) => (given[name]?.length ?? 0) > 1)
  if (repeated.length > 0) throw new ProblemError('bad-request', `given more than once: ${repeated.join(', ')}`)
  const parsed = schema.strict().safeParse(context.req.query())
  if (parsed.success) return parsed.data as z.output<S>
  const details = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown: ${issue.keys.join(', ')} (known: ${Object.keys(schema.shape).join(', ')})`
      : `${issue.path.join('.')}: ${issue.message}`,
  )
  throw new ProblemError('bad-request', details.join('; '))
}

/** The page that a query asks for: as many rows as there may be, unless it says how many. */
export const pageAskOf = ({ limit, cursor }: z.output<z.ZodObject<typeof pageParameters>>): PageAsk => ({
  limit: limit ?? MOST_ROWS,
  cursor: cursor ?? null,
})

/** A page of rows in memory. @throws UnknownCursorError for a cursor that is no row's id (any more). */
export function pageOf<T>(rows: readonly T[], idOf: (row: T) => string, { limit, cursor }: PageAsk): HistoryPage<T> {
  const after = cursor === null ? -1 : rows.findIndex((row) => idOf(row) === cursor)
  if (cursor !== null && after < 0) throw new UnknownCursorError(cursor)
  const shown = rows.slice(after + 1, after + 1 + limit)
  const last = shown.at(-1)
  const isMore = after + 1 + shown.length < rows.length
  return { rows: shown, nextCursor: isMore && last !== undefined ? idOf(last) : null }
}

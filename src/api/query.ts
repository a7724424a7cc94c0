/** Query parameters: every name and value is checked, so that a misspelt filter is never silently ignored. */
import type { Context } from 'hono'
import { z } from 'zod'
import { type Pair, parsePair, SUPPORTED_PAIRS } from '../domain/ids.ts'
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

const MOST = 100
/** Paging: at most `limit` rows after the one whose id is `cursor`. */
export const pageParameters = {
  limit: z
    .string()
    .default(String(MOST))
    .transform((given, check): number => {
      const limit = /^\d{1,3}$/.test(given) ? Number(given) : 0
      if (limit >= 1 && limit <= MOST) return limit
      check.addIssue(`${JSON.stringify(given)} is not a whole number from 1 to ${MOST}`)
      return z.NEVER
    }),
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

export interface Page<T> {
  readonly rows: readonly T[]
  /** Ask with this for the next page; null on the last one. */
  readonly nextCursor: string | null
}

/** @throws ProblemError 400 for a cursor that is no row's id (any more). */
export function pageOf<T>(
  rows: readonly T[],
  idOf: (row: T) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Page<T> {
  const after = cursor === undefined ? -1 : rows.findIndex((row) => idOf(row) === cursor)
  if (cursor !== undefined && after < 0) throw new ProblemError('bad-request', 'cursor: no such row, start again')
  const shown = rows.slice(after + 1, after + 1 + limit)
  const last = shown.at(-1)
  const isMore = after + 1 + shown.length < rows.length
  return { rows: shown, nextCursor: isMore && last !== undefined ? idOf(last) : null }
}

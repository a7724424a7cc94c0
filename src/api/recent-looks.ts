/** Looks at positions and account: from the database, or the last day from memory while that is away. */
import type { Context } from 'hono'
import type { Span } from '../ports/money-history.ts'
import { HistoryAwayError, type HistoryPage, type PageAsk, UnknownCursorError } from '../ports/order-history.ts'

/** Told where an answer does not reach back as far as the database would. */
const FROM_MEMORY = { name: 'x-source', value: 'memory' }

/** A page of what is in memory, newest first; the cursor is the database's, so that either can go on after the other. */
function pageOfMemory<T extends { readonly at: number }>(
  looks: readonly T[],
  { from, to }: Span,
  { limit, cursor }: PageAsk,
): HistoryPage<T> {
  const before = cursor === null ? Number.POSITIVE_INFINITY : Number.parseInt(cursor, 10)
  if (Number.isNaN(before)) throw new UnknownCursorError(cursor ?? '')
  const found = looks
    .filter(({ at }) => at < before && (from === null || at >= from) && (to === null || at < to))
    .toReversed()
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  return { rows, nextCursor: found.length > limit && last !== undefined ? `${last.at}.` : null }
}

/**
 * The page as the database has it; while that is away, as far as memory goes, which the header `x-source` says.
 * @throws HistoryAwayError where memory has nothing either.
 */
export async function looksOf<T extends { readonly at: number }>(
  context: Context,
  { span, ask, memory }: { readonly span: Span; readonly ask: PageAsk; readonly memory: readonly T[] },
  fromDatabase: (span: Span, ask: PageAsk) => Promise<HistoryPage<T>>,
): Promise<HistoryPage<T>> {
  try {
    return await fromDatabase(span, ask)
  } catch (cause) {
    if (!(cause instanceof HistoryAwayError) || memory.length === 0) throw cause
    context.header(FROM_MEMORY.name, FROM_MEMORY.value)
    return pageOfMemory(memory, span, ask)
  }
}

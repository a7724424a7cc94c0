/** Every answer that is not a success: problem details after RFC 9457, never a stack trace. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { IdSource } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { HistoryAwayError, UnknownCursorError } from '../ports/order-history.ts'

/** What can be wrong, by the name that a caller may switch on: the last part of the problem's `type`. */
const PROBLEMS = {
  'bad-request': { status: 400, title: 'Bad request' },
  'foreign-host': { status: 403, title: 'Only loopback names are served' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'not-acceptable': { status: 406, title: 'Not given in that form' },
  'internal-error': { status: 500, title: 'Something failed inside' },
  'not-ready': { status: 503, title: 'Not ready' },
  'history-away': { status: 503, title: 'The past cannot be read now' },
  'no-allocation': { status: 503, title: 'No allocation yet' },
  'timed-out': { status: 504, title: 'The answer took too long' },
} as const satisfies Readonly<Record<string, { readonly status: ContentfulStatusCode; readonly title: string }>>
export type ProblemName = keyof typeof PROBLEMS

/** An answer that a route refuses with; anything else that is thrown is an internal error. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: ProblemName
  /** Members beside the standard ones (RFC 9457 §3.2). */
  readonly members: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    problem: ProblemName,
    detail: string,
    more: {
      readonly members?: Readonly<Record<string, unknown>>
      readonly headers?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(detail)
    this.problem = problem
    this.members = more.members ?? {}
    this.headers = more.headers ?? {}
  }
}

/** The problem as an answer; `instance` is the path asked for, or what is given. */
export function problemAnswer(context: Context, error: ProblemError, instance = context.req.path): Response {
  const { status, title } = PROBLEMS[error.problem]
  const body = {
    type: `urn:triplegain:problem:${error.problem}`,
    title,
    status,
    detail: error.message,
    instance,
    ...error.members,
  }
  return context.body(JSON.stringify(body), status, { ...error.headers, 'content-type': 'application/problem+json' })
}

export const notFound = (context: Context): Response =>
  problemAnswer(context, new ProblemError('not-found', `there is nothing at ${context.req.path}`))

const describe = (thrown: Error): string => thrown.stack ?? `${thrown.name}: ${thrown.message}`

const RETRY_AFTER = { 'retry-after': '5' }

/** What a port says in its own words, as a problem; null for what no caller should be told. */
function problemOf(thrown: Error, log: Log): ProblemError | null {
  if (thrown instanceof ProblemError) return thrown
  if (thrown instanceof UnknownCursorError) return new ProblemError('bad-request', 'cursor: no such row, start again')
  if (!(thrown instanceof HistoryAwayError)) return null
  log.warn('orders and fills of the past cannot be read', { problem: thrown.message })
  return new ProblemError('history-away', 'the database does not answer, or not in time', { headers: RETRY_AFTER })
}

/** Answers what a route threw. What was not meant for the caller is logged in full under an id, and only that is told. */
export const answerThrown =
  (log: Log, ids: IdSource) =>
  (thrown: Error, context: Context): Response => {
    const problem = problemOf(thrown, log)
    if (problem !== null) return problemAnswer(context, problem)
    if (thrown instanceof HTTPException && thrown.status === 400)
      return problemAnswer(context, new ProblemError('bad-request', 'the request cannot be read'))
    const id = ids.next()
    log.error('an API request failed', {
      id,
      method: context.req.method,
      path: context.req.path,
      error: describe(thrown),
    })
    const error = new ProblemError('internal-error', `the log has it under ${id}`, { members: { id } })
    return problemAnswer(context, error, `urn:uuid:${id}`)
  }

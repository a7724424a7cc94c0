/** JSON in and out whose numbers keep their digits: none passes through a float on either way. */

/** A number as it is written: `29430.30`, `17834968092736251234`. */
export class Exact {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export const exact = (text: string): Exact => new Exact(text)

export type Json = string | number | boolean | null | Exact | readonly Json[] | JsonFields
/** Members that are undefined are left out. */
export interface JsonFields {
  readonly [name: string]: Json | undefined
}

/** Floats are for counts, never for prices. */
export function jsonText(value: Json): string {
  if (value instanceof Exact) return value.text
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(jsonText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members: string[] = []
  for (const [name, member] of Object.entries(value as JsonFields))
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${jsonText(member)}`)
  return `{${members.join(',')}}`
}

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown

/** An object with its numbers as `Exact`; null when the text is anything else. */
export function readJsonFields(text: string): JsonFields | null {
  try {
    const read = parseWithSource(text, (_key, value, { source }) =>
      typeof value === 'number' ? new Exact(source ?? String(value)) : value,
    )
    return fieldsOf(read as Json)
  } catch {
    return null
  }
}

/** The members of an object; null when it is none. */
export const fieldsOf = (value: Json | undefined): JsonFields | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Exact)
    ? (value as JsonFields)
    : null

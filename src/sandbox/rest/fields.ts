/**
 * The fields of a request, out of a query, a form (also nested: `close[price]`, `orders[0][type]`) or JSON. Every value
 * is text, numbers as they were written: no price passes through a float.
 */
import { invalidArgument, KrakenRefusal } from '../refusal.ts'

export type FieldValue = string | readonly FieldValue[] | Fields
export interface Fields {
  readonly [name: string]: FieldValue
}

type Draft = { [name: string]: string | Draft }

const NESTED_AT_MOST = 4
const FIELDS_AT_MOST = 2_000

/** `close[price]` is close → price; `orders[]` counts on. */
function pathOf(name: string): readonly string[] {
  const first = name.indexOf('[')
  if (first <= 0) return [name]
  const rest = [...name.slice(first).matchAll(/\[([^[\]]*)\]/g)].map((match) => match[1] ?? '')
  return rest.length > NESTED_AT_MOST ? [name] : [name.slice(0, first), ...rest]
}

function put(into: Draft, path: readonly string[], value: string): void {
  let at = into
  for (const [depth, part] of path.entries()) {
    const key = part === '' ? String(Object.keys(at).length) : part
    if (depth === path.length - 1) {
      at[key] = value
      return
    }
    const next = at[key]
    const inner: Draft = typeof next === 'object' ? next : Object.create(null)
    at[key] = inner
    at = inner
  }
}

/** An object whose keys count from 0 is a list. */
function settled(draft: Draft): FieldValue {
  const entries = Object.entries(draft).map(
    ([key, value]) => [key, typeof value === 'string' ? value : settled(value)] as const,
  )
  if (entries.length > 0 && entries.every(([key], index) => key === String(index)))
    return entries.map(([, value]) => value)
  return fieldsFrom(entries)
}

const fieldsFrom = (entries: Iterable<readonly [string, FieldValue]>): Fields => {
  const fields: { [name: string]: FieldValue } = Object.create(null)
  for (const [key, value] of entries) fields[key] = value
  return fields
}

/** A query string or a form. A field given twice keeps its last value. */
export function formFields(text: string): Fields {
  const draft: Draft = Object.create(null)
  let count = 0
  for (const [name, value] of new URLSearchParams(text)) {
    count += 1
    if (count > FIELDS_AT_MOST) throw new KrakenRefusal('EGeneral:Invalid arguments')
    put(draft, pathOf(name), value)
  }
  return fieldsFrom(
    Object.entries(draft).map(([key, value]) => [key, typeof value === 'string' ? value : settled(value)] as const),
  )
}

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown

function fromJson(value: unknown): FieldValue | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.map((each) => fromJson(each) ?? '')
  const entries: (readonly [string, FieldValue])[] = []
  for (const [key, inner] of Object.entries(value as object)) {
    const read = fromJson(inner)
    if (read !== null) entries.push([key, read])
  }
  return fieldsFrom(entries)
}

/** A JSON object; null members count as absent. @throws KrakenRefusal when it is none. */
export function jsonFields(text: string): Fields {
  let parsed: unknown
  try {
    parsed = parseWithSource(text, (_key, value, { source }) =>
      typeof value === 'number' ? (source ?? String(value)) : value,
    )
  } catch {
    throw new KrakenRefusal('EGeneral:Invalid arguments')
  }
  const read = fromJson(parsed)
  if (read === null || typeof read === 'string' || Array.isArray(read))
    throw new KrakenRefusal('EGeneral:Invalid arguments')
  return read as Fields
}

/** A body by its type; clients that name none send forms. */
export const bodyFields = (text: string, contentType: string): Fields =>
  /\bjson\b/i.test(contentType) || /^\s*\{/.test(text) ? jsonFields(text) : formFields(text)

/** One text; null where absent or empty. @throws KrakenRefusal when it is a list or has parts. */
export function textField(fields: Fields, name: string): string | null {
  const value = fields[name]
  if (value === undefined || value === '') return null
  if (typeof value !== 'string') throw invalidArgument(name)
  return value
}

/** @throws KrakenRefusal where absent. */
export function requiredText(fields: Fields, name: string): string {
  const value = textField(fields, name)
  if (value === null) throw invalidArgument(name)
  return value
}

/** `true`, `1`, `false`, `0`; false where absent. */
export function flagField(fields: Fields, name: string, otherwise = false): boolean {
  const value = textField(fields, name)?.toLowerCase()
  if (value === undefined) return otherwise
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  throw invalidArgument(name)
}

/** A whole number not below zero. */
export function countField(fields: Fields, name: string, otherwise: number): number {
  const value = textField(fields, name)
  if (value === null) return otherwise
  if (!/^\d{1,15}$/.test(value)) throw invalidArgument(name)
  return Number(value)
}

/** Names between commas, or a list of them. */
export function listField(fields: Fields, name: string): readonly string[] {
  const value = fields[name]
  if (value === undefined || value === '') return []
  if (typeof value === 'string') return value.split(',').map((each) => each.trim())
  if (!Array.isArray(value)) throw invalidArgument(name)
  return value.map((each) => {
    if (typeof each !== 'string') throw invalidArgument(name)
    return each
  })
}

/** A list of objects (`orders`). @throws KrakenRefusal where it is none. */
export function rowsField(fields: Fields, name: string): readonly FieldValue[] {
  const value = fields[name]
  // Some clients send the list as JSON inside a form.
  const list = typeof value === 'string' && value.startsWith('[') ? jsonFields(`{"list":${value}}`).list : value
  if (!Array.isArray(list)) throw invalidArgument(name)
  return list
}

export const isFields = (value: FieldValue | undefined): value is Fields =>
  typeof value === 'object' && !Array.isArray(value)

/** The members of a nested object; null where absent. */
export function partField(fields: Fields, name: string): Fields | null {
  const value = fields[name]
  if (value === undefined || value === '') return null
  if (!isFields(value)) throw invalidArgument(name)
  return value
}

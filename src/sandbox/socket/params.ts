/** Reading a request's parameters, with Kraken's complaints about them. */
import { amount, type Numeric, text } from '../../domain/units.ts'
import { parseTime } from '../../domain/utc.ts'
import { KrakenRefusal } from '../refusal.ts'
import { Exact, fieldsOf, type Json, type JsonFields } from './exact-json.ts'

/** `limit_price` is `Limit_price` at the head of Kraken's sentences. */
const named = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`
const mustBe = (name: string, what: string): KrakenRefusal => new KrakenRefusal(`${named(name)} field must be ${what}`)

const isAbsent = (value: Json | undefined): value is null | undefined => value === undefined || value === null

/** Null where absent. @throws KrakenRefusal for what is no text. */
export function textParam(params: JsonFields, name: string): string | null {
  const value = params[name]
  if (isAbsent(value)) return null
  if (typeof value !== 'string') throw mustBe(name, 'a string')
  return value
}

/** @throws KrakenRefusal where absent. */
export function requiredText(params: JsonFields, name: string): string {
  const value = textParam(params, name)
  if (value === null || value === '') throw new KrakenRefusal(`EGeneral:Invalid arguments:${name}`)
  return value
}

export function flagParam(params: JsonFields, name: string, otherwise = false): boolean {
  const value = params[name]
  if (isAbsent(value)) return otherwise
  if (typeof value !== 'boolean') throw mustBe(name, 'a boolean')
  return value
}

/** Numbers that anybody could mean: written out, those of three-digit exponents would fill the memory. */
const NUMBER = /^-?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,2})?$/

/** A decimal number, signed, as canonical text; texts are not taken for numbers. Null where absent. */
export function numberParam(params: JsonFields, name: string): Numeric | null {
  const value = params[name]
  if (isAbsent(value)) return null
  if (!(value instanceof Exact)) throw mustBe(name, 'a number_float')
  if (!NUMBER.test(value.text)) throw new KrakenRefusal(`EGeneral:Invalid arguments:${name}`)
  return text(amount(value.text))
}

/** A number above or equal to zero. */
export function sizeParam(params: JsonFields, name: string): Numeric | null {
  const value = numberParam(params, name)
  if (value?.startsWith('-') === true) throw new KrakenRefusal(`EGeneral:Invalid arguments:${name}`)
  return value
}

export function integerParam(params: JsonFields, name: string): number | null {
  const value = numberParam(params, name)
  if (value === null) return null
  const whole = Number(value)
  if (!Number.isSafeInteger(whole)) throw mustBe(name, 'an integer')
  return whole
}

/** One of the choices, or `otherwise` where absent. */
export function choiceParam<T extends string>(
  params: JsonFields,
  name: string,
  choices: readonly T[],
  otherwise: T | null = null,
): T {
  const given = textParam(params, name)
  const choice = given === null ? otherwise : choices.find((each) => each === given)
  if (choice === undefined || choice === null) throw new KrakenRefusal(`EGeneral:Invalid arguments:${name}`)
  return choice
}

/** The members of a nested object; null where absent. */
export function partParam(params: JsonFields, name: string): JsonFields | null {
  const value = params[name]
  if (isAbsent(value)) return null
  const part = fieldsOf(value)
  if (part === null) throw mustBe(name, 'an object')
  return part
}

/** A list; null where absent. */
export function listParam(params: JsonFields, name: string): readonly Json[] | null {
  const value = params[name]
  if (isAbsent(value)) return null
  if (!Array.isArray(value)) throw mustBe(name, 'an array')
  return value as readonly Json[]
}

/** A list of texts; null where absent. */
export function textsParam(params: JsonFields, name: string): readonly string[] | null {
  return (
    listParam(params, name)?.map((each) => {
      if (typeof each !== 'string') throw mustBe(name, 'an array of strings')
      return each
    }) ?? null
  )
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

/** RFC 3339, milliseconds UTC; null where absent. */
export function timeParam(params: JsonFields, name: string): number | null {
  const given = textParam(params, name)
  if (given === null) return null
  // Finer than a millisecond nobody here reckons.
  const at = RFC3339.test(given) ? parseTime(given.replace(/(\.\d{3})\d+/, '$1')) : null
  if (at === null) throw new KrakenRefusal(`EGeneral:Invalid arguments:${name}`)
  return at
}

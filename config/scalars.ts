/** Building blocks of the schema. Every scalar arrives as text; the schema says what it must be. */
import { z } from 'zod'
import { type Pair, parsePair, SUPPORTED_PAIRS } from '../src/domain/ids.ts'
import { amount, type Numeric, text } from '../src/domain/units.ts'
import { Secret } from './secret.ts'

/** `max_retry_count` → `maxRetryCount`; durations lose their unit for `Ms`: `interval_seconds` → `intervalMs`. */
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S
type InMs<S extends string> = S extends `${infer Head}Seconds` | `${infer Head}Hours` ? `${Head}Ms` : S
export type Named<T> = { readonly [K in keyof T as InMs<Camel<K & string>>]: T[K] }

const nameOf = (key: string): string =>
  key.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()).replace(/(?:Seconds|Hours)$/, 'Ms')

/** Keys as the code writes them; values are left alone. */
function named<T extends object>(value: T): Named<T> {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [nameOf(key), each])) as Named<T>
}

/** A map with exactly these keys: an unknown one is refused. */
export const section = <S extends z.ZodRawShape>(shape: S) =>
  z
    .strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? 'must be a map of keys' : undefined) })
    .transform((value) => named(value))

const scalar = z.string({ error: (issue) => (issue.input === undefined ? 'is missing' : 'must be a single value') })

export interface Bounds {
  readonly min?: number
  readonly max?: number
  /** The minimum itself is refused. */
  readonly above?: number
}

const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/

function boundsProblem(given: string, { min, max, above }: Bounds): string | null {
  const value = amount(given)
  if (above !== undefined && !value.gt(above)) return `must be above ${above}`
  if (min !== undefined && value.lt(min)) return `must be at least ${min}`
  if (max !== undefined && value.gt(max)) return `must be at most ${max}`
  return null
}

/** An exact decimal as canonical text: money, quantities, per cent of money. */
export const numeric = (bounds: Bounds = {}) =>
  scalar.transform((given, context): Numeric => {
    const problem = DECIMAL.test(given) ? boundsProblem(given, bounds) : 'must be a decimal number'
    if (problem === null) return text(given)
    context.addIssue({ code: 'custom', message: problem })
    return z.NEVER
  })

/** A ratio, score or limit that is only compared. */
export const number = (bounds: Bounds = {}) => numeric(bounds).transform(Number)

export const integer = (bounds: Bounds = {}) =>
  numeric(bounds).transform((given, context) => {
    if (/^-?\d+$/.test(given)) return Number(given)
    context.addIssue({ code: 'custom', message: 'must be a whole number' })
    return z.NEVER
  })

/** Milliseconds, from a number of seconds, of hours, or of milliseconds. */
export const seconds = (bounds: Bounds = { above: 0 }) => number(bounds).transform((given) => Math.round(given * 1000))
export const hours = (bounds: Bounds = { above: 0 }) =>
  number(bounds).transform((given) => Math.round(given * 3_600_000))
export const milliseconds = (bounds: Bounds = { above: 0 }) => integer(bounds)

export const flag = () =>
  scalar.transform((given, context) => {
    if (/^(?:true|yes|on)$/i.test(given)) return true
    if (/^(?:false|no|off)$/i.test(given)) return false
    context.addIssue({ code: 'custom', message: 'must be true or false' })
    return z.NEVER
  })

export const oneOf = <const T extends readonly string[]>(options: T) =>
  z.enum(options, {
    error: (issue) => (issue.input === undefined ? 'is missing' : `must be one of ${options.join(', ')}`),
  })

export const words = () => scalar.refine((given) => given.trim() !== '', { error: 'must not be empty' })

const LOOPBACK: readonly string[] = ['127.0.0.1', '[::1]', 'localhost']

/** An address of this scheme, without a slash at the end; unencrypted (`http`) on this machine alone. */
export const address = (scheme: 'https' | 'wss') =>
  scalar.transform((given, context): string => {
    const url = URL.canParse(given) ? new URL(given) : null
    const plain = scheme === 'https' ? 'http' : 'ws'
    const isSafe = url?.protocol === `${scheme}:`
    const isHere = url?.protocol === `${plain}:` && LOOPBACK.includes(url.hostname)
    if (isSafe || isHere) return given.replace(/\/+$/, '')
    context.addIssue({ code: 'custom', message: `must begin with ${scheme}:// (without encryption on 127.0.0.1 only)` })
    return z.NEVER
  })

export const secret = () => scalar.transform((given) => new Secret(given))

/** One of the supported pairs, with slash or underscore. */
export const symbol = () =>
  scalar.transform((given, context): Pair => {
    const parsed = parsePair(given)
    if (parsed !== null && SUPPORTED_PAIRS.some((known) => known === parsed)) return parsed
    context.addIssue({ code: 'custom', message: `must be one of ${SUPPORTED_PAIRS.join(', ')}` })
    return z.NEVER
  })

export const listOf = <S extends z.ZodType>(item: S) => z.array(item, { error: 'must be a list' })

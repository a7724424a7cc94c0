/**
 * Money, prices, quantities and ratios. The only file that constructs Decimals.
 *
 * Calculations use branded Decimals; everything that crosses a wall (facts, commands, database, API) carries
 * `Numeric`, a canonical decimal text, so that no amount ever passes through a float.
 */
import { Decimal } from 'decimal.js'

const D = Decimal.clone({ precision: 40, rounding: Decimal.ROUND_HALF_EVEN, toExpNeg: -40, toExpPos: 40 })

/** A decimal number as text, e.g. `"0.00005"`: what facts, commands, JSON and the database carry. */
export type Numeric = string

declare const unit: unique symbol
type Branded<U extends string> = Decimal & { readonly [unit]: U }

/** Quote units per base unit; never negative. */
export type Price = Branded<'price'>
/** Base units; never negative. */
export type Quantity = Branded<'quantity'>
/** Quote units (USDT counts 1:1 as USD); signed. */
export type Money = Branded<'money'>
/** A share or factor: 0.05 is five per cent; signed. */
export type Ratio = Branded<'ratio'>
/** Any of the above after arithmetic, before it is given a unit again. */
export type Amount = Decimal

/** Thrown only for bad numbers: NaN, an infinity, text that is no number, or a value out of the unit's range. */
export class NotANumberError extends Error {
  override readonly name = 'NotANumberError'
}

function parse(value: Decimal.Value, what: string): Decimal {
  let parsed: Decimal
  try {
    parsed = new D(value)
  } catch {
    throw new NotANumberError(`${what}: ${JSON.stringify(value)} is not a number`)
  }
  if (!parsed.isFinite()) throw new NotANumberError(`${what}: ${JSON.stringify(String(value))} is not finite`)
  return parsed
}

function parseNotNegative(value: Decimal.Value, what: string): Decimal {
  const parsed = parse(value, what)
  if (parsed.isNegative() && !parsed.isZero()) throw new NotANumberError(`${what}: ${parsed} is negative`)
  return parsed
}

/** @throws NotANumberError when not finite or negative. */
export const price = (value: Decimal.Value): Price => parseNotNegative(value, 'price') as Price
/** @throws NotANumberError when not finite or negative. */
export const quantity = (value: Decimal.Value): Quantity => parseNotNegative(value, 'quantity') as Quantity
/** @throws NotANumberError when not finite. */
export const money = (value: Decimal.Value): Money => parse(value, 'money') as Money
/** @throws NotANumberError when not finite. */
export const ratio = (value: Decimal.Value): Ratio => parse(value, 'ratio') as Ratio
/** A number without a unit yet. @throws NotANumberError when not finite. */
export const amount = (value: Decimal.Value): Amount => parse(value, 'amount')

/**
 * Canonical text: no exponent, no trailing zeros; `-0` is `"0"`. The same value always gives the same text.
 * @throws NotANumberError when not finite.
 */
export function text(value: Decimal.Value): Numeric {
  const parsed = parse(value, 'number')
  return parsed.isZero() ? '0' : parsed.toFixed()
}

const DOT = 46
const DIGIT_0 = 48
const DIGIT_9 = 57

/** Digits, perhaps a dot and more digits; nothing else, and no zero in front that says nothing. */
function isPlain(value: Numeric): boolean {
  let dot = -1
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at)
    if (code === DOT && dot < 0) dot = at
    else if (code < DIGIT_0 || code > DIGIT_9) return false
  }
  if (dot < 0) dot = value.length
  return dot > 0 && dot !== value.length - 1 && (dot === 1 || value.charCodeAt(0) !== DIGIT_0)
}

/** Digit by digit from the left: whoever has more of them before the dot is larger, then the first that differs tells. */
function comparePlain(a: Numeric, b: Numeric): number {
  let order = 0
  let at = 0
  for (; ; at += 1) {
    const left = at < a.length ? a.charCodeAt(at) : DOT
    const right = at < b.length ? b.charCodeAt(at) : DOT
    if (left === DOT && right === DOT) break
    if (left === DOT) return -1
    if (right === DOT) return 1
    if (order === 0) order = left - right
  }
  for (at += 1; order === 0 && (at < a.length || at < b.length); at += 1)
    order = (at < a.length ? a.charCodeAt(at) : DIGIT_0) - (at < b.length ? b.charCodeAt(at) : DIGIT_0)
  return order
}

/**
 * Below 0 where a < b, 0 where they are equal, above 0 where a > b; exact for any number of digits. Texts as `text` writes
 * them are compared as they stand, so that a price that crosses nothing costs no Decimal and leaves no garbage.
 * @throws NotANumberError when one is no finite number.
 */
export function compareNumeric(a: Numeric, b: Numeric): number {
  return isPlain(a) && isPlain(b) ? comparePlain(a, b) : amount(a).cmp(amount(b))
}

export const ZERO: Amount = new D(0)
export const ZERO_TEXT: Numeric = '0'

/** Largest multiple of `step` that is ≤ value. */
export function roundDownToStep(value: Amount, step: Amount): Amount {
  return value.div(step).floor().times(step)
}
/** Smallest multiple of `step` that is ≥ value. */
export function roundUpToStep(value: Amount, step: Amount): Amount {
  return value.div(step).ceil().times(step)
}
/** Nearest multiple of `step`, halves away from zero. */
export function roundToNearestStep(value: Amount, step: Amount): Amount {
  return value.div(step).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).times(step)
}
/** Down to `decimals` places, towards zero: for amounts we may not exceed. */
export function roundDownTo(value: Amount, decimals: number): Amount {
  return value.toDecimalPlaces(decimals, Decimal.ROUND_DOWN)
}
/** Up to `decimals` places, away from zero: for fees, which are never understated. */
export function roundUpTo(value: Amount, decimals: number): Amount {
  return value.toDecimalPlaces(decimals, Decimal.ROUND_UP)
}
/** To the cent, halves to even: for statements. */
export function roundToCent(value: Amount): Amount {
  return value.toDecimalPlaces(2, Decimal.ROUND_HALF_EVEN)
}

export const minOf = <A extends Amount>(first: A, ...rest: A[]): A => rest.reduce((a, b) => (b.lt(a) ? b : a), first)
export const maxOf = <A extends Amount>(first: A, ...rest: A[]): A => rest.reduce((a, b) => (b.gt(a) ? b : a), first)
export const sumOf = (values: Iterable<Amount>): Amount => {
  let total: Amount = ZERO
  for (const value of values) total = total.plus(value)
  return total
}

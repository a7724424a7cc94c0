/** Columns that many tables share. */
import { p, Type } from '@mikro-orm/core'
import { type Numeric, text } from '../../../domain/units.ts'

/** numeric(38,18) as canonical text: the database hands 1.5 back with eighteen decimals. */
class NumericType extends Type<Numeric, string> {
  override convertToJSValue(value: string): Numeric {
    return text(value)
  }

  override getColumnType(): string {
    return 'numeric(38,18)'
  }

  override compareAsType(): string {
    return 'string'
  }
}

/** Money, prices, quantities, percentages that are never floats. */
export const numeric = () => p.type(NumericType)
export const time = () => p.datetime().columnType('timestamptz')
/** A number of at most 2^53 − 1. */
export const whole = () => p.bigint('number')
/** Kept to the letter, unlike jsonb. */
export const json = () => p.json<unknown>().columnType('json')

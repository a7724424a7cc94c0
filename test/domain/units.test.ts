import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  amount,
  compareNumeric,
  maxOf,
  minOf,
  money,
  NotANumberError,
  price,
  quantity,
  ratio,
  roundDownTo,
  roundDownToStep,
  roundToCent,
  roundToNearestStep,
  roundUpTo,
  roundUpToStep,
  sumOf,
  text,
  ZERO,
} from '../../src/domain/units.ts'

const SEED = { seed: 20_251_103 }
/** Integers over a power of ten: every amount that a venue may name. */
const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: 0, max: 12 }))
  .map(([units, places]) => amount(units.toString()).div(amount(10).pow(places)))
const positive = decimals.map((value) => value.abs())
const step = fc.constantFrom('0.00000001', '0.00005', '0.1', '0.25', '1', '2').map((value) => amount(value))

describe('text', () => {
  it.each([
    ['1.50', '1.5'],
    ['0.00000001', '0.00000001'],
    ['1e-8', '0.00000001'],
    ['-0', '0'],
    ['0.000', '0'],
    ['100000000000000000000000', '100000000000000000000000'],
    ['-12.340', '-12.34'],
    ['1e41', `1${'0'.repeat(41)}`],
    ['1e-45', `0.${'0'.repeat(44)}1`],
  ])('of %s is %s: no exponent, no trailing zeros, no negative zero', (given, written) => {
    expect(text(given)).toBe(written)
  })

  it('reads back as the same number, and is the same text for the same value', () => {
    fc.assert(
      fc.property(decimals, (value) => {
        expect(amount(text(value)).eq(value)).toBe(true)
        expect(text(text(value))).toBe(text(value))
        expect(text(`${text(value)}${text(value).includes('.') ? '000' : '.000'}`)).toBe(text(value))
      }),
      SEED,
    )
  })

  it('is what JSON prints of an amount of money, also of the smallest lot', () => {
    expect(JSON.stringify({ lot: amount('1e-8'), most: amount('1e20') })).toBe(
      '{"lot":"0.00000001","most":"100000000000000000000"}',
    )
  })

  it('of a float is what the float prints, not what it is', () => {
    expect(text(0.1)).toBe('0.1')
    expect(text(amount(0.1).plus(amount(0.2)))).toBe('0.3')
  })
})

describe('numbers that are none', () => {
  it.each([['NaN'], ['Infinity'], ['-Infinity'], [''], ['abc'], ['1,5'], ['0x'], [' ']])('%j is refused', (given) => {
    for (const make of [price, quantity, money, ratio, amount]) expect(() => make(given)).toThrow(NotANumberError)
    expect(() => text(given)).toThrow(NotANumberError)
  })

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY]])('%d as a float is refused', (given) => {
    expect(() => amount(given)).toThrow(NotANumberError)
  })

  it('a price or quantity below zero is refused; money and ratios may be below it', () => {
    expect(() => price('-0.1')).toThrow('price: -0.1 is negative')
    expect(() => quantity('-1')).toThrow('quantity: -1 is negative')
    expect([text(money('-1')), text(ratio('-0.05'))]).toEqual(['-1', '-0.05'])
    expect(text(price('-0'))).toBe('0')
  })
})

describe('sums', () => {
  it('are exact, in whatever order they are made', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), { maxLength: 30 }), (units) => {
        const values = units.map((unit) => amount(unit.toString()).div(10 ** 8))
        const exact = units.reduce((total, unit) => total + unit, 0n)
        expect(text(sumOf(values).times(10 ** 8))).toBe(exact.toString())
        expect(text(sumOf([...values].reverse()))).toBe(text(sumOf(values)))
      }),
      SEED,
    )
  })

  it('of nothing are zero', () => {
    expect(sumOf([]).isZero()).toBe(true)
    expect(ZERO.isZero()).toBe(true)
  })
})

it('the least and the most of several are among them, and bound them', () => {
  fc.assert(
    fc.property(decimals, fc.array(decimals, { maxLength: 6 }), (first, rest) => {
      const all = [first, ...rest]
      expect(all).toContain(minOf(first, ...rest))
      expect(all.every((one) => one.gte(minOf(first, ...rest)) && one.lte(maxOf(first, ...rest)))).toBe(true)
    }),
    SEED,
  )
})

describe('rounding to a step', () => {
  it('goes down, up or to the nearest multiple, by less than a step, and leaves a multiple alone', () => {
    fc.assert(
      fc.property(positive, step, (value, by) => {
        const [down, up, near] = [roundDownToStep(value, by), roundUpToStep(value, by), roundToNearestStep(value, by)]
        for (const rounded of [down, up, near]) expect(rounded.mod(by).isZero()).toBe(true)
        expect(down.lte(value) && value.minus(down).lt(by)).toBe(true)
        expect(up.gte(value) && up.minus(value).lt(by)).toBe(true)
        expect(near.minus(value).abs().times(2).lte(by)).toBe(true)
        expect(text(roundDownToStep(down, by))).toBe(text(down))
        expect(text(roundUpToStep(up, by))).toBe(text(up))
      }),
      SEED,
    )
  })

  it('takes a half away from zero', () => {
    const rounded = (value: string) => text(roundToNearestStep(amount(value), amount('0.1')))
    expect([rounded('0.25'), rounded('0.35'), rounded('-0.25')]).toEqual(['0.3', '0.4', '-0.3'])
  })
})

describe('comparing texts', () => {
  it.each([
    ['40000', '40000', 0],
    ['40000.10', '40000.1', 0],
    ['40000.0', '40000', 0],
    ['9.5', '10.5', -1],
    ['100', '99.99999999', 1],
    ['0.00000001', '0', 1],
    ['40000.1000000000000000000000000000000000000000001', '40000.1', 1],
    ['007', '7', 0],
    ['.5', '0.5', 0],
    ['5.', '5', 0],
    ['1e2', '99', 1],
    ['1.3e10', '1.4', 1],
    ['-2', '-1', -1],
    ['-0', '0', 0],
    ['+3', '3', 0],
  ])('%s with %s gives the sign %i', (a, b, sign) => {
    expect(Math.sign(compareNumeric(a, b))).toBe(sign)
    expect(Math.sign(compareNumeric(b, a)) + sign).toBe(0)
  })

  it.each(['', '.', 'much', '1.2.3', '1 ', 'NaN', 'Infinity'])('refuses %j', (value) => {
    expect(() => compareNumeric(value, '1')).toThrow(NotANumberError)
    expect(() => compareNumeric('1', value)).toThrow(NotANumberError)
  })

  it('says what Decimals say, however near and however written', () => {
    const digits = fc.stringMatching(/^[01]{0,3}(\.[019]{0,25})?$/).filter((written) => /\d/.test(written))
    const written = fc.tuple(fc.constantFrom('', '-', '+'), digits, fc.constantFrom('', '', '', 'e2', 'E-3'))
    const any = written.map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(digits, any), fc.oneof(digits, any), (a, b) => {
        expect(Math.sign(compareNumeric(a, b))).toBe(amount(a).cmp(amount(b)))
      }),
      { ...SEED, numRuns: 2_000 },
    )
  })
})

describe('rounding to places', () => {
  it('never exceeds downwards and never understates upwards', () => {
    fc.assert(
      fc.property(positive, fc.integer({ min: 0, max: 10 }), (value, places) => {
        const unit = amount(10).pow(-places)
        const [down, up] = [roundDownTo(value, places), roundUpTo(value, places)]
        expect(down.lte(value) && up.gte(value)).toBe(true)
        expect(value.minus(down).lt(unit) && up.minus(value).lt(unit)).toBe(true)
      }),
      SEED,
    )
  })

  it('to the cent takes halves to even, so that errors do not add up', () => {
    const cents = (value: string) => text(roundToCent(amount(value)))
    expect([cents('0.125'), cents('0.135'), cents('-0.125'), cents('2.675')]).toEqual(['0.12', '0.14', '-0.12', '2.68'])
  })
})

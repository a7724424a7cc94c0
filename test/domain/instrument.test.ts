import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SUPPORTED_PAIRS } from '../../src/domain/ids.ts'
import {
  BUILT_IN_INSTRUMENTS,
  roundDownToLot,
  roundDownToTick,
  roundToTick,
  roundUpToTick,
  sizeProblem,
} from '../../src/domain/instrument.ts'
import { amount, price, quantity, text } from '../../src/domain/units.ts'
import { instrument } from './risk-builders.ts'

const BTC = instrument('BTC/USDT')

it('every pair of strict mode has its rules, once', () => {
  expect(BUILT_IN_INSTRUMENTS.map((one) => one.symbol).sort()).toEqual([...SUPPORTED_PAIRS].sort())
})

it('an order in lots at its rounded price is never refused for its size once it is large enough', () => {
  const anyOf = fc.constantFrom(...BUILT_IN_INSTRUMENTS)
  fc.assert(
    fc.property(
      anyOf,
      fc.bigInt({ min: 1n, max: 10n ** 14n }),
      fc.bigInt({ min: 1n, max: 10n ** 14n }),
      (rules, a, b) => {
        const at = roundToTick(amount(a.toString()).div(10 ** 7), rules)
        const size = roundDownToLot(amount(b.toString()).div(10 ** 9), rules)
        expect(at.mod(amount(rules.tick)).isZero()).toBe(true)
        const isEnough = size.gte(amount(rules.orderMin)) && size.times(at).gte(amount(rules.costMin))
        expect(sizeProblem(rules, size, at) === null).toBe(isEnough)
      },
    ),
    { seed: 20_251_103 },
  )
})

it('rounding to the tick has its direction in its name', () => {
  const value = amount('40000.06')
  expect([roundDownToTick(value, BTC), roundToTick(value, BTC), roundUpToTick(value, BTC)].map(text)).toEqual([
    ...['40000', '40000.1', '40000.1'],
  ])
})

describe('a size that the venue would refuse', () => {
  it.each([
    ['0', 'quantity must be above zero'],
    ['0.000000015', 'quantity 0.000000015 is not a multiple of the lot 0.00000001'],
    ['0.00004999', 'quantity 0.00004999 is below the minimum 0.00005'],
  ])('%s: %s', (size, problem) => {
    expect(sizeProblem(BTC, quantity(size), price('40000'))).toBe(problem)
  })

  it('by its cost', () => {
    expect(sizeProblem(BTC, quantity('0.00005'), price('9999'))).toBe('cost 0.49995 is below the minimum 0.5')
    expect(sizeProblem(BTC, quantity('0.00005'), price('10000'))).toBeNull()
  })
})

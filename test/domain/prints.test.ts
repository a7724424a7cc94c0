import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pair } from '../../src/domain/ids.ts'
import { printsOf } from '../../src/domain/prints.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'

const candle = {
  symbol: pair('BTC/USDT'),
  timeframe: '1m',
  openAt: 60_000,
  open: '100',
  high: '103',
  low: '99',
  close: '101',
  volume: '2',
} as const

describe('a candle played as prints', () => {
  it('goes open, low, high, close at 0, 15, 30, 45 s with a quarter of the volume each', () => {
    expect(printsOf(candle, 'low-first')).toEqual([
      { at: 60_000, price: '100', quantity: '0.5' },
      { at: 75_000, price: '99', quantity: '0.5' },
      { at: 90_000, price: '103', quantity: '0.5' },
      { at: 105_000, price: '101', quantity: '0.5' },
    ])
  })

  it('goes to the high first while short', () => {
    expect(printsOf(candle, 'high-first').map((print) => print.price)).toEqual(['100', '103', '99', '101'])
  })

  it('loses none of the volume', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (units) => {
        const volume = text(amount(units).div(10 ** 8))
        const prints = printsOf({ ...candle, volume }, 'low-first')
        expect(text(sumOf(prints.map((print) => amount(print.quantity))))).toBe(volume)
      }),
      { seed: 20_251_110 },
    )
  })
})

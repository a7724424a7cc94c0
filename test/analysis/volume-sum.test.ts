import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VolumeSum } from '../../src/analysis/volume-sum.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'

describe('sums of volume', () => {
  it('are exact to eighteen decimals, as Decimals are', () => {
    const volume = fc
      .tuple(
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
        fc.integer({ min: 0, max: 18 }),
      )
      .map(([whole, decimals, kept]) => {
        const tail = decimals.toString().padStart(18, '0').slice(0, kept)
        return kept === 0 ? `${whole}` : `${whole}.${tail}`
      })
    fc.assert(
      fc.property(fc.array(volume, { minLength: 1, maxLength: 50 }), (volumes) => {
        const sum = new VolumeSum()
        const next = new VolumeSum()
        for (const one of volumes) {
          expect(next.set(one)).toBe(true)
          sum.add(next)
        }
        expect(sum.text()).toBe(text(sumOf(volumes.map(amount))))
      }),
      { seed: 11, numRuns: 300 },
    )
  })

  it.each(['', '.', '-1', '1,5', 'abc', 'NaN', 'Infinity', '0.1234567890123456789'])('refuse %o', (given) => {
    expect(new VolumeSum().set(given)).toBe(false)
  })

  it('read an exponent', () => {
    const sum = new VolumeSum()
    expect(sum.set('1.5e-7')).toBe(true)
    expect(sum.text()).toBe('0.00000015')
  })

  it('read eighteen decimals with trailing zeros as the database writes them', () => {
    const sum = new VolumeSum()
    expect(sum.set('1.500000000000000000')).toBe(true)
    expect(sum.text()).toBe('1.5')
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterEquity, afterFlow, maxDrawdownPct, NO_DRAWDOWN } from '../../src/domain/drawdown.ts'
import { amount } from '../../src/domain/units.ts'

describe('drawdown', () => {
  it('is the fall from the highest equity so far', () => {
    let state = NO_DRAWDOWN
    const states = ['100', '120', '90', '110', '130', '117'].map((equity) => {
      state = afterEquity(state, equity)
      return state
    })
    expect(states.map((state) => state.drawdownPct)).toEqual(['0', '0', '25', '8.333333', '0', '10'])
    expect(states.at(-1)).toMatchObject({ peak: '130', maxDrawdownPct: '25' })
  })

  it('knows no fall and no gain by money that comes or goes', () => {
    const fallen = afterEquity(afterEquity(NO_DRAWDOWN, '1000'), '900')
    const halved = afterEquity(afterFlow(fallen, amount('-450')), '450')
    expect(halved).toMatchObject({ peak: '500', equity: '450', drawdownPct: '10' })
    expect(afterEquity(afterFlow(fallen, amount('900')), '1800')).toMatchObject({ peak: '2000', drawdownPct: '10' })
    expect(afterFlow(NO_DRAWDOWN, amount('5'))).toEqual(NO_DRAWDOWN)
  })

  it('is none without equity', () => {
    expect(maxDrawdownPct([])).toBe('0')
    expect(maxDrawdownPct(['0', '0'])).toBe('0')
  })

  it('is the worst of all pairs of an earlier peak and a later mark', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 }), (marks) => {
        let worst = 0
        for (const [i, peak] of marks.entries())
          for (const later of marks.slice(i)) worst = Math.max(worst, ((peak - later) / peak) * 100)
        expect(Number(maxDrawdownPct(marks.map(String)))).toBeCloseTo(worst, 5)
      }),
      { seed: 2 },
    )
  })
})

import { describe, expect, it } from 'vitest'
import { guarded, guardPrice } from '../../src/domain/slippage.ts'
import { amount, price } from '../../src/domain/units.ts'
import { requestOf } from './order-builders.ts'
import { BTC, instrument } from './risk-builders.ts'

describe('the slippage guard', () => {
  it('is half a per cent from the mark, on the tick that is nearer to it', () => {
    expect(guardPrice('buy', amount('50000.3'), 0.5, instrument(BTC)).toString()).toBe('50250.3')
    expect(guardPrice('sell', amount('50000.3'), 0.5, instrument(BTC)).toString()).toBe('49750.3')
  })

  it('makes of a market order a limit that is filled at once or not at all', () => {
    const market = requestOf({ type: 'market', limitPrice: null })
    expect(guarded(market, price('100.5'))).toEqual({
      ...market,
      type: 'limit',
      limitPrice: '100.5',
      timeInForce: 'IOC',
    })
  })

  it('leaves a limit as it is', () => {
    const limit = requestOf()
    expect(guarded(limit, price('100.5'))).toBe(limit)
  })
})

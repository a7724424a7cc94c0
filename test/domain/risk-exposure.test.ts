import { describe, expect, it } from 'vitest'
import { exposureOf, pendingOf, withRest } from '../../src/domain/risk-exposure.ts'
import { pricesFrom } from '../../src/domain/valuation.ts'
import { orderOf, positionOf, requestOf } from '../actors/trading-house.ts'
import { BTC, XRP_BTC } from './risk-builders.ts'

const FEE = '0.005'
const priceOf = pricesFrom({ 'BTC/USDT': '40000', 'XRP/BTC': '0.00001' })
const xrp = { symbol: XRP_BTC, quantity: '1000', entryPrice: '0.00001', stopLoss: '0.0000097' }

describe('the exposure of a position', () => {
  it('is its volume at the mark, and what its stop would cost with both fees', () => {
    const long = positionOf({ quantity: '0.01', entryPrice: '40000', stopLoss: '38800' })
    expect(exposureOf(long, priceOf, FEE)).toMatchObject({
      symbol: BTC,
      side: 'long',
      notionalUsd: '400',
      riskUsd: '16',
    })
    const risen = pricesFrom({ 'BTC/USDT': '50000' })
    expect(exposureOf(long, risen, FEE)).toMatchObject({ notionalUsd: '500', riskUsd: '20' })
  })

  it('of a pair quoted in BTC is in USD all the same', () => {
    expect(exposureOf(positionOf(xrp), priceOf, FEE)).toMatchObject({ notionalUsd: '400', riskUsd: '16' })
  })

  it('is not known where its quote has no price', () => {
    expect(exposureOf(positionOf(xrp), pricesFrom({ 'XRP/BTC': '0.00001' }), FEE)).toBeNull()
  })

  it('is taken at the entry while it has no mark of its own', () => {
    expect(exposureOf(positionOf(xrp), pricesFrom({ 'BTC/USDT': '40000' }), FEE)).toMatchObject({ notionalUsd: '400' })
  })

  it.each([
    ['long', '39999', '4.01'],
    ['long', '40000', '4'],
    ['long', '42000', '4'],
    ['short', '40001', '4.01'],
    ['short', '40000', '4'],
    ['short', '38000', '4'],
  ] as const)(
    'of a %s whose stop has come to %s is %s at risk: past the entry the fees alone',
    (side, stopLoss, risk) => {
      expect(exposureOf(positionOf({ side, stopLoss }), priceOf, FEE)?.riskUsd).toBe(risk)
    },
  )
})

describe('an entry that works', () => {
  const terms = { stopLoss: '38800', leverage: 2 }

  it('counts with what is left of it, at its limit', () => {
    const order = orderOf('entry', requestOf({ leverage: 2 }), { filled: '0.0025' })
    expect(pendingOf(order, terms, priceOf, FEE)).toEqual({
      ...{ symbol: BTC, side: 'long', notionalUsd: '300', riskUsd: '12' },
      ...{ marginUsd: '150', costQuote: '0', heldAtVenue: true },
    })
  })

  it('pays on spot in its quote with the fee', () => {
    const request = requestOf({ symbol: XRP_BTC, quantity: '1000', limitPrice: '0.00001' })
    const entry = pendingOf(orderOf('entry', request), { stopLoss: '0.0000097', leverage: 1 }, priceOf, FEE)
    expect(entry).toMatchObject({ notionalUsd: '400', marginUsd: '400', costQuote: '0.01005' })
  })

  it('that no position is known for may lose all of it', () => {
    expect(pendingOf(orderOf('entry'), null, priceOf, FEE)).toMatchObject({ notionalUsd: '400', riskUsd: '400' })
  })

  it('without limit and price is not known', () => {
    const market = orderOf('entry', requestOf({ type: 'market', limitPrice: null }))
    expect(pendingOf(market, terms, priceOf, FEE)).toMatchObject({ notionalUsd: '400' })
    expect(pendingOf(market, terms, pricesFrom({}), FEE)).toBeNull()
  })

  it('and the position that it has begun are one slot with the money of both', () => {
    const held = exposureOf(positionOf({ quantity: '0.0025', stopLoss: '38800' }), priceOf, FEE)
    const rest = pendingOf(orderOf('entry', requestOf(), { filled: '0.0025' }), terms, priceOf, FEE)
    if (held === null || rest === null) throw new Error('not known')
    expect(withRest(held, rest)).toEqual({ symbol: BTC, side: 'long', notionalUsd: '400', riskUsd: '16' })
  })
})

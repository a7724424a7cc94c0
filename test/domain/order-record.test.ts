import { describe, expect, it } from 'vitest'
import { asset, pair } from '../../src/domain/ids.ts'
import { averagePriceOf, costOf, feeAssetOf, netProceedsOf } from '../../src/domain/order-record.ts'
import { fillOf, orderOf, requestOf } from './order-builders.ts'

const BTC = pair('BTC/USDT')
const USDT = asset('USDT')

describe('what a fill came to', () => {
  it('is its price times its quantity, to the last digit', () => {
    expect(costOf({ price: '0.00001234', quantity: '0.00000007' })).toBe('0.0000000000008638')
    expect(costOf({ price: '123456789.1', quantity: '1000000' })).toBe('123456789100000')
  })

  it('is what a sale brings less its fee, and what a purchase costs with it', () => {
    expect(netProceedsOf(BTC, 'sell', '100', '0.8', USDT)).toBe('99.2')
    expect(netProceedsOf(BTC, 'buy', '100', '0.8', USDT)).toBe('-100.8')
    expect(netProceedsOf(BTC, 'sell', '0.1', '0.3', USDT)).toBe('-0.2')
  })

  it('leaves out a fee that was not paid in the quote asset', () => {
    expect(netProceedsOf(BTC, 'buy', '100', '0.001', asset('BTC'))).toBe('-100')
    expect(feeAssetOf(pair('XRP/BTC'))).toBe('BTC')
  })
})

describe('an average price', () => {
  it('weighs each fill by its quantity, and is none before the first', () => {
    const order = orderOf(requestOf(), [fillOf('a', '100', '1'), fillOf('b', '101', '2')])
    expect(averagePriceOf(order)).toBe('100.666666666666666666')
    expect(averagePriceOf(orderOf(requestOf()))).toBeNull()
  })

  it('counts only what was filled for us', () => {
    expect(averagePriceOf(orderOf(requestOf(), [fillOf('a', '100', '0.5')], { filled: '3' }))).toBe('100')
  })
})

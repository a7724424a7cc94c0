import { describe, expect, it } from 'vitest'
import { asset, pair } from '../../src/domain/ids.ts'
import { closingValueUsd, freshPrices, type Marks, usdRate, valueAccount } from '../../src/domain/valuation.ts'

const NOW = 1_800_000_000_000
const balance = (of: string, total: string) => ({ asset: asset(of), total, held: '0' })
const marks = (prices: Record<string, string>, at = NOW): Marks =>
  Object.fromEntries(Object.entries(prices).map(([symbol, price]) => [symbol, { price, at }]))
const fresh = (prices: Record<string, string>, at = NOW) => freshPrices(marks(prices, at), NOW)
const position = { symbol: pair('BTC/USDT'), side: 'long', leverage: 1, quantity: '0.5', entryPrice: '90' } as const

describe('the USD rate', () => {
  it('of USDT is 1, and of XRP its own price or that through BTC', () => {
    expect(usdRate(asset('USDT'), fresh({}))?.toString()).toBe('1')
    expect(usdRate(asset('XRP'), fresh({ 'XRP/USDT': '0.5' }))?.toString()).toBe('0.5')
    expect(usdRate(asset('XRP'), fresh({ 'XRP/BTC': '0.00001', 'BTC/USDT': '45000' }))?.toString()).toBe('0.45')
  })

  it('is unknown without a price, with one older than 60 s, and with a price of zero', () => {
    expect(usdRate(asset('XRP'), fresh({ 'XRP/BTC': '0.00001' }))).toBeNull()
    expect(usdRate(asset('XRP'), fresh({ 'XRP/USDT': '0' }))).toBeNull()
    expect(usdRate(asset('XRP'), fresh({ 'XRP/USDT': '0.5' }, NOW - 60_001))).toBeNull()
    expect(usdRate(asset('XRP'), fresh({ 'XRP/USDT': '0.5' }, NOW - 60_000))).not.toBeNull()
  })
})

describe('account equity', () => {
  it('is every balance at its mark', () => {
    const priceOf = fresh({ 'BTC/USDT': '100', 'XRP/USDT': '0.5' })
    const valued = valueAccount([balance('USDT', '1000'), balance('XRP', '500'), balance('BTC', '2')], [], priceOf)
    expect(valued).toMatchObject({ equityUsd: '1450', staleMarks: [] })
  })

  it('is unknown, never smaller, while anything held has no fresh price', () => {
    const valued = valueAccount([balance('USDT', '1000'), balance('XRP', '500')], [], fresh({}))
    expect(valued.equityUsd).toBeNull()
    expect(valued.staleMarks).toEqual(['XRP/USDT'])
    expect(valued.holdings).toContainEqual({ asset: 'XRP', quantity: '500', valueUsd: null })
  })

  it('needs no price for what is not held', () => {
    expect(valueAccount([balance('USDT', '1'), balance('ETH', '0')], [], fresh({})).equityUsd).toBe('1')
  })

  it('adds the profit of margin positions, and counts spot ones once', () => {
    const priceOf = fresh({ 'BTC/USDT': '100' })
    const account = [balance('USDT', '1000'), balance('BTC', '0.5')]
    expect(valueAccount(account, [position], priceOf).equityUsd).toBe('1050')
    const short = { ...position, side: 'short', leverage: 2 } as const
    expect(valueAccount([balance('USDT', '1000')], [short], priceOf).equityUsd).toBe('995')
  })
})

it('closing at the mark brings the proceeds on spot and the profit on margin', () => {
  const priceOf = fresh({ 'BTC/USDT': '100' })
  const worth = (over: object) => closingValueUsd({ ...position, ...over }, priceOf)?.toString()
  expect([worth({}), worth({ leverage: 2 }), worth({ side: 'short' })]).toEqual(['50', '5', '-5'])
  expect(closingValueUsd(position, fresh({}))).toBeNull()
})

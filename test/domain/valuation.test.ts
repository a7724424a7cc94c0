import { describe, expect, it } from 'vitest'
import { asset, pair } from '../../src/domain/ids.ts'
import {
  closingValueUsd,
  freshPrices,
  type Marks,
  pairsToValue,
  usdRate,
  valueAccount,
} from '../../src/domain/valuation.ts'

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

  it('goes by dollars where they are the quote, and by the shortest way of which every price is fresh', () => {
    expect(usdRate(asset('KSM'), fresh({ 'KSM/USD': '20', 'KSM/BTC': '1', 'BTC/USDT': '45000' }))?.toString()).toBe(
      '20',
    )
    expect(usdRate(asset('KSM'), fresh({ 'KSM/ETH': '0.01', 'KSM/BTC': '1', 'ETH/USDT': '2500' }))?.toString()).toBe(
      '25',
    )
    expect(usdRate(asset('BTC'), fresh({ 'BTC/USD': '45000' }))?.toString()).toBe('45000')
  })

  it('is unknown without a price, with one older than 60 s, and with a price of zero', () => {
    expect(usdRate(asset('XRP'), fresh({ 'XRP/BTC': '0.00001' }))).toBeNull()
    expect(usdRate(asset('XRP'), fresh({ 'XRP/USDT': '0' }))).toBeNull()
    expect(usdRate(asset('XRP'), fresh({ 'XRP/USDT': '0.5' }, NOW - 60_001))).toBeNull()
    expect(usdRate(asset('XRP'), fresh({ 'XRP/USDT': '0.5' }, NOW - 60_000))).not.toBeNull()
  })
})

describe('the pairs that value an asset', () => {
  const listed = new Set(['XRP/USDT', 'XRP/BTC', 'KSM/BTC', 'BTC/USDT', 'GBP/USD', 'USDT/JPY', 'NIX/ETH'].map(pair))
  it.each([
    ['its own in USDT, though others are listed', 'XRP', ['XRP/USDT']],
    ['its own in USD, where none is in USDT', 'GBP', ['GBP/USD']],
    ['two where it is quoted in BTC alone', 'KSM', ['KSM/BTC', 'BTC/USDT']],
    ['none that are needed, for dollars', 'USDT', []],
    ['none at all for what is staked, whose name is no coin of a pair', 'ETH2.S', null],
    ['none at all where no way leads to dollars', 'JPY', null],
    ['none at all where a way breaks off', 'NIX', null],
  ])('are %s', (_which, of, pairs) => {
    expect(pairsToValue(asset(of), listed)).toEqual(pairs)
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

import { describe, expect, it } from 'vitest'
import { createCoreBook } from '../../actors/core-book.ts'
import { createPortfolioDesk } from '../../actors/portfolio.actor.ts'
import type { HodlBook } from '../../src/domain/hodl.ts'
import { asset, orderId, planId } from '../../src/domain/ids.ts'
import type { OrderRequest } from '../../src/domain/order.ts'
import { pricesFrom } from '../../src/domain/valuation.ts'
import {
  BTC,
  balance,
  factOf,
  filledOrder,
  orderOf,
  positionOf,
  requestOf,
  SETTINGS,
  T0,
  tradingHouse,
} from './trading-house.ts'

const [USDT, BTC_COIN] = [asset('USDT'), asset('BTC')]
const allowed = { control: () => 'RUNNING' as const, isReconciling: () => false, haltedSymbols: () => ({}) }
/** 1 BTC and 1,000 USDT at 40,000, with these amounts configured as bags. */
function coreHouse(hodl: Readonly<Record<string, string>> = {}, permission = allowed) {
  const house = tradingHouse({ settings: { portfolio: { ...SETTINGS.portfolio, hodl } } })
  const asked: OrderRequest[] = []
  const place = (request: OrderRequest) => {
    asked.push(request)
    return { orderId: orderId(`o${asked.length}`) }
  }
  const balances = () => [balance('BTC', '1', '0.1'), balance('USDT', '1000', '0')]
  const marks = { 'BTC/USDT': { price: '40000', at: T0 } }
  const account = { balances, priceOf: () => pricesFrom({ 'BTC/USDT': '40000' }) }
  const core = createCoreBook(house.house, account, { place, unwritten: () => [] }, permission, () => marks)
  const bag = (of: string, quantity: string): void => {
    const book: HodlBook = { highUsd: '0', bags: [{ asset: asset(of), quantity, pendingUsd: '0', spentUsd: '0' }] }
    house.books.apply(factOf({ type: 'hodl.accrued', profitUsd: '0', amountUsd: '0', hodl: book }))
  }
  const sell = (quantity: string, valueUsd = '36000') => {
    const plan = { planId: planId('p'), correlationId: 'p' }
    return core.place({ key: 'p/1', symbol: BTC, side: 'sell', most: { quantity, valueUsd }, ...plan })
  }
  const buy = (budgetUsd: string) =>
    core.place({ key: 'hodl/BTC/1', symbol: BTC, side: 'buy', most: { budgetUsd }, planId: null, correlationId: 'h' })
  return { ...house, core, asked, bag, sell, buy }
}

describe('what is free of the core book', () => {
  it('is not what orders hold, what positions own, or what bags keep', () => {
    const { core, books, bag } = coreHouse({ BTC: '0.05', USDT: '100' })
    expect([core.free(BTC_COIN), core.free(USDT)].map(String)).toEqual(['0.85', '900'])
    bag('BTC', '0.25')
    expect(String(core.free(BTC_COIN))).toBe('0.6')
    books.apply(factOf({ type: 'position.filled', position: positionOf({ quantity: '0.3' }) }))
    books.apply(filledOrder(orderOf('entry'), '40000', '0.3'))
    expect(String(core.free(BTC_COIN))).toBe('0.3')
    // What the position's stop holds is not free to begin with, and counts once.
    const stop = requestOf({ key: 's', side: 'sell', purpose: 'stop', intent: 'close', quantity: '0.1' })
    books.apply(factOf({ type: 'order.opened', order: orderOf('s', stop) }))
    expect(String(core.free(BTC_COIN))).toBe('0.4')
    bag('BTC', '5')
    expect(String(core.free(BTC_COIN))).toBe('0')
  })

  it('is all that a sell gets, and all that a purchase costs with its fee', () => {
    const { sell, buy, asked } = coreHouse({ BTC: '0.5', USDT: '990' })
    expect(sell('0.9')).toBeNull()
    expect(buy('500')).toBeNull()
    expect(asked).toMatchObject([
      { side: 'sell', quantity: '0.4', purpose: 'rebalance', book: 'core', type: 'limit', limitPrice: '40000' },
      { side: 'buy', quantity: '0.00024801', purpose: 'hodl', book: 'core', planId: null, intent: 'increase' },
    ])
  })

  it('is too little for a sell that it leaves less than the least trade of', () => {
    const { sell, asked } = coreHouse({ BTC: '0.8998' })
    // 0.0002 BTC at 40,000 are 8 USD.
    expect(sell('0.9')).toMatch(/^INVALID_ORDER: .* below the least trade of 10 USD/)
    expect(asked).toEqual([])
  })

  it.each([
    // planned USD, BTC at 40,000 now
    ['9.99', '0.000249', false],
    ['10', '0.000249', true],
    ['9.99', '0.00025', true],
  ])('is asked for no rest under the least trade: %s USD planned, %s BTC', (planned, quantity, isPlaced) => {
    const { sell, asked } = coreHouse()
    expect(sell(quantity, planned) === null).toBe(isPlaced)
    expect(asked).toHaveLength(isPlaced ? 1 : 0)
  })

  it('buys for a budget, the fee within it', () => {
    const { buy, asked } = coreHouse()
    expect(buy('25.2')).toBeNull()
    expect(Number(asked[0]?.quantity) * 40_000 * (1 + Number(SETTINGS.fees.taker))).toBeLessThanOrEqual(25.2)
    expect(Number(asked[0]?.quantity)).toBeGreaterThan(0.000619)
  })

  it.each([
    ['PAUSED', { ...allowed, control: () => 'PAUSED' as never }],
    ['TRADING_HALTED', { ...allowed, control: () => 'HALTED' as never }],
    ['TRADING_HALTED', { ...allowed, haltedSymbols: () => ({ 'BTC/USDT': 'why' }) }],
    ['RECONCILING', { ...allowed, isReconciling: () => true }],
  ])('obeys: %s', (code, permission) => {
    const { buy, asked } = coreHouse({}, permission)
    expect(buy('25')).toMatch(new RegExp(`^${code}`))
    expect(asked).toEqual([])
  })

  it('leaves out what the venue would not take', () => {
    const { buy, asked } = coreHouse()
    expect(buy('1')).toMatch(/^INVALID_ORDER: quantity .* is below the minimum/)
    expect(asked).toEqual([])
  })

  it('moves cash into its bag only while it is there', () => {
    const { core } = coreHouse({ USDT: '900' })
    expect(core.transferProblem('100')).toBeNull()
    expect(core.transferProblem('100.01')).toMatch(/^INSUFFICIENT_BALANCE/)
  })

  it('leaves cash that is on its way into its bag to no buy, until the bag has it', () => {
    const { core, bag } = coreHouse()
    expect(core.transferProblem('300')).toBeNull()
    expect(String(core.free(USDT))).toBe('700')
    // Asked again after a restart of the bags it is the same cash.
    expect(core.transferProblem('800')).toBeNull()
    expect(String(core.free(USDT))).toBe('200')
    bag('USDT', '800')
    expect(String(core.free(USDT))).toBe('200')
    expect(core.transferProblem('200.01')).toMatch(/^INSUFFICIENT_BALANCE/)
    expect(String(core.free(USDT))).toBe('200')
  })
})

it('bags that are larger than what is there are told once per change', () => {
  const { house, told } = coreHouse()
  let exceeded: readonly string[] = []
  const account = {
    allocation: () => ({
      ...({ kind: 'known', coreEquityUsd: '0', rows: [], maxDeviationPct: '0' } as const),
      hodlExceedsBalance: exceeded.map(asset),
    }),
    ...{ view: () => null, priceOf: () => pricesFrom({}) },
  }
  const plans = { start: () => {}, allow: () => {} }
  const desk = createPortfolioDesk(house, account, { free: () => coreHouse().core.free(USDT) }, plans, plans)
  for (const now of [[], ['BTC'], ['BTC'], ['BTC', 'XRP'], [], []]) {
    exceeded = now
    desk.look()
  }
  expect(told('hodl.balanceExceeded').map(({ assets }) => assets)).toEqual([['BTC'], ['BTC', 'XRP'], []])
})

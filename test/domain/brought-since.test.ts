import { describe, expect, it } from 'vitest'
import { broughtSince, type Since } from '../../src/domain/brought-since.ts'
import { pair } from '../../src/domain/ids.ts'
import type { Fill, OrderRequest } from '../../src/domain/order.ts'
import { pricesFrom } from '../../src/domain/valuation.ts'
import { AT, fillOf, orderOf, requestOf } from './order-builders.ts'

const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')
/** BTC stood at 100 then and is at 90 now. */
const brought = (over: Partial<Since>) =>
  broughtSince({
    ...{ at: AT, orders: [], held: [], priceOf: pricesFrom({ [BTC]: '90' }) },
    ...{ priceThen: pricesFrom({ [BTC]: '100' }), ...over },
  })?.toString() ?? null
const long = (quantity: string) => ({ symbol: BTC, side: 'long', quantity }) as const
const short = (quantity: string) => ({ symbol: BTC, side: 'short', quantity }) as const
const order = (changes: Partial<OrderRequest>, ...fills: readonly Fill[]) => orderOf(requestOf(changes), fills)
const sold = (...fills: readonly Fill[]) => order({ side: 'sell', purpose: 'stop' }, ...fills)

describe('what trading has brought since a moment', () => {
  it.each([
    ['nothing, where nothing was held or traded', {}, '0'],
    ['what is held fell by', { held: [long('2')] }, '-20'],
    ['a short gained by', { held: [short('2')] }, '20'],
    [
      'what was bought since then cost, fee included',
      { held: [long('2')], orders: [order({}, fill('95', '2'))] },
      '-11',
    ],
    ['what was sold since then lost against the price of then', { orders: [sold(fill('97', '2'))] }, '-7'],
    ['half sold, half held', { held: [long('1')], orders: [sold(fill('97', '1'))] }, '-14'],
    ['bought and sold since then', { orders: [order({}, fill('95', '2')), sold(fill('97', '2'))] }, '2'],
    ['a short bought back', { orders: [order({ purpose: 'exit' }, fill('97', '1'))] }, '2'],
    ['both sides of one pair, as the venue nets it', { held: [long('1'), short('1')] }, '0'],
  ] satisfies [string, Partial<Since>, string][])('%s', (_, over, usd) => {
    expect(brought(over)).toBe(usd)
  })

  it('has no part in what was filled before, to the millisecond', () => {
    const held = [long('1')]
    const at = (ms: number) => brought({ held, orders: [order({}, fillOf('t', '95', '1', '0', ms))] })
    expect([at(AT - 1), at(AT)]).toEqual(['-10', '-5'])
  })

  it('has no part in what the core book traded', () => {
    expect(brought({ orders: [order({ book: 'core', positionId: null }, fill('50', '5'))] })).toBe('0')
  })

  it('needs the price of then of what was held then, and of nothing else', () => {
    const priceThen = pricesFrom({})
    expect(brought({ priceThen, held: [long('1')] })).toBeNull()
    expect(brought({ priceThen, held: [long('1')], orders: [order({}, fill('95', '1'))] })).toBe('-6')
    expect(brought({ held: [{ symbol: XRP, side: 'long', quantity: '1' }] })).toBeNull()
  })
})

function fill(price: string, quantity: string): Fill {
  return fillOf(`${price} ${quantity}`, price, quantity, '1', AT + 1)
}

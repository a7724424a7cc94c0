import { describe, expect, it } from 'vitest'
import { pair } from '../../src/domain/ids.ts'
import { collateralHeld, type MarginInput, marginFigures } from '../../src/domain/margin.ts'
import type { OrderRequest } from '../../src/domain/order.ts'
import { holdsOf } from '../../src/domain/reckoning.ts'
import { amount, text } from '../../src/domain/units.ts'
import { pricesFrom, type ValuedPosition } from '../../src/domain/valuation.ts'
import { fillOf, orderOf, requestOf } from './order-builders.ts'

const BTC = pair('BTC/USDT')
const positionOf = (over: Partial<ValuedPosition> = {}): ValuedPosition => ({
  ...{ symbol: BTC, side: 'long', leverage: 2, quantity: '2', entryPrice: '100' },
  ...over,
})
const held = (...positions: readonly ValuedPosition[]) =>
  Object.fromEntries(Object.entries(collateralHeld(positions)).map(([of, value]) => [of, text(value)]))
const entry = (over: Partial<OrderRequest> = {}) => orderOf(requestOf({ leverage: 2, quantity: '2', ...over }))

describe('collateral of open positions', () => {
  it.each<[string, Partial<ValuedPosition>, Record<string, string>]>([
    ['a long at 1 is spot and ties up none', { leverage: 1 }, {}],
    ['a long at 2 ties up half of what it was bought for', {}, { USDT: '100' }],
    ['a short at 1 ties up all of it', { side: 'short', leverage: 1 }, { USDT: '200' }],
    ['a short at 4 a quarter', { side: 'short', leverage: 4 }, { USDT: '50' }],
  ])('%s', (_, over, expected) => {
    expect(held(positionOf(over))).toEqual(expected)
  })

  it('adds up by quote', () => {
    const positions = [
      positionOf(),
      positionOf({ side: 'short', leverage: 4 }),
      positionOf({ symbol: pair('XRP/BTC') }),
    ]
    expect(held(...positions)).toEqual({ USDT: '150', BTC: '100' })
  })
})

describe('what orders on margin hold', () => {
  const at100 = () => amount(100)
  it.each<[string, Partial<OrderRequest>, Record<string, string>]>([
    ['a long its collateral and fee, in the quote', { limitPrice: '90' }, { USDT: '91.8' }],
    ['a short the same, and no coins', { side: 'sell', limitPrice: '90' }, { USDT: '91.8' }],
    ['one that only reduces nothing', { side: 'sell', reduceOnly: true }, {}],
  ])('%s', (_, over, expected) => {
    expect(holdsOf([entry(over)], '0.01', at100)).toEqual(expected)
  })

  it('a short at 1, which is sent at 2, its full cost', () => {
    expect(holdsOf([entry({ side: 'sell', limitPrice: '90' })], '0.01', at100, () => 1)).toEqual({ USDT: '181.8' })
  })

  it('what is filled is no longer held', () => {
    const partly = orderOf(requestOf({ leverage: 2, quantity: '2', limitPrice: '100' }), [fillOf('a', '100', '1.5')])
    expect(holdsOf([partly], '0', at100)).toEqual({ USDT: '25' })
  })
})

describe('the margin of the account', () => {
  const figures = (over: Partial<MarginInput> = {}) =>
    marginFigures({
      ...{ positions: [], liveOrders: [], leverageOf: ({ request }) => request.leverage },
      ...{ priceOf: pricesFrom({ [BTC]: '100' }), freeCash: amount(1000), unrealisedUsd: amount(0) },
      ...over,
    })

  it('without anything on margin nothing is used and the cash is free', () => {
    expect(figures({ positions: [positionOf({ leverage: 1 })], liveOrders: [orderOf(requestOf())] })).toEqual({
      ...{ usedUsd: '0', freeUsd: '1000' },
    })
  })

  it('positions and working entries are used, exits are not', () => {
    const liveOrders = [entry({ limitPrice: '90' }), entry({ side: 'sell', reduceOnly: true, key: 'stop' })]
    expect(figures({ positions: [positionOf()], liveOrders }).usedUsd).toBe('190')
  })

  it('an entry at market counts at the price of the moment', () => {
    expect(figures({ liveOrders: [entry({ type: 'market', limitPrice: null })] }).usedUsd).toBe('100')
  })

  it.each<[string, string | null, string]>([
    ['a loss that is not realised is spoken for', '-300', '700'],
    ['a profit that is not realised is not there yet', '300', '1000'],
    ['a loss beyond the cash leaves nothing, never less', '-1500', '0'],
    ['without a price nothing is free', null, '0'],
  ])('%s', (_, unrealised, free) => {
    expect(figures({ unrealisedUsd: unrealised === null ? null : amount(unrealised) }).freeUsd).toBe(free)
  })
})

import { describe, expect, it } from 'vitest'
import { pair, tradeId } from '../../src/domain/ids.ts'
import {
  closable,
  isOnMargin,
  type MarginLot,
  type MarginTrade,
  marginPnlUsd,
  netted,
  sentLeverage,
} from '../../src/domain/margin-lots.ts'
import type { Side } from '../../src/domain/order.ts'
import { text } from '../../src/domain/units.ts'
import { pricesFrom } from '../../src/domain/valuation.ts'

const BTC = pair('BTC/USDT')
const tradeOf = (id: string, side: Side, quantity: string, price: string, symbol = BTC): MarginTrade => ({
  ...{ symbol, side, leverage: 2, fill: { tradeId: tradeId(id), quantity, price } },
})
const walked = (...trades: readonly MarginTrade[]) => {
  let lots: readonly MarginLot[] = []
  const profits = trades.map((trade) => {
    const step = netted(lots, trade)
    lots = step.lots
    return text(step.profit)
  })
  return { profits, lots: lots.map(({ tradeId: id, side, quantity, entryPrice }) => [id, side, quantity, entryPrice]) }
}

describe('what is open on margin', () => {
  it('an opening trade realises nothing and becomes a lot', () => {
    expect(walked(tradeOf('a', 'buy', '2', '100'))).toEqual({ profits: ['0'], lots: [['a', 'long', '2', '100']] })
    expect(walked(tradeOf('a', 'sell', '2', '100'))).toEqual({ profits: ['0'], lots: [['a', 'short', '2', '100']] })
  })

  it('the oldest lot is closed first, and a part of one realises its part', () => {
    const trades = [
      tradeOf('a', 'buy', '1', '100'),
      tradeOf('b', 'buy', '1', '200'),
      tradeOf('c', 'sell', '1.5', '180'),
    ]
    expect(walked(...trades)).toEqual({ profits: ['0', '0', '70'], lots: [['b', 'long', '0.5', '200']] })
  })

  it('a short gains what the price falls', () => {
    const trades = [tradeOf('a', 'sell', '2', '100'), tradeOf('b', 'buy', '0.5', '90')]
    expect(walked(...trades)).toEqual({ profits: ['0', '5'], lots: [['a', 'short', '1.5', '100']] })
  })

  it('what is more than was open opens the other side', () => {
    const trades = [tradeOf('a', 'buy', '1', '100'), tradeOf('b', 'sell', '3', '110')]
    expect(walked(...trades)).toEqual({ profits: ['0', '10'], lots: [['b', 'short', '2', '110']] })
  })

  it('another pair is none of its business', () => {
    const xrp = tradeOf('b', 'sell', '1', '1', pair('XRP/USDT'))
    expect(walked(tradeOf('a', 'buy', '1', '100'), xrp).lots).toEqual([
      ['a', 'long', '1', '100'],
      ['b', 'short', '1', '1'],
    ])
  })

  it('an order can close what is open on the other side of its pair', () => {
    const { lots } = netted([], tradeOf('a', 'buy', '2', '100'))
    expect(
      [closable(lots, { symbol: BTC, side: 'sell' }), closable(lots, { symbol: BTC, side: 'buy' })].map(text),
    ).toEqual(['2', '0'])
  })

  it('is worth what closing it would bring, and that is not known without a price', () => {
    const { lots } = netted(netted([], tradeOf('a', 'buy', '2', '100')).lots, tradeOf('b', 'sell', '5', '110'))
    expect(text(marginPnlUsd(lots, pricesFrom({ [BTC]: '100' })) ?? -1)).toBe('30')
    expect(marginPnlUsd(lots, pricesFrom({}))).toBeNull()
  })
})

it.each<[Parameters<typeof sentLeverage>, number, boolean]>([
  [['long', 1], 1, false],
  [['long', 2], 2, true],
  [['short', 1], 2, true],
  [['short', 3], 3, true],
])('%j is sent at %d: a long at 1 alone is spot', (given, sent, onMargin) => {
  expect(sentLeverage(...given)).toBe(sent)
  expect(isOnMargin({ leverage: sent })).toBe(onMargin)
})

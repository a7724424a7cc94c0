import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pair, tradeId } from '../../src/domain/ids.ts'
import {
  afterTrade,
  closable,
  isOnMargin,
  type MarginLot,
  type MarginTrade,
  marginBookOf,
  marginPnlUsd,
  netted,
  sentLeverage,
} from '../../src/domain/margin-lots.ts'
import type { Side } from '../../src/domain/order.ts'
import { amount, sumOf, text, ZERO } from '../../src/domain/units.ts'
import { pricesFrom } from '../../src/domain/valuation.ts'

const BTC = pair('BTC/USDT')
const tradeOf = (id: string, side: Side, quantity: string, price: string, symbol = BTC, at = 0): MarginTrade => ({
  ...{ symbol, side, leverage: 2, fill: { tradeId: tradeId(id), quantity, price, at } },
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

/** What comes of it, told in this order. */
const told = (trades: readonly MarginTrade[]) => {
  let book = marginBookOf([])
  let profit = ZERO
  for (const trade of trades) {
    const step = afterTrade(book, trade)
    book = step.book
    profit = profit.plus(step.profit)
  }
  return { lots: book.lots, profit: text(profit), remembered: book.trades.length }
}

describe('a trade that is heard after others that were traded later', () => {
  const one = fc.tuple(
    fc.constantFrom<Side>('buy', 'sell'),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 90, max: 110 }),
  )
  const traded = fc
    .array(one, { minLength: 2, maxLength: 12 })
    .map((drawn) => drawn.map(([side, size, price], at) => tradeOf(`t${at}`, side, `${size}`, `${price}`, BTC, at)))

  it('changes nothing of what is open and what was gained: both are as they were traded', () => {
    const walks = traded.chain((trades) =>
      fc.tuple(fc.constant(trades), fc.shuffledSubarray([...trades], { minLength: trades.length })),
    )
    fc.assert(
      fc.property(walks, ([trades, heard]) => {
        expect(told(heard)).toEqual(told(trades))
      }),
    )
    fc.assert(
      fc.property(traded, (trades) => {
        const { profits, lots } = walked(...trades)
        expect(told(trades).profit).toBe(text(sumOf(profits.map((profit) => amount(profit)))))
        expect(told(trades).lots.map((lot) => [lot.tradeId, lot.side, lot.quantity, lot.entryPrice])).toEqual(lots)
      }),
    )
  })

  it('only the latest hundred are remembered, and what was open before them is kept', () => {
    const many = Array.from({ length: 250 }, (_, at) => tradeOf(`t${at}`, 'buy', '1', '100', BTC, 2 * at))
    const late = tradeOf('late', 'sell', '1', '90', BTC, 2 * 249 - 1)
    expect(told(many)).toMatchObject({ profit: '0', remembered: 100, lots: { length: 250 } })
    expect(told([...many, late])).toMatchObject({ profit: '-10', remembered: 100, lots: { length: 249 } })
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

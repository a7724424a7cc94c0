import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RebalanceLeg } from '../../src/domain/allocation.ts'
import { DEFAULT_DCA, scheduleTrades, shiftOverdue, splitExactly, totalValueUsd } from '../../src/domain/dca.ts'
import { pair } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'
import { amount, sumOf } from '../../src/domain/units.ts'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000
const leg = (valueUsd: string, side: 'buy' | 'sell' = 'sell', symbol = 'BTC/USDT'): RebalanceLeg => ({
  symbol: pair(symbol),
  side,
  quantity: amount(valueUsd)
    .div(symbol === 'XRP/USDT' ? '0.5' : 100)
    .toFixed(8),
  valueUsd,
})
const schedule = (...legs: RebalanceLeg[]) => scheduleTrades(legs, BUILT_IN_INSTRUMENTS, NOW)

describe('spreading a rebalance', () => {
  it('begins above 500 USD, not at it', () => {
    expect(schedule(leg('500'))).toMatchObject({ batches: 1 })
    expect(schedule(leg('500.01'))).toMatchObject({ batches: 6 })
  })

  it('makes six batches four hours apart, the remainder in the first', () => {
    const { trades } = schedule(leg('1000'))
    expect(trades.map((trade) => trade.valueUsd)).toEqual(['166.7', '166.66', '166.66', '166.66', '166.66', '166.66'])
    expect(trades.map((trade) => trade.dueAt)).toEqual([0, 4, 8, 12, 16, 20].map((hours) => NOW + hours * HOUR))
  })

  it('makes fewer batches where one would fall under the minimum', () => {
    const { trades, batches } = schedule(leg('600'), leg('30', 'buy', 'XRP/USDT'))
    expect(batches).toBe(6)
    const buys = trades.filter((trade) => trade.side === 'buy')
    expect(buys.map((trade) => [trade.batch, trade.valueUsd])).toEqual([
      [4, '10'],
      [5, '10'],
      [6, '10'],
    ])
    const coarse = { ...leg('501'), quantity: '0.00011' }
    expect(schedule(coarse).batches).toBe(2)
  })

  it('puts the sells of a batch before its buys', () => {
    const { trades } = schedule(leg('600', 'buy', 'XRP/USDT'), leg('600'))
    expect(trades.slice(0, 4).map((trade) => [trade.batch, trade.side])).toEqual([
      [1, 'sell'],
      [1, 'buy'],
      [2, 'sell'],
      [2, 'buy'],
    ])
  })

  it('adds up to the cent and to the lot, and never buys ahead of its share of sells', () => {
    const cents = fc.integer({ min: 1_000, max: 5_000_000 }).map((value) => (value / 100).toFixed(2))
    fc.assert(
      fc.property(cents, cents, (sold, bought) => {
        const legs = [leg(sold), leg(bought, 'buy', 'XRP/USDT')]
        const { trades, batches } = schedule(...legs)
        expect(totalValueUsd(trades).eq(amount(sold).plus(bought))).toBe(true)
        for (const one of legs) {
          const parts = trades.filter((trade) => trade.symbol === one.symbol)
          expect(sumOf(parts.map((part) => amount(part.quantity))).eq(one.quantity)).toBe(true)
          if (parts.length > 1)
            for (const part of parts) expect(Number(part.valueUsd)).toBeGreaterThanOrEqual(DEFAULT_DCA.minTradeUsd)
        }
        const shareUpTo = (batch: number, side: 'buy' | 'sell') => {
          const some = trades.filter((trade) => trade.side === side && trade.batch <= batch)
          return totalValueUsd(some)
            .div(side === 'sell' ? sold : bought)
            .toNumber()
        }
        for (let batch = 1; batch <= batches; batch++)
          expect(shareUpTo(batch, 'buy')).toBeLessThanOrEqual(shareUpTo(batch, 'sell') + 0.01)
        expect(Math.max(...trades.map((trade) => trade.batch))).toBe(batches)
        expect(Math.min(...trades.map((trade) => trade.batch))).toBe(1)
      }),
      { seed: 5 },
    )
  })

  it('splits any amount exactly, all parts but the first alike', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 12 }), (cents, count) => {
        const parts = splitExactly(amount(cents).div(100), count)
        expect(sumOf(parts).times(100).toNumber()).toBe(cents)
        expect(new Set(parts.slice(1).map(String)).size).toBeLessThanOrEqual(1)
        expect(parts.every((part) => part.times(100).isInteger() && part.gte(0))).toBe(true)
      }),
      { seed: 5 },
    )
  })
})

it('after downtime one overdue batch goes now and the rest keep their distance', () => {
  const { trades } = schedule(leg('1000'))
  const later = NOW + 9 * HOUR
  const shifted = shiftOverdue(trades.slice(1), later)
  expect(shifted.map((trade) => trade.dueAt)).toEqual([0, 4, 8, 12, 16].map((hours) => later + hours * HOUR))
  expect(shiftOverdue(trades, NOW)).toBe(trades)
  expect(shiftOverdue([], NOW)).toEqual([])
})

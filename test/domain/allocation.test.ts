import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allocate,
  type CoreAllocation,
  type CoreInput,
  DEFAULT_TARGETS,
  rebalanceNeed,
  targetProblem,
} from '../../src/domain/allocation.ts'
import { asset, pair } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'
import { amount, sumOf } from '../../src/domain/units.ts'
import { pricesFrom } from '../../src/domain/valuation.ts'

const priceOf = pricesFrom({ 'BTC/USDT': '100', 'XRP/USDT': '0.5' })
const holding = (btc: string, xrp: string, usdt: string) =>
  [['BTC', btc] as const, ['XRP', xrp] as const, ['USDT', usdt] as const].map(([of, total]) => ({
    asset: asset(of),
    total,
    held: '0',
  }))
const core = (over: Partial<CoreInput> = {}): CoreInput => ({
  balances: holding('1', '200', '100'),
  positions: [],
  hodl: {},
  targets: { BTC: 30, XRP: 30, USDT: 40 },
  priceOf,
  exitFeeRate: '0',
  ...over,
})
const known = (input: CoreInput): CoreAllocation => {
  const result = allocate(input)
  if (result.kind === 'unknown') throw new Error(result.reason)
  return result
}
const means = (spendableUsdt = '100') => ({ priceOf, instruments: BUILT_IN_INSTRUMENTS, spendableUsdt })
const inPosition = { symbol: pair('BTC/USDT'), side: 'long', leverage: 1, quantity: '0.5', entryPrice: '90' } as const

describe('targets', () => {
  it.each([
    [{ BTC: 33.33, XRP: 33.33, USDT: 33.34 }, true],
    [{ BTC: 33.3, XRP: 33.3, USDT: 33.3 }, true],
    [{ BTC: 33.3, XRP: 33.3, USDT: 33.29 }, false],
    [{ BTC: 33.4, XRP: 33.4, USDT: 33.3 }, true],
    [{ BTC: 33.4, XRP: 33.4, USDT: 33.31 }, false],
    [{ BTC: 110, XRP: -10, USDT: 0 }, false],
    [{ BTC: 50, XRP: 50 }, false],
    [{ BTC: Number.NaN, XRP: 50, USDT: 50 }, false],
  ])('%j are usable: %s', (targets, usable) => {
    expect(targetProblem(targets) === null).toBe(usable)
  })
})

describe('the allocation of the core book', () => {
  it('is by value, with the deviation from each target', () => {
    const { rows, coreEquityUsd, maxDeviationPct } = known(core())
    expect(coreEquityUsd).toBe('300')
    expect(rows[0]).toEqual({
      asset: 'BTC',
      quantity: '1',
      valueUsd: '100',
      currentPct: '33.333333',
      targetPct: '30',
      deviationPct: '3.333333',
    })
    expect(maxDeviationPct).toBe('6.666667')
  })

  it('sees positions as if they were closed: their base gone, their value in USDT', () => {
    const { rows, coreEquityUsd } = known(core({ positions: [inPosition] }))
    expect(coreEquityUsd).toBe('300')
    expect(rows.map((row) => row.quantity)).toEqual(['0.5', '200', '150'])
  })

  it('does not move when the rebalancer would otherwise undo a position', () => {
    const before = known(core()).rows
    const bought = known(core({ balances: holding('1.5', '200', '50'), positions: [inPosition] })).rows
    expect(bought).toEqual(before)
  })

  it('leaves hodl bags out, and says when one is larger than the balance', () => {
    expect(known(core({ hodl: { BTC: '0.4' } })).rows[0]?.quantity).toBe('0.6')
    const short = known(core({ hodl: { BTC: '1.1' } }))
    expect(short.rows[0]?.quantity).toBe('0')
    expect(short.hodlExceedsBalance).toEqual(['BTC'])
  })

  it('reports the targets when there is nothing', () => {
    const empty = known(core({ balances: [], targets: DEFAULT_TARGETS }))
    expect(empty.rows.map((row) => row.currentPct)).toEqual(['33.33', '33.33', '33.34'])
    expect(empty.maxDeviationPct).toBe('0')
    expect(rebalanceNeed(empty, means('0')).action).toBe('no_action')
  })

  it('is not known without a price', () => {
    expect(allocate(core({ priceOf: pricesFrom({ 'BTC/USDT': '100' }) }))).toEqual({
      kind: 'unknown',
      reason: 'no fresh price of XRP/USDT',
    })
  })
})

describe('the need to rebalance', () => {
  const at = (btc: string, xrp: string, usdt: string) => known(core({ balances: holding(btc, xrp, usdt) }))

  it('begins above a deviation of 5, not at it', () => {
    expect(at('3.5', '600', '350').maxDeviationPct).toBe('5')
    expect(rebalanceNeed(at('3.5', '600', '350'), means('350')).action).toBe('no_action')
    expect(rebalanceNeed(at('3.51', '600', '349'), means('349')).action).toBe('rebalance')
  })

  it('sells before it buys, and only what brings the core to its targets', () => {
    const need = rebalanceNeed(at('5', '200', '400'), means('400'))
    expect(need.legs).toEqual([
      { symbol: 'BTC/USDT', side: 'sell', quantity: '2', valueUsd: '200' },
      { symbol: 'XRP/USDT', side: 'buy', quantity: '400', valueUsd: '200' },
    ])
  })

  it('drops trades under 10 USD', () => {
    const need = rebalanceNeed(at('3.61', '581', '348.5'), means('348.5'))
    expect(need.legs.map((leg) => leg.symbol)).toEqual(['BTC/USDT'])
  })

  it('buys no more than can be paid with its fee', () => {
    const need = rebalanceNeed(at('1', '200', '800'), means('100.8'))
    const cost = sumOf(need.legs.map((leg) => amount(leg.valueUsd)))
    expect(need.legs.every((leg) => leg.side === 'buy')).toBe(true)
    expect(cost.lte('100')).toBe(true)
    expect(cost.gt('99.9')).toBe(true)
  })

  it('never sells coins of a position or a hodl bag, for any holding', () => {
    const units = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value / 100))
    fc.assert(
      fc.property(units(1000), units(100_000), units(100_000), units(300), units(300), (btc, xrp, usdt, open, bag) => {
        const positions = [{ ...inPosition, quantity: open }]
        const input = core({ balances: holding(btc, xrp, usdt), positions, hodl: { BTC: bag } })
        const need = rebalanceNeed(known(input), means(usdt))
        const free = Math.max(0, Number(btc) - Number(open) - Number(bag))
        const sold = need.legs.filter((leg) => leg.side === 'sell' && leg.symbol === 'BTC/USDT')
        for (const leg of sold) expect(Number(leg.quantity)).toBeLessThanOrEqual(free + 1e-9)
        const sides = need.legs.map((leg) => leg.side)
        expect(sides).toEqual([...sides].sort().reverse())
        for (const leg of need.legs) expect(Number(leg.valueUsd)).toBeGreaterThanOrEqual(10)
      }),
      { seed: 3 },
    )
  })
})

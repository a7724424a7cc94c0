import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pair } from '../../src/domain/ids.ts'
import type { OrderView } from '../../src/domain/order.ts'
import {
  averagePrice,
  heldQuantity,
  holdingsOf,
  type PositionSide,
  type PositionView,
  realisedGross,
  returnOnMarginPct,
  unrealisedGross,
} from '../../src/domain/position.ts'
import { amount, money, price, text, ZERO } from '../../src/domain/units.ts'
import { AT, fillOf, orderOf, POSITION, requestOf } from './order-builders.ts'

type Trade = readonly [price: string, quantity: string, fee?: string]
const orderWith = (purpose: 'entry' | 'stop' | 'exit', trades: readonly Trade[]): OrderView =>
  orderOf(
    requestOf({ purpose, key: purpose }),
    trades.map(([at, quantity, fee], index) => fillOf(`${purpose}${index}`, at, quantity, fee ?? '0')),
  )
const held = (quantity: string, entryPrice: string, side: PositionSide = 'long', leverage = 1): PositionView => ({
  ...{ positionId: POSITION, symbol: pair('BTC/USDT'), side, status: 'open', phase: 'protected', leverage, quantity },
  ...{
    entryPrice,
    exitPrice: '0',
    stopLoss: '1',
    takeProfit: null,
    trailing: null,
    financing: '0',
    realisedGross: '0',
    fees: '0',
  },
  ...{ closeReason: null, openedAt: AT, updatedAt: AT, closedAt: null },
})

describe('what a position holds', () => {
  it('is what its entries bought less what its stops and exits sold; every fee counts', () => {
    const holdings = holdingsOf([
      orderWith('entry', [
        ['100', '1', '0.4'],
        ['102', '1', '0.4'],
      ]),
      orderWith('stop', [['95', '0.5', '0.2']]),
      orderWith('exit', [['110', '1', '0.5']]),
    ])
    expect(text(heldQuantity(holdings))).toBe('0.5')
    expect(text(holdings.fees)).toBe('1.5')
    expect(text(averagePrice(holdings.entryCost, holdings.entered))).toBe('101')
    expect(text(realisedGross('long', holdings))).toBe('6')
    expect(text(realisedGross('short', holdings))).toBe('-6')
  })

  it('is nothing without orders, at no price', () => {
    const holdings = holdingsOf([])
    expect(heldQuantity(holdings).isZero()).toBe(true)
    expect(averagePrice(ZERO, ZERO).isZero()).toBe(true)
    expect(realisedGross('long', holdings).isZero()).toBe(true)
  })
})

describe('profit', () => {
  const lots = fc.integer({ min: 1, max: 10 ** 9 }).map((units) => amount(units).div(10 ** 8))
  const cents = fc.integer({ min: 1, max: 10 ** 8 }).map((units) => amount(units).div(100))
  const side = fc.constantFrom<PositionSide>('long', 'short')

  it('of a position that is flat is Σ sells − Σ buys, to the last digit', () => {
    const trades = fc.array(fc.tuple(cents, cents, lots), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(side, trades, (of, given) => {
        const both = (which: 0 | 1): Trade[] => given.map((one) => [text(one[which]), text(one[2])])
        const holdings = holdingsOf([orderWith('entry', both(0)), orderWith('exit', both(1))])
        const flow = holdings.exitCost.minus(holdings.entryCost)
        const profit = realisedGross(of, holdings)
        expect(heldQuantity(holdings).isZero()).toBe(true)
        expect(
          profit
            .minus(of === 'long' ? flow : flow.negated())
            .abs()
            .lte('1e-20'),
        ).toBe(true)
      }),
      { seed: 20_251_103 },
    )
  })

  it('realised and unrealised at the mark are together what closing everything there would have brought', () => {
    fc.assert(
      fc.property(
        side,
        cents,
        cents,
        cents,
        lots,
        fc.integer({ min: 0, max: 100 }),
        (of, entry, exit, mark, size, pct) => {
          const sold = size.times(pct).div(100)
          const holdings = holdingsOf([
            orderWith('entry', [[text(entry), text(size)]]),
            orderWith('exit', [[text(exit), text(sold)]]),
          ])
          const rest = held(text(size.minus(sold)), text(entry), of)
          const sum = realisedGross(of, holdings).plus(unrealisedGross(rest, price(mark)))
          const gain = exit
            .times(sold)
            .plus(mark.times(size.minus(sold)))
            .minus(entry.times(size))
          expect(
            sum
              .minus(of === 'long' ? gain : gain.negated())
              .abs()
              .lte('1e-20'),
          ).toBe(true)
        },
      ),
      { seed: 3 },
    )
  })

  it("is the owner's (current − entry) × size × leverage, where size is the collateral in base units", () => {
    const [quantity, leverage] = ['3', 3]
    const size = amount(quantity).div(leverage)
    const owners = amount('110').minus('100').times(size).times(leverage)
    expect(text(unrealisedGross(held(quantity, '100', 'long', leverage), price('110')))).toBe(text(owners))
  })
})

describe('the return on margin', () => {
  it.each([
    ['long', 1, '110', '10'],
    ['long', 5, '110', '50'],
    ['short', 2, '110', '-20'],
  ] as const)('of a %s at leverage %i with the mark at %s is %s %%', (side, leverage, mark, pct) => {
    const position = held('2', '100', side, leverage)
    expect(returnOnMarginPct(position, unrealisedGross(position, price(mark)))).toBe(pct)
  })

  it('is not there before the first fill', () => {
    expect(returnOnMarginPct(held('0', '0'), money('0'))).toBeNull()
  })
})

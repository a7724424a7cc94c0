import { describe, expect, it } from 'vitest'
import { pair } from '../../src/domain/ids.ts'
import { notionalUsd, positionSnapshot } from '../../src/domain/money-snapshot.ts'
import { amount, price } from '../../src/domain/units.ts'
import { pricesFrom } from '../../src/domain/valuation.ts'
import { positionView } from '../support/money-lives.ts'

const AT = 1_621_427_400_000
const PRICES = { 'BTC/USDT': '40000', 'XRP/USDT': '0.6', 'XRP/BTC': '0.00002' }
const of = (symbol: string, quantity: string) => ({ symbol: pair(symbol), quantity })

describe('what positions hold', () => {
  it.each([
    ['nothing', [], '0'],
    ['one', [of('BTC/USDT', '0.01')], '400'],
    ['two of any side', [of('BTC/USDT', '0.01'), of('XRP/USDT', '100')], '460'],
    ['one quoted in BTC, at its own mark through the quote', [of('XRP/BTC', '100')], '80'],
    ['nothing yet, which needs no mark', [of('ETH/USDT', '0')], '0'],
  ] as const)('of %s is volume × mark', (_, positions, expected) => {
    expect(notionalUsd(positions, pricesFrom(PRICES))).toBe(expected)
  })

  it('is unknown, not less, while one mark is missing: its own or its quote’s', () => {
    expect(notionalUsd([of('BTC/USDT', '0.01'), of('ETH/USDT', '1')], pricesFrom(PRICES))).toBeNull()
    expect(notionalUsd([of('XRP/BTC', '100')], pricesFrom({ 'XRP/BTC': '0.00002' }))).toBeNull()
  })
})

describe('a look at a position', () => {
  const held = { quantity: '0.3', entryPrice: '40000', fees: '9.6', financing: '2.4' }

  it.each([
    ['a long that gained', {}, '41000', '300', '2.5'],
    ['a long that lost', {}, '39000', '-300', '-2.5'],
    ['a short at 3× that gained', { side: 'short', leverage: 3 }, '39000', '300', '7.5'],
    ['a mark at the entry', {}, '40000', '0', '0'],
    ['per cent to six decimals', { entryPrice: '30000' }, '40000', '3000', '33.333333'],
  ] as const)('says the gross result and the return on margin: %s', (_, over, mark, gross, percent) => {
    const seen = positionSnapshot(positionView('p', AT, { ...held, ...over }), price(amount(mark)), AT)
    expect(seen).toMatchObject({
      unrealisedGross: gross,
      returnOnMarginPct: percent,
      fees: '9.6',
      financing: '2.4',
      mark,
    })
  })
})

import { describe, expect, it } from 'vitest'
import { parseExact } from '../../../src/adapters/kraken/exact-json.ts'
import { krakenNames } from '../../../src/adapters/kraken/names.ts'
import { readPairs } from '../../../src/adapters/kraken/pairs.ts'
import { pair } from '../../../src/domain/ids.ts'

const row = (altname: string, wsname: string, base: string, quote: string) => ({
  ...{
    altname,
    wsname,
    base,
    quote,
    pair_decimals: 1,
    lot_decimals: 8,
    cost_decimals: 5,
    leverage_buy: [2, 3],
    leverage_sell: [2, 3],
  },
  ...{ ordermin: '0.00005', costmin: '0.5', tick_size: '0.1' },
})
const names = krakenNames(
  readPairs(
    parseExact(
      JSON.stringify({
        XBTUSDT: row('XBTUSDT', 'XBT/USDT', 'XXBT', 'USDT'),
        XXBTZUSD: row('XBTUSD', 'XBT/USD', 'XXBT', 'ZUSD'),
        XDGUSD: row('XDGUSD', 'XDG/USD', 'XXDG', 'ZUSD'),
        XTZUSD: row('XTZUSD', 'XTZ/USD', 'XTZ', 'ZUSD'),
      }),
    ),
  ),
)

describe('Kraken’s names', () => {
  it.each([
    ['XBTUSDT', 'BTC/USDT'],
    ['XXBTZUSD', 'BTC/USD'],
    ['XBTUSD', 'BTC/USD'],
    ['XBT/USD', 'BTC/USD'],
    ['BTC/USDT', 'BTC/USDT'],
    ['XDGUSD', 'DOGE/USD'],
  ])('the pair %s is our %s', (theirs, ours) => {
    expect(names.pairOf(theirs)).toBe(ours)
  })

  it.each([
    ['XXBT', 'BTC'],
    ['ZUSD', 'USD'],
    ['USDT', 'USDT'],
    ['XXDG', 'DOGE'],
    ['XBT', 'BTC'],
  ])('the asset %s is our %s', (theirs, ours) => {
    expect(names.assetOf(theirs)).toBe(ours)
  })

  it('strips no letters: Tezos stays XTZ, a staked balance stays an asset of its own', () => {
    expect(['XTZ', 'ETH2.S', 'XBT.M', 'ZZZ'].map(names.assetOf)).toEqual(['XTZ', 'ETH2.S', 'XBT.M', 'ZZZ'])
  })

  it('calls a pair by the name that REST takes, and one that is not listed by none', () => {
    expect(names.restName(pair('BTC/USDT'))).toBe('XBTUSDT')
    expect(names.restName(pair('XRP/USDT'))).toBeNull()
    expect(names.pairOf('AAPLxUSD')).toBeNull()
  })
})

it.each([
  [
    [2, 3],
    [2, 3],
    [2, 3],
  ],
  [
    [2, 3, 4],
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [], []],
])('of the leverages %j for longs and %j for shorts, %j may be used: both ways must be open', (buy, sell, both) => {
  const listed = { ...row('XBTUSDT', 'XBT/USDT', 'XXBT', 'USDT'), leverage_buy: buy, leverage_sell: sell }
  const read = readPairs(parseExact(JSON.stringify({ XBTUSDT: listed }))).get(pair('BTC/USDT'))
  expect(read?.instrument.leverages).toEqual(both)
})

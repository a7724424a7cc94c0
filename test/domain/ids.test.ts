import { describe, expect, it } from 'vitest'
import { baseOf, pair, parsePair, quoteOf, SUPPORTED_PAIRS } from '../../src/domain/ids.ts'

describe('a pair', () => {
  it.each(['BTC/USDT', 'btc/usdt', 'BTC_USDT', ' Btc_Usdt '])('%j is BTC/USDT', (given) => {
    expect(parsePair(given)).toBe('BTC/USDT')
    expect(pair(given)).toBe('BTC/USDT')
  })

  it.each(['BTC', 'BTCUSDT', 'BTC/', '/USDT', 'BTC/USDT/X', 'B/USDT', 'BTC-USDT', 'BTC/US DT', 'BTC__USDT', ''])(
    '%j is none',
    (given) => {
      expect(parsePair(given)).toBeNull()
      expect(() => pair(given)).toThrow(`${JSON.stringify(given)} is not a pair such as BTC/USDT`)
    },
  )

  it('is its base and its quote', () => {
    for (const symbol of SUPPORTED_PAIRS) expect(`${baseOf(pair(symbol))}/${quoteOf(pair(symbol))}`).toBe(symbol)
  })
})

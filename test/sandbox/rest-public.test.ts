import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { SANDBOX_PAIRS } from '../../src/sandbox/pairs.ts'
import { marketData } from '../support/market-data.ts'
import { type OpenSandbox, openSandbox, T0 } from './open-sandbox.ts'

let sandbox: OpenSandbox
afterEach(() => sandbox?.stop())

/** A market of one trade, with the quote around it. */
async function open(): Promise<OpenSandbox> {
  sandbox = await openSandbox()
  sandbox.quote('BTC/USDT', '49999.9', '50000.1')
  sandbox.trade('BTC/USDT', '50000', '0.5')
  return sandbox
}

describe('time and status', () => {
  it('are the venue’s own', async () => {
    await open()
    expect((await sandbox.public('Time')).result).toEqual({
      unixtime: T0 / 1000,
      rfc1123: 'Sun, 22 Nov 26 12:00:00 +0000',
    })
    expect((await sandbox.public('SystemStatus')).result).toEqual({
      status: 'online',
      timestamp: '2026-11-22T12:00:00Z',
    })
  })

  it('tell the mode that the market is in', async () => {
    await open()
    await sandbox.adminPost('/mode', { mode: 'post_only' })
    expect((await sandbox.public('SystemStatus')).result.status).toBe('post_only')
  })

  it('are answered to POST as well, as some clients ask so', async () => {
    await open()
    const response = await fetch(`${sandbox.rest}/0/public/Time`, { method: 'POST' })
    expect(await response.json()).toMatchObject({ error: [] })
  })
})

describe('names', () => {
  it.each(['XBTUSDT', 'XBT/USDT', 'BTC/USDT', 'btcusdt'])('a pair may be called %s', async (name) => {
    await open()
    expect(Object.keys((await sandbox.public('Ticker', { pair: name })).result)).toEqual(['XBTUSDT'])
  })

  it.each([
    ['XXBTZUSD', 'XXBTZUSD'],
    ['XBTUSD', 'XXBTZUSD'],
    ['BTC/USD', 'XXBTZUSD'],
    ['XRPXBT', 'XXRPXXBT'],
    ['ETH/BTC', 'XETHXXBT'],
    ['XRP/USDT', 'XRPUSDT'],
  ])('%s is answered under %s', async (name, id) => {
    await open()
    expect(Object.keys((await sandbox.public('AssetPairs', { pair: name })).result)).toEqual([id])
  })

  it('an unknown pair or asset is told so', async () => {
    await open()
    expect((await sandbox.public('Ticker', { pair: 'XBTUSDT,FOOBAR' })).error).toEqual(['EQuery:Unknown asset pair'])
    expect((await sandbox.public('Depth', { pair: 'FOOBAR' })).error).toEqual(['EQuery:Unknown asset pair'])
    expect((await sandbox.public('Assets', { asset: 'FOO' })).error).toEqual(['EQuery:Unknown asset'])
  })

  it('assets have their ids, altnames and decimals', async () => {
    await open()
    const { result } = await sandbox.public('Assets', { asset: 'XBT,USD,USDT' })
    expect(result).toMatchObject({
      XXBT: { aclass: 'currency', altname: 'XBT', decimals: 10, display_decimals: 5, status: 'enabled' },
      ZUSD: { altname: 'USD', decimals: 4, display_decimals: 2 },
      USDT: { altname: 'USDT', decimals: 8, display_decimals: 4 },
    })
  })

  const captured = marketData('http_asset_pairs.json')
  it.skipIf(captured === null)('BTC/USDT has the fields and rules of Kraken’s own answer', async () => {
    await open()
    const theirs = JSON.parse(readFileSync(captured ?? '', 'utf8')).result.XBTUSDT
    const ours = (await sandbox.public('AssetPairs', { pair: 'XBTUSDT' })).result.XBTUSDT
    // Fees have changed since, and leverages are those that the system knows of the pair.
    const { fees: _fees, fees_maker: _makers, leverage_buy: _buy, leverage_sell: _sell, ...rules } = theirs
    expect(ours).toMatchObject(rules)
    expect(Object.keys(theirs).filter((name) => !(name in ours))).toEqual([])
  })

  it('every pair of the system is listed with tick, lot and minimums', async () => {
    await open()
    const { result } = await sandbox.public('AssetPairs')
    expect(Object.keys(result)).toEqual(SANDBOX_PAIRS.map(({ id }) => id))
    expect(result.XRPUSDT).toMatchObject({ tick_size: '0.00001', pair_decimals: 5, lot_decimals: 8, ordermin: '2' })
  })

  it('AssetPairs tells fees, leverage or margin alone where asked', async () => {
    await open()
    const info = async (what: string) => (await sandbox.public('AssetPairs', { pair: 'XBTUSDT', info: what })).result
    expect(Object.keys((await info('fees')).XBTUSDT)).toEqual(['fees', 'fees_maker', 'fee_volume_currency'])
    expect((await info('fees')).XBTUSDT.fees[0]).toEqual([0, 0.8])
    expect((await info('fees')).XBTUSDT.fees_maker[0]).toEqual([0, 0.4])
    expect(await info('margin')).toEqual({ XBTUSDT: { margin_call: 80, margin_stop: 40 } })
  })
})

describe('the market', () => {
  it('Ticker has best prices, last trade, volume and range', async () => {
    await open()
    expect((await sandbox.public('Ticker', { pair: 'XBTUSDT' })).result).toEqual({
      XBTUSDT: {
        a: ['50000.1', '5', '5.00000000'],
        b: ['49999.9', '5', '5.00000000'],
        c: ['50000.0', '0.50000000'],
        v: ['0.50000000', '0.50000000'],
        p: ['50000.0', '50000.0'],
        t: [1, 1],
        l: ['50000.0', '50000.0'],
        h: ['50000.0', '50000.0'],
        o: '50000.0',
      },
    })
  })

  it('Depth lists as many levels as asked, best first', async () => {
    await open()
    const { asks, bids } = (await sandbox.public('Depth', { pair: 'XBTUSDT', count: '2' })).result.XBTUSDT
    expect(asks[0]).toEqual(['50000.1', '5.00000000', T0 / 1000])
    expect(bids[0]).toEqual(['49999.9', '5.00000000', T0 / 1000])
    expect([asks.length, bids.length]).toEqual([2, 2])
  })

  it('Trades go on from the cursor of the last answer', async () => {
    await open()
    const first = (await sandbox.public('Trades', { pair: 'XBTUSDT' })).result
    expect(first.XBTUSDT).toEqual([['50000.0', '0.50000000', T0 / 1000, 'b', 'm', '', 1]])
    sandbox.clock.advanceTo(T0 + 1_500)
    sandbox.trade('BTC/USDT', '49990', '0.25')
    const next = (await sandbox.public('Trades', { pair: 'XBTUSDT', since: first.last })).result
    expect(next.XBTUSDT).toEqual([['49990.0', '0.25000000', T0 / 1000 + 1.5, 's', 'm', '', 2]])
    expect(next.last).toBe(`${T0 + 1_500}000000`)
  })

  it('OHLC has one row a bar, the last one still running, and a cursor before it', async () => {
    await open()
    sandbox.clock.advanceTo(T0 + 60_000)
    sandbox.trade('BTC/USDT', '50100', '1')
    const { XBTUSDT: rows, last } = (await sandbox.public('OHLC', { pair: 'XBTUSDT' })).result
    expect(rows).toEqual([
      [T0 / 1000, '50000.0', '50000.0', '50000.0', '50000.0', '50000.0', '0.50000000', 1],
      [T0 / 1000 + 60, '50100.0', '50100.0', '50100.0', '50100.0', '50100.0', '1.00000000', 1],
    ])
    expect(last).toBe(T0 / 1000)
    const later = (await sandbox.public('OHLC', { pair: 'XBTUSDT', since: String(last) })).result
    expect(later.XBTUSDT).toHaveLength(1)
    expect((await sandbox.public('OHLC', { pair: 'XBTUSDT', interval: '7' })).error).toEqual([
      'EGeneral:Invalid arguments:interval',
    ])
  })

  it('Spread has one row for each change of the best prices', async () => {
    await open()
    sandbox.clock.advanceTo(T0 + 2_000)
    sandbox.quote('BTC/USDT', '49999.9', '50000.1')
    sandbox.quote('BTC/USDT', '49999.8', '50000.1')
    const { result } = await sandbox.public('Spread', { pair: 'XBTUSDT' })
    expect(result).toEqual({
      XBTUSDT: [
        [T0 / 1000, '49999.9', '50000.1'],
        [T0 / 1000 + 2, '49999.8', '50000.1'],
      ],
      last: T0 / 1000 + 2,
    })
  })

  it('of a pair without any price is empty, and its ticker is left out', async () => {
    await open()
    expect((await sandbox.public('Ticker', { pair: 'XRPUSDT' })).result).toEqual({})
    expect((await sandbox.public('Depth', { pair: 'XRPUSDT' })).result).toEqual({ XRPUSDT: { asks: [], bids: [] } })
    expect((await sandbox.public('OHLC', { pair: 'XRPUSDT' })).result.XRPUSDT).toEqual([])
  })
})

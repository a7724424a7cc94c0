import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { marketData } from '../support/market-data.ts'
import { type OpenSandbox, openSandbox, type Wire } from './open-sandbox.ts'

let sandbox: OpenSandbox
beforeEach(async () => {
  sandbox = await openSandbox({ limits: false })
  sandbox.quote('BTC/USDT', '49999.9', '50000.1')
  sandbox.trade('BTC/USDT', '50000')
})
afterEach(() => sandbox.stop())

const result = async (method: string, fields: Record<string, unknown> = {}): Promise<Wire> => {
  const { error, result: found } = await sandbox.private(method, fields)
  expect(error).toEqual([])
  return found
}
const placed = async (over: Record<string, unknown> = {}): Promise<string> =>
  (
    await result('AddOrder', {
      pair: 'XBTUSDT',
      type: 'buy',
      ordertype: 'limit',
      price: '40000',
      volume: '0.01',
      ...over,
    })
  ).txid[0]

/** Documented answers of Kraken: every field that they have, ours has, in the same JSON type. */
describe('shapes', () => {
  const folder = marketData('kraken-json')
  const documented = (file: string): Wire => {
    const text = readFileSync(join(folder ?? '', file), 'utf8')
    return JSON.parse(text.slice(text.indexOf('{'))).result
  }
  const first = (rows: Wire): Wire => Object.values(rows)[0]
  const kind = (value: unknown) => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value)
  /** What ours lacks, or has in another type. Absent ids are null or `None` in their captures. */
  const differences = (theirs: Wire, ours: Wire, at = ''): string[] =>
    Object.entries(theirs).flatMap(([name, value]) => {
      const path = `${at}${name}`
      if (!(name in ours)) return [path]
      if (path === 'refid' || value === null || ours[name] === null) return []
      if (kind(value) !== kind(ours[name])) return [`${path}: ${kind(value)}, not ${kind(ours[name])}`]
      return kind(value) === 'object' ? differences(value as Wire, ours[name], `${path}.`) : []
    })

  it.skipIf(folder === null)('of open, closed and queried orders', async () => {
    await placed()
    const done = await placed({ ordertype: 'market', userref: '5' })
    await placed({ type: 'sell', ordertype: 'stop-loss-limit', price: '45000', price2: '44000', trigger: 'index' })
    const open = first((await result('OpenOrders', { trades: true })).open)
    const closed = first((await result('ClosedOrders')).closed)
    const { trades: _trades, ...documentedOpen } = first(documented('trading/GetOpenOrders.txt').open)
    expect(differences(documentedOpen, open)).toEqual([])
    const { trigger: _trigger, ...documentedClosed } = first(documented('trading/GetClosedOrders.txt').closed)
    expect(differences(documentedClosed, closed)).toEqual([])
    const queried = (await result('QueryOrders', { txid: done, trades: true }))[done]
    const { trigger: _index, ...documentedQuery } = first(documented('trading/GetOrders.txt'))
    expect(differences(documentedQuery, queried)).toEqual([])
    expect(differences(first(documented('trading/GetOrders2.txt')), closed)).toEqual([])
  })

  it.skipIf(folder === null)('of trades and ledger entries', async () => {
    await placed({ ordertype: 'market' })
    const trade = first((await result('TradesHistory')).trades)
    expect(differences(first(documented('trading/GetUserTrades.txt').trades), trade)).toEqual([])
    const entry = first((await result('Ledgers')).ledger)
    expect(differences(first(documented('account/GetLedgerInfo.txt').ledger), entry)).toEqual([])
  })

  it.skipIf(folder === null)('of balances, volume, status, assets, ticker, book, bars and trades', async () => {
    const { ml: _ml, ...balance } = documented('account/GetTradeBalance.txt')
    expect(differences(balance, await result('TradeBalance'))).toEqual([])
    const volume = await result('TradeVolume', { pair: 'XXBTZUSD' })
    expect(differences(documented('account/GetTradeVolume.txt'), volume)).toEqual([])
    sandbox.quote('BTC/USD', '49999.9', '50000.1')
    sandbox.trade('BTC/USD', '50000')
    const ask = async (method: string) => (await sandbox.public(method, { pair: 'XBTUSD', asset: 'XBT,USD' })).result
    for (const [file, method] of [
      ['GetSystemStatus', 'SystemStatus'],
      ['GetTicker', 'Ticker'],
      ['GetOrderBook', 'Depth'],
      ['GetKlines', 'OHLC'],
      ['GetTradeHistory', 'Trades'],
      ['GetRecentSpread', 'Spread'],
    ] as const)
      expect([method, differences(documented(`exchange-data/${file}.txt`), await ask(method))]).toEqual([method, []])
    expect(differences(documented('exchange-data/GetAssets.txt').XXBT, (await ask('Assets')).XXBT)).toEqual([])
  })
})

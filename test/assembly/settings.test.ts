import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { settingsOf } from '../../src/assembly/settings.ts'
import { asset, pair } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../../src/domain/instrument.ts'

const dir = fileURLToPath(new URL('../../config', import.meta.url))
const settings = (overrides: Readonly<Record<string, string>> = {}) =>
  settingsOf({
    config: loadConfig({ dir, env: {}, overrides }),
    mode: 'paper',
    symbols: [pair('BTC/USDT')],
    instruments: BUILT_IN_INSTRUMENTS,
  })

it('asks for the prices of what is held or should be held, also where agents trade less', () => {
  expect(settings().symbols).toEqual(['BTC/USDT'])
  expect(settings().watched).toEqual(['BTC/USDT', 'XRP/USDT'])
})

it('asks for no price that nothing needs', () => {
  const watched = settings({
    'execution.paper.starting_balances.xrp': '0',
    'portfolio.target_allocation.btc_pct': '50',
    'portfolio.target_allocation.xrp_pct': '0',
    'portfolio.target_allocation.usdt_pct': '50',
  }).watched
  expect(watched).toEqual(['BTC/USDT'])
})

it('asks for the way through BTC where a coin that is held has no price in dollars, and for nothing of one that has no price', () => {
  const [first] = BUILT_IN_INSTRUMENTS
  const more = ['KSM/BTC', 'USDT/JPY', 'GBP/USD'].map(
    (symbol): Instrument => ({ ...first, symbol: pair(symbol) }) as Instrument,
  )
  const { watched } = settingsOf({
    ...{ config: loadConfig({ dir, env: {} }), mode: 'live', symbols: [pair('XRP/USDT')] },
    instruments: [...BUILT_IN_INSTRUMENTS, ...more],
    account: { fees: { maker: '0', taker: '0' }, held: ['KSM', 'JPY', 'GBP', 'USD', 'NIX'].map(asset) },
  })
  expect(watched).toEqual(['XRP/USDT', 'KSM/BTC', 'BTC/USDT', 'GBP/USD'])
})

it('gives rates as shares and times in milliseconds', () => {
  const { fees, orderPolicy, portfolio } = settings()
  expect(fees).toEqual({ maker: '0.004', taker: '0.008' })
  expect(orderPolicy).toMatchObject({ acknowledgeMs: 5_000, lateFillMs: 60_000 })
  expect(portfolio).toMatchObject({ minBetweenPlansMs: 86_400_000, orderLifeMs: 900_000, hodl: { BTC: '0' } })
})

it("paces calls by the owner's buckets and by the counters of the account's tier, with a fifth kept for exits", () => {
  expect(settings().pacing).toMatchObject({
    ...{ calls: { perMinute: 60, burst: 10 }, orders: { perMinute: 30, burst: 5 }, reserve: 0.2 },
    venue: { engine: { max: 60, decay: 1 }, rest: { max: 15, decay: 0.33 } },
  })
  const { pacing } = settings({
    'execution.kraken.rate_limit.tier': 'pro',
    'execution.kraken.rate_limit.call_burst': '3',
  })
  expect(pacing).toMatchObject({ calls: { burst: 3 }, venue: { engine: { max: 180, decay: 3.75 } } })
})

it('tries, amends and remembers as the orders section says', () => {
  const { orderPolicy, orderRetries, historySize } = settings({ 'execution.orders.max_history_size': '50' })
  expect(orderRetries).toEqual({ count: 3, firstMs: 5_000 })
  expect(orderPolicy).toMatchObject({ amendMinChangePct: '0.1', amendMinIntervalMs: 5_000 })
  expect(historySize).toBe(50)
})

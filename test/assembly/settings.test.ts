import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { settingsOf } from '../../src/assembly/settings.ts'
import { pair } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'

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

it('gives rates as shares and times in milliseconds', () => {
  const { fees, orderPolicy, portfolio } = settings()
  expect(fees).toEqual({ maker: '0.004', taker: '0.008' })
  expect(orderPolicy).toMatchObject({ acknowledgeMs: 5_000, lateFillMs: 60_000 })
  expect(portfolio).toMatchObject({ minBetweenPlansMs: 86_400_000, orderLifeMs: 900_000, hodl: { BTC: '0' } })
})

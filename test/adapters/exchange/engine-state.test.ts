import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { brief, freshEngine, T0, trade } from './engine.harness.ts'
import { clientId } from './orders.ts'

/** Written by the engine of the first form, before orders were known by the venue's id. */
const first = (): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL('engine-state.v1.json', import.meta.url), 'utf8'))

const upgraded = () => {
  const engine = freshEngine()
  engine.restore(first())
  return engine
}

describe('a saved account of the first form', () => {
  it('keeps its orders, balances and holds', () => {
    const engine = upgraded()
    expect(engine.openOrders().map((row) => [row.venueOrderId, row.clientOrderId, row.type, row.filled])).toEqual([
      ['OABCDE-FGHIJ-000002', clientId(2), 'limit', '0.005'],
      ['OABCDE-FGHIJ-000003', clientId(3), 'stop-loss', '0'],
      ['OABCDE-FGHIJ-000004', clientId(4), 'limit', '0'],
    ])
    expect(engine.find(clientId(5))).toMatchObject({ status: 'cancelled', reason: 'User requested', cost: '0' })
    expect(engine.find('OABCDE-FGHIJ-000001')).toMatchObject({ status: 'filled', cost: '400.008', fee: '3.20007' })
    expect(engine.balances()).toEqual([
      { asset: 'USDT', total: '9401.01193', held: '962.64' },
      { asset: 'BTC', total: '1.015', held: '0.01' },
      { asset: 'XRP', total: '500', held: '0' },
    ])
  })

  it('has its trades out of its fills', () => {
    expect(upgraded().trades()).toMatchObject([
      { tradeId: 'TABCDE-FGHIJ-000001', venueOrderId: 'OABCDE-FGHIJ-000001', price: '40000.8', cost: '400.008' },
      { tradeId: 'TABCDE-FGHIJ-000002', venueOrderId: 'OABCDE-FGHIJ-000002', price: '39000', cost: '195' },
    ])
  })

  it('lets the requests that were on their way arrive, and goes on numbering where it was', () => {
    const engine = upgraded()
    const events = engine.advanceTo(T0 + 200)
    expect(brief(events)).toEqual(['amended', 'cancelled: User requested'])
    expect(engine.find(clientId(2))).toMatchObject({ limitPrice: '38500', amended: true })
    expect(engine.find(clientId(6))).toMatchObject({ venueOrderId: 'OABCDE-FGHIJ-000006', status: 'open' })
    expect(brief(engine.onMarket(trade('38400', '1', T0 + 300)))).toEqual(['maker 0.015 @ 38500'])
    expect(engine.trades().at(-1)?.tradeId).toBe('TABCDE-FGHIJ-000003')
  })

  it('that is damaged is refused, and so is one of a pair that is not listed', () => {
    const { markets: _markets, ...damaged } = first()
    expect(() => freshEngine().restore(damaged)).toThrow('damaged')
    const foreign = JSON.parse(JSON.stringify(first()).replaceAll('BTC/USDT', 'DOGE/USDT'))
    expect(() => freshEngine().restore(foreign)).toThrow('DOGE/USDT, which is not listed')
  })
})

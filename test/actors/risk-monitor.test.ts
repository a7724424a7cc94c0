/** The watch over the circuit breakers: readings, what they latch, what is remembered over a restart. */
import { describe, expect, it } from 'vitest'
import { createAccount } from '../../actors/account.ts'
import { createRiskMonitor } from '../../actors/risk-monitor.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import type { Mark } from '../../src/domain/valuation.ts'
import { balance, factOf, fillOf, orderOf, positionOf, requestOf, T0, tradingHouse } from './trading-house.ts'

const DAY = 86_400_000
const MINUTE = 60_000

/** 1,000 USDT and 500 XRP at 0.5, unless said otherwise. */
function watchedHouse(start: readonly Balance[] = [balance('USDT', '1000'), balance('XRP', '500')]) {
  const house = tradingHouse()
  const marks: Record<string, Mark> = {}
  const account = createAccount(house.house, () => marks)
  const mark = (symbol: string, price: string): void => {
    marks[symbol] = { price, at: house.clock.now() }
  }
  const open = (): void => {
    for (const [symbol, price] of [
      ['BTC/USDT', '40000'],
      ['XRP/USDT', '0.5'],
    ] as const)
      mark(symbol, price)
    house.openAccount(start, { 'BTC/USDT': '40000', 'XRP/USDT': '0.5' })
  }
  const bought = (quantity: string, price: string, fee = '0'): void => {
    const order = orderOf('entry', requestOf({ quantity }), { status: 'FILLED', filled: quantity })
    const fill = fillOf('t1', price, quantity, fee)
    house.books.apply(factOf({ type: 'order.filled', order, fill }))
    house.books.apply(factOf({ type: 'position.filled', position: positionOf({ quantity, entryPrice: price }) }))
  }
  const monitor = createRiskMonitor(house.house, account, { context: () => null })
  return { ...house, account, monitor, marks, mark, open, bought }
}

const lossPct = (given: string | null | undefined): number => Number(given)

describe('a look', () => {
  it('opens day and week once, and counts the loss since in per cent of the opening equity', () => {
    const { monitor, open, bought, mark, clock } = watchedHouse()
    open()
    monitor.look()
    bought('0.01', '40000')
    mark('BTC/USDT', '39000')
    monitor.look()
    expect(monitor.reading()).toMatchObject({ dayLossPct: '0.8', weekLossPct: '0.8', drawdownPct: '0.8' })

    clock.advanceTo(T0 + DAY)
    mark('BTC/USDT', '38000')
    mark('XRP/USDT', '0.5')
    monitor.look()
    expect(monitor.reading()).toMatchObject({ dayLossPct: '0', weekLossPct: '1.6' })
    expect(monitor.risk().day?.openingEquityUsd).toBe('1230')
  })

  it('begins a new week on Monday, 00:00 UTC', () => {
    const { monitor, open, mark, clock } = watchedHouse()
    open()
    monitor.look()
    const monday = Date.UTC(2025, 10, 10)
    for (const at of [monday - 1, monday]) {
      clock.advanceTo(at)
      mark('XRP/USDT', at < monday ? '0.6' : '0.7')
      mark('BTC/USDT', '40000')
      monitor.look()
    }
    expect(monitor.risk().week?.openingEquityUsd).toBe('1350')
  })

  it('does not take the market against the core holdings for a trading loss', () => {
    const { monitor, open, mark } = watchedHouse()
    open()
    monitor.look()
    mark('XRP/USDT', '0.1')
    monitor.look()
    expect(monitor.reading()).toMatchObject({ dayLossPct: '0', drawdownPct: '0', accountDrawdownPct: '16' })
    expect(monitor.drawdown()).toMatchObject({ peak: '1250', equity: '1050', drawdownPct: '16' })
  })

  it("measures the trading book's fall against the equity that the account had at its peak", () => {
    const { monitor, open, bought, mark } = watchedHouse()
    open()
    bought('0.01', '40000')
    mark('BTC/USDT', '50000')
    monitor.look()
    mark('BTC/USDT', '40000')
    mark('XRP/USDT', '0.01')
    monitor.look()
    expect(lossPct(monitor.reading().drawdownPct)).toBeCloseTo((100 / 1350) * 100, 5)
  })

  it('sees nothing while a mark is stale: no opening is taken from half a picture, and nothing reads as zero', () => {
    const { monitor, open, clock, mark } = watchedHouse()
    open()
    clock.advanceTo(T0 + 2 * MINUTE)
    monitor.look()
    expect(monitor.risk().day).toBeNull()
    expect(monitor.reading()).toMatchObject({ dayLossPct: null, weekLossPct: null, drawdownPct: null })
    mark('XRP/USDT', '1')
    monitor.look()
    expect(monitor.risk().day?.openingEquityUsd).toBe('1500')
  })
})

describe('after a restart', () => {
  it('the losses of day and week and the fall from a peak between two openings are still known', async () => {
    const first = watchedHouse()
    first.open()
    first.monitor.look()
    first.bought('0.01', '40000')
    first.mark('BTC/USDT', '50000')
    first.clock.advanceTo(T0 + MINUTE)
    first.mark('XRP/USDT', '0.5')
    first.mark('BTC/USDT', '50000')
    first.monitor.look()
    await first.journal.settled()
    expect(first.told('account.periodBegan').map(({ period, equityUsd }) => [period, equityUsd])).toEqual([
      ['day', '1250'],
      ['week', '1250'],
    ])

    const second = watchedHouse()
    second.open()
    for (const fact of first.facts) second.books.apply({ ...fact, origin: 'replayed' })
    second.bought('0.01', '40000')
    second.mark('BTC/USDT', '38000')
    second.monitor.look()
    expect(second.monitor.reading()).toMatchObject({ dayLossPct: '1.6', weekLossPct: '1.6' })
    expect(lossPct(second.monitor.reading().drawdownPct)).toBeCloseTo((120 / 1350) * 100, 5)
    await second.journal.settled()
    expect(second.told('account.periodBegan')).toEqual([])
  })
})

/** The watch over the circuit breakers: readings, what they latch, what is remembered over a restart. */
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { createRiskMonitor, riskLogic } from '../../actors/risk-monitor.ts'
import type { CoordinatorContext } from '../../machines/coordinator.machine.ts'
import type { BreakerName } from '../../src/domain/breakers.ts'
import type { Balance } from '../../src/domain/portfolio.ts'
import { accountHouse, factOf, orderOf, positionOf, requestOf, T0 } from './trading-house.ts'

const DAY = 86_400_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The account's house with a monitor that nobody pauses. */
function watchedHouse(
  start?: readonly Balance[],
  isReconciling = () => false,
  /** What the coordinator has heard of. */
  breakers: readonly BreakerName[] = [],
) {
  const house = accountHouse(start)
  const context = () => ({ breakers, pauseReasons: [] }) as unknown as CoordinatorContext
  return { ...house, monitor: createRiskMonitor(house.house, house.account, { context, isReconciling }) }
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

  it('keeps the day and its losses where the clock was set back over midnight', async () => {
    const { monitor, open, bought, mark, books, journal, told } = watchedHouse()
    open()
    bought('0.01', '40000')
    const began = { openingEquityUsd: '1250', tradingNet: '0' }
    const day = { ...began, beganAt: T0 + 15 * HOUR }
    const risk = { ...books.risk(), day, week: { ...began, beganAt: T0 }, peakBaseUsd: '1250' }
    books.apply(factOf({ type: 'risk.stateChanged', risk }))
    mark('BTC/USDT', '39000')
    monitor.look()
    expect(monitor.reading().dayLossPct).toBe('0.8')
    await journal.settled()
    expect(told('account.periodBegan')).toEqual([])
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

  it('sees nothing until the account was compared with the venue: what that filled meanwhile is not in the books', () => {
    let isReconciling = true
    const { monitor, open } = watchedHouse(undefined, () => isReconciling)
    open()
    monitor.look()
    expect(monitor.risk().day).toBeNull()
    expect(monitor.reading()).toMatchObject({ dayLossPct: null, weekLossPct: null, drawdownPct: null })
    isReconciling = false
    monitor.look()
    expect(monitor.risk().day?.openingEquityUsd).toBe('1250')
  })
})

it('waits for the next price where a drawdown is doubted and a mark goes stale before the second reading', () => {
  const { monitor, house, open, bought, mark, clock, enlist } = watchedHouse()
  open()
  bought('0.02', '40000')
  monitor.look()
  clock.advanceTo(T0 + MINUTE - 500)
  mark('BTC/USDT', '20000')
  let looks = 0
  const look = (): void => {
    looks += 1
    if (looks <= 10) monitor.look()
  }
  enlist('risk', createActor(riskLogic({ ...monitor, look }))).start()
  monitor.look()
  expect(Number(monitor.reading().drawdownPct)).toBeGreaterThan(20)
  clock.advanceTo(T0 + MINUTE + 2_000)
  expect(monitor.reading().drawdownPct).toBeNull()
  expect(looks).toBe(1)
  mark('XRP/USDT', '0.5')
  monitor.look()
  expect(house.books.risk().breakers).toEqual([])
  mark('BTC/USDT', '20000')
  monitor.look()
  expect(house.books.risk().breakers.map(({ name }) => name)).toContain('drawdown')
})

it('takes a price for a peak that two readings have reached: one wrong print up is no fall afterwards', () => {
  const { monitor, open, bought, mark, clock } = watchedHouse()
  open()
  monitor.look()
  bought('0.02', '40000')
  const at = (second: number, price: string): string => {
    clock.advanceTo(T0 + second * 1_000)
    mark('BTC/USDT', price)
    mark('XRP/USDT', '0.5')
    monitor.look()
    return monitor.risk().peakTradingNet
  }
  expect([at(1, '40000'), at(2, '55000'), at(3, '40000')]).toEqual(['0', '0', '0'])
  expect(monitor.reading().drawdownPct).toBe('0')
  expect([at(4, '41000'), at(5, '42000'), at(6, '41500')]).toEqual(['0', '20', '30'])
})

describe('after a restart', () => {
  it('the losses of day and week and the fall from a peak between two openings are still known', async () => {
    const first = watchedHouse()
    first.open()
    first.monitor.look()
    first.bought('0.01', '40000')
    for (const at of [T0 + MINUTE - 1_000, T0 + MINUTE]) {
      first.clock.advanceTo(at)
      first.mark('XRP/USDT', '0.5')
      first.mark('BTC/USDT', '50000')
      first.monitor.look()
    }
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

describe('what is remembered', () => {
  it('is told when it changed, and peaks alone once a minute at most', async () => {
    const { monitor, open, mark, clock, journal, told } = watchedHouse()
    open()
    monitor.look()
    for (let second = 1; second <= 120; second += 1) {
      clock.advanceTo(T0 + second * 1_000)
      mark('BTC/USDT', '40000')
      mark('XRP/USDT', String(0.5 + second / 1_000))
      monitor.look()
    }
    await journal.settled()
    expect(told('risk.stateChanged').map(({ at }) => at - T0)).toEqual([0, MINUTE, 2 * MINUTE])
    expect(told('risk.stateChanged').at(-1)?.risk.peakEquityUsd).toBe('1310')
  })

  it('is told at a start, should the process have died before it was', async () => {
    const { monitor, open, books, journal, told } = watchedHouse()
    open()
    books.apply(factOf({ type: 'position.closed', position: positionOf({ status: 'closed', realisedGross: '-1' }) }))
    monitor.look()
    monitor.look()
    await journal.settled()
    expect(told('risk.stateChanged').map(({ risk }) => risk.lossStreak)).toEqual([1])
  })
})

describe('a start', () => {
  const latched = (name: 'daily_loss' | 'drawdown' | 'weekly_loss') =>
    factOf({ type: 'risk.breakerTripped', breaker: name, valuePct: '25', thresholdPct: '20', until: null })

  it('tells the coordinator what it never heard, and of orders that were not carried out', () => {
    const house = watchedHouse()
    house.listenAs('coordinator', 'risk')
    house.open()
    for (const name of ['daily_loss', 'drawdown'] as const) house.books.apply(latched(name))
    house.monitor.begin()
    const heard = house.heardBy('coordinator').map(({ type, breaker }) => [type, breaker])
    expect(heard).toEqual([
      ['breaker.tripped', 'daily_loss'],
      ['breaker.tripped', 'drawdown'],
    ])
    expect(house.heardBy('risk').map(({ type }) => type)).toEqual(['look-at-risk'])
  })

  it('orders a weekly loss again while an entry rests, should the process have died before it was taken back', () => {
    const house = watchedHouse(undefined, undefined, ['weekly_loss'])
    house.listenAs('coordinator', 'risk')
    house.open()
    house.books.apply(latched('weekly_loss'))
    house.monitor.begin()
    expect(house.heardBy('coordinator')).toEqual([])
    house.books.apply(factOf({ type: 'order.opened', order: orderOf('entry') }))
    house.monitor.begin()
    expect(house.heardBy('coordinator')).toMatchObject([{ type: 'breaker.tripped', breaker: 'weekly_loss' }])
    house.books.apply(
      factOf({ type: 'order.cancelled', order: orderOf('entry', requestOf(), { status: 'CANCELLED' }) }),
    )
    house.monitor.begin()
    expect(house.heardBy('coordinator')).toHaveLength(1)
  })

  it('says nothing of what was heard and done, or seen by a person', () => {
    const house = watchedHouse()
    house.listenAs('coordinator', 'risk')
    house.open()
    house.books.apply(latched('weekly_loss'))
    house.books.apply(factOf({ type: 'risk.breakerAcknowledged', breaker: 'weekly_loss', by: 'admin' }))
    house.monitor.begin()
    expect(house.heardBy('coordinator')).toEqual([])
    house.books.apply(factOf({ type: 'position.filled', position: positionOf() }))
    house.monitor.begin()
    expect(house.heardBy('coordinator')).toHaveLength(1)
    house.books.apply(
      factOf({ type: 'position.reducing', position: positionOf(), reason: 'breaker', quantity: '0.005' }),
    )
    house.monitor.begin()
    expect(house.heardBy('coordinator')).toHaveLength(1)
  })
})

/** What breakers make of a market that fell while nobody was there: what the stop had sold by then is no loss of now. */
import { describe, expect, it } from 'vitest'
import type { Candle } from '../../src/domain/candle.ts'
import type { HistoryQuery } from '../../src/ports/market-feed.ts'
import { BTC, MINUTE, NOON, SECOND, World } from '../support/whole-system.ts'

const FAR = { dailyLossPct: 90, weeklyLossPct: 90, drawdownPct: 90, straightLosses: 90 }
const HOUR = 60 * MINUTE
const MIDNIGHT = NOON + 12 * HOUR

/** History that ends with the last minute, as a venue's does: a start finds prices that are fresh before any is told. */
function lastMinute(price: () => string) {
  return ({ symbol, timeframe, to }: HistoryQuery): readonly Candle[] => {
    if (timeframe !== '1m') return []
    const close = symbol === BTC ? price() : '1'
    const openAt = (Math.floor(to / MINUTE) - 1) * MINUTE
    return [{ symbol, timeframe, openAt, open: close, high: close, low: close, close, volume: '1' }]
  }
}

/** A tenth of the account in BTC at 49,990, and the process is gone. */
async function heldAndAway(history: (query: HistoryQuery) => readonly Candle[], dailyLossPct = 1): Promise<World> {
  const { limits } = new World().settings
  const breakers = { ...FAR, dailyLossPct }
  const world = new World({ settings: { limits: { ...limits, breakers } }, history })
  await world.bootReady()
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  world.kill()
  return world
}

type History = (price: () => string) => (query: HistoryQuery) => readonly Candle[]

/** Stopped at 49,000 at the venue while the process is away; BTC falls on to 40,000. */
async function stoppedWhileAway(untilBoot: number, history: History = lastMinute): Promise<World> {
  let last = '50000'
  const world = await heldAndAway(history(() => last))
  world.print(BTC, '48990')
  await world.pass(SECOND)
  last = '40000'
  world.print(BTC, last)
  await world.pass(untilBoot - world.clock.now())
  await world.bootReady()
  await world.pass(10 * SECOND)
  expect(world.is('closed')).toBe(true)
  return world
}

describe('a start that finds a position stopped out', () => {
  it('counts what the stop cost, and not what the fall would have cost without it', async () => {
    const world = await stoppedWhileAway(NOON + 10 * SECOND)
    expect(world.factsOf('risk.breakerTripped')).toEqual([])
    expect(Number(world.system.desk.risk().readings.dayLossPct)).toBeCloseTo(0.32, 2)
  })

  it('opens a day that began meanwhile with what was really left', async () => {
    const world = await stoppedWhileAway(MIDNIGHT + 10 * SECOND)
    const { readings, risk } = world.system.desk.risk()
    expect(readings).toMatchObject({ dayLossPct: '0' })
    expect(Number(risk.day?.tradingNet)).toBeCloseTo(-64.07, 2)
  })
})

describe('a start hours into a day', () => {
  const DAWN = MIDNIGHT + 6 * HOUR
  /** With the hours of a day before it, as a venue's history has them: BTC closed at that price at midnight. */
  const withHours =
    (atMidnight: string, price: () => string) =>
    (query: HistoryQuery): readonly Candle[] => {
      const { symbol, timeframe, to } = query
      if (timeframe !== '1h') return lastMinute(price)(query)
      const first = Math.floor(to / HOUR) - 24
      return Array.from({ length: 24 }, (_, hour) => {
        const openAt = (first + hour) * HOUR
        const close = symbol === BTC ? (openAt + HOUR === MIDNIGHT ? atMidnight : price()) : '1'
        return { symbol, timeframe, openAt, open: close, high: close, low: close, close, volume: '1' }
      })
    }
  const dayLoss = (world: World): number => Number(world.system.desk.risk().readings.dayLossPct)

  it.each([
    ['49990', 0.28],
    ['49500', 0.18],
  ])('counts what the stop lost since midnight, when BTC stood at %s', async (atMidnight, pct) => {
    let last = '50000'
    const world = await heldAndAway(withHours(atMidnight, () => last))
    await world.pass(MIDNIGHT + 3 * HOUR - world.clock.now())
    last = '48990'
    world.print(BTC, last)
    await world.pass(DAWN - world.clock.now())
    await world.bootReady()
    await world.pass(10 * SECOND)
    expect(world.is('closed')).toBe(true)
    expect(dayLoss(world)).toBeCloseTo(pct, 2)
  })

  it('trips by what is held and has fallen since midnight', async () => {
    let last = '50000'
    const world = await heldAndAway(
      withHours('49990', () => last),
      0.15,
    )
    last = '49100'
    world.print(BTC, last)
    await world.pass(DAWN - world.clock.now())
    await world.bootReady()
    await world.pass(15 * SECOND)
    expect(world.factsOf('risk.breakerTripped').map(({ breaker }) => breaker)).toEqual(['daily_loss'])
  })

  it('counts nothing of a loss that the day before had', async () => {
    expect(dayLoss(await stoppedWhileAway(DAWN, (price) => withHours('40000', price)))).toBe(0)
  })

  it('begins with the first look where nobody knows the price of midnight', async () => {
    let last = '50000'
    const world = await heldAndAway(lastMinute(() => last))
    last = '49100'
    world.print(BTC, last)
    await world.pass(DAWN - world.clock.now())
    await world.bootReady()
    await world.pass(10 * SECOND)
    expect(dayLoss(world)).toBe(0)
  })
})

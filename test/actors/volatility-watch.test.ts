import { describe, expect, it } from 'vitest'
import { createMarket } from '../../actors/market.actor.ts'
import { createTriggerIndex } from '../../actors/trigger-index.ts'
import { createVolatilityWatch } from '../../actors/volatility-watch.ts'
import type { VolatilityReading } from '../../src/analysis/volatility.ts'
import type { Candle } from '../../src/domain/candle.ts'
import { BTC, settle, T0, tradingHouse, XRP } from './trading-house.ts'

const MINUTE = 60_000
const calm: VolatilityReading = { spikeSince: null, hasMovedFast: false }

function watchHouse() {
  const house = tradingHouse()
  const watch = createVolatilityWatch(house.house)
  const look = (minute: number, reading: Partial<VolatilityReading>, symbol = BTC): void => {
    house.clock.advanceTo(T0 + minute * MINUTE)
    watch.look(symbol, { ...calm, ...reading }, T0 + minute * MINUTE)
  }
  const rests = () => {
    house.clock.advanceTo(house.clock.now() + 1_000)
    return house.told('risk.cooldownBegan').map(({ symbol, cause, until }) => [symbol, cause, (until - T0) / MINUTE])
  }
  return { ...house, look, rests }
}

describe('the volatility watch', () => {
  it('a spike is a rest of 15 minutes from its beginning, once, however long it goes on', async () => {
    const { look, rests, books } = watchHouse()
    look(0, { spikeSince: T0 })
    look(1, { spikeSince: T0 })
    look(30, { spikeSince: T0 })
    await settle()
    expect(rests()).toEqual([[BTC, 'volatility_spike', 15]])
    expect(books.streaks().cooldownUntil).toEqual({ [BTC]: T0 + 15 * MINUTE })
  })

  it('the next spike is the next rest', async () => {
    const { look, rests } = watchHouse()
    look(0, { spikeSince: T0 })
    look(5, {})
    look(6, { spikeSince: T0 + 6 * MINUTE })
    await settle()
    expect(rests()).toEqual([
      [BTC, 'volatility_spike', 15],
      [BTC, 'volatility_spike', 21],
    ])
  })

  it('a spike that began too long ago is no rest any more', async () => {
    const { look, rests } = watchHouse()
    look(15, { spikeSince: T0 })
    await settle()
    expect(rests()).toEqual([])
  })

  it('a fast move is a rest of ten minutes; one that goes on rests again when they are over', async () => {
    const { look, rests } = watchHouse()
    for (let minute = 0; minute <= 10; minute++) look(minute, { hasMovedFast: true })
    look(11, {})
    await settle()
    expect(rests()).toEqual([
      [BTC, 'fast_move', 10],
      [BTC, 'fast_move', 20],
    ])
  })

  it('is of one symbol: another one trades on', async () => {
    const { look, rests, books } = watchHouse()
    look(0, { hasMovedFast: true, spikeSince: T0 }, XRP)
    look(0, {}, BTC)
    await settle()
    expect(rests()).toEqual([
      [XRP, 'volatility_spike', 15],
      [XRP, 'fast_move', 10],
    ])
    expect(books.streaks().cooldownUntil).toEqual({ [XRP]: T0 + 15 * MINUTE })
  })

  it('the market hands it every closed candle, and a refused one never', async () => {
    const house = tradingHouse()
    const market = createMarket(
      house.house,
      createTriggerIndex(() => true),
      () => undefined,
      createVolatilityWatch(house.house),
    )
    const close = (openAt: number, changes: Partial<Candle>): void => {
      const candle: Candle = {
        ...{ symbol: BTC, timeframe: '1m', openAt, open: '100', high: '100', low: '100', close: '100', volume: '1' },
        ...changes,
      }
      market.hear({ kind: 'candle', symbol: BTC, candle, at: openAt + MINUTE })
    }
    house.clock.advanceTo(T0 + MINUTE)
    close(T0, { high: '99', low: '90' })
    close(T0, { high: '104' })
    await settle()
    expect(house.told('risk.cooldownBegan')).toMatchObject([{ cause: 'fast_move', until: T0 + 11 * MINUTE }])
    expect(house.books.streaks().cooldownUntil[BTC]).toBe(T0 + 11 * MINUTE)
    expect(market.volatilityOf(BTC).hasMovedFast).toBe(true)
    expect(market.volatilityOf(XRP)).toEqual(calm)
  })
})

import { describe, expect, it } from 'vitest'
import type { Bus, Envelope } from '../../../src/ports/bus.ts'
import { BTC, candleClosed, draining, journalBack, marketFresh, XRP } from './facts.ts'
import { awayMs, held, type MakeFixture, openAt, START } from './fixture.ts'

export function expiryContract(fixture: MakeFixture): void {
  describe('an expired message', () => {
    it('is not delivered but kept as a dead letter', async () => {
      const { bus, clock } = fixture()
      const { release } = held(bus, 'SYSTEM_EVENTS')
      bus.publish('system', journalBack(0))
      bus.publish('system', journalBack(1), { ttlSeconds: 10 })
      bus.publish('system', journalBack(2), { ttlSeconds: 11 })
      clock.advanceTo(START + 10_001)
      expect((await release()).map(awayMs)).toEqual([2])
      expect(bus.deadLetters()).toMatchObject([{ reason: 'expired', subscriberId: 'slow', at: START + 10_001 }])
      expect(bus.statistics().topics.SYSTEM_EVENTS).toMatchObject({ expired: 1, delivered: 2 })
    })

    it('is found neither as the latest nor in the history; at its exact age it still is', () => {
      const { bus, clock } = fixture()
      bus.publish('system', draining(), { ttlSeconds: 10 })
      clock.advanceTo(START + 10_000)
      expect(bus.getLatest('SYSTEM_EVENTS')).not.toBeNull()
      expect(bus.getHistory('SYSTEM_EVENTS')).toHaveLength(1)
      clock.advanceTo(START + 10_001)
      expect(bus.getLatest('SYSTEM_EVENTS')).toBeNull()
      expect(bus.getHistory('SYSTEM_EVENTS')).toEqual([])
    })

    it('does not hide an older one that lives longer', () => {
      const { bus, clock } = fixture()
      bus.publish('system', journalBack(1), { ttlSeconds: 100 })
      bus.publish('system', journalBack(2), { ttlSeconds: 10 })
      clock.advanceTo(START + 50_000)
      const latest = bus.getLatest('SYSTEM_EVENTS', { type: 'journal.back', source: 'system' })
      expect(latest === null ? null : awayMs(latest)).toBe(1)
    })
  })
}

export function historyContract(fixture: MakeFixture): void {
  describe('looking back', () => {
    it('finds the newest of a source, a symbol, a type, or any of them together', () => {
      const { bus } = fixture()
      bus.publish('market', candleClosed(BTC, 1))
      bus.publish('market', candleClosed(XRP, 2))
      bus.publish('replay', candleClosed(BTC, 3))
      bus.publish('market', marketFresh(BTC))
      const found = (query: Parameters<Bus['getLatest']>[1]) => {
        const latest = bus.getLatest('MARKET_DATA', query)
        return latest === null ? null : latest.payload.type === 'market.fresh' ? 'fresh' : openAt(latest)
      }
      expect(found({})).toBe('fresh')
      expect(found(undefined)).toBe('fresh')
      expect(found({ type: 'candle.closed' })).toBe(3)
      expect(found({ symbol: XRP })).toBe(2)
      expect(found({ source: 'replay' })).toBe(3)
      expect(found({ source: 'market', symbol: BTC, type: 'candle.closed' })).toBe(1)
      expect(found({ source: 'replay', symbol: XRP })).toBeNull()
      expect(bus.getLatest('TA_SIGNALS')).toBeNull()
    })

    it('takes nothing older than the age asked for', () => {
      const { bus, clock } = fixture()
      bus.publish('market', candleClosed(BTC, 1))
      clock.advanceTo(START + 120_000)
      expect(bus.getLatest('MARKET_DATA', { maxAgeMs: 120_000 })).not.toBeNull()
      clock.advanceTo(START + 120_001)
      expect(bus.getLatest('MARKET_DATA', { maxAgeMs: 120_000 })).toBeNull()
      expect(bus.getHistory('MARKET_DATA', { maxAgeMs: 120_000 })).toEqual([])
      expect(bus.getHistory('MARKET_DATA')).toHaveLength(1)
    })

    it('lists oldest first, and with a limit the newest so many', () => {
      const { bus } = fixture()
      for (let index = 0; index < 5; index += 1) bus.publish('system', journalBack(index))
      expect(bus.getHistory('SYSTEM_EVENTS').map(awayMs)).toEqual([0, 1, 2, 3, 4])
      expect(bus.getHistory('SYSTEM_EVENTS', { limit: 2 }).map(awayMs)).toEqual([3, 4])
      expect(bus.getHistory('SYSTEM_EVENTS', { limit: 0 })).toEqual([])
    })

    it('forgets the oldest beyond the bound', () => {
      const { bus } = fixture({ historyLimit: 3 })
      for (let index = 0; index < 10; index += 1) bus.publish('system', journalBack(index))
      expect(bus.getHistory('SYSTEM_EVENTS').map(awayMs)).toEqual([7, 8, 9])
    })

    it('remembers a thousand a topic unless told otherwise', () => {
      const { bus } = fixture()
      for (let index = 0; index < 1_500; index += 1) bus.publish('system', journalBack(index))
      expect(bus.getHistory('SYSTEM_EVENTS')).toHaveLength(1_000)
    })

    it('still finds the last word of a quiet symbol after a busy one has filled the history', () => {
      const { bus } = fixture({ historyLimit: 10 })
      bus.publish('market', candleClosed(XRP, 7))
      for (let minute = 0; minute < 100; minute += 1) bus.publish('market', candleClosed(BTC, minute))
      const latest = bus.getLatest('MARKET_DATA', { symbol: XRP })
      expect(latest === null ? null : openAt(latest)).toBe(7)
    })

    it('finds what is being delivered at the moment', () => {
      const { bus } = fixture()
      let found: Envelope | null = null
      bus.subscribe('a', 'SYSTEM_EVENTS', () => {
        found = bus.getLatest('SYSTEM_EVENTS')
      })
      const published = draining()
      bus.publish('system', published)
      expect(found).toMatchObject({ id: published.id })
    })
  })
}

export function statisticsContract(fixture: MakeFixture): void {
  describe('statistics', () => {
    it('count every topic and every subscription', () => {
      const { bus } = fixture()
      bus.subscribe('a', 'SYSTEM_EVENTS', () => {})
      bus.subscribe('b', 'SYSTEM_EVENTS', () => {})
      bus.publish('system', draining())
      bus.publish('market', candleClosed())
      const statistics = bus.statistics()
      expect(statistics.topics.SYSTEM_EVENTS).toEqual({
        published: 1,
        delivered: 2,
        coalesced: 0,
        expired: 0,
        failed: 0,
      })
      expect(statistics.topics.MARKET_DATA.published).toBe(1)
      expect(Object.keys(statistics.topics)).toHaveLength(10)
      expect(statistics.subscribers).toEqual([
        { subscriberId: 'a', topic: 'SYSTEM_EVENTS', queued: 0, delivered: 1, failed: 0 },
        { subscriberId: 'b', topic: 'SYSTEM_EVENTS', queued: 0, delivered: 1, failed: 0 },
      ])
      expect(statistics).toMatchObject({ deadLetters: 1, queued: 0 })
    })

    it('are a snapshot that later traffic does not change', () => {
      const { bus } = fixture()
      const before = bus.statistics()
      bus.publish('system', draining())
      expect(before.topics.SYSTEM_EVENTS.published).toBe(0)
    })

    it('add up in the middle of a delivery: published is queued, delivered or failed', () => {
      const { bus } = fixture()
      const sums: boolean[] = []
      for (const name of ['a', 'b', 'c']) {
        bus.subscribe(name, 'SYSTEM_EVENTS', () => {
          const { topics, queued } = bus.statistics()
          const { published, delivered, failed } = topics.SYSTEM_EVENTS
          sums.push(published * 3 === queued + delivered + failed + 1)
          if (name === 'b') throw new Error('counted as failed')
        })
      }
      bus.publish('system', draining())
      bus.publish('system', draining())
      expect(sums).toEqual([true, true, true, true, true, true])
    })
  })
}

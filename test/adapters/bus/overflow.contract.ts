import { describe, expect, it } from 'vitest'
import { BTC, candleClosed, journalBack, marketFresh, XRP } from './facts.ts'
import { awayMs, held, type MakeFixture, openAt, types } from './fixture.ts'

export function overflowContract(fixture: MakeFixture): void {
  describe('a full queue', () => {
    it('of market data keeps the newest word per type and symbol, in the place of the older one', async () => {
      const { bus } = fixture({ queueLimit: 3 })
      const { release } = held(bus, 'MARKET_DATA')
      bus.publish('market', candleClosed(BTC, 0))
      bus.publish('market', candleClosed(BTC, 1))
      bus.publish('market', marketFresh(BTC))
      bus.publish('market', candleClosed(XRP, 2))
      expect(bus.publish('market', candleClosed(BTC, 3))).toBe(1)
      expect(bus.publish('market', candleClosed(BTC, 4))).toBe(1)
      const rest = await release()
      expect(types(rest)).toEqual(['candle.closed', 'market.fresh', 'candle.closed'])
      expect(rest.map(openAt)).toEqual([4, Number.NaN, 2])
      expect(bus.statistics().topics.MARKET_DATA.coalesced).toBe(2)
      expect(bus.deadLetters()).toEqual([])
    })

    it('of market data forgets nothing before it is full', async () => {
      const { bus } = fixture({ queueLimit: 3 })
      const { release } = held(bus, 'MARKET_DATA')
      for (let minute = 0; minute < 4; minute += 1) bus.publish('market', candleClosed(BTC, minute))
      expect((await release()).map(openAt)).toEqual([1, 2, 3])
    })

    it('does not take a minute candle for the news of an hour candle', async () => {
      const { bus } = fixture({ queueLimit: 2 })
      const { release } = held(bus, 'MARKET_DATA')
      bus.publish('market', candleClosed(BTC, 0))
      bus.publish('market', candleClosed(BTC, 1, '1m'))
      bus.publish('market', candleClosed(BTC, 2, '1h'))
      bus.publish('market', candleClosed(BTC, 3, '1m'))
      expect((await release()).map(openAt)).toEqual([3, 2])
    })

    it('of market data in which nothing is superseded gives up the oldest of the least urgent, as a dead letter', async () => {
      const { bus } = fixture({ queueLimit: 2 })
      const { release } = held(bus, 'MARKET_DATA')
      bus.publish('market', marketFresh(BTC))
      bus.publish('market', candleClosed(BTC, 1), { priority: 'NORMAL' })
      bus.publish('market', candleClosed(XRP, 2))
      bus.publish('market', marketFresh(XRP))
      expect(types(await release())).toEqual(['candle.closed', 'market.fresh'])
      expect(bus.deadLetters()).toMatchObject([{ reason: 'overflow', subscriberId: 'slow' }])
      expect(bus.deadLetters().map(({ envelope }) => openAt(envelope))).toEqual([2])
    })

    it('lets newer news of another priority take its own place', async () => {
      const { bus } = fixture({ queueLimit: 2 })
      const { release } = held(bus, 'MARKET_DATA')
      bus.publish('market', marketFresh(BTC))
      bus.publish('market', candleClosed(XRP, 1))
      bus.publish('market', candleClosed(BTC, 2))
      bus.publish('market', candleClosed(BTC, 3), { priority: 'URGENT' })
      expect((await release()).map(openAt)).toEqual([3, 1])
    })

    it('never drops what must not be lost', async () => {
      const { bus } = fixture({ queueLimit: 3 })
      const { release } = held(bus, 'SYSTEM_EVENTS')
      for (let index = 0; index < 50; index += 1) bus.publish('system', journalBack(index))
      expect(bus.statistics().subscribers[0]?.queued).toBe(49)
      expect((await release()).map(awayMs)).toEqual(Array.from({ length: 49 }, (_, index) => index + 1))
      expect(bus.deadLetters()).toEqual([])
    })

    it('of one subscriber costs another nothing', () => {
      const { bus } = fixture({ queueLimit: 1 })
      held(bus, 'MARKET_DATA')
      const heard: number[] = []
      bus.subscribe('quick', 'MARKET_DATA', (envelope) => void heard.push(openAt(envelope)))
      for (let minute = 0; minute < 5; minute += 1) bus.publish('market', candleClosed(BTC, minute))
      expect(heard).toEqual([0, 1, 2, 3, 4])
    })
  })
}

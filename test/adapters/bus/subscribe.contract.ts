import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../../src/ports/bus.ts'
import { BTC, candleClosed, draining, XRP } from './facts.ts'
import { type MakeFixture, refusal } from './fixture.ts'

export function subscribeContract(fixture: MakeFixture): void {
  describe('subscribing', () => {
    it('replaces an earlier subscription of the same subscriber and topic', () => {
      const { bus } = fixture()
      const heard: string[] = []
      bus.subscribe(
        'a',
        'SYSTEM_EVENTS',
        () => void heard.push('first'),
        () => false,
      )
      bus.subscribe('a', 'SYSTEM_EVENTS', () => void heard.push('second'))
      expect(bus.publish('system', draining())).toBe(1)
      expect(heard).toEqual(['second'])
    })

    it('ends one or all of a subscriber and says how many', () => {
      const { bus } = fixture()
      for (const topic of ['SYSTEM_EVENTS', 'MARKET_DATA', 'RISK_ALERTS'] as const) bus.subscribe('a', topic, () => {})
      bus.subscribe('b', 'SYSTEM_EVENTS', () => {})
      expect(bus.unsubscribe('a', 'RISK_ALERTS')).toBe(1)
      expect(bus.unsubscribe('a', 'RISK_ALERTS')).toBe(0)
      expect(bus.unsubscribe('a')).toBe(2)
      expect(bus.unsubscribe('nobody')).toBe(0)
      expect(bus.publish('system', draining())).toBe(1)
    })

    it('gives a filtered subscriber only what its filter lets through', () => {
      const { bus } = fixture()
      const heard: Envelope[] = []
      bus.subscribe(
        'a',
        'MARKET_DATA',
        (envelope) => void heard.push(envelope),
        ({ symbol }) => symbol === BTC,
      )
      bus.publish('market', candleClosed(XRP))
      bus.publish('market', candleClosed(BTC))
      expect(heard.map(({ symbol }) => symbol)).toEqual(['BTC/USDT'])
    })

    it('gives one who joins during a delivery only what is published after', () => {
      const { bus } = fixture()
      const heard: string[] = []
      bus.subscribe('a', 'SYSTEM_EVENTS', () => bus.subscribe('late', 'SYSTEM_EVENTS', () => void heard.push('late')))
      bus.publish('system', draining())
      expect(heard).toEqual([])
      bus.publish('system', draining())
      expect(heard).toEqual(['late'])
    })

    it('gives nothing more to one who leaves while messages wait for it', () => {
      const { bus } = fixture()
      const heard: string[] = []
      bus.subscribe('a', 'SYSTEM_EVENTS', () => {
        bus.unsubscribe('b')
      })
      bus.subscribe('b', 'SYSTEM_EVENTS', () => void heard.push('b'))
      bus.publish('system', draining())
      expect(heard).toEqual([])
      expect(bus.busy).toBe(0)
    })

    it.each([
      ['an empty name', '', 'SYSTEM_EVENTS', 'empty-subscriber'],
      ['a topic that does not exist', 'a', 'GOSSIP', 'unknown-topic'],
    ])('refuses %s', (_what, subscriberId, topic, code) => {
      const { bus } = fixture()
      const subscribe = () => Reflect.apply(bus.subscribe, bus, [subscriberId, topic, () => {}])
      expect(refusal(subscribe)).toEqual({ name: 'BusError', code })
    })
  })
}

import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../../src/ports/bus.ts'
import { BTC, candleClosed, draining, fact, marketFresh, orderOpened, positionFilled, XRP } from './facts.ts'
import { type MakeFixture, refusal, START } from './fixture.ts'

export function envelopeContract(fixture: MakeFixture): void {
  describe('the envelope', () => {
    it('says what, when, from whom, why and how urgent', () => {
      const { bus } = fixture()
      const heard: Envelope[] = []
      bus.subscribe('coordinator', 'RISK_ALERTS', (envelope) => void heard.push(envelope))
      const cause = marketFresh()
      const published = fact(
        { type: 'risk.breakerTripped', breaker: 'daily_loss', valuePct: '1', thresholdPct: '1', until: null },
        cause.id,
      )
      bus.publish('risk', published)
      expect(heard).toEqual([
        {
          id: published.id,
          timestamp: START,
          topic: 'RISK_ALERTS',
          source: 'risk',
          priority: 'URGENT',
          payload: published,
          correlationId: 'correlation',
          causationId: cause.id,
          ttlSeconds: 300,
        },
      ])
    })

    it('takes priority and time to live from the publisher where it gives them', () => {
      const { bus } = fixture()
      bus.publish('system', draining(), { priority: 'LOW', ttlSeconds: 7 })
      expect(bus.getLatest('SYSTEM_EVENTS')).toMatchObject({ priority: 'LOW', ttlSeconds: 7 })
    })

    it('finds the symbol on the fact, on its order or on its position', () => {
      const { bus } = fixture()
      bus.publish('market', candleClosed(XRP))
      bus.publish('orders', orderOpened(XRP))
      expect(bus.getLatest('MARKET_DATA')?.symbol).toBe('XRP/USDT')
      expect(bus.getLatest('EXECUTION_EVENTS')?.symbol).toBe('XRP/USDT')
      bus.publish('positions', positionFilled(BTC))
      expect(bus.getLatest('EXECUTION_EVENTS')?.symbol).toBe('BTC/USDT')
      bus.publish('coordinator', fact({ type: 'task.failed', task: 'ta_analysis', symbol: null, problem: 'late' }))
      expect(bus.getLatest('SYSTEM_EVENTS')).not.toHaveProperty('symbol')
    })

    it('cannot be changed by whoever hears it, nor can what it carries', () => {
      const { bus } = fixture()
      bus.publish('market', candleClosed())
      const envelope = bus.getLatest('MARKET_DATA')
      expect(Object.isFrozen(envelope)).toBe(true)
      expect(Object.isFrozen(envelope?.payload)).toBe(true)
    })
  })
}

export function publishContract(fixture: MakeFixture): void {
  describe('publishing', () => {
    it('returns how many deliveries it was queued for', () => {
      const { bus } = fixture()
      expect(bus.publish('system', draining())).toBe(0)
      bus.subscribe('a', 'SYSTEM_EVENTS', () => {})
      bus.subscribe('b', 'SYSTEM_EVENTS', () => {})
      bus.subscribe(
        'c',
        'SYSTEM_EVENTS',
        () => {},
        () => false,
      )
      expect(bus.publish('system', draining())).toBe(2)
    })

    it('has delivered when it returns', () => {
      const { bus } = fixture()
      let heard = 0
      bus.subscribe('a', 'SYSTEM_EVENTS', () => {
        heard += 1
      })
      bus.publish('system', draining())
      expect(heard).toBe(1)
      expect(bus.busy).toBe(0)
    })

    it('goes to the topic of its fact and to no other', () => {
      const { bus } = fixture()
      const heard: string[] = []
      bus.subscribe('a', 'MARKET_DATA', () => void heard.push('market'))
      bus.subscribe('a', 'SYSTEM_EVENTS', () => void heard.push('system'))
      bus.publish('market', candleClosed())
      expect(heard).toEqual(['market'])
    })

    it.each(['no.such', 'toString', '__proto__'])('refuses the unknown type %s', (type) => {
      const { bus } = fixture()
      const unknown = { ...draining() }
      Object.defineProperty(unknown, 'type', { value: type })
      expect(refusal(() => bus.publish('system', unknown))).toEqual({ name: 'BusError', code: 'unknown-type' })
    })

    it.each(['', '  '])('refuses the empty source "%s"', (source) => {
      const { bus } = fixture()
      expect(refusal(() => bus.publish(source, draining()))).toEqual({ name: 'BusError', code: 'empty-source' })
    })

    it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a time to live of %s', (ttlSeconds) => {
      const { bus } = fixture()
      const publish = () => bus.publish('system', draining(), { ttlSeconds })
      expect(refusal(publish)).toEqual({ name: 'BusError', code: 'bad-ttl' })
    })

    it('refuses trading signals and execution events from anybody but their publishers', () => {
      const { bus } = fixture()
      expect(refusal(() => bus.publish('api', orderOpened()))).toEqual({ name: 'BusError', code: 'not-a-publisher' })
      expect(refusal(() => bus.publish('coordinator', positionFilled())).code).toBe('not-a-publisher')
      expect(() => bus.publish('orders', orderOpened())).not.toThrow()
      expect(() => bus.publish('positions', positionFilled())).not.toThrow()
    })

    it('leaves no trace of what it refused', () => {
      const { bus } = fixture()
      refusal(() => bus.publish('system', draining(), { ttlSeconds: 0 }))
      refusal(() => bus.publish('api', orderOpened()))
      expect(bus.getHistory('SYSTEM_EVENTS')).toEqual([])
      expect(bus.statistics().topics.SYSTEM_EVENTS.published).toBe(0)
      expect(bus.deadLetters()).toEqual([])
    })

    it('keeps what nobody subscribes to as a dead letter, and not what every filter declines', () => {
      const { bus } = fixture()
      bus.publish('system', draining('to nobody'))
      expect(bus.deadLetters()).toMatchObject([{ reason: 'unroutable', subscriberId: null, at: START }])
      bus.subscribe(
        'a',
        'SYSTEM_EVENTS',
        () => {},
        () => false,
      )
      bus.publish('system', draining())
      expect(bus.deadLetters()).toHaveLength(1)
    })
  })
}

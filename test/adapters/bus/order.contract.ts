import { describe, expect, it } from 'vitest'
import { planId } from '../../../src/domain/ids.ts'
import { breakerTripped, candleClosed, draining, fact, journalBack, marketFresh } from './facts.ts'
import { awayMs, type MakeFixture } from './fixture.ts'

export function orderContract(fixture: MakeFixture): void {
  describe('the order of delivery', () => {
    it('is urgent first, and first in first out within a priority', () => {
      const { bus } = fixture()
      const heard: string[] = []
      bus.subscribe('a', 'RISK_ALERTS', ({ payload }) => void heard.push(payload.type))
      bus.subscribe('a', 'MARKET_DATA', ({ payload }) => void heard.push(payload.type))
      bus.subscribe('a', 'SYSTEM_EVENTS', ({ payload }) => {
        if (payload.type === 'journal.back') heard.push(`back ${payload.awayMs} ${'x'.repeat(payload.awayMs)}`)
      })
      bus.subscribe('starter', 'COORDINATOR_COMMANDS', () => {
        bus.publish('system', journalBack(1), { priority: 'NORMAL' })
        bus.publish('market', candleClosed())
        bus.publish('system', journalBack(2))
        bus.publish('system', journalBack(3))
        bus.publish('risk', breakerTripped())
        bus.publish('system', journalBack(4), { priority: 'NORMAL' })
      })
      bus.publish('api', fact({ type: 'command.accepted', command: 'pause', by: 'owner' }))
      expect(heard).toEqual([
        'risk.breakerTripped',
        'back 2 xx',
        'back 3 xxx',
        'back 1 x',
        'back 4 xxxx',
        'candle.closed',
      ])
    })

    it('is by publication, then by subscription, among equals', () => {
      const { bus } = fixture()
      const heard: string[] = []
      for (const name of ['first', 'second', 'third']) {
        bus.subscribe(name, 'SYSTEM_EVENTS', (envelope) => {
          heard.push(`${name} ${awayMs(envelope)}`)
          if (name === 'first' && awayMs(envelope) === 1) bus.publish('system', journalBack(2))
        })
      }
      bus.publish('system', journalBack(1))
      expect(heard).toEqual(['first 1', 'second 1', 'third 1', 'first 2', 'second 2', 'third 2'])
    })

    it('lets an urgent message overtake also what waits for the same subscriber and for others', () => {
      const { bus } = fixture()
      const heard: string[] = []
      bus.subscribe('a', 'SYSTEM_EVENTS', (envelope) => void heard.push(`system ${envelope.priority}`))
      bus.subscribe('b', 'PORTFOLIO_UPDATES', (envelope) => void heard.push(`portfolio ${envelope.priority}`))
      bus.subscribe('starter', 'MARKET_DATA', () => {
        bus.publish('system', draining(), { priority: 'LOW' })
        bus.publish('portfolio', fact({ type: 'rebalance.completed', planId: planId('plan') }))
        bus.publish('system', draining(), { priority: 'URGENT' })
      })
      bus.publish('market', marketFresh())
      expect(heard).toEqual(['system URGENT', 'portfolio NORMAL', 'system LOW'])
    })

    it('keeps a replaced subscriber in its old place', () => {
      const { bus } = fixture()
      const heard: string[] = []
      bus.subscribe('a', 'SYSTEM_EVENTS', () => {})
      bus.subscribe('b', 'SYSTEM_EVENTS', () => void heard.push('b'))
      bus.subscribe('a', 'SYSTEM_EVENTS', () => void heard.push('a'))
      bus.publish('system', draining())
      expect(heard).toEqual(['a', 'b'])
    })

    it('survives a chain of a hundred thousand messages, each published by the handler of the last', () => {
      const { bus } = fixture()
      let length = 0
      bus.subscribe('a', 'SYSTEM_EVENTS', () => {
        length += 1
        if (length < 100_000) bus.publish('system', journalBack(length))
      })
      bus.publish('system', journalBack(0))
      expect(length).toBe(100_000)
      expect(bus.busy).toBe(0)
    })

    it('never runs a handler inside itself or inside another', () => {
      const { bus } = fixture()
      let depth = 0
      let deepest = 0
      for (const name of ['a', 'b']) {
        bus.subscribe(name, 'SYSTEM_EVENTS', (envelope) => {
          depth += 1
          deepest = Math.max(deepest, depth)
          if (awayMs(envelope) < 5) bus.publish('system', journalBack(awayMs(envelope) + 1))
          depth -= 1
        })
      }
      bus.publish('system', journalBack(0))
      expect(deepest).toBe(1)
    })
  })
}

export function faultContract(fixture: MakeFixture): void {
  describe('a failing subscriber', () => {
    it('neither reaches the publisher nor keeps the message from the others', () => {
      const { bus } = fixture()
      let heard = 0
      bus.subscribe('broken', 'SYSTEM_EVENTS', () => {
        throw new TypeError('no such thing')
      })
      bus.subscribe('sound', 'SYSTEM_EVENTS', () => {
        heard += 1
      })
      expect(bus.publish('system', draining())).toBe(2)
      expect(heard).toBe(1)
    })

    it('leaves a dead letter with the reason, and is counted', () => {
      const { bus } = fixture()
      bus.subscribe('broken', 'SYSTEM_EVENTS', () => {
        throw new TypeError('no such thing')
      })
      const published = draining()
      bus.publish('system', published)
      expect(bus.deadLetters()).toMatchObject([
        { reason: 'handler-failed', subscriberId: 'broken', problem: 'TypeError: no such thing' },
      ])
      expect(bus.deadLetters()[0]?.envelope.payload).toBe(published)
      expect(bus.statistics().topics.SYSTEM_EVENTS).toMatchObject({ failed: 1, delivered: 0 })
      expect(bus.statistics().subscribers).toMatchObject([{ subscriberId: 'broken', failed: 1, delivered: 0 }])
    })

    it('gets the next message all the same', () => {
      const { bus } = fixture()
      let calls = 0
      bus.subscribe('broken', 'SYSTEM_EVENTS', () => {
        calls += 1
        throw new Error('again')
      })
      bus.publish('system', draining())
      bus.publish('system', draining())
      expect(calls).toBe(2)
    })

    it('is one whose filter throws, too', () => {
      const { bus } = fixture()
      const broken = () => {
        throw new Error('bad filter')
      }
      bus.subscribe('broken', 'SYSTEM_EVENTS', () => {}, broken)
      expect(bus.publish('system', draining())).toBe(0)
      expect(bus.deadLetters()).toMatchObject([{ reason: 'handler-failed', subscriberId: 'broken' }])
    })

    it('may throw anything at all', () => {
      const { bus } = fixture()
      bus.subscribe('odd', 'SYSTEM_EVENTS', () => {
        throw Object.create(null)
      })
      expect(() => bus.publish('system', draining())).not.toThrow()
      expect(bus.deadLetters()).toHaveLength(1)
    })

    it('cannot make the list of dead letters grow beyond its bound; the counter goes on', () => {
      const { bus } = fixture({ deadLetterLimit: 3 })
      for (let index = 0; index < 10; index += 1) bus.publish('system', journalBack(index))
      expect(bus.deadLetters().map(({ envelope }) => awayMs(envelope))).toEqual([7, 8, 9])
      expect(bus.statistics().deadLetters).toBe(10)
    })
  })
}

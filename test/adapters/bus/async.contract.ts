import { describe, expect, it } from 'vitest'
import { journalBack, marketFresh } from './facts.ts'
import { awayMs, type MakeFixture, pending, settle } from './fixture.ts'

export function asyncContract(fixture: MakeFixture): void {
  describe('a slow subscriber', () => {
    it('gets its messages one after the other, and nobody else waits', async () => {
      const { bus } = fixture()
      const gates = [pending(), pending()]
      const slow: number[] = []
      const quick: number[] = []
      bus.subscribe('slow', 'SYSTEM_EVENTS', (envelope) => {
        slow.push(awayMs(envelope))
        return gates[awayMs(envelope)]?.promise
      })
      bus.subscribe('quick', 'SYSTEM_EVENTS', (envelope) => void quick.push(awayMs(envelope)))
      bus.publish('system', journalBack(0))
      bus.publish('system', journalBack(1))
      expect(slow).toEqual([0])
      expect(quick).toEqual([0, 1])
      expect(bus.busy).toBe(2)
      gates[0]?.finish()
      await settle()
      expect(slow).toEqual([0, 1])
      expect(bus.busy).toBe(1)
      gates[1]?.finish()
      await settle()
      expect(bus.busy).toBe(0)
      expect(bus.statistics().topics.SYSTEM_EVENTS.delivered).toBe(4)
    })

    it('waits also when several messages were there before it began', async () => {
      const { bus } = fixture()
      let running = 0
      let most = 0
      bus.subscribe('slow', 'SYSTEM_EVENTS', async () => {
        running += 1
        most = Math.max(most, running)
        await settle()
        running -= 1
      })
      bus.subscribe('starter', 'MARKET_DATA', () => {
        for (let index = 0; index < 3; index += 1) bus.publish('system', journalBack(index))
      })
      bus.publish('market', marketFresh())
      for (let turn = 0; turn < 10; turn += 1) await settle()
      expect(most).toBe(1)
      expect(bus.statistics().topics.SYSTEM_EVENTS.delivered).toBe(3)
      expect(bus.busy).toBe(0)
    })

    it('gets the most urgent of what has waited first', async () => {
      const { bus } = fixture()
      const gate = pending()
      const heard: number[] = []
      bus.subscribe('slow', 'SYSTEM_EVENTS', (envelope) => {
        heard.push(awayMs(envelope))
        return awayMs(envelope) === 0 ? gate.promise : undefined
      })
      bus.publish('system', journalBack(0))
      bus.publish('system', journalBack(1), { priority: 'LOW' })
      bus.publish('system', journalBack(2))
      bus.publish('system', journalBack(3), { priority: 'URGENT' })
      gate.finish()
      await settle()
      expect(heard).toEqual([0, 3, 2, 1])
    })

    it('that fails late leaves a dead letter and goes on', async () => {
      const { bus } = fixture()
      const gate = pending()
      const heard: number[] = []
      bus.subscribe('slow', 'SYSTEM_EVENTS', (envelope) => {
        heard.push(awayMs(envelope))
        return awayMs(envelope) === 0 ? gate.promise : undefined
      })
      bus.publish('system', journalBack(0))
      bus.publish('system', journalBack(1))
      gate.fail(new Error('too late'))
      await settle()
      expect(heard).toEqual([0, 1])
      expect(bus.deadLetters()).toMatchObject([{ reason: 'handler-failed', problem: 'Error: too late' }])
    })

    it('that never finishes is no longer waited for once it is replaced, and loses nothing that waits', async () => {
      const { bus } = fixture()
      const hung = pending()
      const heard: number[] = []
      bus.subscribe('slow', 'SYSTEM_EVENTS', () => hung.promise)
      bus.publish('system', journalBack(0))
      bus.publish('system', journalBack(1))
      bus.subscribe('slow', 'SYSTEM_EVENTS', (envelope) => void heard.push(awayMs(envelope)))
      expect(heard).toEqual([1])
      expect(bus.busy).toBe(0)
      hung.fail(new Error('long after'))
      await settle()
      expect(bus.busy).toBe(0)
      expect(bus.deadLetters()).toMatchObject([{ problem: 'Error: long after' }])
    })

    it('that never finishes does not keep the bus busy once it has left', () => {
      const { bus } = fixture()
      bus.subscribe('slow', 'SYSTEM_EVENTS', () => pending().promise)
      bus.publish('system', journalBack(0))
      bus.publish('system', journalBack(1))
      expect(bus.busy).toBe(2)
      bus.unsubscribe('slow')
      expect(bus.busy).toBe(0)
    })

    it('may leave or replace itself while it runs', async () => {
      const { bus } = fixture()
      const gate = pending()
      const heard: number[] = []
      bus.subscribe('self', 'SYSTEM_EVENTS', () => {
        bus.subscribe('self', 'SYSTEM_EVENTS', (envelope) => void heard.push(awayMs(envelope)))
        return gate.promise
      })
      bus.publish('system', journalBack(0))
      bus.publish('system', journalBack(1))
      expect(heard).toEqual([1])
      gate.finish()
      await settle()
      expect(bus.busy).toBe(0)
    })
  })
}

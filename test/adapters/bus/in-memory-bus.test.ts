import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inMemoryBus } from '../../../src/adapters/bus/in-memory-bus.ts'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { PRIORITIES } from '../../../src/domain/topics.ts'
import type { Log } from '../../../src/ports/log.ts'
import { heldBytes } from '../clock/memory.ts'
import { busContract } from './bus.contract.ts'
import { draining, journalBack, marketFresh } from './facts.ts'

describe('the bus in memory, as any bus', () => {
  busContract((clock, limits) => inMemoryBus({ clock, ...limits }))
})

function listening() {
  const lines: string[] = []
  const write = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  return { log, lines }
}

describe('the bus in memory', () => {
  it('tells the log of a queue over its bound once for every bound of messages, and counts each', () => {
    const { log, lines } = listening()
    const bus = inMemoryBus({ clock: simulatedClock(0), log, queueLimit: 10 })
    bus.subscribe('stuck', 'SYSTEM_EVENTS', () => new Promise<void>(() => {}))
    for (let index = 0; index < 36; index += 1) bus.publish('system', journalBack(index))
    expect(lines).toEqual([
      'warn a bus queue is over its bound {"subscriber":"stuck","topic":"SYSTEM_EVENTS","queued":10}',
      'warn a bus queue is over its bound {"subscriber":"stuck","topic":"SYSTEM_EVENTS","queued":20}',
      'warn a bus queue is over its bound {"subscriber":"stuck","topic":"SYSTEM_EVENTS","queued":30}',
    ])
    expect(bus.statistics().overflowed).toMatchObject({ SYSTEM_EVENTS: 25, MARKET_DATA: 0 })
  })

  it('tells the log of a subscriber that fails', () => {
    const { log, lines } = listening()
    const bus = inMemoryBus({ clock: simulatedClock(0), log })
    bus.subscribe('broken', 'SYSTEM_EVENTS', () => {
      throw new Error('no such thing')
    })
    bus.publish('system', draining())
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^error a bus subscriber failed .*"subscriber":"broken".*"problem":"Error: no such thing"/)
  })

  it.each(['historyLimit', 'queueLimit', 'deadLetterLimit'])('refuses a %s that is no whole number above 0', (name) => {
    for (const limit of [0, -1, 1.5, Number.NaN]) {
      expect(() => inMemoryBus({ clock: simulatedClock(0), [name]: limit })).toThrow(`${name} must be a whole number`)
    }
  })

  it('does not remember the last word of sources that fell silent long ago', () => {
    const clock = simulatedClock(0)
    const bus = inMemoryBus({ clock, historyLimit: 10 })
    const before = heldBytes()
    for (let index = 0; index < 50_000; index += 1) {
      clock.advanceTo(index * 1_000)
      bus.publish(`source ${index}`, marketFresh())
    }
    // 50,000 messages kept are more than 20 MB; only the last 300 have not expired.
    expect(heldBytes() - before).toBeLessThan(5_000_000)
    expect(bus.getLatest('MARKET_DATA', { source: 'source 49999' })).not.toBeNull()
  })

  it('gives every subscriber every message exactly once, by priority and then by publication, whatever is published', () => {
    const plan = fc.array(fc.constantFrom(...PRIORITIES), { maxLength: 60 })
    fc.assert(
      fc.property(plan, fc.integer({ min: 1, max: 4 }), (priorities, subscribers) => {
        const bus = inMemoryBus({ clock: simulatedClock(0), queueLimit: 5 })
        const heard = Array.from({ length: subscribers }, (): number[] => [])
        heard.forEach((list, index) => {
          bus.subscribe(`s${index}`, 'SYSTEM_EVENTS', ({ payload }) => {
            if (payload.type === 'journal.back') list.push(payload.awayMs)
          })
        })
        bus.subscribe('starter', 'MARKET_DATA', () => {
          priorities.forEach((priority, index) => void bus.publish('system', journalBack(index), { priority }))
        })
        bus.publish('market', marketFresh())
        const expected = priorities
          .map((priority, index) => ({ rank: PRIORITIES.indexOf(priority), index }))
          .sort((a, b) => b.rank - a.rank || a.index - b.index)
          .map(({ index }) => index)
        for (const list of heard) expect(list).toEqual(expected)
      }),
    )
  })
})

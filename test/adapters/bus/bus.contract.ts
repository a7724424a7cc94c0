import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { planId } from '../../../src/domain/ids.ts'
import type { Bus, Envelope } from '../../../src/ports/bus.ts'
import type { Clock, SimulatedClock } from '../../../src/ports/clock.ts'
import {
  BTC,
  breakerTripped,
  candleClosed,
  draining,
  fact,
  journalBack,
  marketFresh,
  orderOpened,
  positionFilled,
  XRP,
} from './facts.ts'

export interface BusLimits {
  readonly historyLimit?: number
  readonly queueLimit?: number
  readonly deadLetterLimit?: number
}

export type MakeBus = (clock: Clock, limits?: BusLimits) => Bus

const START = Date.UTC(2024, 0, 1)

interface Fixture {
  readonly clock: SimulatedClock
  readonly bus: Bus
}

/** A promise and the two ways to settle it. */
function pending() {
  let finish = (): void => {}
  let fail = (_error: Error): void => {}
  const promise = new Promise<void>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  return { promise, finish, fail }
}

/** Lets promise callbacks run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

const refusal = (call: () => unknown): { name: unknown; code: unknown } => {
  try {
    call()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { name: error.name, code: error.code }
    throw error
  }
  throw new Error('it was not refused')
}

const types = (envelopes: readonly Envelope[]): string[] => envelopes.map(({ payload }) => payload.type)
const awayMs = ({ payload }: Envelope): number => (payload.type === 'journal.back' ? payload.awayMs : Number.NaN)
const openAt = ({ payload }: Envelope): number =>
  payload.type === 'candle.closed' ? payload.candle.openAt : Number.NaN

export function busContract(make: MakeBus): void {
  const fixture = (limits?: BusLimits): Fixture => {
    const clock = simulatedClock(START)
    return { clock, bus: make(clock, limits) }
  }
  envelopeContract(fixture)
  publishContract(fixture)
  subscribeContract(fixture)
  orderContract(fixture)
  faultContract(fixture)
  asyncContract(fixture)
  overflowContract(fixture)
  expiryContract(fixture)
  historyContract(fixture)
  statisticsContract(fixture)
}

type MakeFixture = (limits?: BusLimits) => Fixture

function envelopeContract(fixture: MakeFixture): void {
  describe('the envelope', () => {
    it('says what, when, from whom, why and how urgent', () => {
      const { bus } = fixture()
      const heard: Envelope[] = []
      bus.subscribe('coordinator', 'RISK_ALERTS', (envelope) => void heard.push(envelope))
      const cause = marketFresh()
      const published = fact({ type: 'risk.breakerTripped', breaker: 'b', valuePct: '1', thresholdPct: '1' }, cause.id)
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

function publishContract(fixture: MakeFixture): void {
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

function subscribeContract(fixture: MakeFixture): void {
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

function orderContract(fixture: MakeFixture): void {
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

function faultContract(fixture: MakeFixture): void {
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

function asyncContract(fixture: MakeFixture): void {
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

/** A subscriber that is busy with its first message until the gate opens. */
function held(bus: Bus, topic: 'MARKET_DATA' | 'SYSTEM_EVENTS') {
  const gate = pending()
  const heard: Envelope[] = []
  bus.subscribe('slow', topic, (envelope) => {
    heard.push(envelope)
    return heard.length === 1 ? gate.promise : undefined
  })
  return {
    heard,
    async release() {
      gate.finish()
      await settle()
      return heard.slice(1)
    },
  }
}

function overflowContract(fixture: MakeFixture): void {
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

function expiryContract(fixture: MakeFixture): void {
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

function historyContract(fixture: MakeFixture): void {
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

function statisticsContract(fixture: MakeFixture): void {
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

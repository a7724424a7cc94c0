import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ConnectedFeedParts, connectedFeed } from '../../actors/connection.actor.ts'
import { seededRandom } from '../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../src/adapters/clock/simulated.ts'
import { krakenSocket } from '../../src/adapters/market/kraken/socket.ts'
import type { Fact, FactDraft } from '../../src/domain/facts.ts'
import { pair } from '../../src/domain/ids.ts'
import type { SimulatedClock } from '../../src/ports/clock.ts'
import type { MarketEvent, MarketFeed } from '../../src/ports/market-feed.ts'
import { Arrivals, type KrakenServer, krakenServer } from '../support/kraken-server.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const BTC = pair('BTC/USDT')
const XRP = pair('XRP/USDT')

let server: KrakenServer
let clock: SimulatedClock
let facts: Arrivals<FactDraft>
let events: Arrivals<MarketEvent>
let crashes: Arrivals<unknown>
let warnings: string[]
let feed: MarketFeed

function feedWith(over: Partial<ConnectedFeedParts> = {}): MarketFeed {
  return connectedFeed({
    socket: krakenSocket({ url: server.url, clock, decimals: () => null }),
    clock,
    chance: seededRandom('line'),
    log: { debug: () => {}, info: () => {}, warn: (message) => warnings.push(message), error: () => {} },
    onFact: (fact) => facts.push(fact),
    onCrash: (error) => crashes.push(error),
    history: async () => [],
    ...over,
  })
}

beforeEach(async () => {
  server = await krakenServer()
  clock = simulatedClock(NOON)
  facts = new Arrivals()
  events = new Arrivals()
  crashes = new Arrivals()
  warnings = []
  feed = feedWith()
})
afterEach(async () => {
  await feed.stop()
  await server.close()
})

const listener = (event: MarketEvent): void => events.push(event)
/** The next time the line is in this state. */
const changed = async (state: Fact<'connection.changed'>['state']) => {
  const fact = await facts.next((heard) => heard.type === 'connection.changed' && heard.state === state)
  return fact.type === 'connection.changed' ? fact.reason : null
}
const lineEvents = () => events.all.flatMap((event) => (event.kind === 'line' ? [event.up] : []))
const nextPrint = () => events.next((event) => event.kind === 'trade')
const print = (price: number) => ({
  channel: 'trade',
  type: 'update',
  data: [{ symbol: 'BTC/USDT', side: 'buy', price, qty: 1, timestamp: '2026-01-05T12:00:00Z' }],
})
async function live(): Promise<void> {
  await feed.start([BTC, XRP], listener)
  await changed('live')
}
const wait = (ms: number): void => clock.advanceTo(clock.now() + ms)

describe('a line to Kraken', () => {
  it('goes live and carries prices', async () => {
    await live()
    server.send(print(105433.6))
    expect(await nextPrint()).toMatchObject({ symbol: BTC, price: '105433.6' })
    expect(facts.all).toEqual([
      { type: 'connection.changed', state: 'connecting', reason: null, at: NOON },
      { type: 'connection.changed', state: 'live', reason: null, at: NOON },
    ])
    expect(lineEvents()).toEqual([true])
  })

  it('comes back after a drop and subscribes to everything again', async () => {
    await live()
    server.drop()
    expect(await changed('reconnecting')).toBe('closed by the venue (1006)')
    wait(0)
    await changed('live')
    server.send(print(7))
    expect(await nextPrint()).toMatchObject({ price: '7' })
    expect(lineEvents()).toEqual([true, false, true])
    expect([server.lines, server.requests.length]).toEqual([2, 8])
  })

  it('asks a silent venue for a sign of life and keeps the line that answers', async () => {
    await live()
    wait(5_000)
    await server.request((request) => request.method === 'ping')
    server.send(print(8))
    await nextPrint()
    wait(4_000)
    server.send(print(9))
    await nextPrint()
    wait(4_999)
    expect([lineEvents(), server.lines]).toEqual([[true], 1])
  })

  it('drops a venue that stays silent', async () => {
    await live()
    server.script.answers = false
    wait(5_000)
    await server.request((request) => request.method === 'ping')
    wait(5_000)
    expect(await changed('reconnecting')).toBe('the line fell silent')
    server.script.answers = true
    wait(0)
    await changed('live')
    expect(server.lines).toBe(2)
  })

  it('gives up on a venue that never greets', async () => {
    server.script.mode = null
    await feed.start([BTC], listener)
    wait(10_000)
    expect(await changed('reconnecting')).toBe('the line did not open in time')
    server.script.mode = 'online'
    wait(0)
    await changed('live')
  })

  it('subscribes a book anew when its checksum is wrong', async () => {
    await live()
    const book = (checksum: number) =>
      `{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USDT","asks":[{"price":101.0,"qty":1.0}],"bids":[],"checksum":${checksum}}]}`
    server.sendText(book(7))
    const asksAnew = (method: string) =>
      server.request(({ method: sent, params }) => sent === method && params?.symbol.join() === 'BTC/USDT')
    await asksAnew('unsubscribe')
    expect((await asksAnew('subscribe')).params).toMatchObject({ channel: 'book', depth: 10 })
    server.sendText(book(crc32('101010')))
    expect(await events.next((event) => event.kind === 'book')).toMatchObject({
      asks: [{ price: '101', quantity: '1' }],
    })
    expect(lineEvents()).toEqual([true])
  })

  it('is refused when the venue has none of our pairs', async () => {
    server.script.refused = new Set(['BTC/USDT', 'XRP/USDT'])
    await feed.start([BTC, XRP], listener)
    expect(await changed('refused')).toContain('Currency pair not supported')
    expect(clock.nextDueAt()).not.toBeNull()
    server.script.refused = new Set()
    wait(600_000)
    await changed('live')
  })

  it('stays away for ten minutes when the address is banned', async () => {
    server.script.turnAway = 429
    await feed.start([BTC], listener)
    expect(await changed('refused')).toBe('the venue answered HTTP 429')
    server.script.turnAway = null
    wait(599_999)
    expect(server.lines).toBe(0)
    wait(1)
    await changed('live')
  })

  it('waits five seconds after maintenance', async () => {
    await live()
    server.send({ channel: 'status', data: [{ system: 'maintenance' }] })
    expect(await changed('live')).toBe('the venue is in maintenance')
    server.drop()
    await changed('reconnecting')
    wait(4_999)
    expect(facts.all.at(-1)).toMatchObject({ state: 'reconnecting' })
    wait(1)
    await changed('live')
    expect(server.lines).toBe(2)
  })

  it('reads past frames it cannot read, and says so without flooding', async () => {
    await live()
    for (let count = 0; count < 12; count += 1) server.sendText('hello')
    server.send(print(1))
    await nextPrint()
    expect(warnings).toHaveLength(2)
  })

  it('tells of a listener that fails, lets go of the line, and can be started again', async () => {
    await feed.start([BTC], (event) => {
      events.push(event)
      if (event.kind === 'trade') throw new Error('a bug in the listener')
    })
    await changed('live')
    server.send(print(1))
    expect(await crashes.next(() => true)).toMatchObject({ message: 'a bug in the listener' })
    expect([lineEvents(), clock.nextDueAt()]).toEqual([[true, false], null])
    await feed.start([BTC], listener)
    await changed('live')
  })

  it('leaves nothing behind when it is stopped', async () => {
    await live()
    await feed.stop()
    expect([lineEvents(), clock.nextDueAt()]).toEqual([[true, false], null])
  })

  it('refuses a second start and an empty list of symbols', async () => {
    await expect(feed.start([], listener)).rejects.toThrow('needs at least one symbol')
    await feed.start([BTC], listener)
    await expect(feed.start([BTC], listener)).rejects.toThrow('started already')
  })

  it('has an answer to everything it hears', async () => {
    await live()
    server.drop()
    await changed('reconnecting')
    wait(0)
    await changed('live')
    wait(60_000)
    expect(facts.all.filter((fact) => fact.type === 'actor.unhandled')).toEqual([])
  })
})

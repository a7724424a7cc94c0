/** Our own market feed, whole, with the sandbox for its Kraken: what it hears is what the sandbox's own feed told. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { connectedFeed } from '../../../actors/connection.actor.ts'
import { seededIds, seededRandom } from '../../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { krakenRest } from '../../../src/adapters/market/kraken/rest.ts'
import { krakenSocket } from '../../../src/adapters/market/kraken/socket.ts'
import { simulatedFeed } from '../../../src/adapters/market/simulated/simulated-feed.ts'
import { pair } from '../../../src/domain/ids.ts'
import { text } from '../../../src/domain/units.ts'
import type { MarketEvent, MarketFeed } from '../../../src/ports/market-feed.ts'
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts'

// Minutes of a market over real sockets take seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

type Of<K extends MarketEvent['kind']> = Extract<MarketEvent, { kind: K }>
const START = Date.UTC(2026, 10, 2, 12)
const MINUTE = 60_000
const SYMBOLS = [pair('BTC/USDT'), pair('XRP/USDT')]
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

let sandbox: Sandbox
let feed: MarketFeed
let clock: ReturnType<typeof simulatedClock>
/** What the sandbox heard of its feed, and what ours heard of the sandbox. */
let told: MarketEvent[]
let heard: MarketEvent[]
let facts: string[]

const only = <K extends MarketEvent['kind']>(events: readonly MarketEvent[], kind: K): readonly Of<K>[] =>
  events.filter((event): event is Of<K> => event.kind === kind && 'symbol' in event && SYMBOLS.includes(event.symbol))

/** Lets the wire carry what it has until it is so. */
async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((turn) => setImmediate(turn))
}

/** Time goes on, a second at a time; whatever was printed in it has arrived before the next. */
async function advance(ms: number): Promise<void> {
  const end = clock.now() + ms
  while (clock.now() < end) {
    clock.advanceTo(clock.now() + 1000)
    await until(() => only(heard, 'trade').length >= only(told, 'trade').length)
  }
}

beforeEach(async () => {
  ;[told, heard, facts] = [[], [], []]
  clock = simulatedClock(START)
  const random = seededRandom('own feed')
  const source = simulatedFeed({ clock, random: random.stream('market'), log: silent })
  const watched: MarketFeed = {
    ...{ name: source.name, history: (query) => source.history(query), stop: () => source.stop() },
    start: (symbols, listener) =>
      source.start(symbols, (event) => {
        told.push(event)
        listener(event)
      }),
  }
  sandbox = await startSandbox({
    ...{ clock, random, ids: seededIds(random), log: silent, balances: {} },
    feed: { source: watched, symbols: SYMBOLS },
  })
  const rest = krakenRest({ baseUrl: sandbox.rest, fetch, clock, paceMs: 0 })
  await rest.instruments()
  feed = connectedFeed({
    ...{ socket: krakenSocket({ url: sandbox.ws, clock, decimals: rest.decimals }), clock, log: silent },
    ...{ chance: random.stream('line'), history: rest.history },
    onFact: (fact) => facts.push(JSON.stringify(fact)),
    onCrash: (error) => {
      throw error
    },
  })
  // Something must have happened before there is a book to show.
  clock.advanceTo(START + 30_000)
  await feed.start(SYMBOLS, (event) => heard.push(event))
  await until(() => heard.some((event) => event.kind === 'line' && event.up))
  told = []
})
afterEach(async () => {
  await feed.stop()
  await sandbox.stop()
})

it('hears every trade, verified books and the minutes of the market that the sandbox plays', async () => {
  await advance(3 * MINUTE)
  const of = (events: readonly MarketEvent[]) =>
    SYMBOLS.map((symbol) =>
      only(events, 'trade')
        .filter((event) => event.symbol === symbol)
        .map(({ price, quantity, side, at }) => [text(price), text(quantity), side, at]),
    )
  expect(of(heard)).toEqual(of(told))
  expect(of(heard)[0]?.length).toBeGreaterThan(100)

  const closed = (events: readonly MarketEvent[]) =>
    only(events, 'candle').map(({ candle: { symbol, openAt, open, high, low, close, volume } }) =>
      [symbol, openAt, ...[open, high, low, close, volume].map(text)].join(' '),
    )
  // Kraken calls no minute closed: ours tells it once the next has begun, or three seconds after its end.
  expect(closed(heard).length).toBeGreaterThanOrEqual(2 * SYMBOLS.length)
  expect(closed(told)).toEqual(expect.arrayContaining(closed(heard)))

  const books = only(heard, 'book')
  expect(books.length).toBeGreaterThan(100)
  for (const symbol of SYMBOLS) {
    const [last, shown] = [books.findLast((book) => book.symbol === symbol), sandbox.venue.market.book(symbol, 10)]
    const levels = (side: readonly { price: string; quantity: string }[] = []) =>
      side.map(({ price, quantity }) => [text(price), text(quantity)])
    expect([levels(last?.bids), levels(last?.asks)]).toEqual([levels(shown?.bids), levels(shown?.asks)])
  }
  expect(facts.filter((fact) => /mismatch/i.test(fact))).toEqual([])
})

it('throws a spoilt book away and asks for a fresh one', async () => {
  sandbox.faults.add([{ kind: 'bad-checksum', match: { channel: 'book', symbol: 'BTC/USDT' } }])
  await advance(MINUTE)
  const before = only(heard, 'book').length
  await advance(MINUTE)
  expect(sandbox.faults.fired()['bad-checksum']).toBe(1)
  expect(only(heard, 'book').length).toBeGreaterThan(before)
})

it('comes back after the line was cut, and tells the minute that it missed', async () => {
  await advance(MINUTE)
  sandbox.faults.add([{ kind: 'drop-socket', match: { channel: 'trade' } }])
  clock.advanceTo(clock.now() + 5000)
  await until(() => heard.some((event) => event.kind === 'line' && !event.up))
  const ups = () => heard.filter((event) => event.kind === 'line' && event.up).length
  while (ups() < 2) {
    clock.advanceTo(clock.now() + 1000)
    await new Promise((turn) => setImmediate(turn))
  }
  told = []
  heard = []
  await advance(MINUTE)
  expect(only(heard, 'trade').length).toBeGreaterThanOrEqual(only(told, 'trade').length)
  expect(only(heard, 'candle').length).toBeGreaterThan(0)
})

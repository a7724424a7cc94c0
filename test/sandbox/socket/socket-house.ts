/** The sandbox's socket over its account and engine, on a real port of loopback and a clock that the test moves. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import { seededIds, seededRandom } from '../../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { MatchingEngine } from '../../../src/adapters/exchange/simulated/engine.ts'
import { ENGINE_DEFAULTS } from '../../../src/adapters/exchange/simulated/engine-options.ts'
import { pair } from '../../../src/domain/ids.ts'
import type { SimulatedClock } from '../../../src/ports/clock.ts'
import type { MarketEvent } from '../../../src/ports/market-feed.ts'
import { SandboxAccount } from '../../../src/sandbox/account.ts'
import { Faults } from '../../../src/sandbox/faults.ts'
import { MarketView } from '../../../src/sandbox/market-view.ts'
import { SANDBOX_PAIRS } from '../../../src/sandbox/pairs.ts'
import { RateCounters } from '../../../src/sandbox/rate-counters.ts'
import { type SocketServer, socketServer } from '../../../src/sandbox/socket/socket-server.ts'
import { SocketTokens } from '../../../src/sandbox/socket-tokens.ts'
import { Arrivals } from '../../support/kraken-server.ts'

export const BTC = pair('BTC/USDT')
export const START = Date.UTC(2026, 10, 2, 12)

// biome-ignore lint/suspicious/noExplicitAny: frames are read field by field
export type Frame = any

export interface Heard {
  readonly text: string
  readonly frame: Frame
}

export interface Client {
  readonly socket: WebSocket
  /** Every frame so far. */
  readonly heard: readonly Heard[]
  ask(request: object): void
  /** The next frame that fits and was not taken yet. */
  next(fits: (frame: Frame) => boolean): Promise<Heard>
  /** The next frame of a channel. */
  on(channel: string, type?: string): Promise<Frame>
  /** The next answer to a request. */
  answer(requestId: number): Promise<Frame>
  /** Resolves with the close code. */
  readonly closed: Promise<number>
}

export interface SocketHouse {
  readonly url: string
  readonly clock: SimulatedClock
  readonly venue: SandboxAccount
  readonly faults: Faults
  readonly tokens: SocketTokens
  readonly server: SocketServer
  /** What was logged as an error. */
  readonly errors: readonly unknown[]
  connect(): Promise<Client>
  hear(event: MarketEvent): void
  trade(price: string, quantity: string, side?: 'buy' | 'sell'): void
  quote(bid: string, ask: string): void
  stop(): Promise<void>
}

function clientOf(socket: WebSocket): Client {
  const arrivals = new Arrivals<Heard>()
  socket.on('message', (data) => {
    const text = data.toString()
    arrivals.push({ text, frame: JSON.parse(text) })
  })
  socket.on('error', () => {})
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  const next = (fits: (frame: Frame) => boolean) => arrivals.next(({ frame }) => fits(frame))
  return {
    ...{ socket, closed, next },
    heard: arrivals.all,
    ask: (request) => socket.send(JSON.stringify(request)),
    on: async (channel, type) =>
      (await next((frame) => frame.channel === channel && (type === undefined || frame.type === type))).frame,
    answer: async (requestId) => (await next((frame) => frame.req_id === requestId)).frame,
  }
}

export async function socketHouse(): Promise<SocketHouse> {
  const clock = simulatedClock(START)
  const random = seededRandom(7)
  const ids = seededIds(random)
  const instruments = SANDBOX_PAIRS.map((each) => each.instrument)
  const engine = new MatchingEngine({
    instruments,
    parameters: ENGINE_DEFAULTS,
    startingBalances: { BTC: '1', USDT: '50000', XRP: '1000' },
    series: 'ABCDEFGHIJ',
  })
  const faults = new Faults(random.stream('faults'), (mode) => venue.setMode(mode))
  const tokens = new SocketTokens(ids, faults.spoilsToken)
  const market = new MarketView(instruments)
  const counters = new RateCounters('pro', true)
  const venue = new SandboxAccount({ engine, market, clock, counters, tokens, ids })
  const errors: unknown[] = []
  const quiet = () => {}
  const log = { debug: quiet, info: quiet, warn: quiet, error: (...said: unknown[]) => errors.push(said) }
  const server = socketServer({ venue, clock, faults, log, unreadAtMost: 256 * 1024 })
  const http = createServer()
  http.on('upgrade', (request, socket, head) => server.upgrade(request, socket, head))
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening))
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v2`
  const hear = (event: MarketEvent): void => venue.hear(event)
  return {
    ...{ url, clock, venue, faults, tokens, server, errors, hear },
    async connect() {
      const socket = new WebSocket(url)
      const client = clientOf(socket)
      await new Promise((opened, failed) => socket.on('open', opened).on('error', failed))
      return client
    },
    trade: (price, quantity, side = 'buy') =>
      hear({ kind: 'trade', symbol: BTC, price, quantity, side, at: clock.now() }),
    quote: (bid, ask) =>
      hear({ ...{ kind: 'quote', symbol: BTC, bid, bidQuantity: '1', ask, askQuantity: '2' }, at: clock.now() }),
    async stop() {
      server.close()
      venue.stop()
      await new Promise((closed) => http.close(closed))
    },
  }
}

export interface Asking {
  readonly token: string
  /** Asks with the token; the (first) answer. */
  ask(method: string, params?: object, from?: Client): Promise<Frame>
  /** A buy of a hundredth, good till cancelled, with whatever else is given. */
  limit(price: number, over?: object): Promise<Frame>
}

/** A client that may trade. */
export function asking(house: SocketHouse, client: Client): Asking {
  const token = house.venue.tokenFor()
  let requests = 0
  const ask = (method: string, params: object = {}, from: Client = client): Promise<Frame> => {
    requests += 1
    from.ask({ method, params: { token, ...params }, req_id: requests })
    return from.answer(requests)
  }
  const order = { order_type: 'limit', side: 'buy', symbol: BTC, order_qty: 0.01 }
  return { token, ask, limit: (price, over = {}) => ask('add_order', { ...order, limit_price: price, ...over }) }
}

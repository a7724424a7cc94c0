/** Kraken's private side on loopback, answering what a test says, with the shapes that Kraken documents. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { seededRandom } from '../../../../src/adapters/chance/seeded.ts'
import { simulatedClock } from '../../../../src/adapters/clock/simulated.ts'
import { type KrakenExchange, krakenExchange } from '../../../../src/adapters/exchange/kraken/exchange.ts'
import { signature } from '../../../../src/adapters/exchange/kraken/sign.ts'
import type { VenueMode } from '../../../../src/domain/connection.ts'
import type { SimulatedClock } from '../../../../src/ports/clock.ts'
import type { ExecutionReport } from '../../../../src/ports/exchange.ts'
import type { Lease } from '../../../../src/ports/leadership.ts'
import { Arrivals, statusFrame } from '../../../support/kraken-server.ts'

export const NOON = Date.UTC(2026, 0, 5, 12)
const KEY = 'the-api-key'
export const SECRET = 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=='

export type Form = Readonly<Record<string, string>>
export type Reply =
  | { readonly result: unknown; readonly errors?: readonly string[] }
  | { readonly errors: readonly string[] }
  | { readonly status: number; readonly body: string; readonly location?: string }
  | 'never'
  | 'reset'
export interface Asked {
  readonly method: string
  readonly form: Form
}

interface SocketRequest {
  readonly method: string
  readonly req_id: number
  readonly params?: { readonly channel: string; readonly token: string }
}

const listing = (altname: string, wsname: string, base: string, quote: string) => ({
  ...{
    altname,
    wsname,
    base,
    quote,
    pair_decimals: 1,
    lot_decimals: 8,
    cost_decimals: 5,
    leverage_buy: [2, 3],
    leverage_sell: [2, 3],
  },
  ...{ ordermin: '0.00005', costmin: '0.5', tick_size: '0.1' },
})
export const ASSET_PAIRS = {
  XBTUSDT: listing('XBTUSDT', 'XBT/USDT', 'XXBT', 'USDT'),
  XXBTZUSD: listing('XBTUSD', 'XBT/USD', 'XXBT', 'ZUSD'),
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

/** An empty account: no orders, no trades, no balances. */
const EMPTY: Readonly<Record<string, Reply>> = {
  GetWebSocketsToken: { result: { token: 'a-token', expires: 900 } },
  OpenOrders: { result: { open: {} } },
  ClosedOrders: { result: { closed: {}, count: 0 } },
  TradesHistory: { result: { trades: {}, count: 0 } },
  QueryOrders: { result: {} },
}

export interface Loopback {
  readonly exchange: KrakenExchange
  readonly clock: SimulatedClock
  /** How a method is answered from now on; a list is used up, its last entry stays. */
  reply(method: string, ...replies: readonly Reply[]): void
  /** Every private call that was signed properly, in order. */
  readonly asked: readonly Asked[]
  /** Resolves with the next call of the method that was not taken yet. */
  called(method: string): Promise<Asked>
  readonly reports: readonly ExecutionReport[]
  readonly lines: readonly (string | null)[]
  readonly modes: readonly VenueMode[]
  readonly losses: readonly string[]
  /** Everything that was logged, as one text. */
  readonly logged: readonly string[]
  /** The lease, and what reading it anew says. */
  lease: Lease | null
  leads: () => Promise<boolean>
  /** Next nonce; the test may take one from the block. */
  nonce: number
  readonly socket: PrivateSocket
  /** Starts the exchange and waits for the line. */
  start(): Promise<void>
  /** Lets simulated time go by in small steps while real I/O happens, until the work is done. */
  settle<T>(work: Promise<T>): Promise<T>
  stop(): Promise<void>
}

export interface PrivateSocket {
  readonly requests: readonly SocketRequest[]
  request(fits: (request: SocketRequest) => boolean): Promise<SocketRequest>
  /** HTTP status instead of an upgrade; null upgrades. */
  turnAway: number | null
  /** Error of every subscription; null acknowledges. */
  refuses: string | null
  /** Whether pings are answered. */
  answersPings: boolean
  readonly lines: number
  /** Rows of the snapshot of executions. */
  snapshot: readonly unknown[]
  send(frame: unknown): void
  /** An update of executions under the next sequence number, or the one given. */
  executions(rows: readonly unknown[], sequence?: number): void
  drop(): void
}

export async function openLoopback(): Promise<Loopback> {
  const clock = simulatedClock(NOON)
  const replies = new Map<string, Reply[]>(Object.entries(EMPTY).map(([method, reply]) => [method, [reply]]))
  const asked = new Arrivals<Asked>()
  const requests = new Arrivals<SocketRequest>()
  let line: WebSocket | null = null
  let lines = 0
  let sequence = 0

  const answer = (response: ServerResponse, reply: Reply): void => {
    if (reply === 'never') return
    if (reply === 'reset') {
      response.socket?.destroy()
      return
    }
    if ('status' in reply) {
      response.statusCode = reply.status
      if (reply.location !== undefined) response.setHeader('location', reply.location)
      response.end(reply.body)
      return
    }
    response.end(JSON.stringify({ error: reply.errors ?? [], ...('result' in reply ? { result: reply.result } : {}) }))
  }

  let lastNonce = 0
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://loopback').pathname
    const method = path.split('/').at(-1) ?? ''
    const body = await bodyOf(request)
    if (path.startsWith('/0/public/')) {
      const status = { status: 'online', timestamp: '2026-01-05T12:00:00Z' }
      answer(response, replies.get(method)?.[0] ?? { result: method === 'AssetPairs' ? ASSET_PAIRS : status })
      return
    }
    const form = Object.fromEntries(new URLSearchParams(body))
    const nonce = Number(form.nonce)
    const signed = signature(SECRET, { path, nonce, body })
    if (request.headers['api-key'] !== KEY || request.headers['api-sign'] !== signed) {
      answer(response, { errors: ['EAPI:Invalid signature'] })
      return
    }
    asked.push({ method, form })
    if (nonce <= lastNonce) {
      answer(response, { errors: ['EAPI:Invalid nonce'] })
      return
    }
    lastNonce = nonce
    const listed = replies.get(method) ?? [{ errors: ['EGeneral:Unknown method'] }]
    answer(response, (listed.length > 1 ? listed.shift() : listed[0]) ?? { errors: ['EGeneral:Unknown method'] })
  })

  const sockets = new WebSocketServer({ noServer: true })
  const socket: PrivateSocket = {
    requests: requests.all,
    request: (fits) => requests.next(fits),
    turnAway: null,
    refuses: null,
    answersPings: true,
    get lines() {
      return lines
    },
    snapshot: [],
    send: (frame) => line?.send(JSON.stringify(frame)),
    executions(rows, given) {
      sequence = given ?? sequence + 1
      socket.send({ channel: 'executions', type: 'update', data: rows, sequence })
    },
    drop: () => line?.terminate(),
  }
  const answerSocket = (request: SocketRequest): void => {
    const { method, req_id, params } = request
    if (method === 'ping') {
      if (socket.answersPings) socket.send({ method: 'pong', req_id })
      return
    }
    const channel = params?.channel
    if (socket.refuses !== null) {
      socket.send({ method, req_id, success: false, error: socket.refuses })
      return
    }
    socket.send({ method, req_id, success: true, result: { channel } })
    if (method !== 'subscribe') return
    if (channel === 'executions') sequence = 1
    const data = channel === 'executions' ? socket.snapshot : []
    socket.send({ channel, type: 'snapshot', data, sequence: 1 })
  }
  server.on('upgrade', (request, raw, head) => {
    if (socket.turnAway !== null) {
      raw.end(`HTTP/1.1 ${socket.turnAway} Turned Away\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, raw, head, (opened) => {
      line = opened
      lines += 1
      opened.send(statusFrame('online'))
      opened.on('message', (data) => {
        const heard = JSON.parse(data.toString()) as SocketRequest
        answerSocket(heard)
        requests.push(heard)
      })
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo

  const reports: ExecutionReport[] = []
  const told: (string | null)[] = []
  const modes: VenueMode[] = []
  const losses: string[] = []
  const logged: string[] = []
  const note = (message: string, fields?: unknown): void => {
    logged.push(JSON.stringify([message, fields]))
  }
  const loopback: Loopback = {
    exchange: krakenExchange({
      restUrl: `http://127.0.0.1:${port}`,
      socketUrl: `ws://127.0.0.1:${port}/v2`,
      publicPaceMs: 0,
      apiKey: KEY,
      apiSecret: SECRET,
      nonces: {
        next() {
          loopback.nonce += 1
          return loopback.nonce
        },
      },
      lease: () => loopback.lease,
      stillLeading: () => loopback.leads(),
      onLeadershipLost: (problem) => losses.push(problem),
      clock,
      chance: seededRandom('kraken'),
      log: { debug: note, info: note, warn: note, error: note },
      fetch,
      onMode: (mode) => modes.push(mode),
    }),
    clock,
    reply: (method, ...given) => replies.set(method, [...given]),
    asked: asked.all,
    called: (method) => asked.next((call) => call.method === method),
    reports,
    lines: told,
    modes,
    losses,
    logged,
    lease: {
      ...{ account: 'a', holder: 'h', incarnation: 'i', epoch: 1 },
      ...{ expiresAt: NOON + 3_600_000, nonceFrom: 1, nonceTo: 1_000_000 },
    },
    leads: async () => true,
    nonce: 1_000,
    socket,
    async start() {
      await loopback.exchange.start()
    },
    async settle(work) {
      let done = false
      const noted = work.finally(() => {
        done = true
      })
      while (!done) {
        await new Promise((resolve) => setImmediate(resolve))
        if (!done) clock.advanceTo(clock.now() + 1)
      }
      return noted
    },
    async stop() {
      await loopback.settle(loopback.exchange.stop())
      for (const client of sockets.clients) client.terminate()
      await new Promise<void>((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      })
    },
  }
  loopback.exchange.onReport((report) => reports.push(report))
  loopback.exchange.onLine((up, reason) => told.push(up ? 'up' : reason))
  return loopback
}

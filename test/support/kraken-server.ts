/** Kraken's public socket on loopback, scriptable: greets, acknowledges, refuses, keeps silent, drops, sends what a test says. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

export interface KrakenRequest {
  readonly method: string
  readonly req_id?: number
  readonly params?: { readonly channel: string; readonly symbol: readonly string[] } & Readonly<Record<string, unknown>>
}

export interface KrakenScript {
  /** The engine's mode in the first frame; null keeps silent. */
  mode: string | null
  /** Symbols answered with an error. */
  refused: ReadonlySet<string>
  /** Whether subscriptions and pings are answered at all. */
  answers: boolean
  /** HTTP status instead of an upgrade; null upgrades. */
  turnAway: number | null
  /** Frames sent after a subscription's acknowledgements, by channel. */
  snapshots: Readonly<Record<string, readonly unknown[]>>
}

export interface KrakenServer {
  readonly url: string
  readonly script: KrakenScript
  /** Every request of every line, in order. */
  readonly requests: readonly KrakenRequest[]
  /** Lines accepted so far. */
  readonly lines: number
  /** Resolves with the next request that fits, or one that has already come and was not taken yet. */
  request(fits: (request: KrakenRequest) => boolean): Promise<KrakenRequest>
  /** Sends a frame on the present line. */
  send(frame: unknown): void
  sendText(text: string): void
  /** Cuts the present line without a goodbye. */
  drop(): void
  close(): Promise<void>
}

export const statusFrame = (mode: string) =>
  `{"channel":"status","type":"update","data":[{"system":"${mode}","api_version":"v2","connection_id":17834968092736251234,"version":"2.0.10"}]}`

/** An array to which someone may wait for an element. */
export class Arrivals<T> {
  readonly all: T[] = []
  readonly #untaken: T[] = []
  readonly #waiting: { readonly fits: (item: T) => boolean; readonly resolve: (item: T) => void }[] = []

  push(item: T): void {
    this.all.push(item)
    const index = this.#waiting.findIndex((waiter) => waiter.fits(item))
    if (index === -1) this.#untaken.push(item)
    else this.#waiting.splice(index, 1)[0]?.resolve(item)
  }

  next(fits: (item: T) => boolean): Promise<T> {
    const index = this.#untaken.findIndex(fits)
    const [found] = index === -1 ? [] : this.#untaken.splice(index, 1)
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve) => this.#waiting.push({ fits, resolve }))
  }
}

function answerTo(request: KrakenRequest, script: KrakenScript): readonly unknown[] {
  const { method, req_id, params } = request
  if (method === 'ping') return [{ method: 'pong', req_id }]
  const answers = (params?.symbol ?? []).map((symbol) =>
    script.refused.has(symbol)
      ? { error: `Currency pair not supported ${symbol}`, method, req_id, success: false, symbol }
      : { method, req_id, success: true, result: { channel: params?.channel, symbol, snapshot: true } },
  )
  return method === 'subscribe' ? [...answers, ...(script.snapshots[params?.channel ?? ''] ?? [])] : answers
}

/** Listens on a free port of loopback. */
export async function krakenServer(): Promise<KrakenServer> {
  const script: KrakenScript = { mode: 'online', refused: new Set(), answers: true, turnAway: null, snapshots: {} }
  const requests = new Arrivals<KrakenRequest>()
  const http: Server = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  let line: WebSocket | null = null
  let lines = 0

  http.on('upgrade', (request, socket, head) => {
    if (script.turnAway !== null) {
      socket.end(`HTTP/1.1 ${script.turnAway} Turned Away\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      line = opened
      lines += 1
      if (script.mode !== null) opened.send(statusFrame(script.mode))
      opened.on('message', (data) => {
        const asked = JSON.parse(data.toString()) as KrakenRequest
        if (script.answers) for (const frame of answerTo(asked, script)) opened.send(JSON.stringify(frame))
        requests.push(asked)
      })
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))

  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v2`,
    script,
    requests: requests.all,
    get lines() {
      return lines
    },
    request: (fits) => requests.next(fits),
    send: (frame) => line?.send(JSON.stringify(frame)),
    sendText: (text) => line?.send(text),
    drop: () => line?.terminate(),
    async close() {
      for (const client of sockets.clients) client.terminate()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

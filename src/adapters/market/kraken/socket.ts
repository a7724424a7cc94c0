/** Kraken's public WebSocket v2 behind the `MarketSocket` port. */
import { type ClientOptions, WebSocket } from 'ws'
import { TIMEFRAME_MS } from '../../../domain/candle.ts'
import type { MarketChannel } from '../../../domain/connection.ts'
import type { Pair } from '../../../domain/ids.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { MarketSocket, SocketEvent } from '../../../ports/market-socket.ts'
import type { BookDecimals } from '../../kraken/pairs.ts'
import { BOOK_DEPTH } from './book.ts'
import { type Minutes, minutes } from './minutes.ts'
import { LineReader } from './reader.ts'

export interface KrakenSocketParts {
  /** `wss://ws.kraken.com/v2`, or a sandbox on loopback. */
  readonly url: string
  readonly clock: Clock
  /** Decimals of a pair for the book's checksum; null sums the numbers as they were sent. */
  readonly decimals: (symbol: Pair) => BookDecimals | null
}

/** What a subscription asks for beside channel and symbols. Prints from before the line would be counted twice. */
const OPTIONS: Readonly<Record<MarketChannel, Readonly<Record<string, unknown>>>> = {
  ticker: { event_trigger: 'bbo' },
  trade: {},
  ohlc: { interval: 1 },
  book: { depth: BOOK_DEPTH },
}

/** The largest snapshot is well below; anything above is not a market frame. */
const CLIENT_OPTIONS: ClientOptions = { maxPayload: 16 * 1024 * 1024, perMessageDeflate: false }

/** HTTP answers with which the venue's front door turns an address away. */
const BANNED_ANSWERS: ReadonlySet<number> = new Set([403, 429])

interface Line {
  readonly socket: WebSocket
  readonly reader: LineReader
}

class KrakenSocket implements MarketSocket {
  readonly name = 'kraken'
  readonly #parts: KrakenSocketParts
  readonly #minutes: Minutes
  #line: Line | null = null
  #tell: (event: SocketEvent) => void = () => {}
  #lastRequest = 0
  #heardAt = Number.NEGATIVE_INFINITY

  constructor(parts: KrakenSocketParts) {
    this.#parts = parts
    this.#minutes = minutes(
      parts.clock,
      () => this.#heardAt,
      (candle) => {
        const at = candle.openAt + TIMEFRAME_MS['1m']
        this.#tell({ kind: 'market', event: { kind: 'candle', symbol: candle.symbol, candle, at } })
      },
    )
  }

  open(listener: (event: SocketEvent) => void): void {
    this.close()
    this.#tell = listener
    const { url, decimals } = this.#parts
    const socket = new WebSocket(url, CLIENT_OPTIONS)
    const tell = (event: SocketEvent): void => {
      if (this.#line?.socket === socket) listener(event)
    }
    const reader = new LineReader({ minutes: this.#minutes, decimals, tell })
    this.#line = { socket, reader }
    socket.on('open', () => tell({ kind: 'opened' }))
    socket.on('message', (data) => {
      if (this.#line?.socket !== socket) return
      this.#heardAt = this.#parts.clock.now()
      reader.hear(data.toString(), this.#heardAt)
    })
    onEnd(socket, (reason, banned) => {
      if (this.#line?.socket !== socket) return
      this.close()
      listener({ kind: 'closed', reason, banned })
    })
  }

  subscribe(channel: MarketChannel, symbols: readonly Pair[]): void {
    const params = { channel, symbol: symbols, ...OPTIONS[channel], snapshot: channel !== 'trade' }
    const requestId = this.#send('subscribe', params)
    this.#line?.reader.asked(requestId, channel)
  }

  unsubscribe(channel: MarketChannel, symbols: readonly Pair[]): void {
    if (channel === 'book') this.#line?.reader.forgetBooks(symbols)
    this.#send('unsubscribe', { channel, symbol: symbols, ...OPTIONS[channel] })
  }

  ping(): void {
    this.#send('ping', null)
  }

  close(): void {
    this.#minutes.pause()
    const dropped = this.#line
    this.#line = null
    dropped?.socket.terminate()
  }

  #send(method: string, params: Readonly<Record<string, unknown>> | null): number {
    this.#lastRequest += 1
    const request = { method, ...(params === null ? {} : { params }), req_id: this.#lastRequest }
    if (this.#line?.socket.readyState === WebSocket.OPEN) this.#line.socket.send(JSON.stringify(request))
    return this.#lastRequest
  }
}

/** Tells once, when the socket has closed, the reason: the error before the close, where there was one. */
function onEnd(socket: WebSocket, ended: (reason: string, banned: boolean) => void): void {
  let problem: string | null = null
  let banned = false
  socket.on('unexpected-response', (_request, response) => {
    problem = `the venue answered HTTP ${response.statusCode}`
    banned = BANNED_ANSWERS.has(response.statusCode ?? 0)
    socket.terminate()
  })
  socket.on('error', (error) => {
    problem ??= error.message
  })
  socket.on('close', (code, reason) => {
    ended(problem ?? `closed by the venue (${code}${reason.length > 0 ? ` ${reason}` : ''})`, banned)
  })
}

/**
 * The live market line: ticker at every change of the best prices, trades, minutes, and a book of ten verified levels.
 * Nothing is opened before `open`. Candles are followed across lines, so that none is told twice and those missed
 * during a short drop are told after it; books and requests belong to one line.
 */
export function krakenSocket(parts: KrakenSocketParts): MarketSocket {
  return new KrakenSocket(parts)
}

/** Kraken's public WebSocket v2 behind the `MarketSocket` port. */
import { TIMEFRAME_MS } from '../../../domain/candle.ts'
import type { MarketChannel } from '../../../domain/connection.ts'
import type { Pair } from '../../../domain/ids.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { MarketSocket, SocketEvent } from '../../../ports/market-socket.ts'
import { type Line, openLine } from '../../kraken/line.ts'
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

interface Reading {
  readonly line: Line
  readonly reader: LineReader
}

class KrakenSocket implements MarketSocket {
  readonly name = 'kraken'
  readonly #parts: KrakenSocketParts
  readonly #minutes: Minutes
  #reading: Reading | null = null
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
    const tell = (event: SocketEvent): void => {
      if (this.#reading?.reader === reader) listener(event)
    }
    const reader = new LineReader({ minutes: this.#minutes, decimals, tell })
    const line = openLine(url, {
      onOpen: () => tell({ kind: 'opened' }),
      onText: (text) => {
        this.#heardAt = this.#parts.clock.now()
        reader.hear(text, this.#heardAt)
      },
      onEnd: (reason, banned) => {
        this.close()
        listener({ kind: 'closed', reason, banned })
      },
    })
    this.#reading = { line, reader }
  }

  subscribe(channel: MarketChannel, symbols: readonly Pair[]): void {
    const params = { channel, symbol: symbols, ...OPTIONS[channel], snapshot: channel !== 'trade' }
    const requestId = this.#send('subscribe', params)
    this.#reading?.reader.asked(requestId, channel)
  }

  unsubscribe(channel: MarketChannel, symbols: readonly Pair[]): void {
    if (channel === 'book') this.#reading?.reader.forgetBooks(symbols)
    this.#send('unsubscribe', { channel, symbol: symbols, ...OPTIONS[channel] })
  }

  ping(): void {
    this.#send('ping', null)
  }

  close(): void {
    this.#minutes.pause()
    const dropped = this.#reading
    this.#reading = null
    dropped?.line.drop()
  }

  #send(method: string, params: Readonly<Record<string, unknown>> | null): number {
    this.#lastRequest += 1
    const request = { method, ...(params === null ? {} : { params }), req_id: this.#lastRequest }
    this.#reading?.line.send(JSON.stringify(request))
    return this.#lastRequest
  }
}

/**
 * The live market line: ticker at every change of the best prices, trades, minutes, and a book of ten verified levels.
 * Nothing is opened before `open`. Candles are followed across lines, so that none is told twice and those missed
 * during a short drop are told after it; books and requests belong to one line.
 */
export function krakenSocket(parts: KrakenSocketParts): MarketSocket {
  return new KrakenSocket(parts)
}

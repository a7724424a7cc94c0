/** What one line says, in our words: answers matched to what was asked, books kept and verified, minutes closed. */

import { MARKET_CHANNELS, type MarketChannel } from '../../../domain/connection.ts'
import type { Pair } from '../../../domain/ids.ts'
import { NotANumberError } from '../../../domain/units.ts'
import type { SocketEvent } from '../../../ports/market-socket.ts'
import type { Answer } from '../../kraken/control-frames.ts'
import { UnreadableError } from '../../kraken/exact-json.ts'
import type { BookDecimals } from '../../kraken/pairs.ts'
import { type KrakenBook, krakenBook } from './book.ts'
import { type BookFrame, type Frame, type MinuteRow, readFrame } from './frames.ts'
import type { Minutes } from './minutes.ts'

export interface LineReaderParts {
  readonly minutes: Minutes
  readonly decimals: (symbol: Pair) => BookDecimals | null
  readonly tell: (event: SocketEvent) => void
}

const isChannel = (name: string | null): name is MarketChannel => MARKET_CHANNELS.some((known) => known === name)

/** Rows of one symbol each, in the order sent. */
function bySymbol(rows: readonly MinuteRow[]): readonly (readonly MinuteRow[])[] {
  const groups = new Map<Pair, MinuteRow[]>()
  for (const row of rows) {
    const group = groups.get(row.symbol)
    if (group === undefined) groups.set(row.symbol, [row])
    else group.push(row)
  }
  return [...groups.values()]
}

/** Reads the frames of one line. Books and requests live and die with it. */
export class LineReader {
  readonly #parts: LineReaderParts
  readonly #books = new Map<Pair, KrakenBook>()
  /** Which channel a request was for: a refusal does not say. */
  readonly #requests = new Map<number, MarketChannel>()

  constructor(parts: LineReaderParts) {
    this.#parts = parts
  }

  asked(requestId: number, channel: MarketChannel): void {
    this.#requests.set(requestId, channel)
  }

  /** What still comes of these books until the next snapshot is left out. */
  forgetBooks(symbols: readonly Pair[]): void {
    for (const symbol of symbols) this.#books.delete(symbol)
  }

  /** One text frame, heard at `seenAt`. An unreadable one is told as such and left out. */
  hear(sent: string, seenAt: number): void {
    this.#parts.tell({ kind: 'traffic' })
    let frame: Frame
    try {
      frame = readFrame(sent, seenAt)
    } catch (error) {
      if (!(error instanceof UnreadableError || error instanceof NotANumberError)) throw error
      this.#parts.tell({ kind: 'unreadable', problem: error.message })
      return
    }
    this.#take(frame)
  }

  #take(frame: Frame): void {
    const { tell } = this.#parts
    switch (frame.kind) {
      case 'status':
        tell({ kind: 'status', mode: frame.mode })
        return
      case 'answer':
        this.#takeAnswer(frame)
        return
      case 'market':
        for (const event of frame.events) tell({ kind: 'market', event })
        return
      case 'books':
        for (const book of frame.books) this.#takeBook(book)
        return
      case 'minutes':
        if (frame.snapshot) for (const rows of bySymbol(frame.rows)) this.#parts.minutes.snapshot(rows)
        else for (const row of frame.rows) this.#parts.minutes.update(row)
        return
      case 'heartbeat':
      case 'other':
        return
    }
  }

  #takeAnswer({ method, problem, symbol, channel: named, requestId }: Answer): void {
    if (method === 'pong' || method === 'unsubscribe') return
    const { tell } = this.#parts
    const asked = requestId === null ? undefined : this.#requests.get(requestId)
    const channel = isChannel(named) ? named : asked
    const isThrottled = problem !== null && /\brate\b/i.test(problem)
    if (method !== 'subscribe' || symbol === null || channel === undefined || isThrottled) {
      if (problem !== null) tell({ kind: isThrottled ? 'throttled' : 'unreadable', problem })
      return
    }
    if (problem === null || /already subscribed/i.test(problem)) tell({ kind: 'subscribed', channel, symbol })
    else tell({ kind: 'refused', channel, symbol, problem })
  }

  #takeBook(frame: BookFrame): void {
    const { decimals, tell } = this.#parts
    if (frame.snapshot) this.#books.set(frame.symbol, krakenBook(decimals(frame.symbol)))
    const book = this.#books.get(frame.symbol)
    if (book === undefined) return
    if (book.apply(frame)) {
      const { bids, asks } = book
      tell({ kind: 'market', event: { kind: 'book', symbol: frame.symbol, bids, asks, at: frame.at } })
      return
    }
    this.#books.delete(frame.symbol)
    tell({ kind: 'mismatch', symbol: frame.symbol })
  }
}

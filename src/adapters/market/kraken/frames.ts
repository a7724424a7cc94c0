/** Kraken's public WebSocket v2 frames, read into our words. Nothing here keeps anything. */

import { type MarketChannel, readVenueMode, type VenueMode } from '../../../domain/connection.ts'
import { type Pair, parsePair } from '../../../domain/ids.ts'
import { type Numeric, price, quantity, text } from '../../../domain/units.ts'
import type { MarketEvent } from '../../../ports/market-feed.ts'
import {
  fieldsOf,
  numberOf,
  parseExact,
  rowsOf,
  textOf,
  timeOf,
  UnreadableError,
  type Wire,
} from '../../kraken/exact-json.ts'

/** A level as sent: digits count for the checksum, so nothing is trimmed. Quantity zero takes the level away. */
export interface SentLevel {
  readonly price: string
  readonly quantity: string
}

export interface BookFrame {
  readonly kind: 'book'
  readonly snapshot: boolean
  readonly symbol: Pair
  readonly bids: readonly SentLevel[]
  readonly asks: readonly SentLevel[]
  /** CRC32, unsigned; null where none was sent. */
  readonly checksum: number | null
  readonly at: number
}

/** A minute that may still be running. */
export interface MinuteRow {
  readonly symbol: Pair
  readonly openAt: number
  readonly open: Numeric
  readonly high: Numeric
  readonly low: Numeric
  readonly close: Numeric
  readonly volume: Numeric
}

/** What a request came to. */
export interface Answer {
  readonly kind: 'answer'
  readonly method: string
  readonly requestId: number | null
  readonly channel: string | null
  readonly symbol: Pair | null
  /** Null when it succeeded. */
  readonly problem: string | null
}

export type Frame =
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'status'; readonly mode: VenueMode }
  | Answer
  | { readonly kind: 'market'; readonly events: readonly MarketEvent[] }
  | { readonly kind: 'books'; readonly books: readonly BookFrame[] }
  | { readonly kind: 'minutes'; readonly snapshot: boolean; readonly rows: readonly MinuteRow[] }
  /** A channel that was not asked for. */
  | { readonly kind: 'other' }

type Fields = { readonly [key: string]: Wire }

function rowFields(row: Wire, what: string): Fields {
  const fields = fieldsOf(row)
  if (fields === null) throw new UnreadableError(`${what} row is not an object`)
  return fields
}

function symbolOf(fields: Fields): Pair {
  const symbol = parsePair(textOf(fields.symbol, 'symbol'))
  if (symbol === null) throw new UnreadableError(`symbol ${JSON.stringify(fields.symbol)} is not a pair`)
  return symbol
}

const exactPrice = (value: Wire | undefined, what: string): Numeric => text(price(textOf(value, what)))
const exactQuantity = (value: Wire | undefined, what: string): Numeric => text(quantity(textOf(value, what)))

function quote(row: Wire, seenAt: number): MarketEvent {
  const fields = rowFields(row, 'ticker')
  return {
    kind: 'quote',
    symbol: symbolOf(fields),
    bid: exactPrice(fields.bid, 'bid'),
    bidQuantity: exactQuantity(fields.bid_qty, 'bid_qty'),
    ask: exactPrice(fields.ask, 'ask'),
    askQuantity: exactQuantity(fields.ask_qty, 'ask_qty'),
    at: fields.timestamp === undefined ? seenAt : timeOf(fields.timestamp, 'ticker timestamp'),
  }
}

function trade(row: Wire): MarketEvent {
  const fields = rowFields(row, 'trade')
  const side = textOf(fields.side, 'side')
  return {
    kind: 'trade',
    symbol: symbolOf(fields),
    price: exactPrice(fields.price, 'price'),
    quantity: exactQuantity(fields.qty, 'qty'),
    side: side === 'buy' || side === 'sell' ? side : null,
    at: timeOf(fields.timestamp, 'trade timestamp'),
  }
}

function minute(row: Wire): MinuteRow {
  const fields = rowFields(row, 'ohlc')
  return {
    symbol: symbolOf(fields),
    openAt: timeOf(fields.interval_begin, 'interval_begin'),
    open: exactPrice(fields.open, 'open'),
    high: exactPrice(fields.high, 'high'),
    low: exactPrice(fields.low, 'low'),
    close: exactPrice(fields.close, 'close'),
    volume: exactQuantity(fields.volume, 'volume'),
  }
}

function levels(value: Wire | undefined, what: string): readonly SentLevel[] {
  if (value === undefined) return []
  return rowsOf(value, what).map((level) => {
    const fields = rowFields(level, what)
    return { price: textOf(fields.price, `${what} price`), quantity: textOf(fields.qty, `${what} qty`) }
  })
}

function book(row: Wire, snapshot: boolean, seenAt: number): BookFrame {
  const fields = rowFields(row, 'book')
  return {
    kind: 'book',
    snapshot,
    symbol: symbolOf(fields),
    bids: levels(fields.bids, 'bids'),
    asks: levels(fields.asks, 'asks'),
    checksum: fields.checksum === undefined ? null : numberOf(fields.checksum, 'checksum'),
    at: fields.timestamp === undefined ? seenAt : timeOf(fields.timestamp, 'book timestamp'),
  }
}

const status = (rows: readonly Wire[]): Frame => ({
  kind: 'status',
  mode: readVenueMode(textOf(rowFields(rows[0] ?? null, 'status').system, 'system')),
})

function answer(frame: Fields, method: string): Answer {
  const result = fieldsOf(frame.result) ?? {}
  const symbol = frame.symbol ?? result.symbol
  return {
    kind: 'answer',
    method,
    requestId: frame.req_id === undefined || frame.req_id === null ? null : numberOf(frame.req_id, 'req_id'),
    channel: typeof result.channel === 'string' ? result.channel : null,
    symbol: typeof symbol === 'string' ? parsePair(symbol) : null,
    problem: frame.success === false ? textOf(frame.error ?? 'refused without a reason', 'error') : null,
  }
}

const CHANNELS_READ: ReadonlySet<string> = new Set<MarketChannel | 'status'>([
  'status',
  'ticker',
  'trade',
  'ohlc',
  'book',
])

/**
 * Reads one text frame. `seenAt` stands in where the venue sends no time of its own.
 * @throws UnreadableError or NotANumberError for a frame that is not what Kraken documents.
 */
export function readFrame(sent: string, seenAt: number): Frame {
  const frame = fieldsOf(parseExact(sent))
  if (frame === null) throw new UnreadableError('a frame is not an object')
  if (typeof frame.method === 'string') return answer(frame, frame.method)
  // The message-rate refusal comes with a capital E and without a method.
  const complaint = frame.Error ?? frame.error
  if (typeof complaint === 'string') {
    return { kind: 'answer', method: '', requestId: null, channel: null, symbol: null, problem: complaint }
  }
  const channel = textOf(frame.channel, 'channel')
  if (channel === 'heartbeat') return { kind: 'heartbeat' }
  if (!CHANNELS_READ.has(channel)) return { kind: 'other' }
  const rows = rowsOf(frame.data, `${channel} data`)
  const snapshot = frame.type === 'snapshot'
  switch (channel as MarketChannel | 'status') {
    case 'status':
      return status(rows)
    case 'ticker':
      return { kind: 'market', events: rows.map((row) => quote(row, seenAt)) }
    case 'trade':
      return { kind: 'market', events: rows.map(trade) }
    case 'ohlc':
      return { kind: 'minutes', snapshot, rows: rows.map(minute) }
    case 'book':
      return { kind: 'books', books: rows.map((row) => book(row, snapshot, seenAt)) }
  }
}

/** Kraken's public WebSocket v2 frames, read into our words. Nothing here keeps anything. */

import type { MarketChannel } from '../../../domain/connection.ts'
import { type Pair, parsePair } from '../../../domain/ids.ts'
import { type Numeric, price, quantity, text } from '../../../domain/units.ts'
import type { MarketEvent } from '../../../ports/market-feed.ts'
import { type ControlFrame, readControl } from '../../kraken/control-frames.ts'
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

export type Frame =
  | ControlFrame
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

const CHANNELS_READ: ReadonlySet<string> = new Set<MarketChannel>(['ticker', 'trade', 'ohlc', 'book'])

/**
 * Reads one text frame. `seenAt` stands in where the venue sends no time of its own.
 * @throws UnreadableError or NotANumberError for a frame that is not what Kraken documents.
 */
export function readFrame(sent: string, seenAt: number): Frame {
  const frame = fieldsOf(parseExact(sent))
  if (frame === null) throw new UnreadableError('a frame is not an object')
  const control = readControl(frame)
  if (control !== null) return control
  const channel = textOf(frame.channel, 'channel')
  if (!CHANNELS_READ.has(channel)) return { kind: 'other' }
  const rows = rowsOf(frame.data, `${channel} data`)
  const snapshot = frame.type === 'snapshot'
  switch (channel as MarketChannel) {
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

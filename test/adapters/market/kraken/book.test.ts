import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseExact, type Wire } from '../../../../src/adapters/kraken/exact-json.ts'
import { type KrakenBook, krakenBook } from '../../../../src/adapters/market/kraken/book.ts'
import { type BookFrame, readFrame } from '../../../../src/adapters/market/kraken/frames.ts'
import { pair } from '../../../../src/domain/ids.ts'
import { marketData } from '../../../support/market-data.ts'

const capturePath = marketData('books/kraken_ws2_book10_BTCUSD_20230730.json')
/** The capture went through a program that wrote floats (`4.0`): the digits are the pair's, not the text's. */
const BTC_USD = { price: 1, quantity: 8 }

function bookOf(frame: unknown): BookFrame {
  const read = readFrame(JSON.stringify(frame), 0)
  const book = read.kind === 'books' ? read.books[0] : undefined
  if (book === undefined) throw new Error('not a book frame')
  return book
}

function captured(path: string): readonly BookFrame[] {
  const capture = JSON.parse(readFileSync(path, 'utf8')) as { init: unknown; updates?: unknown[] } & Record<
    string,
    unknown
  >
  const updates = Object.values(capture).find(Array.isArray)
  return [capture.init, ...(updates ?? [])].map(bookOf)
}

const level = (price: string, quantity: string) => ({ price, quantity })
const frame = (over: Partial<BookFrame>): BookFrame => ({
  kind: 'book',
  snapshot: false,
  symbol: pair('BTC/USDT'),
  bids: [],
  asks: [],
  checksum: null,
  at: 0,
  ...over,
})
const prices = (levels: KrakenBook['bids']) => levels.map((kept) => kept.price)

describe('the book of ten levels', () => {
  it.skipIf(capturePath === null)('agrees with the checksum of every frame of a real capture', () => {
    const frames = captured(capturePath ?? '')
    const book = krakenBook(BTC_USD)
    const right = frames.filter((sent) => book.apply(sent))
    expect([right.length, frames.length]).toEqual([510, 510])
    expect(frames.every((sent) => sent.checksum !== null)).toBe(true)
    expect([book.bids.length, book.asks.length]).toEqual([10, 10])
  })

  it.skipIf(capturePath === null)('notices a single lost update', () => {
    const frames = captured(capturePath ?? '')
    const book = krakenBook(BTC_USD)
    const right = frames.filter((_, index) => index !== 100).filter((sent) => book.apply(sent))
    expect(right.length).toBe(100)
  })

  it('sums the numbers as they were sent when the decimals are not known', () => {
    const asks = [level('45283.5', '0.10000000'), level('45283.6', '1.50000000')]
    const bids = [level('45283.4', '0.00200000')]
    // CRC32 of '45283510000000' + '452836150000000' + '452834200000'.
    const known = frame({ snapshot: true, asks, bids, checksum: 554_405_501 })
    expect(krakenBook(null).apply(known)).toBe(true)
    expect(krakenBook(BTC_USD).apply(known)).toBe(true)
    expect(krakenBook({ price: 1, quantity: 7 }).apply(known)).toBe(false)
  })

  it('keeps the best first and drops what falls out of the tenth place', () => {
    const book = krakenBook(null)
    const asks = Array.from({ length: 10 }, (_, index) => level(String(100 + index), '1'))
    expect(book.apply(frame({ snapshot: true, asks, bids: [level('98', '1'), level('99', '1')] }))).toBe(true)
    book.apply(frame({ asks: [level('99.5', '2')] }))
    expect(prices(book.asks)).toEqual(['99.5', '100', '101', '102', '103', '104', '105', '106', '107', '108'])
    expect(prices(book.bids)).toEqual(['99', '98'])
  })

  it('removes a level of quantity zero and replaces one that is there', () => {
    const book = krakenBook(null)
    book.apply(frame({ snapshot: true, asks: [level('101', '1'), level('102', '1')] }))
    book.apply(frame({ asks: [level('101', '0.00000000'), level('102', '3'), level('105', '0')] }))
    expect(book.asks).toEqual([{ price: '102', quantity: '3' }])
  })

  it('refuses an update that no snapshot came before', () => {
    expect(krakenBook(null).apply(frame({ asks: [level('101', '1')] }))).toBe(false)
  })

  it('reads a connection id beyond 2^53 and a trailing zero without changing a digit', () => {
    const read = parseExact('{"connection_id":17834968092736251234,"qty":0.10000000,"e":1e-8}') as Record<string, Wire>
    expect(read).toEqual({ connection_id: '17834968092736251234', qty: '0.10000000', e: '1e-8' })
  })
})

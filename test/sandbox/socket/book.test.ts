import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BOOK_DEPTH, type KrakenBook, krakenBook } from '../../../src/adapters/market/kraken/book.ts'
import { type BookFrame, readFrame } from '../../../src/adapters/market/kraken/frames.ts'
import type { BookLevel } from '../../../src/ports/market-feed.ts'
import { bookChecksum } from '../../../src/sandbox/market/shown-book.ts'
import { written } from '../../../src/sandbox/market/written.ts'
import { sideChanges } from '../../../src/sandbox/socket/market-rows.ts'
import { marketData } from '../../support/market-data.ts'
import { BTC, type Client, type SocketHouse, socketHouse } from './socket-house.ts'

const capturePath = marketData('books/kraken_ws2_book10_BTCUSD_20230730.json')
let house: SocketHouse
let client: Client

beforeEach(async () => {
  house = await socketHouse()
  client = await house.connect()
})
afterEach(() => house.stop())

const subscribe = (depth: number, symbol: string = BTC): void =>
  client.ask({ method: 'subscribe', params: { channel: 'book', symbol: [symbol], depth }, req_id: 1 })

const bookOf = (text: string): BookFrame => {
  const frame = readFrame(text, 0)
  if (frame.kind !== 'books' || frame.books[0] === undefined) throw new Error('no book')
  return frame.books[0]
}

/** A market that wanders: quotes, prints and books of varying depth, in ticks of a tenth. */
function wander(steps: number, seed: number): void {
  let state = seed
  const draw = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
  const price = (ticks: number) => (ticks / 10).toFixed(1)
  const size = () => (1 + draw(90_000_000)) / 1e8
  let mid = 500_000
  for (let step = 0; step < steps; step++) {
    mid += draw(21) - 10
    const kind = draw(4)
    const at = house.clock.now() + draw(3)
    house.clock.advanceTo(at)
    if (kind === 0) house.trade(price(mid), size().toFixed(8))
    else if (kind === 1) house.quote(price(mid - 1 - draw(3)), price(mid + 1 + draw(3)))
    else {
      const side = (direction: 1 | -1): readonly BookLevel[] => {
        let ticks = mid
        return Array.from({ length: 4 + draw(16) }, () => {
          ticks += direction * (1 + draw(4))
          return { price: price(ticks), quantity: size().toFixed(8) }
        })
      }
      house.hear({ kind: 'book', symbol: BTC, bids: side(-1), asks: side(1), at })
    }
  }
}

describe('the book channel', () => {
  it("sends books that our own reader's checksum confirms, frame by frame", async () => {
    house.trade('50000', '1')
    subscribe(10)
    await client.on('book', 'snapshot')
    wander(500, 11)
    client.ask({ method: 'ping', req_id: 2 })
    await client.answer(2)
    const frames = client.heard.filter(({ frame }) => frame.channel === 'book').map(({ text }) => bookOf(text))
    const book: KrakenBook = krakenBook(null)
    const confirmed = frames.filter((frame) => book.apply(frame))
    expect(frames.length).toBeGreaterThan(300)
    expect(confirmed).toHaveLength(frames.length)
    expect(book.bids).toHaveLength(BOOK_DEPTH)
    const shown = house.venue.market.book(BTC, 10)
    expect(book.asks.map(({ price }) => written(price, 1))).toEqual(shown?.asks.map(({ price }) => price))
  })

  it('keeps a deeper book as true as the ten levels that are summed', async () => {
    house.trade('50000', '1')
    subscribe(25)
    await client.on('book', 'snapshot')
    wander(300, 5)
    client.ask({ method: 'ping', req_id: 2 })
    await client.answer(2)
    const kept = { bids: new Map<string, string>(), asks: new Map<string, string>() }
    const levels = (side: 'bids' | 'asks'): readonly BookLevel[] =>
      [...kept[side]]
        .map(([price, quantity]) => ({ price, quantity }))
        .sort((a, b) => (side === 'asks' ? 1 : -1) * (Number(a.price) - Number(b.price)))
        .slice(0, 25)
    for (const { text, frame } of client.heard) {
      if (frame.channel !== 'book') continue
      const sent = bookOf(text)
      for (const side of ['bids', 'asks'] as const) {
        for (const { price, quantity } of sent[side])
          if (Number(quantity) === 0) kept[side].delete(price)
          else kept[side].set(price, quantity)
        kept[side] = new Map(levels(side).map(({ price, quantity }) => [price, quantity]))
      }
      expect(bookChecksum({ bids: levels('bids'), asks: levels('asks') })).toBe(sent.checksum)
    }
    const shown = house.venue.market.book(BTC, 25)
    expect([levels('bids'), levels('asks')]).toEqual([shown?.bids, shown?.asks])
  })

  it('stamps every update with a moment of its own', async () => {
    house.trade('50000', '1')
    subscribe(10)
    await client.on('book', 'snapshot')
    for (let tick = 0; tick < 5; tick++) house.quote(`5000${tick}`, `5001${tick}`)
    client.ask({ method: 'ping', req_id: 2 })
    await client.answer(2)
    const stamps = client.heard
      .filter(({ frame }) => frame.channel === 'book')
      .map(({ frame }) => frame.data[0].timestamp)
    expect(stamps).toEqual([...new Set(stamps)].sort())
    expect(stamps.at(-1)).toBe('2026-11-02T12:00:00.000005Z')
  })
})

describe.skipIf(capturePath === null)('against a real capture', () => {
  type Level = { price: number; qty: number }
  type Row = { bids: Level[]; asks: Level[]; checksum: number }

  it('finds the same checksums, and the same changes between two books as Kraken sent', () => {
    const capture = JSON.parse(readFileSync(capturePath ?? '', 'utf8')) as {
      init: { data: Row[] }
      updates: { data: Row[] }[]
    }
    const book = krakenBook({ price: 1, quantity: 8 })
    const rows = [capture.init, ...capture.updates].map((frame) => frame.data[0] as Row)
    const sent = (levels: Level[]) =>
      levels.map(({ price, qty }) => ({ price: price.toFixed(1), quantity: qty.toFixed(8) }))
    const shown = (levels: readonly BookLevel[]) =>
      levels.map(({ price, quantity }) => ({ price: written(price, 1), quantity: written(quantity, 8) }))
    let same = 0
    for (const [index, row] of rows.entries()) {
      const before = { bids: shown(book.bids), asks: shown(book.asks) }
      const [bids, asks] = [sent(row.bids), sent(row.asks)]
      const frame = { kind: 'book', symbol: BTC, at: 0, checksum: row.checksum } as const
      expect(book.apply({ ...frame, snapshot: index === 0, bids, asks })).toBe(true)
      const after = { bids: shown(book.bids), asks: shown(book.asks) }
      expect(bookChecksum(after)).toBe(row.checksum)
      // Kraken sends also what cancels out within one frame: the changes that remain are the ones compared.
      const ours = new Set(
        [...sideChanges(before.bids, after.bids, 10), ...sideChanges(before.asks, after.asks, 10)].map(
          (level) => `${level.price} ${level.quantity}`,
        ),
      )
      const theirs = new Set([...bids, ...asks].map((level) => `${level.price} ${level.quantity}`))
      expect([...ours].filter((change) => !theirs.has(change))).toEqual([])
      if (ours.size === theirs.size) same += 1
    }
    expect(rows).toHaveLength(510)
    expect(same).toBeGreaterThan(450)
  })
})

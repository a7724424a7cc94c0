import { describe, expect, it } from 'vitest'
import { createBooks } from '../../actors/books.ts'
import { type Desks, recover, revive } from '../../actors/recovery.ts'
import type { JournaledInput } from '../../actors/supervision/journaled.ts'
import type { Fact } from '../../src/domain/facts.ts'
import { planId } from '../../src/domain/ids.ts'
import { type MemoryDisk, MemoryJournal } from '../support/memory-journal.ts'
import { balance, factOf, fillOf, orderOf, positionOf, SETTINGS, T0 } from './trading-house.ts'

let heardSoFar = 0
/** A disk with these entries on it, in this order. */
async function diskWith(entries: readonly (readonly [stream: string, type: string, facts?: readonly Fact[]])[]) {
  const disk: MemoryDisk = { rows: [] }
  const journal = new MemoryJournal(undefined, disk)
  for (const [stream, type, facts = []] of entries) {
    heardSoFar += 1
    const id = `heard-${heardSoFar}`
    const heard = { id, type, body: { seenAt: T0, no: heardSoFar }, correlationId: 'story', causationId: 'x', at: T0 }
    journal.append({ stream, heard, facts }, () => null)
  }
  await journal.settled()
  return disk
}
const recovered = async (disk: MemoryDisk) => {
  const books = createBooks(SETTINGS.limits)
  const found = await recover(new MemoryJournal(undefined, disk), books)
  return { books, ...found }
}

const order = orderOf('o1')
const filled = { ...order, status: 'FILLED' as const, filled: '0.01', cost: '400', phase: 'settling' as const }
const settledFact = () => factOf({ type: 'order.settled', order: { ...filled, phase: 'done' } })

describe('reading the journal back', () => {
  it('gives each stream its birth and what it heard since, oldest first, and nothing that it stated', async () => {
    const disk = await diskWith([
      ['order:o1', 'place-order', [factOf({ type: 'order.intended', order })]],
      ['position:p1', 'open-position'],
      ['order:o1', 'venue.sent', [factOf({ type: 'order.submitted', order })]],
      ['order:o1', 'venue.opened'],
    ])
    const { streams, rows } = await recovered(disk)
    expect(rows).toBe(6)
    expect([...streams.keys()]).toEqual(['order:o1', 'position:p1'])
    const stream = streams.get('order:o1')
    expect(stream?.birth).toMatchObject({ type: 'place-order', seenAt: T0, correlationId: 'story' })
    expect(stream?.history.map((message) => message.type)).toEqual(['venue.sent', 'venue.opened'])
    expect(stream?.correlationId).toBe('story')
  })

  it('folds every fact into the books, as read back', async () => {
    const marks = { 'BTC/USDT': '40000' }
    const opened = factOf({ type: 'account.opened', balances: [balance('USDT', '1000')], marks })
    const fill = fillOf('t1', '40000', '0.01', '3.2')
    const disk = await diskWith([
      ['account', 'open-account', [opened]],
      ['order:o1', 'venue.filled', [factOf({ type: 'order.filled', order: filled, fill })]],
    ])
    const { books } = await recovered(disk)
    expect(books.totals()).toEqual({ USDT: '596.8', BTC: '0.01' })
    expect(books.order(order.orderId)).toEqual(filled)
  })

  it.each([
    ['order:o1', settledFact],
    ['position:p1', () => factOf({ type: 'position.closed', position: positionOf({ status: 'closed' }) })],
    ['plan:x', () => factOf({ type: 'rebalance.completed', planId: planId('x') })],
    ['plan:x', () => factOf({ type: 'rebalance.cancelled', planId: planId('x'), reason: 'not needed' })],
  ] as const)('leaves out %s once it is over', async (stream, end) => {
    const disk = await diskWith([
      [stream, 'birth'],
      ['coordinator', 'start-coordinator'],
      [stream, 'the end', [end()]],
    ])
    const { streams } = await recovered(disk)
    expect([...streams.keys()]).toEqual(['coordinator'])
  })

  it('keeps an order that is filled but still waits for late fills', async () => {
    const fill = fillOf('t1', '40000', '0.01')
    const disk = await diskWith([
      ['order:o1', 'place-order'],
      ['order:o1', 'venue.filled', [factOf({ type: 'order.filled', order: filled, fill })]],
    ])
    expect((await recovered(disk)).streams.has('order:o1')).toBe(true)
  })

  it('of an empty journal is a first start', async () => {
    const { streams, rows, books } = await recovered({ rows: [] })
    expect([streams.size, rows, books.ledger()]).toEqual([0, 0, null])
  })
})

function desks() {
  const said: string[] = []
  const inputs: JournaledInput[] = []
  const revived = (kind: string) => (id: string, input: JournaledInput) => {
    inputs.push(input)
    said.push(`revive ${kind} ${id}`)
  }
  const recover = (kind: string) => (id: string) => void said.push(`recover ${kind} ${id}`)
  const parts: Desks = {
    orders: {
      ...{ revive: revived('order'), place: () => ({ refused: 'not now' }), cancel: () => false, amend: () => false },
      ...{ cancelEntries: () => 0, watch: () => {}, close: () => {}, unwritten: () => [], isClosed: () => false },
    },
    positions: {
      ...{ revive: revived('position'), recover: recover('position'), open: () => true, close: () => false },
      ...{ halve: () => false, pass: () => {} },
    },
    plans: { revive: revived('plan'), recover: recover('plan'), start: () => {}, pass: () => {}, allow: () => {} },
    hodl: { recover: () => void said.push('recover the bags') },
  }
  return { said, inputs, parts }
}

describe('revival', () => {
  it('brings every order back before an owner is told what its orders are', async () => {
    const disk = await diskWith([
      ['position:p:1', 'open-position'],
      ['coordinator', 'start-coordinator'],
      ['account', 'open-account'],
      ['order:o1', 'place-order'],
      ['plan:x', 'start-plan'],
      ['order:o2', 'place-order'],
      ['order:o1', 'venue.sent'],
    ])
    const { said, inputs, parts } = desks()
    const found = revive(await recovered(disk), parts)
    expect(found).toEqual({ orders: 2, positions: 1, plans: 1 })
    expect(said).toEqual([
      ...['revive position p:1', 'revive order o1', 'revive plan x', 'revive order o2'],
      ...['recover position p:1', 'recover plan x', 'recover the bags'],
    ])
    expect(inputs.every((input) => !input.isNew)).toBe(true)
    expect(inputs[1]?.history.map((message) => message.type)).toEqual(['venue.sent'])
  })
})

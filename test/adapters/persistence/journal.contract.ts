import { expect, it } from 'vitest'
import { NotJsonError } from '../../../src/adapters/persistence/canonical-json.ts'
import { journalHash } from '../../../src/adapters/persistence/journal-digest.ts'
import type { StoredRow } from '../../../src/adapters/persistence/journal-rows.ts'
import type { Journal, JournalEntry } from '../../../src/ports/journal.ts'
import { entries, entryOf, rowsOf, T0 } from './entries.ts'

export interface CountedJournal extends Journal {
  hash(): string
  countsByType(): Readonly<Record<string, number>>
  rows(): number
  read(): AsyncIterable<StoredRow>
}

export interface JournalUnderTest {
  readonly journal: CountedJournal
  /** The journal of the same account as the next process finds it. */
  reopen(): Promise<CountedJournal>
}

const NOT_ASKED = (): null => null

/** What everybody may rely on, whichever journal is handed in. `make` gives an account that nobody has used. */
export function journalContract(make: () => Promise<JournalUnderTest>): void {
  it('numbers rows without gaps per account and per stream, what was heard before what was stated', async () => {
    const { journal } = await make()
    for (const entry of entries(4)) journal.append(entry, NOT_ASKED)
    await journal.settled()
    const rows = await rowsOf(journal.read())
    expect(rows.map(({ pos, stream, sequence, kind }) => [pos, stream, sequence, kind])).toEqual([
      [1, 'order:1', 1, 'heard'],
      [2, 'order:1', 2, 'fact'],
      [3, 'order:2', 1, 'heard'],
      [4, 'order:2', 2, 'fact'],
      [5, 'order:2', 3, 'fact'],
      [6, 'order:0', 1, 'heard'],
      [7, 'order:0', 2, 'fact'],
      [8, 'order:1', 3, 'heard'],
      [9, 'order:1', 4, 'fact'],
      [10, 'order:1', 5, 'fact'],
    ])
  })

  it('gives every row back as it was written', async () => {
    const { journal } = await make()
    const entry = entryOf(2)
    journal.append(entry, NOT_ASKED)
    await journal.settled()
    const [heard, fact] = await rowsOf(journal.read())
    expect(heard).toMatchObject({ id: entry.heard.id, type: 'cancel-order', version: 1, at: T0 + 34 })
    expect(heard?.body).toEqual({ ...entry.heard.body, amounts: ['1.50', 1e-7, 0] })
    expect(fact?.body).toEqual(entry.facts[0])
    expect(fact).toMatchObject({ causationId: entry.heard.id, correlationId: entry.heard.correlationId })
  })

  it('has the same hash written and read', async () => {
    const { journal } = await make()
    for (const entry of entries(50)) journal.append(entry, NOT_ASKED)
    await journal.settled()
    expect(await journalHash(journal.read())).toBe(journal.hash())
    expect(journal.rows()).toBe((await rowsOf(journal.read())).length)
    expect(journal.countsByType()).toEqual({ 'cancel-order': 50, 'task.failed': 75 })
  })

  it('lets effects go in the order of the appends, and never inside an append', async () => {
    const { journal } = await make()
    const gone: number[] = []
    for (let number = 1; number <= 200; number += 1) journal.append(entryOf(number), () => gone.push(number))
    expect(gone).toEqual([])
    expect(journal.pending).toBe(200)
    await journal.settled()
    expect(gone).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
    expect(journal.pending).toBe(0)
  })

  it('is on disk before the effect leaves', async () => {
    const { journal } = await make()
    const seen = await new Promise<readonly StoredRow[]>((resolve, reject) => {
      journal.append(entryOf(1), () => rowsOf(journal.read()).then(resolve, reject))
    })
    expect(seen.length).toBe(2)
  })

  it('goes on when an effect throws, and takes what an effect appends', async () => {
    const { journal } = await make()
    const gone: string[] = []
    journal.append(entryOf(1), () => {
      throw new Error('a broken gateway')
    })
    journal.append(entryOf(2), () => {
      gone.push('second')
      journal.append(entryOf(3), () => gone.push('from inside'))
    })
    await journal.settled()
    expect(gone).toEqual(['second', 'from inside'])
  })

  it('refuses what JSON cannot carry, and uses up no number for it', async () => {
    const { journal } = await make()
    const good = entryOf(1)
    const bad: JournalEntry = { ...good, heard: { ...good.heard, body: { price: Number.NaN } } }
    expect(() => journal.append(bad, NOT_ASKED)).toThrow(NotJsonError)
    journal.append(good, NOT_ASKED)
    await journal.settled()
    expect((await rowsOf(journal.read())).map((row) => row.pos)).toEqual([1, 2])
  })

  it('is numbered on by the next process', async () => {
    const { journal, reopen } = await make()
    for (const entry of entries(3)) journal.append(entry, NOT_ASKED)
    await journal.settled()
    const next = await reopen()
    next.append(entryOf(4), NOT_ASKED)
    await next.settled()
    const rows = await rowsOf(next.read())
    expect(rows.map((row) => row.pos)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(rows.filter((row) => row.stream === 'order:1').map((row) => row.sequence)).toEqual([1, 2, 3, 4, 5])
  })

  it('is settled at once when nothing was appended', async () => {
    const { journal } = await make()
    await journal.settled()
    expect(journal.health()).toEqual({ state: 'durable' })
  })
}

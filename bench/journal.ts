/** Appends that share a write, beside appends that each wait for the one before, on the embedded database in memory. */
import { simulatedClock } from '../src/adapters/clock/simulated.ts'
import { openDatabase } from '../src/adapters/persistence/database.ts'
import { PostgresJournal } from '../src/adapters/persistence/postgres-journal.ts'
import { PostgresLeadership } from '../src/adapters/persistence/postgres-leadership.ts'
import type { JournalEntry } from '../src/ports/journal.ts'
import type { Log } from '../src/ports/log.ts'
import { fillAt, filledLife } from '../test/support/order-lives.ts'
import type { Bench } from './measure.ts'
import { entry } from './orders.ts'

const GROUPED = 500
const ONE_BY_ONE = 50
const LIVES = 80
const quiet: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }

const id = (kind: string, number: number): string => `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`
function entryOf(number: number): JournalEntry {
  const heardId = id('e', number)
  const story = { correlationId: id('c', number % 7), causedBy: heardId, origin: 'live' } as const
  const fact = { type: 'task.failed', task: 'ta_analysis', symbol: null, problem: `no. ${number}` } as const
  return {
    stream: `order:${number % 20}`,
    heard: {
      ...{ id: heardId, type: 'cancel-order', body: { seenAt: number, reason: 'because' } },
      ...{ correlationId: story.correlationId, causationId: null, at: number },
    },
    facts: [{ ...fact, ...story, id: id('f', number), at: number, seenAt: number }],
  }
}

const START = Date.UTC(2025, 10, 3)

/** A journal on a database in memory; `append` counts what becomes durable, `settled` sees that all of it does. */
async function openBench() {
  const clock = simulatedClock(START)
  const database = await openDatabase({ dataDir: 'memory://', log: quiet, clock })
  const { sql } = database
  const lease = await new PostgresLeadership({ sql, clock, account: 'bench', holder: 'bench', incarnation: '1' }).take()
  if (lease === null) throw new Error('the account is taken')
  const journal = await PostgresJournal.open({ sql, lease, clock, log: quiet })
  let appended = 0
  let durable = 0
  const append = (given: JournalEntry): void => {
    appended += 1
    journal.append(given, () => {
      durable += 1
    })
  }
  const settled = async (): Promise<void> => {
    await journal.settled()
    if (durable !== appended) throw new Error(`${durable} of ${appended} entries are durable`)
  }
  return { append, settled, close: () => database.close() }
}

export const journalAppend: Bench = async () => {
  const { append, settled, close } = await openBench()
  let number = 0
  const appendNext = (): void => {
    number += 1
    append(entryOf(number))
  }
  return {
    ...{ name: 'journal, grouped', unit: 'entry', baseline: 'one at a time', rounds: 5, close },
    operations: GROUPED,
    bareOperations: ONE_BY_ONE,
    measured: async () => {
      for (let count = 0; count < GROUPED; count += 1) appendNext()
      await settled()
    },
    bare: async () => {
      for (let count = 0; count < ONE_BY_ONE; count += 1) {
        appendNext()
        await settled()
      }
    },
  }
}

/** Orders' lives, beside the same rows under names that no table is filled from. */
export const journalOfOrders: Bench = async () => {
  const { append, settled, close } = await openBench()
  let lives = 0
  const nextLives = (): readonly JournalEntry[] =>
    Array.from({ length: LIVES }, () => {
      lives += 1
      const fills = ['a', 'b'].map((half) => fillAt(`${half}${lives}`, '40000', '0.005', '1.6', START + lives))
      return filledLife({ id: `order ${lives}`, request: entry(lives), at: START + lives, fills })
    }).flat()
  const nameless = (given: JournalEntry): JournalEntry => ({
    ...given,
    facts: given.facts.map((fact) => ({ ...fact, type: `no.${fact.type}` }) as unknown as typeof fact),
  })
  const appendAll = (entries: readonly JournalEntry[]) => async (): Promise<void> => {
    for (const given of entries) append(given)
    await settled()
  }
  return {
    ...{
      name: "journal of orders' lives, with their tables",
      unit: 'entry',
      baseline: 'without tables',
      rounds: 5,
      close,
    },
    operations: LIVES * 6,
    measured: () => appendAll(nextLives())(),
    bare: () => appendAll(nextLives().map(nameless))(),
  }
}

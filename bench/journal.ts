/** Appends that share a write, beside appends that each wait for the one before, on the embedded database in memory. */
import { simulatedClock } from '../src/adapters/clock/simulated.ts'
import { openDatabase } from '../src/adapters/persistence/database.ts'
import { PostgresJournal } from '../src/adapters/persistence/postgres-journal.ts'
import { PostgresLeadership } from '../src/adapters/persistence/postgres-leadership.ts'
import type { JournalEntry } from '../src/ports/journal.ts'
import type { Log } from '../src/ports/log.ts'
import type { Bench } from './measure.ts'

const GROUPED = 500
const ONE_BY_ONE = 50
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

export const journalAppend: Bench = async () => {
  const clock = simulatedClock(Date.UTC(2025, 10, 3))
  const database = await openDatabase({ dataDir: 'memory://', log: quiet, clock })
  const { sql } = database
  const lease = await new PostgresLeadership({ sql, clock, account: 'bench', holder: 'bench', incarnation: '1' }).take()
  if (lease === null) throw new Error('the account is taken')
  const journal = await PostgresJournal.open({ sql, lease, clock, log: quiet })
  let number = 0
  let durable = 0
  const append = (): void => {
    number += 1
    journal.append(entryOf(number), () => {
      durable += 1
    })
  }
  const settled = async (): Promise<void> => {
    await journal.settled()
    if (durable !== number) throw new Error(`${durable} of ${number} entries are durable`)
  }
  return {
    ...{ name: 'journal, grouped', unit: 'entry', baseline: 'one at a time', rounds: 5 },
    operations: GROUPED,
    bareOperations: ONE_BY_ONE,
    measured: async () => {
      for (let entry = 0; entry < GROUPED; entry += 1) append()
      await settled()
    },
    bare: async () => {
      for (let entry = 0; entry < ONE_BY_ONE; entry += 1) {
        append()
        await settled()
      }
    },
    close: () => database.close(),
  }
}

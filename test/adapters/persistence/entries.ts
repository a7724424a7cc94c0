import type { Fact } from '../../../src/domain/facts.ts'
import type { JournalEntry } from '../../../src/ports/journal.ts'
import type { Log } from '../../../src/ports/log.ts'

export const T0 = Date.UTC(2025, 10, 3, 9, 30)

const id = (kind: string, number: number): string => `${kind}000000-0000-4000-8000-${String(number).padStart(12, '0')}`

/** The `number`th thing that happens: a command heard by one of three actors, which states one or two facts. */
export function entryOf(number: number): JournalEntry {
  const at = T0 + number * 17
  const correlationId = id('c', number % 5)
  const heardId = id('e', number)
  const fact = (which: number): Fact<'task.failed'> => ({
    type: 'task.failed',
    task: 'ta_analysis',
    symbol: null,
    problem: `no. ${number}, "quoted", ümlaut, \u0000 and 日本`,
    id: id('f', number * 10 + which),
    at,
    seenAt: at + 1,
    causedBy: heardId,
    correlationId,
    origin: 'live',
  })
  return {
    stream: `order:${number % 3}`,
    heard: {
      id: heardId,
      type: 'cancel-order',
      body: { seenAt: at, reason: 'because', amounts: ['1.50', 1e-7, -0], nested: { b: 1, a: [null, true] } },
      correlationId,
      causationId: null,
      at,
    },
    facts: number % 2 === 0 ? [fact(0), fact(1)] : [fact(0)],
  }
}

export const entries = (count: number): readonly JournalEntry[] =>
  Array.from({ length: count }, (_, index) => entryOf(index + 1))

export interface CollectedLog extends Log {
  readonly lines: readonly { readonly level: string; readonly message: string }[]
}

export function collectingLog(): CollectedLog {
  const lines: { level: string; message: string }[] = []
  const at = (level: string) => (message: string) => void lines.push({ level, message })
  return { lines, debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') }
}

export async function rowsOf<Row>(rows: AsyncIterable<Row>): Promise<readonly Row[]> {
  const all: Row[] = []
  for await (const row of rows) all.push(row)
  return all
}

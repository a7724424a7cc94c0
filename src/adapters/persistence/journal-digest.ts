/** The hash of a journal: two runs that did the same have the same one. */
import { createHash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'
import type { StoredRow } from './journal-rows.ts'

const PIECE_CHARACTERS = 1 << 16

const nullable = (value: string | null): string => (value === null ? 'null' : JSON.stringify(value))

/**
 * Running SHA-256 over rows in the order given: one canonical JSON array and a newline per row, without the time of
 * recording, which depends on the machine and not on what happened.
 */
export class JournalDigest {
  readonly #hash = createHash('sha256')
  readonly #counts = new Map<string, number>()
  #piece = ''
  #rows = 0

  /** `bodyText` is the body's canonical JSON, for callers that already have it. */
  add(row: Omit<StoredRow, 'body'>, bodyText: string): void {
    this.#rows += 1
    this.#counts.set(row.type, (this.#counts.get(row.type) ?? 0) + 1)
    this.#piece +=
      `[${JSON.stringify(row.account)},${row.epoch},${JSON.stringify(row.incarnation)},${row.pos},` +
      `${JSON.stringify(row.stream)},${row.sequence},${JSON.stringify(row.id)},${JSON.stringify(row.kind)},` +
      `${JSON.stringify(row.type)},${row.version},${bodyText},${nullable(row.correlationId)},` +
      `${nullable(row.causationId)},${row.at}]\n`
    if (this.#piece.length >= PIECE_CHARACTERS) this.#feed()
  }

  /** Lower-case hexadecimal; more rows may follow. */
  hash(): string {
    this.#feed()
    return this.#hash.copy().digest('hex')
  }

  /** Rows by event type, types in alphabetical order. */
  countsByType(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  rows(): number {
    return this.#rows
  }

  #feed(): void {
    this.#hash.update(this.#piece)
    this.#piece = ''
  }
}

/** The hash of rows read back, the same as the one of the journal that wrote them. */
export async function journalHash(rows: AsyncIterable<StoredRow>): Promise<string> {
  const digest = new JournalDigest()
  for await (const row of rows) digest.add(row, canonicalJson(row.body))
  return digest.hash()
}

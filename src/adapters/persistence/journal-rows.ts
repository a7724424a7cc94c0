/** From what an actor heard and stated to numbered rows, the same for every journal. */
import type { JournalEntry, JournalRow } from '../../ports/journal.ts'
import { canonicalJson, NotJsonError } from './canonical-json.ts'
import { eventVersion, type Upcasters } from './upcasters.ts'

/** A row with the id of the message that it holds, which a `why` follows. */
export interface StoredRow extends JournalRow {
  readonly id: string
}

/** A row on its way to the disk: its body is canonical JSON already. */
export interface NumberedRow extends Omit<StoredRow, 'body'> {
  readonly bodyText: string
}

export interface Writer {
  readonly account: string
  readonly epoch: number
  readonly incarnation: string
}

/** Where the account's journal stands before the first new row. */
export interface LastRows {
  readonly pos: number
  readonly sequences: ReadonlyMap<string, number>
}

interface Unnumbered {
  readonly kind: 'heard' | 'fact'
  readonly id: string
  readonly type: string
  readonly bodyText: string
  readonly correlationId: string | null
  readonly causationId: string | null
  readonly at: number
}

function wholeMilliseconds(at: number, what: string): number {
  if (!Number.isFinite(at)) throw new NotJsonError(`${what} has no time: ${at}`)
  return Math.trunc(at)
}

function heardRow({ heard }: JournalEntry): Unnumbered {
  const { id, type, body, correlationId, causationId } = heard
  const at = wholeMilliseconds(heard.at, type)
  return { kind: 'heard', id, type, bodyText: canonicalJson(body), correlationId, causationId, at }
}

const factRow = (fact: JournalEntry['facts'][number]): Unnumbered => ({
  kind: 'fact',
  id: fact.id,
  type: fact.type,
  bodyText: canonicalJson(fact),
  correlationId: fact.correlationId,
  causationId: fact.causedBy,
  at: wholeMilliseconds(fact.at, fact.type),
})

/** Gives rows their `pos` and `sequence`, in call order. */
export class RowNumbering {
  readonly #writer: Writer
  readonly #upcasters: Upcasters
  readonly #sequences: Map<string, number>
  #pos: number

  constructor(writer: Writer, last: LastRows, upcasters: Upcasters) {
    this.#writer = writer
    this.#upcasters = upcasters
    this.#sequences = new Map(last.sequences)
    this.#pos = last.pos
  }

  /**
   * The heard row, then its fact rows. A fact's body is the whole fact.
   * @throws NotJsonError for a body that JSON cannot carry; no number is used up then.
   */
  rowsOf(entry: JournalEntry): readonly NumberedRow[] {
    const unnumbered = [heardRow(entry), ...entry.facts.map(factRow)]
    return unnumbered.map((row) => this.#numbered(entry.stream, row))
  }

  #numbered(stream: string, row: Unnumbered): NumberedRow {
    const sequence = (this.#sequences.get(stream) ?? 0) + 1
    this.#sequences.set(stream, sequence)
    this.#pos += 1
    const { account, epoch, incarnation } = this.#writer
    const version = eventVersion(row.type, this.#upcasters)
    return { account, epoch, incarnation, pos: this.#pos, stream, sequence, version, ...row }
  }
}

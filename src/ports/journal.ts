/** The append-only journal of what journaled actors heard and stated: the truth that everything is rebuilt from. */
import type { Fact } from '../domain/facts.ts'

/** One row. `heard` rows are what replay feeds; `fact` rows are what was published. */
export interface JournalRow {
  readonly account: string
  readonly epoch: number
  readonly incarnation: string
  /** Gapless per account, from 1. */
  readonly pos: number
  /** Which actor: `order:<id>`, `position:<id>`, `plan:<id>`, `coordinator`. */
  readonly stream: string
  /** Gapless per stream, from 1. */
  readonly sequence: number
  readonly kind: 'heard' | 'fact'
  readonly type: string
  readonly version: number
  /** JSON. */
  readonly body: Readonly<Record<string, unknown>>
  readonly correlationId: string | null
  readonly causationId: string | null
  /** When it happened, milliseconds UTC. */
  readonly at: number
}

/** What an actor heard together with the facts it stated: one transaction. */
export interface JournalEntry {
  readonly stream: string
  readonly heard: {
    readonly id: string
    readonly type: string
    readonly body: Readonly<Record<string, unknown>>
    readonly correlationId: string
    readonly causationId: string | null
    readonly at: number
  }
  readonly facts: readonly Fact[]
}

export type JournalHealth =
  | { readonly state: 'durable' }
  /**
   * The database does not answer: nothing that adds risk may leave. At first rows wait in memory; `spooled` are on the disk
   * beside it and their effects leave; `unwritten` can be put nowhere, and nothing leaves at all.
   */
  | {
      readonly state: 'away'
      readonly sinceAt: number
      readonly problem: string
      readonly rows: 'waiting' | 'spooled' | 'unwritten'
    }
  /** Another process holds the account now: this one must step down. */
  | { readonly state: 'fenced'; readonly epoch: number }

export interface Journal {
  /**
   * Assigns positions at once and in call order, writes grouped, and calls `onDurable` in the same order once the rows
   * are on disk: in the database or, while that is away, in the spool. Never calls back after `fenced`. Never throws for a database that is away.
   */
  append(entry: JournalEntry, onDurable: () => void): void
  /** Entries that are not durable yet, or whose `onDurable` has not run: 0 means quiet. */
  readonly pending: number
  /** Resolves when nothing is pending (or the journal is fenced). */
  settled(): Promise<void>
  health(): JournalHealth
  onHealth(listener: (health: JournalHealth) => void): void
  /** Every row of the account in order of `pos`, upcast to today's versions. */
  read(): AsyncIterable<JournalRow>
}

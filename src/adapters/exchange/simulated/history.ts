/** Rows by id, oldest first, of which only the newest are kept. */
export class History<Row> {
  readonly #rows = new Map<string, Row>()
  readonly #kept: number

  constructor(kept: number) {
    this.#kept = kept
  }

  /** Keeps the row; answers the one that had to go for it, if any. */
  keep(id: string, row: Row): Row | null {
    this.#rows.set(id, row)
    if (this.#rows.size <= this.#kept) return null
    for (const [oldest, gone] of this.#rows) {
      this.#rows.delete(oldest)
      return gone
    }
    return null
  }

  get(id: string): Row | null {
    return this.#rows.get(id) ?? null
  }

  rows(): Row[] {
    return [...this.#rows.values()]
  }
}

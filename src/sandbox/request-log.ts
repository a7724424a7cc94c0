/** What reached the matching engine, in order: the evidence that tests of double orders and of fencing look at. */
import type { Pair } from '../domain/ids.ts'
import type { Origin } from './venue.ts'

export interface EngineRequest extends Origin {
  readonly kind: 'place' | 'amend' | 'edit' | 'cancel' | 'cancel-all' | 'cancel-all-after'
  readonly at: number
  readonly symbol: Pair | null
  readonly clientOrderId: string | null
  readonly venueOrderId: string | null
  /** Empty where it was obeyed. */
  readonly errors: readonly string[]
}

const KEPT = 20_000

export class RequestLog {
  #rows: EngineRequest[] = []

  add(row: EngineRequest): void {
    this.#rows.push(row)
    if (this.#rows.length > 2 * KEPT) this.#rows = this.#rows.slice(-KEPT)
  }

  rows(): readonly EngineRequest[] {
    return this.#rows
  }
}

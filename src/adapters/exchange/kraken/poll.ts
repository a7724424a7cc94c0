/**
 * While the private line is down its reports come from the lists: every five seconds the open orders are read, and those
 * that are no longer among them are looked at one by one. Trades are read only where an execution is missing, since they
 * cost twice as much and the smallest account has a third of a call a second.
 */
import type { Clock, Timer } from '../../../ports/clock.ts'
import type { VenueAnswer } from '../../../ports/exchange.ts'
import type { Executions } from './executions.ts'
import { isWhole, type OrderLists } from './order-lists.ts'
import type { OrderRow } from './rows.ts'

export interface PollParts {
  readonly lists: OrderLists
  readonly executions: Executions
  readonly clock: Clock
}

export const POLL_MS = 5_000

export class Poll {
  readonly #parts: PollParts
  #timer: Timer | null = null
  /** Counts the starts: an answer to an earlier one is not told any more. */
  #round = 0

  constructor(parts: PollParts) {
    this.#parts = parts
  }

  start(): void {
    if (this.#timer !== null) return
    this.#round += 1
    this.#arm(this.#round)
  }

  stop(): void {
    this.#round += 1
    this.#timer?.cancel()
    this.#timer = null
  }

  #arm(round: number): void {
    const { clock } = this.#parts
    this.#timer = clock.at(clock.now() + POLL_MS, async () => {
      await this.#look(round)
      if (round === this.#round) this.#arm(round)
    })
  }

  async #look(round: number): Promise<void> {
    const { lists, executions } = this.#parts
    const open = await lists.open()
    if (open.kind !== 'done' || round !== this.#round) return
    const listed = new Set(open.value.map((row) => row.venueOrderId))
    const gone = executions.live().filter((id) => !listed.has(id))
    const ended: VenueAnswer<readonly OrderRow[]> = await lists.byVenueId(gone)
    if (ended.kind !== 'done') return
    const ours = open.value.filter((row) => row.clientOrderId !== null)
    const whole = await lists.withFills([...ours, ...ended.value])
    if (whole.kind !== 'done' || round !== this.#round) return
    // One whose last execution is not listed yet is told next time: its end must not come before its fill.
    for (const each of whole.value) if (isWhole(each)) executions.takeListed(each)
  }
}

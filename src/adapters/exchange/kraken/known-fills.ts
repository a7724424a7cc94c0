/** Every execution that was heard of, by socket or REST: each is counted once, and asked for only where one is missing. */
import type { VenueOrderId } from '../../../domain/ids.ts'
import type { Fill } from '../../../domain/order.ts'
import { type Amount, amount, type Numeric, sumOf } from '../../../domain/units.ts'

/** Orders remembered; the one heard of longest ago goes first. */
const MOST_ORDERS = 5_000

export class KnownFills {
  readonly #byOrder = new Map<VenueOrderId, Map<string, Fill>>()

  /** True when it is news. */
  add(order: VenueOrderId, fill: Fill): boolean {
    const known = this.#byOrder.get(order) ?? new Map<string, Fill>()
    if (known.has(fill.tradeId)) return false
    known.set(fill.tradeId, fill)
    this.#byOrder.delete(order)
    this.#byOrder.set(order, known)
    const [oldest] = this.#byOrder.keys()
    if (this.#byOrder.size > MOST_ORDERS && oldest !== undefined) this.#byOrder.delete(oldest)
    return true
  }

  /** In the order of their times. */
  of(order: VenueOrderId): readonly Fill[] {
    return [...(this.#byOrder.get(order)?.values() ?? [])].sort((a, b) => a.at - b.at)
  }

  /** Whether they come to what the venue says was filled, in base units. */
  comeTo(order: VenueOrderId, filled: Numeric): boolean {
    return this.#filledOf(order).eq(amount(filled))
  }

  #filledOf(order: VenueOrderId): Amount {
    return sumOf([...(this.#byOrder.get(order)?.values() ?? [])].map((fill) => amount(fill.quantity)))
  }
}

/** The triggers of one pair on one side of the market: a heap, the nearest at its top, whose members know their places. */
import type { TriggerKind } from '../src/domain/commands.ts'
import type { PositionId } from '../src/domain/ids.ts'
import { compareNumeric, type Numeric } from '../src/domain/units.ts'

export interface Trigger {
  readonly positionId: PositionId
  readonly kind: TriggerKind
  readonly price: Numeric
  readonly ladder: Ladder
  /** Of two at one price, the lower is told first. */
  readonly number: number
  /** Its place in the heap; changed by the ladder alone. */
  place: number
}

export class Ladder {
  readonly #isRising: boolean
  readonly #heap: Trigger[] = []

  /** Rising: crossed by a price at or above. Falling: at or below. */
  constructor(isRising: boolean) {
    this.#isRising = isRising
  }

  get size(): number {
    return this.#heap.length
  }

  /** O(log n). */
  add(trigger: Trigger): void {
    this.#climb(trigger, this.#heap.length)
  }

  /** O(log n); nothing happens where it does not stand here. */
  remove(trigger: Trigger): void {
    if (this.#heap[trigger.place] !== trigger) return
    const last = this.#heap.pop()
    if (last === undefined || last === trigger) return
    this.#climb(last, trigger.place)
    this.#sink(last, last.place)
  }

  /** Whether this price crosses anything: what nearly every tick asks, and is told no. Leaves no garbage. */
  isCrossedBy(price: Numeric): boolean {
    const nearest = this.#heap[0]
    return nearest !== undefined && this.#isBeyond(price, nearest)
  }

  /** Takes out what the price crosses, the nearest first. */
  take(price: Numeric): Trigger[] {
    const taken: Trigger[] = []
    for (let nearest = this.#heap[0]; nearest !== undefined; nearest = this.#heap[0]) {
      if (!this.#isBeyond(price, nearest)) break
      this.remove(nearest)
      taken.push(nearest)
    }
    return taken
  }

  #isBeyond(price: Numeric, trigger: Trigger): boolean {
    const order = compareNumeric(price, trigger.price)
    return this.#isRising ? order >= 0 : order <= 0
  }

  #isNearer(a: Trigger, b: Trigger): boolean {
    const order = compareNumeric(a.price, b.price)
    if (order === 0) return a.number < b.number
    return this.#isRising ? order < 0 : order > 0
  }

  #put(trigger: Trigger, place: number): void {
    this.#heap[place] = trigger
    trigger.place = place
  }

  #climb(trigger: Trigger, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >>> 1
      const parent = this.#heap[above]
      if (parent === undefined || !this.#isNearer(trigger, parent)) break
      this.#put(parent, place)
      place = above
    }
    this.#put(trigger, place)
  }

  #sink(trigger: Trigger, from: number): void {
    let place = from
    for (;;) {
      const left = this.#heap[2 * place + 1]
      const right = this.#heap[2 * place + 2]
      const child = left !== undefined && right !== undefined && this.#isNearer(right, left) ? right : left
      if (child === undefined || !this.#isNearer(child, trigger)) break
      const below = child.place
      this.#put(child, place)
      place = below
    }
    this.#put(trigger, place)
  }
}

/** The last candles of one time frame, in a bounded ring. */
import type { Candle } from '../domain/candle.ts'

export class CandleRing {
  private readonly slots: Candle[] = []
  private readonly capacity: number
  /** Where the next candle goes once the ring is full. */
  private next = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  push(candle: Candle): void {
    if (this.slots.length < this.capacity) {
      this.slots.push(candle)
      return
    }
    this.slots[this.next] = candle
    this.next = this.next + 1 === this.capacity ? 0 : this.next + 1
  }

  get size(): number {
    return this.slots.length
  }

  get last(): Candle | null {
    return this.slots[(this.next + this.slots.length - 1) % this.slots.length] ?? null
  }

  /** The newest `count`, oldest first; fewer when there are fewer. */
  latest(count: number): Candle[] {
    const { slots, next } = this
    const found: Candle[] = []
    for (let index = Math.max(0, slots.length - count); index < slots.length; index++) {
      const candle = slots[(next + index) % slots.length]
      if (candle !== undefined) found.push(candle)
    }
    return found
  }
}

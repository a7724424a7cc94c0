/** True range and its average. */
import { type Bar, orNull } from '../bar.ts'
import { WilderAverage } from './moving-average.ts'

/** The bar's range including the jump from the close before; NaN without one (the first bar has no true range). */
export function trueRange(bar: Bar, previousClose: number): number {
  return Math.max(bar.high, previousClose) - Math.min(bar.low, previousClose)
}

/** Wilder's average true range, seeded with the mean of the true ranges of bars 1…period. First at index `period`. */
export class Atr {
  value = Number.NaN
  private readonly average: WilderAverage
  private previousClose = Number.NaN

  constructor(period = 14) {
    this.average = new WilderAverage(period)
  }

  push(bar: Bar): void {
    this.pushRange(trueRange(bar, this.previousClose))
    this.previousClose = bar.close
  }

  /** For a caller that has the true range already. NaN is passed over. */
  pushRange(range: number): void {
    if (Number.isNaN(range)) return
    this.average.push(range)
    this.value = this.average.value
  }

  update(bar: Bar): number | null {
    this.push(bar)
    return orNull(this.value)
  }
}

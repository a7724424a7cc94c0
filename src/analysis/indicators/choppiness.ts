/** Choppiness index (E. W. Dreiss, 1993). */
import { type Bar, orNull } from '../bar.ts'
import { trueRange } from './atr.ts'

/**
 * 100 × log10(Σ true range ÷ (highest high − lowest low)) ÷ log10(period), with the raw high-low box. First at index
 * `period`; null where the box has no height.
 */
export class Choppiness {
  value = Number.NaN
  private readonly period: number
  private readonly scale: number
  private readonly ranges: Float64Array
  private readonly highs: Float64Array
  private readonly lows: Float64Array
  private at = 0
  private seen = 0
  private previousClose = Number.NaN

  constructor(period = 14) {
    this.period = period
    this.scale = 100 / Math.log(period)
    this.ranges = new Float64Array(period)
    this.highs = new Float64Array(period)
    this.lows = new Float64Array(period)
  }

  push(bar: Bar): void {
    this.pushRange(bar, trueRange(bar, this.previousClose))
    this.previousClose = bar.close
  }

  /** For a caller that has the true range already. NaN is passed over. */
  pushRange(bar: Bar, range: number): void {
    if (Number.isNaN(range)) return
    const { period, ranges, highs, lows, at } = this
    ranges[at] = range
    highs[at] = bar.high
    lows[at] = bar.low
    this.at = at + 1 === period ? 0 : at + 1
    if (++this.seen < period) return
    let sum = 0
    let highest = bar.high
    let lowest = bar.low
    for (let index = 0; index < period; index++) {
      const high = highs[index] as number
      const low = lows[index] as number
      sum += ranges[index] as number
      if (high > highest) highest = high
      if (low < lowest) lowest = low
    }
    this.value = highest > lowest ? Math.log(sum / (highest - lowest)) * this.scale : Number.NaN
  }

  update(bar: Bar): number | null {
    this.push(bar)
    return orNull(this.value)
  }
}

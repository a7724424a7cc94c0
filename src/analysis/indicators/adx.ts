/** Average directional index. */
import { type Bar, orNull } from '../bar.ts'
import { trueRange } from './atr.ts'
import { WilderAverage } from './moving-average.ts'

/**
 * Wilder's ADX, 0–100. Equal moves up and down count as neither. Directional indicators first at index `period`, the
 * ADX, seeded with the mean of `period` DX, at 2 × period − 1.
 */
export class Adx {
  value = Number.NaN
  plusDi = Number.NaN
  minusDi = Number.NaN
  dx = Number.NaN
  private readonly range: WilderAverage
  private readonly plus: WilderAverage
  private readonly minus: WilderAverage
  private readonly average: WilderAverage
  private high = Number.NaN
  private low = Number.NaN
  private close = Number.NaN

  constructor(period = 14) {
    this.range = new WilderAverage(period)
    this.plus = new WilderAverage(period)
    this.minus = new WilderAverage(period)
    this.average = new WilderAverage(period)
  }

  push(bar: Bar): void {
    this.pushRange(bar, trueRange(bar, this.close))
  }

  /** For a caller that has the true range already. */
  pushRange(bar: Bar, range: number): void {
    const up = bar.high - this.high
    const down = this.low - bar.low
    this.high = bar.high
    this.low = bar.low
    this.close = bar.close
    if (Number.isNaN(range)) return
    this.range.push(range)
    this.plus.push(up > down && up > 0 ? up : 0)
    this.minus.push(down > up && down > 0 ? down : 0)
    const average = this.range.value
    if (Number.isNaN(average)) return
    this.plusDi = average === 0 ? 0 : (100 * this.plus.value) / average
    this.minusDi = average === 0 ? 0 : (100 * this.minus.value) / average
    const sum = this.plusDi + this.minusDi
    this.dx = sum === 0 ? 0 : (100 * Math.abs(this.plusDi - this.minusDi)) / sum
    this.average.push(this.dx)
    this.value = this.average.value
  }

  update(bar: Bar): number | null {
    this.push(bar)
    return orNull(this.value)
  }
}

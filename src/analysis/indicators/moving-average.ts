/** Moving averages of a plain series. `value` is NaN while warming up. */
import { orNull } from '../bar.ts'

/** Simple mean of the last `period` values. First at index period − 1. */
export class Sma {
  value = Number.NaN
  private readonly window: Float64Array
  private readonly period: number
  private sum = 0
  private at = 0
  private full = false

  constructor(period: number) {
    this.period = period
    this.window = new Float64Array(period)
  }

  push(value: number): void {
    const { window, at, period } = this
    this.sum += value - (window[at] as number)
    window[at] = value
    this.at = at + 1
    if (this.at === period) {
      this.at = 0
      this.full = true
      // Summed anew once a window, so that rounding errors never add up.
      let sum = 0
      for (let index = 0; index < period; index++) sum += window[index] as number
      this.sum = sum
    }
    if (this.full) this.value = this.sum / period
  }

  update(value: number): number | null {
    this.push(value)
    return orNull(this.value)
  }
}

/** An average that is seeded with the mean of its first `period` values and then moves by a share of the distance. */
class SeededAverage {
  value = Number.NaN
  private readonly period: number
  private readonly share: number
  private seen = 0
  private sum = 0

  constructor(period: number, share: number) {
    this.period = period
    this.share = share
  }

  push(value: number): void {
    if (this.seen >= this.period) {
      this.value += (value - this.value) * this.share
      return
    }
    this.sum += value
    if (++this.seen === this.period) this.value = this.sum / this.period
  }

  update(value: number): number | null {
    this.push(value)
    return orNull(this.value)
  }
}

/** Exponential, seeded with the SMA; share 2 ÷ (period + 1). First at index period − 1. */
export class Ema extends SeededAverage {
  constructor(period: number) {
    super(period, 2 / (period + 1))
  }
}

/** Wilder's smoothing (New Concepts in Technical Trading Systems, 1978), seeded with the mean; share 1 ÷ period. */
export class WilderAverage extends SeededAverage {
  constructor(period: number) {
    super(period, 1 / period)
  }
}

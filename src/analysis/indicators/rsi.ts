/** Relative strength index. */
import { orNull } from '../bar.ts'
import { WilderAverage } from './moving-average.ts'

/** Wilder's RSI, 0–100; 100 where the average loss is 0. First at index `period`. */
export class Rsi {
  value = Number.NaN
  private readonly gains: WilderAverage
  private readonly losses: WilderAverage
  private previous = Number.NaN

  constructor(period = 14) {
    this.gains = new WilderAverage(period)
    this.losses = new WilderAverage(period)
  }

  push(close: number): void {
    const change = close - this.previous
    this.previous = close
    if (Number.isNaN(change)) return
    this.gains.push(Math.max(change, 0))
    this.losses.push(Math.max(-change, 0))
    const loss = this.losses.value
    this.value = loss === 0 ? 100 : 100 - 100 / (1 + this.gains.value / loss)
  }

  update(close: number): number | null {
    this.push(close)
    return orNull(this.value)
  }
}

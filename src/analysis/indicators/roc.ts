/** Rate of change. */
import { orNull } from '../bar.ts'

/** Per cent against the close `period` bars ago. First at index `period`. */
export class Roc {
  value = Number.NaN
  private readonly window: Float64Array
  private at = 0
  private full = false

  constructor(period = 10) {
    this.window = new Float64Array(period)
  }

  push(close: number): void {
    const { window, at } = this
    if (this.full) {
      const before = window[at] as number
      this.value = (100 * (close - before)) / before
    }
    window[at] = close
    this.at = at + 1 === window.length ? 0 : at + 1
    this.full = this.full || this.at === 0
  }

  update(close: number): number | null {
    this.push(close)
    return orNull(this.value)
  }
}

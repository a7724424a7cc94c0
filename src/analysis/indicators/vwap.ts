/** Volume-weighted average price. */
import { type Bar, orNull } from '../bar.ts'

const DAY_MS = 86_400_000

/** Of the typical price (high + low + close) ÷ 3 since the session began (UTC day); null before its first volume. */
export class Vwap {
  value = Number.NaN
  private sessionEndsAt = Number.NEGATIVE_INFINITY
  private traded = 0
  private volume = 0

  push(bar: Bar): void {
    if (bar.openAt >= this.sessionEndsAt) {
      this.sessionEndsAt = (Math.floor(bar.openAt / DAY_MS) + 1) * DAY_MS
      this.traded = 0
      this.volume = 0
    }
    this.traded += ((bar.high + bar.low + bar.close) / 3) * bar.volume
    this.volume += bar.volume
    this.value = this.volume > 0 ? this.traded / this.volume : Number.NaN
  }

  update(bar: Bar): number | null {
    this.push(bar)
    return orNull(this.value)
  }
}

/** Supertrend. */
import type { Bar } from '../bar.ts'
import { Atr } from './atr.ts'

export interface SupertrendReading {
  readonly value: number
  /** 1: price above, the line is the lower band; −1: below, the upper band. */
  readonly direction: 1 | -1
}

/**
 * A band of hl2 ± `factor` × ATR that only tightens until the close crosses it (Olivier Seban). It starts from hl2:
 * a close above it is an uptrend. First at index `period`.
 */
export class Supertrend {
  private readonly atr: Atr
  private readonly factor: number
  private upper = Number.NaN
  private lower = Number.NaN
  private previousClose = Number.NaN
  private direction: 1 | -1 = -1

  constructor(period = 10, factor = 3) {
    this.atr = new Atr(period)
    this.factor = factor
  }

  push(bar: Bar): void {
    this.atr.push(bar)
    this.pushAtr(bar, this.atr.value)
  }

  /** For a caller that has the ATR already. */
  pushAtr(bar: Bar, atr: number): void {
    const { previousClose } = this
    this.previousClose = bar.close
    if (Number.isNaN(atr)) return
    const middle = (bar.high + bar.low) / 2
    const upper = middle + this.factor * atr
    const lower = middle - this.factor * atr
    if (Number.isNaN(this.upper)) {
      this.upper = upper
      this.lower = lower
      this.direction = bar.close > middle ? 1 : -1
      return
    }
    if (upper < this.upper || previousClose > this.upper) this.upper = upper
    if (lower > this.lower || previousClose < this.lower) this.lower = lower
    const line = this.direction === 1 ? this.lower : this.upper
    this.direction = bar.close > line ? 1 : -1
  }

  read(): SupertrendReading | null {
    if (Number.isNaN(this.upper)) return null
    return { value: this.direction === 1 ? this.lower : this.upper, direction: this.direction }
  }

  update(bar: Bar): SupertrendReading | null {
    this.push(bar)
    return this.read()
  }
}

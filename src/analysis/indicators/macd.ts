/** Moving average convergence and divergence. */
import { orNull } from '../bar.ts'
import { Ema } from './moving-average.ts'

export interface MacdReading {
  readonly line: number
  /** Null until the line has enough values of its own. */
  readonly signal: number | null
  readonly histogram: number | null
}

/** Fast EMA − slow EMA, its EMA, and their difference; every EMA is seeded on its own first values. */
export class Macd {
  line = Number.NaN
  signal = Number.NaN
  private readonly fast: Ema
  private readonly slow: Ema
  private readonly smoothed: Ema

  constructor(fast = 12, slow = 26, signal = 9) {
    this.fast = new Ema(fast)
    this.slow = new Ema(slow)
    this.smoothed = new Ema(signal)
  }

  push(close: number): void {
    this.fast.push(close)
    this.slow.push(close)
    this.line = this.fast.value - this.slow.value
    if (Number.isNaN(this.line)) return
    this.smoothed.push(this.line)
    this.signal = this.smoothed.value
  }

  read(): MacdReading | null {
    if (Number.isNaN(this.line)) return null
    return { line: this.line, signal: orNull(this.signal), histogram: orNull(this.line - this.signal) }
  }

  update(close: number): MacdReading | null {
    this.push(close)
    return this.read()
  }
}

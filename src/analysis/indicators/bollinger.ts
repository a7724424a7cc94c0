/** Bollinger bands. */

export interface BollingerReading {
  readonly lower: number
  readonly middle: number
  readonly upper: number
  /** (upper − lower) ÷ middle. */
  readonly width: number
  /** %B: 0 on the lower band, 1 on the upper one; 0.5 where the bands coincide. */
  readonly position: number
}

/** SMA ± `factor` population standard deviations of the last `period` closes. First at index period − 1. */
export class Bollinger {
  /** The SMA; NaN while warming up. */
  middle = Number.NaN
  /** Half the distance of the bands. */
  reach = Number.NaN
  private readonly window: Float64Array
  private readonly factor: number
  private at = 0
  private full = false
  private close = Number.NaN

  constructor(period = 20, factor = 2) {
    this.window = new Float64Array(period)
    this.factor = factor
  }

  push(close: number): void {
    const { window } = this
    const period = window.length
    window[this.at] = close
    this.close = close
    this.at = this.at + 1 === period ? 0 : this.at + 1
    this.full = this.full || this.at === 0
    if (!this.full) return
    // Two passes over a short window: cheaper than it looks, and exact where a sum of squares cancels out.
    let sum = 0
    for (let index = 0; index < period; index++) sum += (window[index] as number) - close
    const mean = sum / period
    let squares = 0
    for (let index = 0; index < period; index++) {
      const distance = (window[index] as number) - close - mean
      squares += distance * distance
    }
    this.middle = close + mean
    this.reach = this.factor * Math.sqrt(squares / period)
  }

  read(): BollingerReading | null {
    const { middle, reach, close } = this
    if (Number.isNaN(middle)) return null
    const position = reach === 0 ? 0.5 : (close - (middle - reach)) / (2 * reach)
    return { lower: middle - reach, middle, upper: middle + reach, width: (2 * reach) / middle, position }
  }

  update(close: number): BollingerReading | null {
    this.push(close)
    return this.read()
  }
}

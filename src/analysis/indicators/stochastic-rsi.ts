/** Where the RSI stands in its own recent range. */
import { Sma } from './moving-average.ts'
import { Rsi } from './rsi.ts'

export interface StochasticRsiReading {
  readonly k: number
  /** Null until enough values of %K exist. */
  readonly d: number | null
}

/** 0–100; a flat window reads 50. %K first at rsi + stochastic + k − 2, %D d − 1 later. */
export class StochasticRsi {
  k = Number.NaN
  d = Number.NaN
  private readonly rsi: Rsi
  private readonly window: Float64Array
  private readonly slowK: Sma
  private readonly slowD: Sma
  private at = 0
  private seen = 0

  constructor(rsiPeriod = 14, stochasticPeriod = 14, kPeriod = 3, dPeriod = 3) {
    this.rsi = new Rsi(rsiPeriod)
    this.window = new Float64Array(stochasticPeriod)
    this.slowK = new Sma(kPeriod)
    this.slowD = new Sma(dPeriod)
  }

  push(close: number): void {
    this.rsi.push(close)
    this.pushRsi(this.rsi.value)
  }

  /** For a caller that has the RSI already. NaN is passed over. */
  pushRsi(rsi: number): void {
    if (Number.isNaN(rsi)) return
    const { window } = this
    const length = window.length
    window[this.at] = rsi
    this.at = this.at + 1 === length ? 0 : this.at + 1
    if (++this.seen < length) return
    let lowest = rsi
    let highest = rsi
    for (let index = 0; index < length; index++) {
      const value = window[index] as number
      if (value < lowest) lowest = value
      if (value > highest) highest = value
    }
    this.slowK.push(highest === lowest ? 50 : (100 * (rsi - lowest)) / (highest - lowest))
    this.k = this.slowK.value
    if (Number.isNaN(this.k)) return
    this.slowD.push(this.k)
    this.d = this.slowD.value
  }

  read(): StochasticRsiReading | null {
    return Number.isNaN(this.k) ? null : { k: this.k, d: Number.isNaN(this.d) ? null : this.d }
  }

  update(close: number): StochasticRsiReading | null {
    this.push(close)
    return this.read()
  }
}

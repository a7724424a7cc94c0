/** On-balance volume (Joseph Granville). */

/** Volume added on a higher close, taken off on a lower one; 0 on the first bar. */
export class Obv {
  value = 0
  private previous = Number.NaN

  push(close: number, volume: number): void {
    if (close > this.previous) this.value += volume
    else if (close < this.previous) this.value -= volume
    this.previous = close
  }

  update(close: number, volume: number): number {
    this.push(close, volume)
    return this.value
  }
}

/** Candles in compact form: a year of minutes takes about 30 MB, and prices keep the text they came with. */
import type { Candle, Timeframe } from '../../../domain/candle.ts'
import type { Pair } from '../../../domain/ids.ts'

const FIRST_ROWS = 4096
const BYTES_PER_ROW = 48

/** Rows in ascending order of opening time; a row's five texts lie joined by commas in one buffer. */
export class CandleTable {
  readonly symbol: Pair
  readonly timeframe: Timeframe
  #rows = 0
  #openAts = new Float64Array(FIRST_ROWS)
  #ends = new Uint32Array(FIRST_ROWS)
  #texts = Buffer.allocUnsafe(FIRST_ROWS * BYTES_PER_ROW)

  constructor(symbol: Pair, timeframe: Timeframe) {
    this.symbol = symbol
    this.timeframe = timeframe
  }

  get length(): number {
    return this.#rows
  }

  /** Adds a row: `texts` is `open,high,low,close,volume` exactly as read. The caller has checked the order. */
  push(openAt: number, texts: string): void {
    if (this.#rows === this.#openAts.length) this.#growRows()
    const start = this.#rows === 0 ? 0 : (this.#ends[this.#rows - 1] ?? 0)
    if (start + texts.length > this.#texts.length) this.#growTexts(start, start + texts.length)
    this.#texts.write(texts, start, 'latin1')
    this.#openAts[this.#rows] = openAt
    this.#ends[this.#rows] = start + texts.length
    this.#rows += 1
  }

  /** Opening time of a row, milliseconds UTC; +∞ past the end. */
  openAt(row: number): number {
    return row < this.#rows ? (this.#openAts[row] ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  }

  /** The candle of a row. @throws RangeError past the end. */
  candle(row: number): Candle {
    if (row < 0 || row >= this.#rows) throw new RangeError(`row ${row} of ${this.#rows}`)
    const start = row === 0 ? 0 : (this.#ends[row - 1] ?? 0)
    const texts = this.#texts.toString('latin1', start, this.#ends[row] ?? start).split(',')
    const [open = '', high = '', low = '', close = '', volume = ''] = texts
    const { symbol, timeframe } = this
    return { symbol, timeframe, openAt: this.openAt(row), open, high, low, close, volume }
  }

  /** First row that opens at or after `at`. */
  rowFrom(at: number): number {
    let low = 0
    let high = this.#rows
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.openAt(middle) < at) low = middle + 1
      else high = middle
    }
    return low
  }

  #growRows(): void {
    const openAts = new Float64Array(this.#openAts.length * 2)
    openAts.set(this.#openAts)
    this.#openAts = openAts
    const ends = new Uint32Array(this.#ends.length * 2)
    ends.set(this.#ends)
    this.#ends = ends
  }

  #growTexts(used: number, needed: number): void {
    const texts = Buffer.allocUnsafe(Math.max(needed, this.#texts.length * 2))
    this.#texts.copy(texts, 0, 0, used)
    this.#texts = texts
  }
}

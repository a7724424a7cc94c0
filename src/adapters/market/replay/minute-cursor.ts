/** Walks one symbol's minutes: open, two extremes, close, closed candle, next minute. */
import { type Candle, TIMEFRAME_MS } from '../../../domain/candle.ts'
import { type Print, type PrintPath, printsOf } from '../../../domain/prints.ts'
import type { MarketEvent } from '../../../ports/market-feed.ts'
import type { CandleTable } from './candle-table.ts'

const MINUTE_MS = TIMEFRAME_MS['1m']
const QUARTER_MS = MINUTE_MS / 4
const FIRST_EXTREME = 1
const CLOSING = 4

export class MinuteCursor {
  readonly #table: CandleTable
  readonly #path: () => PrintPath
  #row: number
  #step = 0
  #candle: Candle | null = null
  #prints: readonly Print[] = []

  /** Begins at `row`; `path` is asked once a minute, when the first extreme is due. */
  constructor(table: CandleTable, row: number, path: () => PrintPath) {
    this.#table = table
    this.#row = row
    this.#path = path
  }

  /** When the next event is due, milliseconds UTC; +∞ at the end. */
  get nextAt(): number {
    return this.#table.openAt(this.#row) + this.#step * QUARTER_MS
  }

  /** The event due at `nextAt`; moves on. @throws RangeError at the end. */
  take(): MarketEvent {
    const candle = this.#candle ?? this.#table.candle(this.#row)
    if (this.#step === CLOSING) {
      this.#candle = null
      this.#step = 0
      this.#row += 1
      return { kind: 'candle', symbol: candle.symbol, candle, at: candle.openAt + MINUTE_MS }
    }
    if (this.#candle === null) {
      this.#candle = candle
      this.#prints = printsOf(candle, 'low-first')
    } else if (this.#step === FIRST_EXTREME && this.#path() === 'high-first') {
      this.#prints = printsOf(candle, 'high-first')
    }
    const print = this.#prints[this.#step]
    if (print === undefined) throw new RangeError(`a minute has no print ${this.#step}`)
    this.#step += 1
    const { price, quantity, at } = print
    return { kind: 'trade', symbol: candle.symbol, price, quantity, side: null, at }
  }
}

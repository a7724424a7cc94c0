/** Bars of one interval, made of prints, corrected by closed minutes, filled where nobody traded. */
import { type Amount, maxOf, minOf, type Numeric, text, ZERO } from '../../domain/units.ts'

/** One row of OHLC. The last one of a list may still be running. */
export interface Bar {
  readonly openAt: number
  readonly open: Numeric
  readonly high: Numeric
  readonly low: Numeric
  readonly close: Numeric
  /** Base units. */
  readonly volume: Numeric
  /** Zero where nobody traded, as Kraken writes it. */
  readonly vwap: Numeric
  readonly trades: number
}

/** A print, or a closed minute: what a bar is made of. */
export interface Part {
  readonly openAt: number
  readonly open: Amount
  readonly high: Amount
  readonly low: Amount
  readonly close: Amount
  readonly volume: Amount
  /** Σ price × quantity. */
  readonly notional: Amount
  readonly trades: number
}

type Working = { -readonly [K in keyof Part]: Part[K] }

const MINUTE_MS = 60_000
const VWAP_DECIMALS = 12

/** One trade as a part of any bar. */
export const printed = (price: Amount, quantity: Amount, at: number): Part => ({
  ...{ openAt: at, open: price, high: price, low: price, close: price },
  ...{ volume: quantity, notional: price.times(quantity), trades: 1 },
})

export const vwapOf = ({ volume, notional }: Pick<Part, 'volume' | 'notional'>): Amount =>
  volume.isZero() ? ZERO : notional.div(volume).toDecimalPlaces(VWAP_DECIMALS)

const shown = (bar: Part): Bar => ({
  ...{ openAt: bar.openAt, open: text(bar.open), high: text(bar.high), low: text(bar.low), close: text(bar.close) },
  ...{ volume: text(bar.volume), vwap: text(vwapOf(bar)), trades: bar.trades },
})

/** A bar in which nobody traded. */
const flat = (openAt: number, close: Amount): Part => ({
  ...{ openAt, open: close, high: close, low: close, close, volume: ZERO, notional: ZERO, trades: 0 },
})

function add(bar: Working, part: Part): void {
  bar.high = maxOf(bar.high, part.high)
  bar.low = minOf(bar.low, part.low)
  bar.close = part.close
  bar.volume = bar.volume.plus(part.volume)
  bar.notional = bar.notional.plus(part.notional)
  bar.trades += part.trades
}

/** The bars of one interval, ascending, at most `capacity` of them. */
export class BarSeries {
  readonly intervalMs: number
  readonly #capacity: number
  #bars: Working[] = []
  /** Sums of all bars but the last, by where they begin; they hold until a bar begins or an older one changes. */
  #sums = new Map<number, Working | null>()

  constructor(minutes: number, capacity: number) {
    this.intervalMs = minutes * MINUTE_MS
    this.#capacity = capacity
  }

  /** Takes a print or a minute that is not older than the last bar; older ones are left out. */
  take(part: Part): void {
    const openAt = this.beginOf(part.openAt)
    const last = this.#bars.at(-1)
    if (last !== undefined && openAt < last.openAt) return
    if (last?.openAt === openAt) {
      add(last, part)
      return
    }
    this.#sums.clear()
    this.#bars.push({ ...part, openAt })
    if (this.#bars.length > this.#capacity) this.#bars.shift()
  }

  /**
   * A minute closed as `whole`, of which `seen` had been taken in print by print (null: none of it). The bar that holds
   * it is corrected by the difference.
   */
  correct(seen: Part | null, whole: Part): void {
    const openAt = this.beginOf(whole.openAt)
    const bar = this.#bars.findLast((each) => each.openAt === openAt)
    if (bar === undefined || seen === null) {
      this.take(whole)
      return
    }
    this.#sums.clear()
    bar.high = maxOf(bar.high, whole.high)
    bar.low = minOf(bar.low, whole.low)
    bar.volume = bar.volume.plus(whole.volume).minus(seen.volume)
    bar.notional = bar.notional.plus(whole.notional).minus(seen.notional)
    bar.trades += whole.trades - seen.trades
    if (bar.openAt === whole.openAt) bar.open = whole.open
    if (bar.openAt + this.intervalMs === whole.openAt + MINUTE_MS) bar.close = whole.close
  }

  /** Puts older parts before what is there. The oldest bar there may be a part of one: theirs replaces it. */
  precede(parts: readonly Part[]): void {
    const oldest = this.#bars[0]?.openAt ?? Number.POSITIVE_INFINITY
    const before = new BarSeries(this.intervalMs / MINUTE_MS, this.#capacity)
    for (const part of parts) if (this.beginOf(part.openAt) <= oldest) before.take(part)
    const replaced = before.#bars.at(-1)?.openAt === oldest
    this.#sums.clear()
    this.#bars = [...before.#bars, ...this.#bars.slice(replaced ? 1 : 0)].slice(-this.#capacity)
  }

  /** The bar that opened at `openAt`, or null. */
  at(openAt: number): Part | null {
    return this.#bars.findLast((bar) => bar.openAt === openAt) ?? null
  }

  /** The sum of the bars that opened at or after `from`; null where there is none. */
  sumSince(from: number): Part | null {
    const last = this.#bars.at(-1)
    if (last === undefined || last.openAt < from) return null
    let before = this.#sums.get(from)
    if (before === undefined) {
      before = null
      for (const bar of this.#bars.slice(0, -1)) {
        if (bar.openAt < from) continue
        if (before === null) before = { ...bar }
        else add(before, bar)
      }
      this.#sums.set(from, before)
    }
    if (before === null) return last
    const sum = { ...before }
    add(sum, last)
    return sum
  }

  /** The newest `count` bars up to the one that runs at `now`, with flat bars where nobody traded. */
  rows(now: number, count: number): readonly Bar[] {
    const [first, last] = [this.#bars[0], this.#bars.at(-1)]
    if (first === undefined || last === undefined) return []
    const newest = Math.max(this.beginOf(now), last.openAt)
    const from = Math.max(first.openAt, newest - (count - 1) * this.intervalMs)
    let index = this.#bars.findLastIndex((bar) => bar.openAt <= from)
    let close = this.#bars[index]?.close ?? first.open
    const rows: Part[] = []
    for (let openAt = from; openAt <= newest; openAt += this.intervalMs) {
      if ((this.#bars[index]?.openAt ?? openAt) < openAt) index += 1
      const bar = this.#bars[index]
      if (bar?.openAt === openAt) close = bar.close
      rows.push(bar?.openAt === openAt ? bar : flat(openAt, close))
    }
    return rows.map(shown)
  }

  /** The last bar, which may still be running; null before the first. */
  last(): Bar | null {
    const bar = this.#bars.at(-1)
    return bar === undefined ? null : shown(bar)
  }

  beginOf(at: number): number {
    return Math.floor(at / this.intervalMs) * this.intervalMs
  }
}

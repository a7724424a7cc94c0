/** The simulated market's whole course: hours long ago, minutes lately, minutes to come. All of it follows from the seed. */
import { type Candle, TIMEFRAME_MS } from '../../../domain/candle.ts'
import type { RandomSource } from '../../../ports/clock.ts'
import type { HistoryQuery } from '../../../ports/market-feed.ts'
import { type Bar, mergeBars, textOf } from './bar.ts'
import { COINS, type Market } from './coins.ts'
import { MarketWalk, startTicks } from './market-walk.ts'

const MINUTE_MS = TIMEFRAME_MS['1m']
const HOUR_MS = TIMEFRAME_MS['1h']
const DAY_MS = TIMEFRAME_MS['1d']
/** Minutes reach back this far; before that there are hours. Enough for an EMA 200 on one hour and on one week. */
const MINUTE_DAYS = 14
const HOUR_DAYS = 1_500
/** 1970 began on a Thursday; weeks begin on Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS

/** Bars by index of `COINS`, in the order in which they were drawn. */
type Course = (readonly Bar[])[]

export class MarketCourse {
  /** When the prices are the start prices; on a full minute. */
  readonly origin: number
  /** Where minutes begin, on a full hour, and where hours do. */
  readonly #minutesFrom: number
  readonly #hoursFrom: number
  readonly #random: RandomSource
  readonly #coming: MarketWalk
  readonly #forward: Course = []
  #backMinutes: Course | null = null
  #hours: { readonly walk: MarketWalk; readonly bars: Course } | null = null
  #headOfMinutes: readonly number[] = []

  constructor(random: RandomSource, origin: number) {
    this.origin = Math.floor(origin / MINUTE_MS) * MINUTE_MS
    this.#minutesFrom = Math.floor((this.origin - MINUTE_DAYS * DAY_MS) / HOUR_MS) * HOUR_MS
    this.#hoursFrom = this.#minutesFrom - HOUR_DAYS * DAY_MS
    this.#random = random
    this.#coming = new MarketWalk(random.stream('minutes'), 1, false, COINS.map(startTicks))
  }

  /** The bar of the minute that opens at `openAt`, not before the first minute there is. */
  minute(market: Market, openAt: number): Bar {
    const bars = openAt >= this.origin ? this.#forwardAt(openAt) : this.#backwardAt(openAt)
    return barOf(market, bars)
  }

  /** Candles of the query that have closed by `now`; minutes reach back two weeks, hours and longer about four years. */
  candles(market: Market, query: HistoryQuery, now: number): readonly Candle[] {
    const barMs = TIMEFRAME_MS[query.timeframe]
    const shift = query.timeframe === '1w' ? FIRST_MONDAY_MS : 0
    const earliest = Math.max(query.from, barMs < HOUR_MS ? this.#minutesFrom : this.#hoursFrom)
    const first = Math.ceil((earliest - shift) / barMs) * barMs + shift
    const candles: Candle[] = []
    for (let openAt = first; openAt < query.to && openAt + barMs <= now; openAt += barMs) {
      const bar = this.#barBetween(market, openAt, openAt + barMs)
      if (bar !== null) candles.push(candleOf(market, query, openAt, bar))
    }
    return candles
  }

  #barBetween(market: Market, from: number, to: number): Bar | null {
    const bars: Bar[] = []
    let at = from
    for (; at < Math.min(to, this.#minutesFrom); at += HOUR_MS) bars.push(barOf(market, this.#hourAt(at)))
    for (; at < to; at += MINUTE_MS) bars.push(this.minute(market, at))
    return mergeBars(bars)
  }

  #forwardAt(openAt: number): readonly Bar[] {
    const index = (openAt - this.origin) / MINUTE_MS
    while (this.#forward.length <= index) this.#forward.push(this.#coming.step())
    return this.#forward[index] ?? outOf(openAt)
  }

  #backwardAt(openAt: number): readonly Bar[] {
    return this.#pastMinutes()[(this.origin - openAt) / MINUTE_MS - 1] ?? outOf(openAt)
  }

  #pastMinutes(): Course {
    if (this.#backMinutes !== null) return this.#backMinutes
    const walk = new MarketWalk(this.#random.stream('past minutes'), 1, true, COINS.map(startTicks))
    const bars: Course = []
    for (let at = this.origin; at > this.#minutesFrom; at -= MINUTE_MS) bars.push(walk.step())
    this.#headOfMinutes = walk.ticks
    this.#backMinutes = bars
    return bars
  }

  #hourAt(openAt: number): readonly Bar[] {
    this.#pastMinutes()
    this.#hours ??= {
      walk: new MarketWalk(this.#random.stream('past hours'), 60, true, this.#headOfMinutes),
      bars: [],
    }
    const { walk, bars } = this.#hours
    const index = (this.#minutesFrom - openAt) / HOUR_MS - 1
    while (bars.length <= index) bars.push(walk.step())
    return bars[index] ?? outOf(openAt)
  }
}

const outOf = (openAt: number): never => {
  throw new RangeError(`the simulated market has no bar at ${openAt}`)
}

/** A market's own bar out of the coins' bars; a cross is the quotient of its legs, in its own ticks. */
function barOf(market: Market, bars: readonly Bar[]): Bar {
  const leg = bars[market.coin]
  const other = market.against === null ? null : bars[market.against]
  if (leg === undefined || other === undefined) throw new RangeError(`no bars for ${market.symbol}`)
  if (other === null || market.against === null) return leg
  const scale = 10 ** (market.tickDecimals + decimalsOf(market.against) - decimalsOf(market.coin))
  const cross = (a: number, b: number): number => Math.max(1, Math.round((a / b) * scale))
  const open = cross(leg.open, other.open)
  const close = cross(leg.close, other.close)
  const atHighs = cross(leg.high, other.high)
  const atLows = cross(leg.low, other.low)
  return {
    open,
    high: Math.max(open, close, atHighs, atLows),
    low: Math.min(open, close, atHighs, atLows),
    close,
    volume: Math.max(1_000, Math.round(leg.volume * market.volumeShare)),
  }
}

const decimalsOf = (coin: number): number => COINS[coin]?.tickDecimals ?? 0

/** A bar in ticks and lots as the candle that the system knows. */
export function candleOf(
  market: Market,
  of: Pick<HistoryQuery, 'symbol' | 'timeframe'>,
  openAt: number,
  bar: Bar,
): Candle {
  const { tickDecimals, lotDecimals } = market
  return {
    symbol: of.symbol,
    timeframe: of.timeframe,
    openAt,
    open: textOf(bar.open, tickDecimals),
    high: textOf(bar.high, tickDecimals),
    low: textOf(bar.low, tickDecimals),
    close: textOf(bar.close, tickDecimals),
    volume: textOf(bar.volume, lotDecimals),
  }
}

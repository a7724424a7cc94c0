/** Bars and prices as whole numbers of ticks and lots, so that text made of them is exact. */
import type { Numeric } from '../../../domain/units.ts'

/** One bar of one symbol: prices in ticks, volume in lots. */
export interface Bar {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** `count` units of 10^−decimals as canonical text: (12340, 2) is `123.4`. */
export function textOf(count: number, decimals: number): Numeric {
  if (decimals === 0) return String(count)
  const digits = String(count).padStart(decimals + 1, '0')
  const whole = digits.slice(0, -decimals)
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}

/** Several bars in a row as one; null for none. */
export function mergeBars(bars: readonly Bar[]): Bar | null {
  const first = bars[0]
  const last = bars.at(-1)
  if (first === undefined || last === undefined) return null
  let { high, low, volume } = first
  for (const bar of bars.slice(1)) {
    high = Math.max(high, bar.high)
    low = Math.min(low, bar.low)
    volume += bar.volume
  }
  return { open: first.open, high, low, close: last.close, volume }
}

/**
 * A bar between two prices. High and low are drawn from the exact law of the extremes of a Brownian bridge with the
 * step's deviation: max = (r + √(r² − 2σ² ln u)) ÷ 2 of the log return r, and its mirror image.
 */
export function barBetween(
  open: number,
  close: number,
  deviation: number,
  volume: number,
  uHigh: number,
  uLow: number,
): Bar {
  const move = Math.log(close / open)
  const reach = (u: number): number => Math.sqrt(move * move - 2 * deviation * deviation * Math.log(1 - u))
  const high = Math.max(open, close, Math.round(open * Math.exp((move + reach(uHigh)) / 2)))
  const low = Math.max(1, Math.min(open, close, Math.round(open * Math.exp((move - reach(uLow)) / 2))))
  return { open, high, low, close, volume }
}

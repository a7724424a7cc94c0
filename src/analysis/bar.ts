/** A candle as floats: what indicators calculate with. Parsed once per candle; never used for money. */
import type { Candle } from '../domain/candle.ts'

export interface Bar {
  /** Opening time, milliseconds UTC. */
  readonly openAt: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** Base units. */
  readonly volume: number
}

/** The candle's five figures as floats. Text that is no number becomes NaN: check candles before they come here. */
export const barOf = (candle: Candle): Bar => ({
  openAt: candle.openAt,
  open: Number(candle.open),
  high: Number(candle.high),
  low: Number(candle.low),
  close: Number(candle.close),
  volume: Number(candle.volume),
})

/** `value`, or null where it is NaN, which is how an indicator says inwardly that it is still warming up. */
export const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)

/** `value` held between −1 and 1. */
export const clampToUnit = (value: number): number => Math.max(-1, Math.min(1, value))

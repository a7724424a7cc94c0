/** Keltner channel and the squeeze. */
import type { Bar } from '../bar.ts'
import { Atr } from './atr.ts'
import { Ema } from './moving-average.ts'

export interface KeltnerReading {
  readonly lower: number
  readonly middle: number
  readonly upper: number
}

/** EMA of the close ± `factor` Wilder ATR. */
export function keltnerBands(middle: number, atr: number, factor = 2): KeltnerReading | null {
  if (Number.isNaN(middle) || Number.isNaN(atr)) return null
  return { lower: middle - factor * atr, middle, upper: middle + factor * atr }
}

export class Keltner {
  private readonly ema: Ema
  private readonly atr: Atr
  private readonly factor: number

  constructor(emaPeriod = 20, atrPeriod = 10, factor = 2) {
    this.ema = new Ema(emaPeriod)
    this.atr = new Atr(atrPeriod)
    this.factor = factor
  }

  update(bar: Bar): KeltnerReading | null {
    this.ema.push(bar.close)
    this.atr.push(bar)
    return keltnerBands(this.ema.value, this.atr.value, this.factor)
  }
}

const SQUEEZE_FACTOR = 1.5

/**
 * True while the Bollinger bands lie inside the Keltner channel of 1.5 ATR (same EMA and ATR as the channel we show);
 * null while one of them is warming up. After John Carter's TTM squeeze.
 */
export function isSqueezed(
  bollinger: { readonly middle: number; readonly reach: number },
  ema: number,
  atr: number,
): boolean | null {
  if (Number.isNaN(bollinger.middle) || Number.isNaN(ema) || Number.isNaN(atr)) return null
  const { middle, reach } = bollinger
  return middle + reach < ema + SQUEEZE_FACTOR * atr && middle - reach > ema - SQUEEZE_FACTOR * atr
}

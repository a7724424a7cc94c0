/** Moments as Kraken's sockets write them. */
import { isoTime } from '../../domain/utc.ts'

const MICROS_PER_MS = 1000

/** `2026-11-02T12:00:00.123000Z`. */
export const microTime = (at: number, micros = 0): string =>
  `${isoTime(at).slice(0, -1)}${String(micros).padStart(3, '0')}Z`
/** `2026-11-02T12:00:00.000000000Z`, as candles have it. */
export const nanoTime = (at: number): string => `${isoTime(at).slice(0, -1)}000000Z`
/** `2026-11-02T12:00:00Z`, to the second. */
export const secondTime = (at: number): string => `${isoTime(at).slice(0, 19)}Z`

/** Moments that follow one another: several of one millisecond differ by microseconds, as book updates at Kraken do. */
export class Stamps {
  #at = Number.NEGATIVE_INFINITY
  #micros = 0

  next(at: number): string {
    if (at > this.#at) {
      this.#at = at
      this.#micros = 0
    } else if (this.#micros + 1 < MICROS_PER_MS) this.#micros += 1
    else {
      this.#at += 1
      this.#micros = 0
    }
    return microTime(this.#at, this.#micros)
  }
}

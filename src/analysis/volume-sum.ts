/**
 * Exact sums of decimal volume texts without Decimals: whole units and 18 decimals in three integers, each well inside
 * what a double holds exactly. A candle's volume is summed for every minute, where a Decimal would cost a microsecond.
 */
import { NotANumberError, type Numeric, text } from '../domain/units.ts'

const NINE_DIGITS = 1_000_000_000
const LARGEST_WHOLE = 1e15
const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
const ZERO_CODE = 48
const NINE_CODE = 57
const DOT_CODE = 46

/** A sum that starts at zero. Not negative, at most 18 decimals. */
export class VolumeSum {
  private whole = 0
  /** Decimals 1–9 and 10–18. */
  private upper = 0
  private lower = 0

  /** Starts over with one volume; false, and zero, when the text is no non-negative number of at most 18 decimals. */
  set(volume: Numeric): boolean {
    return this.parse(volume) || this.parse(plainForm(volume))
  }

  setTo(other: VolumeSum): void {
    this.whole = other.whole
    this.upper = other.upper
    this.lower = other.lower
  }

  add(other: VolumeSum): void {
    let lower = this.lower + other.lower
    let upper = this.upper + other.upper
    if (lower >= NINE_DIGITS) {
      lower -= NINE_DIGITS
      upper += 1
    }
    this.whole += other.whole
    if (upper >= NINE_DIGITS) {
      upper -= NINE_DIGITS
      this.whole += 1
    }
    this.upper = upper
    this.lower = lower
  }

  /** Canonical text: no exponent, no trailing zeros. */
  text(): Numeric {
    if (this.upper === 0 && this.lower === 0) return String(this.whole)
    const upper = String(this.upper).padStart(9, '0')
    const digits = this.lower === 0 ? upper : upper + String(this.lower).padStart(9, '0')
    let end = digits.length
    while (digits.charCodeAt(end - 1) === ZERO_CODE) end--
    return `${this.whole}.${digits.slice(0, end)}`
  }

  private parse(volume: string): boolean {
    const length = volume.length
    let at = 0
    let whole = 0
    let upper = 0
    let lower = 0
    let decimals = 0
    let ok = length > 0
    for (; at < length; at++) {
      const code = volume.charCodeAt(at)
      if (code === DOT_CODE) break
      ok = ok && code >= ZERO_CODE && code <= NINE_CODE
      whole = whole * 10 + (code - ZERO_CODE)
    }
    ok = ok && at > 0 && at !== length - 1 && whole < LARGEST_WHOLE
    for (at++; at < length; at++) {
      const digit = volume.charCodeAt(at) - ZERO_CODE
      ok = ok && digit >= 0 && digit <= 9 && (decimals < 18 || digit === 0)
      if (decimals < 9) upper = upper * 10 + digit
      else if (decimals < 18) lower = lower * 10 + digit
      decimals++
    }
    this.whole = ok ? whole : 0
    this.upper = ok ? upper * (POWERS[Math.max(0, 9 - decimals)] as number) : 0
    this.lower = ok && decimals > 9 ? lower * (POWERS[Math.max(0, 18 - decimals)] as number) : 0
    return ok
  }
}

/** `1e-7` as `0.0000001`; the empty text when it is no number. */
function plainForm(volume: string): string {
  try {
    return text(volume)
  } catch (error) {
    if (error instanceof NotANumberError) return ''
    throw error
  }
}

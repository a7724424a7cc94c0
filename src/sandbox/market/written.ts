/** Decimal texts as Kraken writes them: exactly the pair's decimals, trailing zeros kept. */
import type { Instrument } from '../../domain/instrument.ts'
import { amount, type Numeric } from '../../domain/units.ts'

/** Decimals of a pair's prices and quantities, e.g. 1 and 8 for BTC/USDT. */
export interface PairDecimals {
  readonly price: number
  readonly quantity: number
}

const decimalsIn = (value: Numeric): number => {
  const point = value.indexOf('.')
  return point === -1 ? 0 : value.length - point - 1
}

/** What AssetPairs calls `pair_decimals` and `lot_decimals`, from the steps of the pair. */
export const decimalsOf = (instrument: Instrument): PairDecimals => ({
  price: decimalsIn(instrument.tick),
  quantity: decimalsIn(instrument.lot),
})

/** `written('0.5', 8)` is `0.50000000`. Digits beyond are rounded half to even. */
export function written(value: Numeric, decimals: number): string {
  const point = value.indexOf('.')
  const given = point === -1 ? 0 : value.length - point - 1
  if (given > decimals) return amount(value).toFixed(decimals)
  if (decimals === 0) return value
  return `${value}${point === -1 ? '.' : ''}${'0'.repeat(decimals - given)}`
}

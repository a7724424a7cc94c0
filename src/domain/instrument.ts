/** What a pair allows: tick, lot, minimums. From the venue's AssetPairs; the built-in table serves offline use. */
import { type Pair, pair } from './ids.ts'
import {
  type Amount,
  amount,
  type Numeric,
  type Price,
  price,
  type Quantity,
  quantity,
  roundDownToStep,
  roundToNearestStep,
  roundUpToStep,
} from './units.ts'

export interface Instrument {
  readonly symbol: Pair
  /** Smallest price step, in quote units. */
  readonly tick: Numeric
  /** Smallest quantity step, in base units. */
  readonly lot: Numeric
  /** Smallest order, in base units. */
  readonly orderMin: Numeric
  /** Smallest order value, in quote units. */
  readonly costMin: Numeric
  /** Decimals of costs and fees in quote units. */
  readonly costDecimals: number
  /** Leverages the pair lists for margin; empty means spot only. */
  readonly leverages: readonly number[]
}

const listed = (symbol: string, tick: string, orderMin: string, costMin: string, costDecimals = 5): Instrument => ({
  symbol: pair(symbol),
  tick,
  lot: '0.00000001',
  orderMin,
  costMin,
  costDecimals,
  leverages: [2, 3, 4, 5],
})

/** Offline defaults (Kraken, November 2025): live and paper on Kraken's feed read AssetPairs instead. */
export const BUILT_IN_INSTRUMENTS: readonly Instrument[] = [
  listed('BTC/USDT', '0.1', '0.00005', '0.5'),
  listed('XRP/USDT', '0.00001', '2', '0.5', 8),
  listed('ETH/USDT', '0.01', '0.001', '0.5'),
  listed('XRP/BTC', '0.00000001', '2', '0.00002', 10),
  listed('ETH/BTC', '0.00001', '0.001', '0.00002', 10),
]

export const roundDownToLot = (value: Amount, instrument: Instrument): Quantity =>
  quantity(roundDownToStep(value, amount(instrument.lot)))
export const roundUpToLot = (value: Amount, instrument: Instrument): Quantity =>
  quantity(roundUpToStep(value, amount(instrument.lot)))
export const roundToTick = (value: Amount, instrument: Instrument): Price =>
  price(roundToNearestStep(value, amount(instrument.tick)))
export const roundDownToTick = (value: Amount, instrument: Instrument): Price =>
  price(roundDownToStep(value, amount(instrument.tick)))
export const roundUpToTick = (value: Amount, instrument: Instrument): Price =>
  price(roundUpToStep(value, amount(instrument.tick)))

/** Why the venue would refuse this order's size or price; null when it would not. */
export function sizeProblem(instrument: Instrument, size: Quantity, at: Price): string | null {
  if (size.lte(0)) return 'quantity must be above zero'
  if (!size.mod(amount(instrument.lot)).isZero())
    return `quantity ${size} is not a multiple of the lot ${instrument.lot}`
  if (size.lt(amount(instrument.orderMin))) return `quantity ${size} is below the minimum ${instrument.orderMin}`
  if (size.times(at).lt(amount(instrument.costMin)))
    return `cost ${size.times(at)} is below the minimum ${instrument.costMin}`
  return null
}

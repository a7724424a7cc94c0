/** What positions and the account were worth at one moment: looked at once a minute, for curves and for the owner. */
import { type Pair, type PositionId, quoteOf } from './ids.ts'
import type { AllocationView } from './portfolio.ts'
import { type PositionView, returnOnMarginPct, unrealisedGross } from './position.ts'
import { type Amount, amount, type Numeric, type Price, text, ZERO } from './units.ts'
import { type PriceOf, usdRate } from './valuation.ts'

export interface PositionSnapshot {
  readonly positionId: PositionId
  readonly symbol: Pair
  readonly at: number
  readonly mark: Numeric
  /** Exchange volume held, base units. */
  readonly quantity: Numeric
  readonly stopLoss: Numeric
  /** Before fees, quote units; here and below. */
  readonly realisedGross: Numeric
  readonly unrealisedGross: Numeric
  readonly fees: Numeric
  readonly financing: Numeric
  /** Per cent, to six decimals; null before the first fill. */
  readonly returnOnMarginPct: Numeric | null
}

/** The account when everything that it holds had a fresh mark. */
export interface PortfolioSnapshot extends Omit<AllocationView, 'staleMarks'> {
  /** Σ of what positions hold at the mark, whatever their side. USD. */
  readonly tradingExposure: Numeric
}

/** All that was looked at in one moment; what could not be valued is not in it. */
export interface Look {
  readonly at: number
  readonly positions: readonly PositionSnapshot[]
  readonly portfolio: PortfolioSnapshot | null
}

export function positionSnapshot(position: PositionView, mark: Price, at: number): PositionSnapshot {
  const { positionId, symbol, quantity, stopLoss, realisedGross, fees, financing } = position
  const unrealised = unrealisedGross(position, mark)
  const returned = returnOnMarginPct(position, unrealised)
  return {
    ...{ positionId, symbol, at, mark: text(mark), quantity, stopLoss, realisedGross, fees, financing },
    unrealisedGross: text(unrealised),
    returnOnMarginPct: returned === null ? null : text(amount(returned).toDecimalPlaces(6)),
  }
}

/** Σ volume × mark in USD, whatever the side; null where a mark that it needs is missing or stale. */
export function notionalUsd(
  positions: readonly Pick<PositionView, 'symbol' | 'quantity'>[],
  priceOf: PriceOf,
): Numeric | null {
  let total: Amount = ZERO
  for (const { symbol, quantity } of positions) {
    const held = amount(quantity)
    if (held.isZero()) continue
    const [mark, rate] = [priceOf(symbol), usdRate(quoteOf(symbol), priceOf)]
    if (mark === null || rate === null) return null
    total = total.plus(held.times(mark).times(rate))
  }
  return text(total)
}

/** What positions and working entries put at risk, in USD through the quote's price, as the risk engine counts them. */
import { quoteOf } from './ids.ts'
import { isOnMargin } from './margin-lots.ts'
import type { OrderView } from './order.ts'
import type { PositionSide, PositionView } from './position.ts'
import type { Exposure, PendingEntry } from './risk-state.ts'
import { type Amount, amount, maxOf, type Numeric, text, ZERO } from './units.ts'
import { type PriceOf, usdRate } from './valuation.ts'

/** What is known of the position that an entry is for. */
export type EntryTerms = Pick<PositionView, 'stopLoss' | 'leverage'>

/**
 * Notional × s, with s = |entry − stop| ÷ entry + both fees: what the stop would cost. A stop that has been moved past the
 * entry costs the fees alone.
 */
function riskOf(notional: Amount, side: PositionSide, entry: Amount, stop: Numeric, feeRate: Numeric): Amount {
  if (entry.isZero()) return ZERO
  const away = side === 'long' ? entry.minus(amount(stop)) : amount(stop).minus(entry)
  return notional.times(maxOf(ZERO, away).div(entry).plus(amount(feeRate).times(2)))
}

/** A position at its mark, at its entry where there is none. Null where its quote has no price. */
export function exposureOf(position: PositionView, priceOf: PriceOf, feeRate: Numeric): Exposure | null {
  const { symbol, side, stopLoss } = position
  const quoteUsd = usdRate(quoteOf(symbol), priceOf)
  if (quoteUsd === null) return null
  const entry = amount(position.entryPrice)
  const notional = amount(position.quantity)
    .times(priceOf(symbol) ?? entry)
    .times(quoteUsd)
  return { symbol, side, notionalUsd: text(notional), riskUsd: text(riskOf(notional, side, entry, stopLoss, feeRate)) }
}

/**
 * What is left of an entry that works at the venue; of one that no position is known for, all may be lost. Null where it
 * has no price, or its quote none.
 */
export function pendingOf(
  order: OrderView,
  position: EntryTerms | null,
  priceOf: PriceOf,
  feeRate: Numeric,
): PendingEntry | null {
  const { symbol, leverage } = order.request
  const quoteUsd = usdRate(quoteOf(symbol), priceOf)
  const price = order.limitPrice === null ? priceOf(symbol) : amount(order.limitPrice)
  if (quoteUsd === null || price === null) return null
  const side = order.request.side === 'buy' ? 'long' : 'short'
  const cost = maxOf(amount(order.quantity).minus(amount(order.filled)), ZERO).times(price)
  const notional = cost.times(quoteUsd)
  const risk = position === null ? notional : riskOf(notional, side, price, position.stopLoss, feeRate)
  return {
    ...{ symbol, side, notionalUsd: text(notional), riskUsd: text(risk) },
    marginUsd: text(notional.div(position?.leverage ?? leverage)),
    costQuote: isOnMargin(order.request) ? '0' : text(cost.times(amount(feeRate).plus(1))),
    heldAtVenue: true,
  }
}

/** A position with the rest of its entry: one slot, the money of both. */
export const withRest = (exposure: Exposure, rest: Exposure): Exposure => ({
  ...exposure,
  notionalUsd: text(amount(exposure.notionalUsd).plus(amount(rest.notionalUsd))),
  riskUsd: text(amount(exposure.riskUsd).plus(amount(rest.riskUsd))),
})

/** What a size would do to the trading book: slots, exposure, correlation, margin. Pending entries count like positions. */
import { type Pair, quoteOf } from './ids.ts'
import type { Finding, Terms } from './risk-checks.ts'
import { correlationOf, type RiskLimits } from './risk-limits.ts'
import { bookOf, type Sized, share } from './risk-size.ts'
import type { PendingEntry, ProposalForRisk, RiskState } from './risk-state.ts'
import { type Amount, amount, sumOf, ZERO } from './units.ts'

const figure = (value: Amount): string => value.toDecimalPlaces(8).toString()
const sideOf = (terms: Terms) => (terms.side === 'buy' ? 'long' : 'short')

/** Slots, pending entries included; and never both sides of one symbol, which the venue would net. */
export function slotFindings(request: ProposalForRisk, terms: Terms, state: RiskState, limits: RiskLimits): Finding[] {
  const all = bookOf(state)
  const here = all.filter((held) => held.symbol === request.symbol)
  const denied = (detail: string): Finding[] => [{ code: 'POSITION_LIMIT', detail }]
  if (!(all.length < limits.maxPositions)) return denied(`${all.length} positions, most ${limits.maxPositions}`)
  if (!(here.length < limits.maxPositionsPerSymbol))
    return denied(`${here.length} on ${request.symbol}, most ${limits.maxPositionsPerSymbol}`)
  if (here.some((held) => held.side !== sideOf(terms))) return denied(`${request.symbol} is held on the other side`)
  return []
}

/** Total notional of the trading book with this size, USD. */
export const exposureWith = (sized: Sized, state: RiskState): Amount =>
  sumOf(bookOf(state).map((held) => amount(held.notionalUsd))).plus(sized.notional)

export function exposureFindings(exposure: Amount, terms: Terms, limits: RiskLimits): Finding[] {
  const most = share(terms.equity, limits.maxExposurePct)
  if (exposure.lte(most)) return []
  return [{ code: 'EXPOSURE_LIMIT', detail: `${figure(exposure)} USD exposed, most ${figure(most)}` }]
}

/** Σ existing · ρ + new over correlations that count; the other side counts against. USD. */
function correlatedWith(symbol: Pair, sized: Sized, terms: Terms, state: RiskState, limits: RiskLimits): Amount {
  return bookOf(state).reduce<Amount>((total, held) => {
    const correlation = correlationOf(symbol, held.symbol, limits)
    if (!(correlation > limits.correlationThreshold)) return total
    const weighted = amount(held.notionalUsd).times(correlation)
    return held.side === sideOf(terms) ? total.plus(weighted) : total.minus(weighted)
  }, sized.notional)
}

/** Correlated exposure, and whether it is near its limit. */
export function correlation(
  request: ProposalForRisk,
  sized: Sized,
  terms: Terms,
  state: RiskState,
  limits: RiskLimits,
): { readonly findings: readonly Finding[]; readonly isNear: boolean } {
  const correlated = correlatedWith(request.symbol, sized, terms, state, limits)
  const most = share(terms.equity, limits.maxCorrelatedPct)
  const isNear = correlated.gt(most.times(amount(limits.correlationWarningShare)))
  if (correlated.lte(most)) return { findings: [], isNear }
  const detail = `${figure(correlated)} USD correlated, most ${figure(most)}`
  return { findings: [{ code: 'CORRELATED_EXPOSURE', detail }], isNear }
}

export const isSpotEntry = (sized: Sized, terms: Terms): boolean => terms.side === 'buy' && sized.leverage === 1

const unheld = (state: RiskState): readonly PendingEntry[] => state.pendingEntries.filter((entry) => !entry.heldAtVenue)
const isPendingOnMargin = ({ costQuote }: PendingEntry): boolean => amount(costQuote).isZero()
/** Quote units that it will take: on spot its cost with fee, on margin its collateral. */
const takenOf = (entry: PendingEntry, { quoteUsd }: Terms): Amount =>
  isPendingOnMargin(entry) ? amount(entry.marginUsd).div(quoteUsd) : amount(entry.costQuote)

/** Spot: cost and fee out of the free quote balance. Margin: half the equity, and never above free margin. */
export function marginFindings(
  request: ProposalForRisk,
  sized: Sized,
  terms: Terms,
  state: RiskState,
  limits: RiskLimits,
): Finding[] {
  const denied = (detail: string): Finding[] => [{ code: 'INSUFFICIENT_MARGIN', detail }]
  const feeRate = amount(state.fees.entry)
  if (isSpotEntry(sized, terms)) {
    const quote = quoteOf(request.symbol)
    const promised = unheld(state).filter((entry) => quoteOf(entry.symbol) === quote)
    const free = amount(state.freeQuote[quote] ?? ZERO).minus(sumOf(promised.map((entry) => takenOf(entry, terms))))
    const cost = sized.quantity.times(terms.worst)
    const needed = cost.plus(cost.times(feeRate))
    return needed.lte(free) ? [] : denied(`${figure(needed)} ${quote} needed, ${figure(free)} free`)
  }
  const usdOf = (entries: readonly PendingEntry[]): Amount => sumOf(entries.map((entry) => amount(entry.marginUsd)))
  const promised = usdOf(unheld(state))
  const tied = usdOf(unheld(state).filter(isPendingOnMargin))
  const used = amount(state.margin.usedUsd).plus(tied).plus(sized.collateral)
  const free = amount(state.margin.freeUsd).minus(promised)
  const most = share(terms.equity, limits.maxMarginPct)
  if (used.lte(most) && sized.collateral.plus(sized.notional.times(feeRate)).lte(free)) return []
  return denied(`${figure(used)} USD of margin in use, most ${figure(most)}; ${figure(free)} free`)
}

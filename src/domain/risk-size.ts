/** How large a position may be: the size that every reducing limit allows, and what that size would do to the book. */
import { type Pair, quoteOf } from './ids.ts'
import { roundDownToLot, sizeProblem } from './instrument.ts'
import { REGIME_RULES } from './regime.ts'
import type { Finding, Terms } from './risk-checks.ts'
import { correlationOf, type RiskLimits, stepped } from './risk-limits.ts'
import type { Exposure, PendingEntry, ProposalForRisk, RiskState } from './risk-state.ts'
import type { RiskWarning } from './risk-verdict.ts'
import { type Amount, amount, maxOf, minOf, price, type Quantity, sumOf, ZERO } from './units.ts'

/** Collateral in USD and the leverage on it. */
export interface Size {
  readonly collateral: Amount
  readonly leverage: number
}

/** A size in lots, and what it comes to in USD. */
export interface Sized extends Size {
  readonly quantity: Quantity
  readonly notional: Amount
  readonly risk: Amount
}

const PASSES = 8
const figure = (value: Amount): string => value.toDecimalPlaces(8).toString()
const share = (equity: Amount, pct: number): Amount => equity.times(amount(pct)).div(100)
const book = (state: RiskState): readonly Exposure[] => [...(state.positions ?? []), ...state.pendingEntries]

/** The least of the general, regime, drawdown and streak caps, then the highest leverage that the pair lists. */
export function leverageCap(request: ProposalForRisk, state: RiskState, limits: RiskLimits): number {
  if (!limits.margin.enabled) return 1
  const cap = Math.min(
    limits.maxLeverage,
    REGIME_RULES[state.regimes[request.symbol] ?? 'unknown'].maxLeverage,
    stepped(limits.leverageByDrawdown, amount(state.drawdownPct).toNumber(), limits.maxLeverage),
    stepped(limits.leverageByLosses, state.lossStreak, limits.maxLeverage),
    request.leverage,
  )
  return Math.max(1, ...request.instrument.leverages.filter((listed) => listed <= cap))
}

/** What may still be put at risk today, USD; never negative. */
export function openRiskRoom(state: RiskState, limits: RiskLimits, equity: Amount): Amount {
  const lost = maxOf(ZERO, amount(state.day.lossUsd))
  const open = sumOf(book(state).map((held) => amount(held.riskUsd)))
  return maxOf(ZERO, share(equity, limits.maxOpenRiskPct).minus(lost).minus(open))
}

/** The wanted collateral after the factors that always apply: regime, losses, volatility. Applied once, not per pass. */
function scaled(request: ProposalForRisk, state: RiskState, limits: RiskLimits, equity: Amount): Amount {
  const regime = REGIME_RULES[state.regimes[request.symbol] ?? 'unknown'].sizeMultiplier
  const losses = stepped(limits.sizeByLosses, state.lossStreak, 1)
  const volatility = state.volatilitySpikes.includes(request.symbol) ? limits.volatilitySpikeSize : 1
  return share(equity, request.sizePct).times(regime).times(losses).times(volatility)
}

const sameSize = (a: Size, b: Size): boolean => a.leverage === b.leverage && a.collateral.eq(b.collateral)

/** One pass of the reducing limits, in order: collateral, risk, open risk, leverage. */
function reduced(size: Size, terms: Terms, room: Amount, cap: number, limits: RiskLimits): Size {
  const perCollateral = terms.riskShare.times(size.leverage)
  const collateral = minOf(
    size.collateral,
    share(terms.equity, limits.maxCollateralPct),
    share(terms.equity, limits.maxRiskPct).div(perCollateral),
    room.div(perCollateral),
  )
  if (!collateral.eq(size.collateral)) return { collateral, leverage: size.leverage }
  return { collateral, leverage: Math.min(size.leverage, cap) }
}

/** In lots, rounded down; a size of a different leverage than asked keeps its collateral. */
function inLots(request: ProposalForRisk, size: Size, terms: Terms): Sized {
  const unit = terms.entry.times(terms.quoteUsd)
  const quantity = roundDownToLot(size.collateral.times(size.leverage).div(unit), request.instrument)
  const notional = quantity.times(unit)
  return {
    quantity,
    leverage: size.leverage,
    notional,
    collateral: notional.div(size.leverage),
    risk: notional.times(terms.riskShare),
  }
}

/**
 * The largest size that the reducing limits allow, found by repeating them until nothing changes, and the warnings
 * that say what was taken off. @throws Error when the limits do not settle.
 */
export function fitSize(
  request: ProposalForRisk,
  terms: Terms,
  state: RiskState,
  limits: RiskLimits,
): { readonly sized: Sized; readonly warnings: readonly RiskWarning[]; readonly findings: readonly Finding[] } {
  const room = openRiskRoom(state, limits, terms.equity)
  const cap = leverageCap(request, state, limits)
  let size: Size = { collateral: scaled(request, state, limits, terms.equity), leverage: request.leverage }
  let settled = false
  for (let pass = 0; pass < PASSES && !settled; pass++) {
    const next = reduced(size, terms, room, cap, limits)
    settled = sameSize(next, size)
    size = next
  }
  if (!settled) throw new Error(`the size did not settle in ${PASSES} passes`)
  const sized = inLots(request, size, terms)
  const findings: Finding[] = []
  const openRiskBinds = room.div(terms.riskShare.times(request.leverage)).lte(size.collateral)
  const tooSmall = minimumFindings(request, sized, terms)
  if (room.isZero() || (openRiskBinds && tooSmall.length > 0))
    findings.push({ code: 'OPEN_RISK', detail: `${room.toDecimalPlaces(2)} USD may still be put at risk` })
  return { sized, warnings: sizeWarnings(request, size, terms, state, limits), findings }
}

function sizeWarnings(
  request: ProposalForRisk,
  size: Size,
  terms: Terms,
  state: RiskState,
  limits: RiskLimits,
): RiskWarning[] {
  const warnings: RiskWarning[] = []
  const losses = stepped(limits.sizeByLosses, state.lossStreak, 1)
  const spike = state.volatilitySpikes.includes(request.symbol)
  const expected = share(terms.equity, request.sizePct)
    .times(losses)
    .times(spike ? limits.volatilitySpikeSize : 1)
  if (size.collateral.lt(expected)) warnings.push('SIZE_REDUCED')
  if (losses < 1) warnings.push('SIZE_REDUCED_LOSSES')
  if (size.leverage < request.leverage) warnings.push('LEVERAGE_REDUCED')
  if (spike) warnings.push('VOLATILITY_SPIKE')
  return warnings
}

/** The entry and each exit that will follow it must be orders that the venue takes. */
export function minimumFindings(request: ProposalForRisk, sized: Sized, terms: Terms): Finding[] {
  const lowest = minOf(terms.entry, terms.stop, ...(terms.target === null ? [] : [terms.target]))
  const problem = sizeProblem(request.instrument, sized.quantity, price(lowest))
  return problem === null ? [] : [{ code: 'BELOW_MINIMUM', detail: problem }]
}

/** Total notional of the trading book with this size, USD. */
export const exposureWith = (sized: Sized, state: RiskState): Amount =>
  sumOf(book(state).map((held) => amount(held.notionalUsd))).plus(sized.notional)

/** Σ existing · ρ + new over correlations that count; the other side counts against. USD. */
export function correlatedWith(symbol: Pair, sized: Sized, terms: Terms, state: RiskState, limits: RiskLimits): Amount {
  const side = terms.side === 'buy' ? 'long' : 'short'
  return book(state).reduce<Amount>((total, held) => {
    const correlation = correlationOf(symbol, held.symbol, limits)
    if (!(correlation > limits.correlationThreshold)) return total
    const weighted = amount(held.notionalUsd).times(correlation)
    return held.side === side ? total.plus(weighted) : total.minus(weighted)
  }, sized.notional)
}

export const isSpotEntry = (sized: Size, terms: Terms): boolean => terms.side === 'buy' && sized.leverage === 1

const unheld = (state: RiskState): readonly PendingEntry[] => state.pendingEntries.filter((entry) => !entry.heldAtVenue)

/** Spot: cost and fee out of the free quote balance. Margin: half the equity, and never above free margin. */
export function marginFindings(
  request: ProposalForRisk,
  sized: Sized,
  terms: Terms,
  state: RiskState,
  limits: RiskLimits,
): Finding[] {
  const feeUsd = sized.notional.times(amount(state.fees.entry))
  if (isSpotEntry(sized, terms)) {
    const quote = quoteOf(request.symbol)
    const promised = unheld(state).filter((entry) => quoteOf(entry.symbol) === quote)
    const free = amount(state.freeQuote[quote] ?? ZERO).minus(sumOf(promised.map((entry) => amount(entry.costQuote))))
    const cost = sized.quantity.times(terms.worst)
    const needed = cost.plus(cost.times(amount(state.fees.entry)))
    if (needed.lte(free)) return []
    return [{ code: 'INSUFFICIENT_MARGIN', detail: `${figure(needed)} ${quote} needed, ${figure(free)} free` }]
  }
  const promised = sumOf(unheld(state).map((entry) => amount(entry.marginUsd)))
  const used = amount(state.margin.usedUsd).plus(promised).plus(sized.collateral)
  const free = amount(state.margin.freeUsd).minus(promised)
  const most = share(terms.equity, limits.maxMarginPct)
  if (used.lte(most) && sized.collateral.plus(feeUsd).lte(free)) return []
  return [
    {
      code: 'INSUFFICIENT_MARGIN',
      detail: `${figure(used)} USD of margin in use, most ${figure(most)}; ${figure(free)} free`,
    },
  ]
}

/** Slots, pending entries included; and never both sides of one symbol, which the venue would net. */
export function slotFindings(request: ProposalForRisk, terms: Terms, state: RiskState, limits: RiskLimits): Finding[] {
  const all = book(state)
  const here = all.filter((held) => held.symbol === request.symbol)
  const side = terms.side === 'buy' ? 'long' : 'short'
  if (!(all.length < limits.maxPositions))
    return [{ code: 'POSITION_LIMIT', detail: `${all.length} positions, most ${limits.maxPositions}` }]
  if (!(here.length < limits.maxPositionsPerSymbol))
    return [
      { code: 'POSITION_LIMIT', detail: `${here.length} on ${request.symbol}, most ${limits.maxPositionsPerSymbol}` },
    ]
  if (here.some((held) => held.side !== side))
    return [{ code: 'POSITION_LIMIT', detail: `${request.symbol} is held on the other side` }]
  return []
}

/** Exposure and correlation, and whether correlation is near its limit. */
export function bookFindings(
  request: ProposalForRisk,
  sized: Sized,
  terms: Terms,
  state: RiskState,
  limits: RiskLimits,
): { readonly findings: readonly Finding[]; readonly nearCorrelation: boolean } {
  const findings: Finding[] = []
  const exposure = exposureWith(sized, state)
  const mostExposure = share(terms.equity, limits.maxExposurePct)
  if (exposure.gt(mostExposure))
    findings.push({ code: 'EXPOSURE_LIMIT', detail: `${figure(exposure)} USD exposed, most ${figure(mostExposure)}` })
  const correlated = correlatedWith(request.symbol, sized, terms, state, limits)
  const mostCorrelated = share(terms.equity, limits.maxCorrelatedPct)
  if (correlated.gt(mostCorrelated))
    findings.push({
      code: 'CORRELATED_EXPOSURE',
      detail: `${figure(correlated)} USD correlated, most ${figure(mostCorrelated)}`,
    })
  return { findings, nearCorrelation: correlated.gt(mostCorrelated.times(amount(limits.correlationWarningShare))) }
}

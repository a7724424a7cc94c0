/** The risk engine's questions that size does not change: permission, data, stop, reward, confidence. */
import type { LatchedBreaker } from './breakers.ts'
import { type Pair, quoteOf } from './ids.ts'
import { roundToTick } from './instrument.ts'
import type { Side } from './order.ts'
import { confidenceFloor, maxStopPct, type RiskLimits, roundConfidence } from './risk-limits.ts'
import type { Exposure, PeriodLoss, ProposalForRisk, RiskState } from './risk-state.ts'
import type { RiskCode } from './risk-verdict.ts'
import { guardPrice } from './slippage.ts'
import { type Amount, amount, type Price, price, ratio, ZERO } from './units.ts'
import { freshPrice, freshPrices, usdRate } from './valuation.ts'
import type { Regime } from './views.ts'

/** One reason against, with its figures. */
export interface Finding {
  readonly code: RiskCode
  readonly detail: string
}

/** The proposal in numbers: prices on the tick, distances as shares of the entry. */
export interface Terms {
  readonly side: Side
  readonly entry: Price
  /** What the entry may cost at most: its limit, or the edge of the slippage guard. */
  readonly worst: Price
  readonly stop: Price
  readonly target: Price | null
  readonly lastPrice: Price
  /** USD per quote unit. */
  readonly quoteUsd: Amount
  readonly stopShare: Amount
  readonly targetShare: Amount | null
  readonly feeShare: Amount
  /** Distance to the stop + both fees: what is lost per unit of notional. */
  readonly riskShare: Amount
  readonly equity: Amount
}

const percentOf = (share: Amount): string => `${share.times(100).toDecimalPlaces(4)} %`

/** A proposal that is no proposal: out of range, or not a number. */
function shapeFindings(request: ProposalForRisk): Finding[] {
  const problems: string[] = []
  const { confidence, sizePct, leverage, instrument, symbol, action } = request
  if (action !== 'BUY' && action !== 'SELL') problems.push(`${action} opens nothing`)
  if (!(confidence >= 0 && confidence <= 1)) problems.push(`confidence ${confidence} is not within 0–1`)
  if (!(sizePct > 0 && sizePct < Number.POSITIVE_INFINITY)) problems.push(`size ${sizePct} % is not above zero`)
  if (!(Number.isInteger(leverage) && leverage >= 1)) problems.push(`leverage ${leverage} is no whole number from 1`)
  if (instrument.symbol !== symbol) problems.push(`rules of ${instrument.symbol} given for ${symbol}`)
  return problems.map((detail) => ({ code: 'INVALID_PROPOSAL', detail }))
}

const trips = (loss: PeriodLoss, thresholdPct: number): boolean => {
  const lost = amount(loss.lossUsd)
  return lost.gt(0) && lost.times(100).gte(amount(loss.openingEquityUsd).times(thresholdPct))
}

/**
 * Whether a latched breaker forbids new risk: until its time is over, the weekly one until a person has seen it too.
 * Straight losses forbid nothing here: their cooldown and their size are rules of their own.
 */
const forbids = ({ name, until, acknowledged }: LatchedBreaker, now: number): boolean =>
  name !== 'straight_losses' && (until === null || !(now >= until) || (name === 'weekly_loss' && acknowledged !== true))

/** Breakers that stand: latched ones that have not run out, and losses that have reached a threshold. */
export function breakerFindings(state: RiskState, limits: RiskLimits): Finding[] {
  const found = state.breakers
    .filter((breaker) => forbids(breaker, state.now))
    .map((breaker) => `breaker ${breaker.name} is latched`)
  const { dailyLossPct, weeklyLossPct, drawdownPct } = limits.breakers
  if (trips(state.day, dailyLossPct)) found.push(`the day's loss has reached ${dailyLossPct} %`)
  if (trips(state.week, weeklyLossPct)) found.push(`the week's loss has reached ${weeklyLossPct} %`)
  if (amount(state.drawdownPct).gte(drawdownPct)) found.push(`the drawdown has reached ${drawdownPct} %`)
  return found.map((detail) => ({ code: 'CIRCUIT_BREAKER', detail }))
}

function staleSymbols(request: ProposalForRisk, state: RiskState, limits: RiskLimits): string[] {
  const stale = new Set<string>(state.staleMarks)
  const needed: Pair[] = [request.symbol, ...(state.positions ?? []).map((held: Exposure) => held.symbol)]
  const priceOf = freshPrices(state.marks, state.now, limits.markMaxAgeMs)
  for (const symbol of needed) {
    if (priceOf(symbol) === null) stale.add(symbol)
    if (usdRate(quoteOf(symbol), priceOf) === null) stale.add(`${quoteOf(symbol)}/USDT`)
  }
  return [...stale].sort()
}

/** Whether anything may be opened at all: shape, permission, breakers, cooldown, unknown orders, data, short selling. */
export function permissionFindings(request: ProposalForRisk, state: RiskState, limits: RiskLimits): Finding[] {
  const findings = shapeFindings(request)
  if (!(Number.isInteger(state.lossStreak) && state.lossStreak >= 0))
    findings.push({ code: 'INVALID_PROPOSAL', detail: `loss streak ${state.lossStreak} is no count` })
  if (state.mayOpenRisk !== true) findings.push({ code: 'TRADING_HALTED', detail: 'risk may not be opened now' })
  const halt = state.haltedSymbols[request.symbol]
  if (halt !== undefined) findings.push({ code: 'TRADING_HALTED', detail: `${request.symbol} is halted: ${halt}` })
  findings.push(...breakerFindings(state, limits))
  const restsUntil = state.cooldownUntil[request.symbol]
  if (restsUntil !== undefined && !(state.now >= restsUntil))
    findings.push({ code: 'IN_COOLDOWN', detail: `${request.symbol} rests until ${restsUntil}` })
  if (state.unknownOrderSymbols.includes(request.symbol))
    findings.push({ code: 'UNKNOWN_ORDER_ON_SYMBOL', detail: `an order on ${request.symbol} has no known state` })
  if (state.positions === null)
    findings.push({ code: 'POSITIONS_UNAVAILABLE', detail: 'open positions cannot be counted' })
  const stale = staleSymbols(request, state, limits)
  if (stale.length > 0 || state.equityUsd === null)
    findings.push({ code: 'STALE_DATA', detail: `no fresh price of ${stale.join(', ') || 'the account'}` })
  if (request.action === 'SELL' && !(limits.margin.enabled && request.instrument.leverages.includes(2)))
    findings.push({ code: 'SHORT_UNAVAILABLE', detail: `${request.symbol} cannot be sold short here` })
  return findings
}

const distanceShare = (from: Price, to: Price, entry: Price): Amount => to.minus(from).div(entry)

/**
 * The proposal in numbers, rounded to the tick. Null without a stop. An entry that is not named is the last price.
 * @throws NotANumberError for prices that are none; Error where `permissionFindings` would have objected.
 */
export function termsOf(request: ProposalForRisk, state: RiskState, limits: RiskLimits): Terms | null {
  if (request.stopLoss === null || request.stopLoss === undefined) return null
  const priceOf = freshPrices(state.marks, state.now, limits.markMaxAgeMs)
  const last = freshPrice(state.marks, request.symbol, state.now, limits.markMaxAgeMs)
  const quoteUsd = usdRate(quoteOf(request.symbol), priceOf)
  if (last === null || quoteUsd === null || state.equityUsd === null) throw new Error('no fresh price')
  const wanted = limits.entry.type === 'market' || request.entryPrice === null ? last : price(request.entryPrice)
  const entry = roundToTick(wanted, request.instrument)
  const stop = roundToTick(price(request.stopLoss), request.instrument)
  const target = request.takeProfit === null ? null : roundToTick(price(request.takeProfit), request.instrument)
  if (entry.lte(0)) throw new Error('the entry is zero')
  const feeShare = amount(state.fees.entry).plus(amount(state.fees.exit))
  if (feeShare.lt(0)) throw new Error('fees are below zero')
  const isBuy = request.action === 'BUY'
  const stopShare = isBuy ? distanceShare(stop, entry, entry) : distanceShare(entry, stop, entry)
  const targetShare =
    target === null ? null : isBuy ? distanceShare(entry, target, entry) : distanceShare(target, entry, entry)
  const side = isBuy ? 'buy' : 'sell'
  const isMarket = limits.entry.type === 'market'
  return {
    side,
    entry,
    worst: isMarket ? guardPrice(side, entry, limits.slippageGuardPct, request.instrument) : entry,
    stop,
    target,
    lastPrice: price(last),
    quoteUsd,
    stopShare,
    targetShare,
    feeShare,
    riskShare: stopShare.plus(feeShare),
    equity: amount(state.equityUsd),
  }
}

function stopFindings(request: ProposalForRisk, terms: Terms, limits: RiskLimits): Finding[] {
  const pct = terms.stopShare.times(100)
  const widest = maxStopPct(request.symbol, limits)
  if (pct.lte(0)) return [{ code: 'INVALID_PROPOSAL', detail: `stop ${terms.stop} is on the wrong side` }]
  if (pct.lt(limits.minStopPct))
    return [{ code: 'STOP_TOO_TIGHT', detail: `stop ${percentOf(terms.stopShare)} away, least ${limits.minStopPct} %` }]
  if (pct.gt(widest))
    return [{ code: 'STOP_TOO_WIDE', detail: `stop ${percentOf(terms.stopShare)} away, most ${widest} %` }]
  return []
}

function rewardFindings(request: ProposalForRisk, terms: Terms, limits: RiskLimits): Finding[] {
  if (terms.targetShare === null) {
    if (!limits.requireTakeProfit || request.takeProfitExempt === true) return []
    return [{ code: 'LOW_RR', detail: 'no take-profit' }]
  }
  const { targetShare, stopShare, feeShare, riskShare } = terms
  const gross = targetShare.gte(stopShare.times(limits.minRewardRisk))
  const net = targetShare.minus(feeShare).gte(riskShare.times(limits.minNetRewardRisk))
  if (gross && net) return []
  const detail = `target ${percentOf(targetShare)} against stop ${percentOf(stopShare)} and fees ${percentOf(feeShare)}`
  return [{ code: 'LOW_RR', detail }]
}

const regimeOf = (symbol: Pair, state: RiskState): Regime => state.regimes[symbol] ?? 'unknown'

/** Stop, reward, confidence, price: in that order. */
export function proposalFindings(
  request: ProposalForRisk,
  terms: Terms | null,
  state: RiskState,
  limits: RiskLimits,
): Finding[] {
  const findings: Finding[] = []
  if (terms === null) findings.push({ code: 'STOP_LOSS_REQUIRED', detail: 'an opening trade needs a stop' })
  else findings.push(...stopFindings(request, terms, limits), ...rewardFindings(request, terms, limits))
  const floor = confidenceFloor(regimeOf(request.symbol, state), state.lossStreak, limits)
  if (!(roundConfidence(request.confidence) >= floor))
    findings.push({ code: 'CONFIDENCE_TOO_LOW', detail: `confidence ${request.confidence} is below ${floor}` })
  if (terms !== null) {
    const away = ratio(terms.entry.minus(terms.lastPrice).abs().div(terms.lastPrice))
    if (away.times(100).gt(limits.maxEntryDistancePct))
      findings.push({ code: 'STALE_PRICE', detail: `entry ${percentOf(away)} from the last price` })
    if (terms.equity.lte(ZERO)) findings.push({ code: 'INSUFFICIENT_MARGIN', detail: 'there is no equity' })
  }
  return findings
}

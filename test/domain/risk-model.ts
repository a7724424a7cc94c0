/**
 * The owner's risk tables said a second time, straight from the text and without the engine: which codes a proposal
 * deserves, and how much of it is left. What the engine says is held against it.
 */
import type { RiskLimits } from '../../src/domain/risk-limits.ts'
import type { ProposalForRisk, RiskState } from '../../src/domain/risk-state.ts'
import type { RiskCode } from '../../src/domain/risk-verdict.ts'
import { type Amount, amount, text } from '../../src/domain/units.ts'

/** Size ×, leverage ≤, confidence ≥ (base + strictness). */
const REGIMES: Readonly<Record<string, readonly [number, number, number]>> = {
  trending_bull: [1, 5, 0.55],
  trending_bear: [1, 3, 0.55],
  ranging: [0.75, 2, 0.65],
  volatile_bull: [0.5, 2, 0.7],
  volatile_bear: [0.5, 2, 0.7],
  choppy: [0.25, 1, 0.85],
  breakout_potential: [0.75, 3, 0.65],
  unknown: [0.25, 1, 0.8],
}
const CORRELATION: Readonly<Record<string, number>> = {
  'BTC/USDT XRP/USDT': 0.75,
  'XRP/USDT BTC/USDT': 0.75,
  'BTC/USDT XRP/BTC': 0.6,
  'XRP/BTC BTC/USDT': 0.6,
  'XRP/USDT XRP/BTC': 0.85,
  'XRP/BTC XRP/USDT': 0.85,
}
const WIDEST: Readonly<Record<string, number>> = { 'BTC/USDT': 3, 'XRP/USDT': 5, 'XRP/BTC': 5 }

export interface Expected {
  readonly codes: ReadonlySet<RiskCode>
  /** Null where no size is worked out. */
  readonly quantity: Amount | null
  readonly leverage: number | null
}

const sum = (values: readonly string[]): Amount => values.reduce((total, one) => total.plus(amount(one)), amount(0))
const regimeOf = (symbol: string, state: RiskState) => REGIMES[state.regimes[symbol] ?? 'unknown'] ?? [0, 0, 2]

function permissionCodes(
  { symbol, action, leverage }: ProposalForRisk,
  state: RiskState,
  limits: RiskLimits,
): RiskCode[] {
  const { now } = state
  const isFresh = (pair: string) => {
    const mark = state.marks[pair]
    return mark !== undefined && Math.abs(now - mark.at) <= 60_000 && Number(mark.price) > 0
  }
  const lost = ({ lossUsd, openingEquityUsd }: RiskState['day'], pct: number) =>
    Number(lossUsd) > 0 && Number(lossUsd) * 100 >= Number(openingEquityUsd) * pct
  const isLatched = state.breakers.some(
    ({ name, until, acknowledged }) =>
      name !== 'straight_losses' && (until === null || now < until || (name === 'weekly_loss' && !acknowledged)),
  )
  const codes: RiskCode[] = []
  if (leverage < 1) codes.push('INVALID_PROPOSAL')
  if (!state.mayOpenRisk || symbol in state.haltedSymbols) codes.push('TRADING_HALTED')
  if (isLatched || lost(state.day, 5) || lost(state.week, 10) || Number(state.drawdownPct) >= 20)
    codes.push('CIRCUIT_BREAKER')
  if ((state.cooldownUntil[symbol] ?? 0) > now) codes.push('IN_COOLDOWN')
  if (state.unknownOrderSymbols.includes(symbol)) codes.push('UNKNOWN_ORDER_ON_SYMBOL')
  if (state.positions === null) codes.push('POSITIONS_UNAVAILABLE')
  const needed: string[] = [symbol, ...(state.positions ?? []).map((held) => held.symbol)]
  const quotes = needed.includes('XRP/BTC') ? ['BTC/USDT'] : []
  if (![...needed, ...quotes].every(isFresh) || state.staleMarks.length > 0) codes.push('STALE_DATA')
  if (action === 'SELL' && !limits.margin.enabled) codes.push('SHORT_UNAVAILABLE')
  return codes
}

interface Prices {
  readonly last: Amount
  readonly entry: Amount
  readonly stop: Amount
  readonly target: Amount | null
}

function flawCodes(request: ProposalForRisk, prices: Prices | null, state: RiskState): RiskCode[] {
  const codes: RiskCode[] = []
  if (prices === null) codes.push('STOP_LOSS_REQUIRED')
  else {
    const { entry, stop, target } = prices
    const sign = request.action === 'BUY' ? 1 : -1
    const away = entry.minus(stop).times(sign).times(100).div(entry)
    if (away.lte(0)) codes.push('INVALID_PROPOSAL')
    else if (away.lt('0.5')) codes.push('STOP_TOO_TIGHT')
    else if (away.gt(WIDEST[request.symbol] ?? 5)) codes.push('STOP_TOO_WIDE')
    const gain = target?.minus(entry).times(sign).times(100).div(entry)
    if (gain === undefined || gain.lt(away.times(1.5)) || gain.minus(1).lt(away.plus(1).times(0.75)))
      codes.push('LOW_RR')
  }
  const losses = state.lossStreak
  const floor = Math.min(1, regimeOf(request.symbol, state)[2] + (losses >= 5 ? 0.2 : losses >= 3 ? 0.1 : 0))
  if (request.confidence < floor - 1e-9) codes.push('CONFIDENCE_TOO_LOW')
  if (prices?.entry.minus(prices.last).abs().times(100).gt(prices.last)) codes.push('STALE_PRICE')
  return codes
}

/** What the text says of a proposal. Fees .5 % a side, entries at a limit, limits as the owner's but for margin. */
export function expectedOf(request: ProposalForRisk, state: RiskState, limits: RiskLimits): Expected {
  const none = { quantity: null, leverage: null }
  const forbidden = permissionCodes(request, state, limits)
  if (forbidden.length > 0) return { codes: new Set(forbidden), ...none }
  const { symbol, instrument, stopLoss, takeProfit } = request
  const last = amount(state.marks[symbol]?.price ?? 0)
  const onTick = (price: string) => {
    const ticks = amount(price).div(instrument.tick)
    return ticks.plus('0.5').floor().times(instrument.tick)
  }
  const entry = onTick(request.entryPrice ?? String(last))
  const target = takeProfit === null ? null : onTick(takeProfit)
  const prices = stopLoss === null ? null : { last, entry, stop: onTick(stopLoss), target }
  const flaws = flawCodes(request, prices, state)
  if (prices === null || flaws.length > 0) return { codes: new Set(flaws), ...none }

  const equity = amount(state.equityUsd ?? 0)
  const book = [...(state.positions ?? []), ...state.pendingEntries]
  const [sizeFactor, regimeLeverage] = regimeOf(symbol, state)
  const drawdown = Number(state.drawdownPct)
  const losses = state.lossStreak
  const s = entry.minus(prices.stop).abs().div(entry).plus('0.01')
  const quoteUsd = symbol === 'XRP/BTC' ? amount(state.marks['BTC/USDT']?.price ?? 0) : amount(1)

  const room = equity
    .times('0.05')
    .minus(Math.max(0, Number(state.day.lossUsd)))
    .minus(sum(book.map((one) => one.riskUsd)))
  const left = room.lt(0) ? amount(0) : room
  const asked = equity
    .times(request.sizePct)
    .div(100)
    .times(sizeFactor)
    .times(losses >= 5 ? 0.5 : 1)
  const most = [
    equity.times('0.2'),
    equity.times('0.02').div(s.times(request.leverage)),
    left.div(s.times(request.leverage)),
  ]
  const limited = [asked, ...most].reduce((a, b) => (b.lt(a) ? b : a))
  const collateral = limited.times(state.volatilitySpikes.includes(symbol) ? 0.5 : 1)
  const caps = [5, request.leverage, regimeLeverage, drawdown >= 15 ? 1 : drawdown >= 10 ? 2 : drawdown >= 5 ? 3 : 5]
  const cap = limits.margin.enabled ? Math.min(...caps, losses >= 5 ? 1 : losses >= 3 ? 2 : 5) : 1
  const quantity = collateral.times(cap).div(entry.times(quoteUsd)).div(instrument.lot).floor().times(instrument.lot)
  const notional = quantity.times(entry).times(quoteUsd)

  const codes: RiskCode[] = []
  const here = book.filter((held) => held.symbol === symbol)
  const side = request.action === 'BUY' ? 'long' : 'short'
  if (book.length >= 5 || here.length >= 2 || here.some((held) => held.side !== side)) codes.push('POSITION_LIMIT')
  if (
    sum(book.map((held) => held.notionalUsd))
      .plus(notional)
      .gt(equity.times('0.8'))
  )
    codes.push('EXPOSURE_LIMIT')
  const correlated = book.reduce((total, held) => {
    const rho = held.symbol === symbol ? 1 : (CORRELATION[`${symbol} ${held.symbol}`] ?? 0.75)
    return total.plus(amount(held.notionalUsd).times(held.side === side ? rho : -rho))
  }, notional)
  if (correlated.gt(equity.times('0.4'))) codes.push('CORRELATED_EXPOSURE')
  const unsent = state.pendingEntries.filter((one) => !one.heldAtVenue)
  const fee = '0.005'
  const quote = symbol.split('/')[1] ?? ''
  const sameQuote = unsent.filter((one) => one.symbol.endsWith(`/${quote}`))
  const promised = sum(unsent.map((one) => one.marginUsd))
  const onMargin = unsent.filter((one) => Number(one.costQuote) === 0)
  const taken = sameQuote.map((one) =>
    onMargin.includes(one) ? text(amount(one.marginUsd).div(quoteUsd)) : one.costQuote,
  )
  const reserved = notional.div(cap)
  const isPayable =
    side === 'long' && cap === 1
      ? quantity
          .times(entry)
          .times('1.005')
          .lte(amount(state.freeQuote[quote] ?? 0).minus(sum(taken)))
      : sum(onMargin.map((one) => one.marginUsd))
          .plus(state.margin.usedUsd)
          .plus(reserved)
          .lte(equity.div(2)) && reserved.plus(notional.times(fee)).lte(amount(state.margin.freeUsd).minus(promised))
  if (!isPayable) codes.push('INSUFFICIENT_MARGIN')
  const lowest = [entry, prices.stop, prices.target ?? entry].reduce((a, b) => (b.lt(a) ? b : a))
  const isTooSmall = quantity.lt(instrument.orderMin) || quantity.times(lowest).lt(instrument.costMin)
  if (isTooSmall) codes.push('BELOW_MINIMUM')
  const [, , byOpenRisk = left] = most
  if (isTooSmall && limited.eq(byOpenRisk) && asked.gt(byOpenRisk)) codes.push('OPEN_RISK')
  return { codes: new Set(codes), quantity, leverage: cap }
}

/** The trading decision by rule: what technical analysis and regime together call for, with a stop and a target. */
import { DEFAULT_DECISION, type DecisionRules } from '../../domain/agent-rules.ts'
import { type Instrument, roundDownToTick, roundToTick, roundUpToTick } from '../../domain/instrument.ts'
import { FAVOURS_BUY, FAVOURS_SELL, REGIME_RULES } from '../../domain/regime.ts'
import { DEFAULT_RISK_LIMITS, maxStopPct, type RiskLimits, roundConfidence } from '../../domain/risk-limits.ts'
import { type Amount, amount, maxOf, minOf, type Numeric, text } from '../../domain/units.ts'
import type { Proposal, Regime, RegimeView, TechnicalView } from '../../domain/views.ts'
import { freshReading, PRIMARY_TIMEFRAME, type Snapshot } from '../snapshot.ts'
import { rulesOutput, type ViewStamp } from './stamp.ts'

export interface DecisionInputs {
  /** Null where none could be taken. */
  readonly snapshot: Snapshot | null
  readonly technical: TechnicalView | null
  readonly regime: RegimeView | null
  readonly instrument: Instrument
  readonly proposalId: string
  /** The risk engine's, so that it does not refuse what is proposed here. */
  readonly limits?: RiskLimits
  readonly rules?: DecisionRules
}

/**
 * The rules' decision. The bias is the side, unless the regime or the time frames speak for the other one: then HOLD.
 * Stop = 2 × ATR(14, 1h) × the regime's stop ×, clamped to the symbol's limits, HOLD where that is under 1 × ATR; target
 * = max(2, the regime's target ×) × the stop's distance. Confidence .45 + .45·|alignment|; HOLD with 0 where an input
 * is missing or could not be computed. As a fallback it always holds: a quorum of models that failed opens nothing.
 */
export function decisionView(inputs: DecisionInputs, stamp: ViewStamp): Proposal {
  const { snapshot, technical, regime, proposalId } = inputs
  const atr = snapshot === null ? null : (freshReading(snapshot, PRIMARY_TIMEFRAME)?.indicators.atr_14 ?? null)
  if (stamp.mode === 'fallback') return hold(proposalId, stamp, 0, 'HOLD: insufficient_quorum')
  if (snapshot === null || atr === null || atr <= 0 || !isComputed(technical) || !isComputed(regime))
    return hold(proposalId, stamp, 0, 'HOLD: an input is missing or could not be computed')
  const { alignment } = snapshot.trend
  const confidence = roundConfidence(0.45 + 0.45 * Math.abs(alignment))
  const sided = sideOf(technical, regime.regime, alignment)
  if (sided.action === 'HOLD') return hold(proposalId, stamp, confidence, sided.because)
  const terms = termsOf(inputs, snapshot.lastPrice, atr, sided.action === 'BUY', regime.regime)
  if (terms === null) return hold(proposalId, stamp, confidence, 'HOLD: the widest stop allowed is under 1 × ATR')
  return {
    ...rulesOutput('trading_decision', stamp, confidence, sided.because),
    proposalId,
    action: sided.action,
    ...terms,
    sizePct: (inputs.rules ?? DEFAULT_DECISION).sizePct,
    leverage: 1,
  }
}

const isComputed = <V extends { readonly confidence: number }>(view: V | null): view is V =>
  view !== null && view.confidence > 0

interface Sided {
  readonly action: 'BUY' | 'SELL' | 'HOLD'
  readonly because: string
}

function sideOf({ bias }: TechnicalView, regime: Regime, alignment: number): Sided {
  if (bias === 'neutral') return { action: 'HOLD', because: 'HOLD: technical analysis is neutral' }
  const isBuy = bias === 'long'
  const [favoured, opposed] = isBuy ? [FAVOURS_BUY, FAVOURS_SELL] : [FAVOURS_SELL, FAVOURS_BUY]
  if (regime === 'unknown' || (opposed.includes(regime) && !favoured.includes(regime)))
    return { action: 'HOLD', because: `HOLD: ${bias} against ${regime}` }
  if (isBuy ? alignment < 0 : alignment > 0) return { action: 'HOLD', because: `HOLD: ${bias} against the time frames` }
  return isBuy
    ? { action: 'BUY', because: `BUY: long in ${regime}` }
    : { action: 'SELL', because: `SELL: short in ${regime}` }
}

interface Terms {
  readonly entryPrice: Numeric
  readonly stopLoss: Numeric
  readonly takeProfit: Numeric
}

/** Prices on the tick, the stop within the limits after rounding; null where the clamped stop is under 1 × ATR. */
function termsOf(inputs: DecisionInputs, last: Numeric, atr: number, isBuy: boolean, regime: Regime): Terms | null {
  const { instrument, limits = DEFAULT_RISK_LIMITS, rules = DEFAULT_DECISION } = inputs
  const { stopMultiplier, targetMultiplier } = REGIME_RULES[regime]
  const entry = roundToTick(amount(last), instrument)
  const least = entry.times(limits.minStopPct).div(100)
  const most = entry.times(maxStopPct(instrument.symbol, limits)).div(100)
  const range = amount(atr)
  const distance = maxOf<Amount>(least, minOf<Amount>(most, range.times(rules.stopAtr).times(stopMultiplier)))
  if (distance.lt(range)) return null
  const stop = stopPrice(entry, distance, least, isBuy, instrument)
  const reach = distance.times(Math.max(rules.leastTarget, targetMultiplier))
  if (!isBuy && reach.gte(entry)) return null
  const target = isBuy ? roundUpToTick(entry.plus(reach), instrument) : roundDownToTick(entry.minus(reach), instrument)
  return { entryPrice: text(entry), stopLoss: text(stop), takeProfit: text(target) }
}

/** Towards the entry, so that it stays under the widest allowed; away from it where it would come under the least. */
function stopPrice(entry: Amount, distance: Amount, least: Amount, isBuy: boolean, instrument: Instrument): Amount {
  const [inward, outward] = isBuy ? [roundUpToTick, roundDownToTick] : [roundDownToTick, roundUpToTick]
  const exact = isBuy ? entry.minus(distance) : entry.plus(distance)
  const near = inward(exact, instrument)
  return near.minus(entry).abs().lt(least) ? outward(exact, instrument) : near
}

const hold = (proposalId: string, stamp: ViewStamp, confidence: number, reasoning: string): Proposal => ({
  ...rulesOutput('trading_decision', stamp, confidence, reasoning),
  proposalId,
  action: 'HOLD',
  entryPrice: null,
  stopLoss: null,
  takeProfit: null,
  sizePct: 0,
  leverage: 1,
})

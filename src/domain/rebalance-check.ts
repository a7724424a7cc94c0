/** One portfolio check: whether the core book strayed, what would bring it back, and whether that may begin now. Pure. */
import {
  type CoreAllocation,
  largestDeviation,
  type RebalanceMeans,
  type RebalanceNeed,
  type RebalanceSettings,
  rebalanceNeed,
  type UnknownAllocation,
} from './allocation.ts'
import { type DcaSettings, scheduleTrades } from './dca.ts'
import { asset, baseOf, pair, quoteOf } from './ids.ts'
import type {
  AllocationRow,
  ExecutionStrategy,
  PlanTradeView,
  PlanView,
  RebalanceOutput,
  RebalanceTrade,
} from './portfolio.ts'
import { amount, text } from './units.ts'
import { type PriceOf, usdRate } from './valuation.ts'

export interface CheckSettings {
  readonly rebalance: RebalanceSettings
  readonly dca: DcaSettings
  readonly orderType: 'limit' | 'market'
  readonly minBetweenPlansMs: number
}

export interface CheckInput {
  readonly allocation: CoreAllocation | UnknownAllocation
  readonly means: RebalanceMeans
  readonly settings: CheckSettings
  /** The plan at work: its whole, null where older code told none of it; undefined while no plan is at work. */
  readonly active: PlanView | null | undefined
  /** A plan was begun that is not written down yet. */
  readonly isBeginning: boolean
  readonly lastPlannedAt: number | null
  readonly now: number
  /** Bypasses the time between two plans; never the rule of one plan at a time. */
  readonly forced: boolean
}

export interface CheckResult {
  readonly output: RebalanceOutput
  /** In one word: `defer` is a need that may not be served now, or nothing known. */
  readonly action: 'no_action' | 'rebalance' | 'defer'
  readonly maxDeviationPct: string
  /** Why the plan at work is to be given up; null where it goes on. */
  readonly cancel: string | null
}

export interface StrategyChoice {
  readonly executionStrategy: ExecutionStrategy
  /** True where no model chose. */
  readonly usedFallbackStrategy: boolean
}

/**
 * How trades are brought to the venue by default: spread over time where one of them is large, else as limit orders, or at
 * once where the settings say market. A model may be asked here for the strategy and the order of trades, never for
 * sizes or sides; none is.
 */
export const chooseStrategy = (
  trades: readonly RebalanceTrade[],
  { orderType }: Pick<CheckSettings, 'orderType'>,
): StrategyChoice => ({
  executionStrategy: trades.some(({ batch }) => batch > 1)
    ? 'dca_24h'
    : orderType === 'limit'
      ? 'limit_orders'
      : 'immediate',
  usedFallbackStrategy: true,
})

/** The allocation as it would be had these trades not been made, at the prices of now. */
function without(
  core: CoreAllocation,
  executed: readonly Pick<PlanTradeView, 'symbol' | 'side' | 'filled'>[],
  priceOf: PriceOf,
): CoreAllocation {
  const moved = new Map<string, ReturnType<typeof amount>>()
  const add = (of: string, by: ReturnType<typeof amount>) => moved.set(of, (moved.get(of) ?? amount(0)).plus(by))
  for (const { symbol, side, filled } of executed) {
    const base = baseOf(pair(symbol))
    const worth = amount(filled).times(usdRate(base, priceOf) ?? 0)
    add(base, side === 'buy' ? worth.negated() : worth)
    add(quoteOf(pair(symbol)), side === 'buy' ? worth : worth.negated())
  }
  const rows = core.rows.map((row): AllocationRow => {
    const value = amount(row.valueUsd).plus(moved.get(row.asset) ?? 0)
    return { ...row, valueUsd: text(value) }
  })
  return { ...core, rows }
}

/**
 * Why nothing of the plan is needed any more; null while something is. Its own trades bring the deviation down, which ends
 * no need: so the deviation is taken without them. Trades that would lead away from the targets are needed by nobody; where
 * that is one symbol's alone, for a deposit or a price, it ends the plan once it is as far off as begins one.
 */
export function goneNeed(
  plan: PlanView,
  core: CoreAllocation,
  priceOf: PriceOf,
  settings: RebalanceSettings,
): string | null {
  const untouched = largestDeviation(without(core, plan.trades, priceOf))
  if (untouched.lte(settings.thresholdPct))
    return `no longer needed: without its trades the largest deviation is ${untouched.toDecimalPlaces(2)} %`
  /** How far beyond its target the trade would begin; below zero where it leads back. */
  const beyond = ({ symbol, side }: PlanTradeView) => {
    const row = core.rows.find((one) => one.asset === asset(baseOf(pair(symbol))))
    return amount(row?.deviationPct ?? 0).times(side === 'buy' ? 1 : -1)
  }
  const left = plan.trades.filter(({ status }) => status === 'scheduled' || status === 'working')
  if (left.length > 0 && !left.some((one) => beyond(one).lt(0)))
    return 'no longer needed: what is left would lead away from the targets'
  const turned = left.find((one) => beyond(one).gt(settings.thresholdPct))
  return turned === undefined ? null : `no longer needed: ${turned.symbol} would be led away from its target`
}

/** Why a need may not be served now; null when it may. */
function deferral({ active, isBeginning, lastPlannedAt, settings, now, forced }: CheckInput): string | null {
  if (active !== undefined || isBeginning) return 'a plan is at work'
  const isTooSoon = lastPlannedAt !== null && now < lastPlannedAt + settings.minBetweenPlansMs
  return isTooSoon && !forced ? 'the last plan is less than a day old' : null
}

function result(
  core: CoreAllocation,
  need: RebalanceNeed,
  trades: readonly RebalanceTrade[],
  choice: StrategyChoice,
  { reasoning, cancel = null }: { readonly reasoning: string; readonly cancel?: string | null },
): CheckResult {
  const { coreEquityUsd, rows, maxDeviationPct } = core
  const currentAllocation = { coreEquityUsd, holdings: rows, maxDeviationPct }
  const isDeferred = need.action === 'rebalance' && choice.executionStrategy === 'defer'
  return {
    output: { action: need.action, currentAllocation, trades, ...choice, reasoning },
    action: isDeferred ? 'defer' : need.action,
    ...{ maxDeviationPct, cancel },
  }
}

const DEFERRED: StrategyChoice = { executionStrategy: 'defer', usedFallbackStrategy: true }

/** What the portfolio agent comes to. Trades of an `action` of `rebalance` begin now unless the strategy is `defer`. */
export function checkPortfolio(input: CheckInput): CheckResult {
  const { allocation: core, means, settings, active, now } = input
  if (core.kind === 'unknown') {
    const output = {
      action: 'no_action',
      currentAllocation: null,
      trades: [],
      ...DEFERRED,
      reasoning: core.reason,
    } as const
    return { output, action: 'defer', maxDeviationPct: '0', cancel: null }
  }
  const need = rebalanceNeed(core, means, settings.rebalance)
  if (active === null && need.action === 'no_action')
    return result(core, need, [], DEFERRED, { reasoning: need.reason, cancel: `no longer needed: ${need.reason}` })
  const cancel =
    active === null || active === undefined ? null : goneNeed(active, core, means.priceOf, settings.rebalance)
  if (need.action === 'no_action') return result(core, need, [], DEFERRED, { reasoning: need.reason, cancel })
  const { trades } = scheduleTrades(need.legs, means.instruments, now, settings.dca)
  const reason = deferral(input)
  if (reason !== null) return result(core, need, trades, DEFERRED, { reasoning: reason, cancel })
  return result(core, need, trades, chooseStrategy(trades, settings), { reasoning: need.reason })
}

/** Balances, valuation and allocation as they appear in facts and on the API. */
import type { Asset, OrderId, PlanId } from './ids.ts'
import type { Numeric } from './units.ts'

export interface Balance {
  readonly asset: Asset
  readonly total: Numeric
  /** Held by open orders. */
  readonly held: Numeric
}

/** `equityEnd = equityStart + tradingNet + rebalancingFees + revaluation + flows`: checked, not assumed. USD. */
export interface Ledger {
  readonly equityStart: Numeric
  readonly tradingNet: Numeric
  /** ≤ 0. */
  readonly rebalancingFees: Numeric
  /** Change in value of the core holdings, incl. what rebalance trades gave up against the mark. */
  readonly revaluation: Numeric
  /** Deposits − withdrawals. */
  readonly flows: Numeric
  /** Valued from balances, independently of the other five. */
  readonly equityEnd: Numeric
}

export interface AllocationView {
  readonly at: number
  /** Account equity in USD, positions at the mark. */
  readonly equity: Numeric
  /** The core book: as if every position were closed at the mark. */
  readonly coreEquity: Numeric
  readonly holdings: readonly AllocationRow[]
  readonly maxDeviationPct: Numeric
  readonly balances: readonly Balance[]
  readonly ledger: Ledger
  /** Symbols without a fresh price; while any is held, nothing is opened or rebalanced. */
  readonly staleMarks: readonly string[]
}

export interface AllocationRow {
  readonly asset: Asset
  readonly quantity: Numeric
  readonly valueUsd: Numeric
  readonly currentPct: Numeric
  readonly targetPct: Numeric
  readonly deviationPct: Numeric
}

/** One leg of a rebalance: sells settle before buys start. */
export interface RebalanceTrade {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly quantity: Numeric
  readonly valueUsd: Numeric
  /** Which DCA batch it belongs to, from 1. */
  readonly batch: number
  /** Milliseconds UTC. */
  readonly dueAt: number
}

/** How a rebalance is brought to the venue. */
export type ExecutionStrategy = 'immediate' | 'dca_24h' | 'limit_orders' | 'defer'

/** One trade of a plan, and what became of it. */
export interface PlanTradeView extends RebalanceTrade {
  /** Names its order's intention. */
  readonly key: string
  /** `scheduled`: also what expired and is tried again. `dropped`: will not be, or ended without a fill. */
  readonly status: 'scheduled' | 'working' | 'executed' | 'dropped'
  readonly orderId: OrderId | null
  readonly filled: Numeric
}

/** What a plan did not come to. */
export interface UnfilledTrade extends Pick<RebalanceTrade, 'symbol' | 'side' | 'quantity' | 'valueUsd'> {}

/** The whole of a rebalance plan at one moment. */
export interface PlanView {
  readonly planId: PlanId
  readonly status: 'planned' | 'active' | 'completed' | 'cancelled'
  readonly executionStrategy: ExecutionStrategy
  readonly usedFallbackStrategy: boolean
  readonly reasoning: string
  /** The batch that is due or at work, from 1. */
  readonly batch: number
  /** Sells before buys within a batch. */
  readonly trades: readonly PlanTradeView[]
  readonly plannedAt: number
  readonly updatedAt: number
}

/** What the portfolio agent puts out: the owner's output schema. */
export interface RebalanceOutput {
  readonly action: 'no_action' | 'rebalance'
  /** The core book; null while a price is missing. */
  readonly currentAllocation: {
    readonly coreEquityUsd: Numeric
    readonly holdings: readonly AllocationRow[]
    readonly maxDeviationPct: Numeric
  } | null
  readonly trades: readonly RebalanceTrade[]
  /** `defer`: nothing begins now. */
  readonly executionStrategy: ExecutionStrategy
  readonly reasoning: string
  /** The default strategy, and not one that a model chose. */
  readonly usedFallbackStrategy: boolean
}

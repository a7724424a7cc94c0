/** Facts of the account, its allocation and its plans. */
import type { Flow } from '../account-history.ts'
import type { HodlBook } from '../hodl.ts'
import type { Asset, OrderId, Pair, PlanId, PositionId } from '../ids.ts'
import type {
  AllocationView,
  Balance,
  ExecutionStrategy,
  PlanView,
  RebalanceTrade,
  UnfilledTrade,
} from '../portfolio.ts'
import type { Topic } from '../topics.ts'
import type { Numeric } from '../units.ts'

export interface PortfolioFacts {
  /** The first moment of an account: what the statement starts from. */
  'account.opened': {
    readonly balances: readonly Balance[]
    /** USDT prices by pair. */
    readonly marks: Readonly<Record<string, Numeric>>
    /** Flows that these balances hold already; absent in accounts opened by older code. */
    readonly knownFlows?: readonly string[]
  }
  /** A deposit, a withdrawal or the like: a flow of the core book, booked once by its id. */
  'account.flowed': {
    readonly flow: Flow
    /** USD per unit of the asset when it was booked. */
    readonly usdRate: Numeric
    /** Signed. */
    readonly valueUsd: Numeric
  }
  /** What the venue charged for a position of ours on margin: a cost of the trading book, booked once by the flow's id. */
  'account.financed': {
    readonly flow: Flow
    readonly positionId: PositionId
    /** USD per unit of the asset when it was booked. */
    readonly usdRate: Numeric
    /** Below zero. */
    readonly valueUsd: Numeric
  }
  /**
   * The first look at the account in a UTC day or ISO week: what the period's losses are measured against. Where it comes
   * late, the figures are those of the period's beginning: less what trading has brought since. USD.
   */
  'account.periodBegan': {
    readonly period: 'day' | 'week'
    /** Days or weeks since 1970. */
    readonly number: number
    readonly equityUsd: Numeric
    /** The trading book's result so far, and the highest that it has been. */
    readonly tradingNet: Numeric
    readonly tradingPeak: Numeric
  }
  /** The account, core holdings included, has fallen so far from its peak: told, and no breaker of trading. Per cent. */
  'account.drawdownWarned': {
    readonly drawdownPct: Numeric
    readonly thresholdPct: Numeric
    readonly peakUsd: Numeric
    readonly equityUsd: Numeric
  }
  'portfolio.valued': { readonly allocation: AllocationView }
  /** What the portfolio agent came to. */
  'rebalance.checked': {
    readonly action: 'no_action' | 'rebalance' | 'defer'
    readonly reason: string
    readonly maxDeviationPct: Numeric
    readonly executionStrategy?: ExecutionStrategy
    readonly usedFallbackStrategy?: boolean
    /** Who forced it; absent where the schedule asked. */
    readonly by?: string
  }
  /** `plan`, here and below: the whole of it afterwards; absent in rows of older code. */
  'rebalance.planned': {
    readonly planId: PlanId
    readonly trades: readonly RebalanceTrade[]
    readonly executionStrategy: ExecutionStrategy
    /** The default strategy, and not one that a model chose. */
    readonly usedFallbackStrategy: boolean
    readonly plan?: PlanView
  }
  /** A batch was claimed and goes now. */
  'rebalance.batchStarted': { readonly planId: PlanId; readonly batch: number; readonly plan: PlanView }
  'rebalance.tradeExecuted': {
    readonly planId: PlanId
    readonly symbol: Pair
    readonly side: 'buy' | 'sell'
    readonly quantity: Numeric
    readonly cost: Numeric
    readonly fees: Numeric
    readonly batch: number
    readonly orderId?: OrderId
    readonly plan?: PlanView
  }
  /** One of its trades will not be: refused before its order was born, or ended without a fill. */
  'rebalance.tradeDropped': {
    readonly planId: PlanId
    readonly symbol: Pair
    readonly side: 'buy' | 'sell'
    readonly batch: number
    readonly reason: string
    readonly plan: PlanView
  }
  /** Its order expired, was taken back or was not paid for: what is left, base units, goes again with the next batch. */
  'rebalance.tradePostponed': {
    readonly planId: PlanId
    readonly symbol: Pair
    readonly side: 'buy' | 'sell'
    readonly batch: number
    readonly quantity: Numeric
    readonly plan: PlanView
  }
  'rebalance.completed': {
    readonly planId: PlanId
    /** What was planned and not traded; absent in rows of older code. */
    readonly unfilled?: readonly UnfilledTrade[]
    readonly plan?: PlanView
  }
  'rebalance.cancelled': { readonly planId: PlanId; readonly reason: string; readonly plan?: PlanView }

  /** A new high of cumulative net realised trading profit: a share of it is set aside. USD; `hodl` is the whole afterwards. */
  'hodl.accrued': {
    readonly profitUsd: Numeric
    readonly amountUsd: Numeric
    /** The position whose close made the high; absent in rows of older code. */
    readonly positionId?: PositionId | null
    readonly hodl: HodlBook
  }
  /** What was set aside has become part of a bag; `orderId` null where no order was needed (USDT). */
  'hodl.bought': {
    readonly asset: Asset
    readonly quantity: Numeric
    readonly valueUsd: Numeric
    readonly fees: Numeric
    readonly orderId: OrderId | null
    readonly hodl: HodlBook
  }
  /** A purchase that is due and cannot be made now. */
  'hodl.postponed': { readonly asset: Asset; readonly reason: string }
  /** Bags that are larger than what the account holds outside of positions. */
  'hodl.balanceExceeded': { readonly assets: readonly Asset[] }
}

export const PORTFOLIO_TOPICS = {
  'account.opened': 'PORTFOLIO_UPDATES',
  'account.flowed': 'PORTFOLIO_UPDATES',
  'account.financed': 'PORTFOLIO_UPDATES',
  'account.periodBegan': 'PORTFOLIO_UPDATES',
  'account.drawdownWarned': 'PORTFOLIO_UPDATES',
  'portfolio.valued': 'PORTFOLIO_UPDATES',
  'rebalance.checked': 'PORTFOLIO_UPDATES',
  'rebalance.planned': 'PORTFOLIO_UPDATES',
  'rebalance.batchStarted': 'PORTFOLIO_UPDATES',
  'rebalance.tradeExecuted': 'PORTFOLIO_UPDATES',
  'rebalance.tradeDropped': 'PORTFOLIO_UPDATES',
  'rebalance.tradePostponed': 'PORTFOLIO_UPDATES',
  'rebalance.completed': 'PORTFOLIO_UPDATES',
  'rebalance.cancelled': 'PORTFOLIO_UPDATES',
  'hodl.accrued': 'PORTFOLIO_UPDATES',
  'hodl.bought': 'PORTFOLIO_UPDATES',
  'hodl.postponed': 'PORTFOLIO_UPDATES',
  'hodl.balanceExceeded': 'PORTFOLIO_UPDATES',
} as const satisfies Readonly<Record<keyof PortfolioFacts, Topic>>

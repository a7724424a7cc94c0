/** Money as it is remembered: plans' trades, what was set aside, and what the risk engine knew. */
import type { RiskRecord } from './breakers.ts'
import type { HodlBook } from './hodl.ts'
import type { Asset, OrderId, PlanId, PositionId } from './ids.ts'
import type { ExecutionStrategy, PlanTradeView } from './portfolio.ts'
import type { Numeric } from './units.ts'

/** A trade of a plan, and what has become of it. */
export interface ScheduledTrade extends PlanTradeView {
  readonly planId: PlanId
  readonly updatedAt: number
}

/** A trade of a plan that was made. */
export interface RebalanceRecord {
  readonly at: number
  readonly planId: PlanId
  readonly batch: number
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** Base units. */
  readonly quantity: Numeric
  /** Quote units, both. */
  readonly cost: Numeric
  readonly fees: Numeric
  /** Null, both, where older code did not say. */
  readonly executionStrategy: ExecutionStrategy | null
  readonly usedFallbackStrategy: boolean | null
  readonly orderId: OrderId | null
}

/** One change of one hodl bag. */
export interface HodlChange {
  readonly at: number
  readonly asset: Asset
  readonly kind: 'accrued' | 'bought'
  /** Base units bought; 0 where something was set aside. */
  readonly quantity: Numeric
  /** What was set aside, or what was bought. USD. */
  readonly valueUsd: Numeric
  readonly fees: Numeric
  /** Set aside for this bag and not spent, afterwards. USD. */
  readonly pendingUsd: Numeric
  readonly orderId: OrderId | null
  /** The trade that made the high from which something was set aside; null of purchases, and where older code did not say. */
  readonly positionId: PositionId | null
}

/** The hodl ledger as it stands. */
export interface HodlRecord extends HodlBook {
  readonly updatedAt: number
}

/** What the risk engine remembered from this moment on. */
export interface RiskChange {
  readonly at: number
  readonly risk: RiskRecord
}

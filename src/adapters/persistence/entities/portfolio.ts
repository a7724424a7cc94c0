import { defineEntity, p } from '@mikro-orm/core'
import { json, numeric, time, whole } from './columns.ts'

export const PortfolioSnapshotsTable = defineEntity({
  name: 'PortfolioSnapshot',
  tableName: 'portfolio_snapshots',
  properties: {
    account: p.text().primary(),
    at: time().primary(),
    equity: numeric(),
    coreEquity: numeric(),
    /** Σ of what positions hold at the mark, USD, whatever their side. */
    tradingExposure: numeric(),
    maxDeviationPct: numeric(),
    holdings: json(),
    balances: json(),
    ledger: json(),
    staleMarks: json(),
  },
})

export const HodlBagsTable = defineEntity({
  name: 'HodlBag',
  tableName: 'hodl_bags',
  properties: {
    account: p.text().primary(),
    asset: p.text().primary(),
    /** The journal row that told this state. */
    pos: whole(),
    /** Base units bought for the bag; the configured amount comes on top. */
    quantity: numeric(),
    /** Profit set aside that is still below the smallest purchase. */
    pendingUsd: numeric(),
    spentUsd: numeric(),
    /** Of the whole ledger: the profit above which more is set aside. */
    highUsd: numeric(),
    updatedAt: time(),
  },
})

export const HodlBagHistoryTable = defineEntity({
  name: 'HodlBagHistory',
  tableName: 'hodl_bag_history',
  properties: {
    account: p.text().primary(),
    /** The journal row that it projects. */
    pos: whole().primary(),
    asset: p.text().primary(),
    kind: p.text(),
    quantity: numeric(),
    /** What was set aside, or what the purchase was worth. */
    valueUsd: numeric(),
    fees: numeric(),
    /** Of this asset, afterwards. */
    pendingUsd: numeric(),
    positionId: p.text().nullable(),
    orderId: p.text().nullable(),
    at: time(),
  },
})

export const RebalancingHistoryTable = defineEntity({
  name: 'RebalancingHistory',
  tableName: 'rebalancing_history',
  properties: {
    account: p.text().primary(),
    /** The journal row that it projects. */
    pos: whole().primary(),
    planId: p.text(),
    symbol: p.text(),
    side: p.text(),
    batch: p.integer(),
    quantity: numeric(),
    cost: numeric(),
    fees: numeric(),
    /** Null, both, in what older code stated. */
    executionStrategy: p.text().nullable(),
    usedFallbackStrategy: p.boolean().nullable(),
    orderId: p.text().nullable(),
    at: time(),
  },
})

export const RebalancePlansTable = defineEntity({
  name: 'RebalancePlan',
  tableName: 'rebalance_plans',
  properties: {
    account: p.text().primary(),
    planId: p.text().primary(),
    /** The journal row that told this state. */
    pos: whole(),
    status: p.text(),
    executionStrategy: p.text(),
    usedFallbackStrategy: p.boolean(),
    reasoning: p.text(),
    batch: p.integer(),
    /** The whole of it, as it was stated. */
    plan: json(),
    plannedAt: time(),
    updatedAt: time(),
  },
})

export const ScheduledTradesTable = defineEntity({
  name: 'ScheduledTrade',
  tableName: 'scheduled_trades',
  properties: {
    account: p.text().primary(),
    planId: p.text().primary(),
    batch: p.integer().primary(),
    symbol: p.text().primary(),
    side: p.text().primary(),
    /** The journal row that told this state. */
    pos: whole(),
    /** Names its order's intention. */
    key: p.text(),
    quantity: numeric(),
    valueUsd: numeric(),
    filled: numeric(),
    status: p.text(),
    orderId: p.text().nullable(),
    dueAt: time(),
    updatedAt: time(),
  },
})

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
    /** Base units bought for the bag; the configured amount comes on top. */
    quantity: numeric(),
    /** Profit set aside that is still below the smallest purchase. */
    pendingUsd: numeric(),
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
    valueUsd: numeric(),
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
    executionStrategy: p.text(),
    usedFallbackStrategy: p.boolean(),
    orderId: p.text().nullable(),
    at: time(),
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
    side: p.text(),
    quantity: numeric(),
    valueUsd: numeric(),
    status: p.text(),
    orderId: p.text().nullable(),
    dueAt: time(),
    updatedAt: time(),
  },
})

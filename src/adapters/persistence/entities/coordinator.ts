import { defineEntity, p } from '@mikro-orm/core'
import { json, numeric, time, whole } from './columns.ts'

export const CoordinatorStateTable = defineEntity({
  name: 'CoordinatorState',
  tableName: 'coordinator_state',
  properties: {
    account: p.text().primary(),
    /** The journal row up to which this is true. */
    pos: whole(),
    state: p.text(),
    pauseReasons: json(),
    haltReason: p.text().nullable(),
    degradation: p.text(),
    counters: json(),
    reconciliation: p.text(),
    tasks: json(),
    statistics: json(),
    inFlight: json(),
    updatedAt: time(),
  },
})

export const ConflictResolutionLogTable = defineEntity({
  name: 'ConflictResolutionLog',
  tableName: 'conflict_resolution_log',
  properties: {
    account: p.text().primary(),
    conflictId: p.text().primary(),
    symbol: p.text(),
    proposalId: p.text(),
    /** Which conflicts were found. */
    conflicts: json(),
    action: p.text(),
    confidence: p.double(),
    reasoning: p.text(),
    modifications: json().nullable(),
    model: p.text(),
    usedFallback: p.boolean(),
    latencyMs: p.integer(),
    correlationId: p.text(),
    at: time(),
  },
})

export const RiskStateTable = defineEntity({
  name: 'RiskState',
  tableName: 'risk_state',
  properties: {
    account: p.text().primary(),
    /** The journal row that told this state. */
    pos: whole(),
    dayStartedAt: time().nullable(),
    dayOpeningEquity: numeric().nullable(),
    dayTradingNet: numeric().nullable(),
    weekStartedAt: time().nullable(),
    weekOpeningEquity: numeric().nullable(),
    weekTradingNet: numeric().nullable(),
    peakEquity: numeric(),
    peakTradingNet: numeric(),
    consecutiveLosses: p.integer(),
    cooldowns: json(),
    breakers: json(),
    /** The whole of it, as it was stated. */
    record: json(),
    updatedAt: time(),
  },
})

export const RiskStateHistoryTable = defineEntity({
  name: 'RiskStateHistory',
  tableName: 'risk_state_history',
  properties: {
    account: p.text().primary(),
    /** The journal row that it projects. */
    pos: whole().primary(),
    at: time().primary(),
    record: json(),
  },
})

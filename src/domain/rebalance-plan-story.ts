/** What a rebalance plan tells, and what it asks to be taken back. Pure. */
import type { FactDraft } from './facts.ts'
import { unfilledOf, withBatchStarted } from './rebalance-plan-batches.ts'
import { keysOf, type PlanRecord, planView } from './rebalance-plan-record.ts'

export const plannedFact = (record: PlanRecord): FactDraft => ({
  ...{ type: 'rebalance.planned', planId: record.planId, trades: record.trades.map(({ trade }) => trade) },
  ...{ executionStrategy: record.executionStrategy, usedFallbackStrategy: record.usedFallbackStrategy },
  plan: planView(record, 'planned'),
})

/** The batch goes now; one that goes on after a restart was told before. */
export function batchStartedFacts(record: PlanRecord): FactDraft[] {
  const { planId, batch, started } = record
  if (started === batch) return []
  const plan = planView({ ...record, ...withBatchStarted(record) }, 'active')
  return [{ type: 'rebalance.batchStarted', planId, batch, plan }]
}

/** One fact for each trade that the last message told to have ended, or to have been filled after its end. */
export function endedFacts(record: PlanRecord): FactDraft[] {
  const { planId } = record
  const plan = planView(record, 'active')
  return record.ends.map((end): FactDraft => {
    const { symbol, side, batch } = end
    if (end.kind === 'dropped')
      return { type: 'rebalance.tradeDropped', planId, symbol, side, batch, reason: end.reason, plan }
    if (end.kind === 'postponed')
      return { type: 'rebalance.tradePostponed', planId, symbol, side, batch, quantity: end.quantity, plan }
    const { filled: quantity, cost, fees, orderId } = end
    return { type: 'rebalance.tradeExecuted', planId, symbol, side, quantity, cost, fees, batch, orderId, plan }
  })
}

export const completedFact = (record: PlanRecord): FactDraft => ({
  ...{ type: 'rebalance.completed', planId: record.planId, unfilled: unfilledOf(record) },
  plan: planView(record, 'completed'),
})

/** Why the plan was given up. */
const reasonOf = ({ reason }: PlanRecord): string => reason ?? 'plan cancelled'

export const cancelledFact = (record: PlanRecord): FactDraft => ({
  ...{ type: 'rebalance.cancelled', planId: record.planId, reason: reasonOf(record) },
  plan: planView(record, 'cancelled'),
})

/** What is still at work and must be cancelled. */
export const withdrawalOf = (record: PlanRecord) => ({
  planId: record.planId,
  keys: keysOf(record, 'asked'),
  reason: reasonOf(record),
})

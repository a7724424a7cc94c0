/** What a rebalance plan is born with, asks for and tells: pure decisions behind the plan machine. */
import type { FactDraft } from './facts.ts'
import type { PlanId } from './ids.ts'
import { isFinal, type OrderView } from './order.ts'
import type { RebalanceTrade } from './portfolio.ts'

export interface PlanBirth {
  readonly planId: PlanId
  readonly trades: readonly RebalanceTrade[]
  readonly usedFallbackStrategy: boolean
  /** Between two batches; a batch that went late moves the rest. */
  readonly intervalMs: number
  readonly seenAt: number
}

/** One trade of the plan with the key of its order. */
export interface PlannedTrade {
  readonly key: string
  readonly trade: RebalanceTrade
  readonly state: 'waiting' | 'asked' | 'ended'
}

export interface PlanRecord {
  readonly planId: PlanId
  readonly trades: readonly PlannedTrade[]
  readonly usedFallbackStrategy: boolean
  readonly intervalMs: number
  /** The batch that is due or at work, from 1. */
  readonly batch: number
  readonly updatedAt: number
  readonly dueAt: number
  readonly reason: string | null
  /** Orders that the last message told to have ended. */
  readonly ended: readonly OrderView[]
  /** Trades that this step asks for. */
  readonly asking: readonly PlannedTrade[]
}

export const newPlan = ({ planId, trades, usedFallbackStrategy, intervalMs, seenAt }: PlanBirth): PlanRecord => ({
  ...{ planId, usedFallbackStrategy, intervalMs, batch: 1, updatedAt: seenAt, reason: null, ended: [], asking: [] },
  trades: trades.map((trade, index) => ({ key: `${planId}/rebalance/${index + 1}`, trade, state: 'waiting' })),
  dueAt: Math.max(seenAt, trades[0]?.dueAt ?? seenAt),
})

type Side = RebalanceTrade['side']
type TradeState = PlannedTrade['state']

const tradesOf = ({ trades, batch }: PlanRecord, side: Side) =>
  trades.filter(({ trade }) => trade.batch === batch && trade.side === side)
const keysOf = ({ trades }: PlanRecord, wanted: TradeState): readonly string[] =>
  trades.filter(({ state }) => state === wanted).map(({ key }) => key)
const marked = ({ trades }: PlanRecord, keys: readonly string[], state: TradeState): readonly PlannedTrade[] =>
  trades.map((planned) => (keys.includes(planned.key) && planned.state !== 'ended' ? { ...planned, state } : planned))

export const areEnded = (record: PlanRecord, side: Side): boolean =>
  tradesOf(record, side).every(({ state }) => state === 'ended')
export const isNothingAsked = (record: PlanRecord): boolean => keysOf(record, 'asked').length === 0
export const isLastBatch = ({ trades, batch }: PlanRecord): boolean =>
  batch >= Math.max(...trades.map(({ trade }) => trade.batch))

/** The batch's trades of one side that nobody has asked for yet. */
export function asked(record: PlanRecord, side: Side): Pick<PlanRecord, 'asking' | 'trades'> {
  const asking = tradesOf(record, side).filter(({ state }) => state === 'waiting')
  const keys = asking.map(({ key }) => key)
  return { asking, trades: marked(record, keys, 'asked') }
}

/** Those of `orders` that the plan asked for and that have ended; each counts once. */
export function withEnded(record: PlanRecord, orders: readonly OrderView[]): Pick<PlanRecord, 'ended' | 'trades'> {
  const open = new Set(keysOf(record, 'asked'))
  const ended = orders.filter(({ request, status }) => isFinal(status) && open.has(request.key))
  const keys = ended.map(({ request }) => request.key)
  return { ended, trades: marked(record, keys, 'ended') }
}

/** A trade whose order was refused before it was born. */
export const withUnborn = (record: PlanRecord, key: string): Pick<PlanRecord, 'trades'> => ({
  trades: marked(record, [key], 'ended'),
})

/** After a restart: trades whose orders were never written down wait again. */
export function withRecovered(record: PlanRecord, orders: readonly OrderView[]): Pick<PlanRecord, 'trades'> {
  const born = new Set(orders.map(({ request }) => request.key))
  const unborn = keysOf(record, 'asked').filter((key) => !born.has(key))
  return { trades: marked(record, unborn, 'waiting') }
}

export const plannedFact = ({ planId, trades, usedFallbackStrategy }: PlanRecord): FactDraft => ({
  type: 'rebalance.planned',
  planId,
  trades: trades.map(({ trade }) => trade),
  executionStrategy: trades.some(({ trade }) => trade.batch > 1) ? 'dca_24h' : 'limit_orders',
  usedFallbackStrategy,
})

/** One fact for each order that the last message told to have ended, if any of it was filled. */
export const executedFacts = ({ ended, planId, batch }: PlanRecord): FactDraft[] =>
  ended
    .filter(({ filled }) => filled !== '0')
    .map(({ request: { symbol, side }, filled: quantity, cost, fees }) => ({
      ...{ type: 'rebalance.tradeExecuted', planId, symbol, side, quantity, cost, fees, batch },
    }))

/** Why the plan was given up. */
export const reasonOf = ({ reason }: PlanRecord): string => reason ?? 'plan cancelled'

/** What is still at work and must be cancelled. */
export const withdrawalOf = (record: PlanRecord) => ({
  planId: record.planId,
  keys: keysOf(record, 'asked'),
  reason: reasonOf(record),
})

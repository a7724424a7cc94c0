/**
 * The facts: what happened. A dot in the name, past tense; cannot be refused. Each belongs to exactly one topic.
 *
 * Facts of orders, positions, plans and the coordinator are journaled before anyone hears them. Analyses and market
 * data are published without being journaled: what the coordinator acts on is journaled with what it heard.
 */
import type { Flow } from './account-history.ts'
import type { Candle } from './candle.ts'
import type { DegradationLevel } from './degradation.ts'
import type { ExternalOrder, ValuedMove } from './external-order.ts'
import type { OrderId, Pair, PlanId, PositionId } from './ids.ts'
import type { Book, Fill, OrderView } from './order.ts'
import type { AllocationView, Balance, RebalanceTrade } from './portfolio.ts'
import type { CloseReason, PositionView } from './position.ts'
import type { RiskCode, RiskWarning } from './risk-verdict.ts'
import type { TaskName } from './tasks.ts'
import type { Topic } from './topics.ts'
import type { Numeric } from './units.ts'
import type { AgentName, Proposal, RegimeView, SentimentView, TechnicalView } from './views.ts'

/** Where a fact comes from: seen as it happened, found by comparing with the venue, or read back at boot. */
export type Origin = 'live' | 'reconciled' | 'replayed'

export interface FactMeta {
  readonly id: string
  /** When it happened: the venue's time where known. Milliseconds UTC. */
  readonly at: number
  /** When we saw it. */
  readonly seenAt: number
  /** Id of the message that led to it; null for a first cause. */
  readonly causedBy: string | null
  /** The same for everything that one decision set off. */
  readonly correlationId: string
  readonly origin: Origin
}

/** Facts by name; the value is what they carry beside the meta. */
export interface FactBodies {
  'market.started': { readonly feed: string; readonly symbols: readonly Pair[]; readonly fallback: boolean }
  'market.stale': { readonly symbol: Pair; readonly lastSeenAt: number | null }
  'market.fresh': { readonly symbol: Pair }
  'market.gapFound': { readonly symbol: Pair; readonly from: number; readonly to: number; readonly missing: number }
  'candle.closed': { readonly symbol: Pair; readonly candle: Candle }
  'connection.changed': {
    readonly state: 'connecting' | 'live' | 'reconnecting' | 'refused'
    readonly reason: string | null
  }

  'ta.analysed': { readonly symbol: Pair; readonly view: TechnicalView }
  'regime.detected': { readonly symbol: Pair; readonly view: RegimeView; readonly changedFrom: string | null }
  'sentiment.scored': { readonly symbol: Pair; readonly view: SentimentView }
  'decision.proposed': { readonly symbol: Pair; readonly proposal: Proposal }

  /** The coordinator let a proposal go, and why. */
  'signal.dropped': { readonly symbol: Pair; readonly proposalId: string; readonly reason: SignalDropReason }
  'signal.accepted': {
    readonly symbol: Pair
    readonly proposalId: string
    readonly confidence: number
    readonly multiplier: number
    readonly agreeing: number
    readonly present: number
  }

  'risk.approved': {
    readonly symbol: Pair
    readonly proposalId: string
    readonly positionId: PositionId
    readonly quantity: Numeric
    readonly leverage: number
    readonly warnings: readonly RiskWarning[]
    readonly riskPct: Numeric
    readonly exposurePct: Numeric
  }
  'risk.denied': {
    readonly symbol: Pair
    readonly proposalId: string
    readonly codes: readonly RiskCode[]
    readonly warnings: readonly RiskWarning[]
  }
  'risk.breakerTripped': { readonly breaker: string; readonly valuePct: Numeric; readonly thresholdPct: Numeric }
  'position.unprotected': { readonly positionId: PositionId; readonly symbol: Pair; readonly sinceAt: number }

  'order.intended': OrderFact
  'order.submitted': OrderFact
  'order.opened': OrderFact
  'order.partiallyFilled': OrderFact & { readonly fill: Fill }
  'order.filled': OrderFact & { readonly fill: Fill }
  'order.amended': OrderFact
  'order.cancelling': OrderFact
  'order.cancelled': OrderFact
  'order.expired': OrderFact
  'order.failed': OrderFact
  /** The answer was lost: nothing is assumed until the venue has been asked. */
  'order.unknown': OrderFact
  'order.settled': OrderFact
  /** Refused by the venue before its engine: sent again at `retryAt`, under the same id. Milliseconds UTC. */
  'order.postponed': OrderFact & { readonly retryAt: number }
  /** A change of a resting order that will not be: the order stands as it is told here. */
  'order.amendRefused': OrderFact & { readonly reason: string }
  'order.invariantBroken': OrderFact & { readonly problem: string }
  /** A fill of an order that had settled: counted by the order's book, or by core where nobody holds it any more. */
  'order.filledLate': OrderFact & { readonly fill: Fill; readonly book: Book }
  /** An order at the venue that is not ours: adopted, watched until it ends, never touched. */
  'order.externalFound': ExternalFact
  'order.externalChanged': ExternalFact
  /** What it traded moved our balances: a flow of the core book. */
  'order.externalFilled': ExternalFact & { readonly fill: Fill; readonly moves: readonly ValuedMove[] }
  'order.externalEnded': ExternalFact
  /** A command that could not be obeyed. */
  'order.denied': {
    readonly key: string
    readonly orderId: OrderId | null
    readonly symbol: Pair
    readonly reason: string
  }

  'position.opening': PositionFact
  'position.filled': PositionFact
  'position.protected': PositionFact & { readonly gapMs: number }
  'position.amended': PositionFact
  'position.closing': PositionFact & { readonly reason: CloseReason }
  'position.emergency': PositionFact & { readonly problem: string }
  'position.closed': PositionFact
  /** Closed by its stop, or by its target: told beside `position.closed`. */
  'position.stopHit': PositionFact
  'position.targetHit': PositionFact
  'position.dustTransferred': PositionFact & { readonly quantity: Numeric }
  'position.denied': { readonly positionId: PositionId; readonly symbol: Pair; readonly reason: string }

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
  /** The first look at the account in a UTC day or ISO week: what the period's losses are measured against. USD. */
  'account.periodBegan': {
    readonly period: 'day' | 'week'
    /** Days or weeks since 1970. */
    readonly number: number
    readonly equityUsd: Numeric
    /** The trading book's result so far, and the highest that it has been. */
    readonly tradingNet: Numeric
    readonly tradingPeak: Numeric
  }
  'portfolio.valued': { readonly allocation: AllocationView }
  'rebalance.checked': {
    readonly action: 'no_action' | 'rebalance' | 'defer'
    readonly reason: string
    readonly maxDeviationPct: Numeric
  }
  'rebalance.planned': {
    readonly planId: PlanId
    readonly trades: readonly RebalanceTrade[]
    readonly executionStrategy: 'immediate' | 'dca_24h' | 'limit_orders' | 'defer'
    readonly usedFallbackStrategy: boolean
  }
  'rebalance.tradeExecuted': {
    readonly planId: PlanId
    readonly symbol: Pair
    readonly side: 'buy' | 'sell'
    readonly quantity: Numeric
    readonly cost: Numeric
    readonly fees: Numeric
    readonly batch: number
  }
  'rebalance.completed': { readonly planId: PlanId }
  'rebalance.cancelled': { readonly planId: PlanId; readonly reason: string }

  'system.started': {
    readonly mode: string
    readonly feed: string
    readonly epoch: number
    readonly incarnation: string
  }
  'system.recovered': {
    readonly orders: number
    readonly positions: number
    readonly plans: number
    readonly journalRows: number
  }
  'system.draining': { readonly reason: string }
  'system.stopped': { readonly reason: string }
  'reconciliation.completed': {
    readonly matched: number
    readonly missedFills: number
    readonly adopted: number
    readonly unexplained: readonly string[]
  }
  'reconciliation.failed': { readonly problem: string }
  'trading.paused': { readonly reasons: readonly string[] }
  'trading.resumed': { readonly reasons: readonly string[] }
  'trading.halted': { readonly reason: string }
  'trading.reset': { readonly by: string }
  /** Nothing that adds risk on this symbol until an admin's reset; exits and protection go on. */
  'trading.symbolHalted': { readonly symbol: Pair; readonly reason: string }
  'trading.symbolReset': { readonly symbol: Pair; readonly by: string }
  'degradation.changed': { readonly from: DegradationLevel; readonly to: DegradationLevel; readonly recovered: boolean }
  'task.late': { readonly task: TaskName; readonly dueAt: number }
  'task.failed': { readonly task: TaskName; readonly symbol: Pair | null; readonly problem: string }
  'task.toggled': { readonly task: TaskName; readonly enabled: boolean }
  'agent.failed': {
    readonly agent: AgentName
    readonly symbol: Pair
    readonly problem: string
    readonly usedFallback: boolean
  }
  'actor.crashed': { readonly actor: string; readonly problem: string }
  'actor.restarted': { readonly actor: string; readonly restarts: number; readonly problem: string }
  'actor.gaveUp': { readonly actor: string; readonly restarts: number; readonly problem: string }
  'actor.unhandled': { readonly actor: string; readonly event: string; readonly state: string }
  'journal.away': { readonly problem: string }
  'journal.back': { readonly awayMs: number }
  'leadership.lost': { readonly epoch: number }

  'command.accepted': { readonly command: string; readonly by: string }
  'command.refused': { readonly command: string; readonly by: string; readonly reason: string }
}

interface OrderFact {
  readonly order: OrderView
}
interface ExternalFact {
  readonly external: ExternalOrder
}
interface PositionFact {
  readonly position: PositionView
}

export const SIGNAL_DROP_REASONS = [
  'HOLD',
  'PAUSED',
  'HALTED',
  'SYMBOL_HALTED',
  'RECONCILING',
  'EMERGENCY',
  'BUSY',
  'SHORT_UNAVAILABLE',
  'NOTHING_TO_CLOSE',
  'CONFIDENCE_TOO_LOW',
  'CONFLICT_WAIT',
  'STALE_INPUTS',
  'USED_FALLBACK',
  'NO_VERDICT',
  'TOO_LATE',
] as const
export type SignalDropReason = (typeof SIGNAL_DROP_REASONS)[number]

export type FactType = keyof FactBodies
export type FactBody<T extends FactType = FactType> = { [K in T]: { readonly type: K } & FactBodies[K] }[T]
export type Fact<T extends FactType = FactType> = FactBody<T> & FactMeta

/** A fact that a machine states; `at` is the venue's time where it has one, else when it was heard. */
export type FactDraft = FactBody & { readonly at?: number; readonly origin?: Origin }

/** The one topic of every fact. */
export const TOPIC_OF: Readonly<Record<FactType, Topic>> = {
  'market.started': 'MARKET_DATA',
  'market.stale': 'MARKET_DATA',
  'market.fresh': 'MARKET_DATA',
  'market.gapFound': 'MARKET_DATA',
  'candle.closed': 'MARKET_DATA',
  'connection.changed': 'SYSTEM_EVENTS',
  'ta.analysed': 'TA_SIGNALS',
  'regime.detected': 'REGIME_UPDATES',
  'sentiment.scored': 'SENTIMENT_UPDATES',
  'decision.proposed': 'TRADING_SIGNALS',
  'signal.dropped': 'SYSTEM_EVENTS',
  'signal.accepted': 'SYSTEM_EVENTS',
  'risk.approved': 'RISK_ALERTS',
  'risk.denied': 'RISK_ALERTS',
  'risk.breakerTripped': 'RISK_ALERTS',
  'position.unprotected': 'RISK_ALERTS',
  'order.intended': 'EXECUTION_EVENTS',
  'order.submitted': 'EXECUTION_EVENTS',
  'order.opened': 'EXECUTION_EVENTS',
  'order.partiallyFilled': 'EXECUTION_EVENTS',
  'order.filled': 'EXECUTION_EVENTS',
  'order.amended': 'EXECUTION_EVENTS',
  'order.cancelling': 'EXECUTION_EVENTS',
  'order.cancelled': 'EXECUTION_EVENTS',
  'order.expired': 'EXECUTION_EVENTS',
  'order.failed': 'EXECUTION_EVENTS',
  'order.unknown': 'EXECUTION_EVENTS',
  'order.settled': 'EXECUTION_EVENTS',
  'order.postponed': 'EXECUTION_EVENTS',
  'order.amendRefused': 'EXECUTION_EVENTS',
  'order.invariantBroken': 'RISK_ALERTS',
  'order.denied': 'EXECUTION_EVENTS',
  'order.filledLate': 'EXECUTION_EVENTS',
  'order.externalFound': 'EXECUTION_EVENTS',
  'order.externalChanged': 'EXECUTION_EVENTS',
  'order.externalFilled': 'EXECUTION_EVENTS',
  'order.externalEnded': 'EXECUTION_EVENTS',
  'position.opening': 'EXECUTION_EVENTS',
  'position.filled': 'EXECUTION_EVENTS',
  'position.protected': 'EXECUTION_EVENTS',
  'position.amended': 'EXECUTION_EVENTS',
  'position.closing': 'EXECUTION_EVENTS',
  'position.emergency': 'EXECUTION_EVENTS',
  'position.closed': 'EXECUTION_EVENTS',
  'position.stopHit': 'EXECUTION_EVENTS',
  'position.targetHit': 'EXECUTION_EVENTS',
  'position.dustTransferred': 'EXECUTION_EVENTS',
  'position.denied': 'EXECUTION_EVENTS',
  'account.opened': 'PORTFOLIO_UPDATES',
  'account.periodBegan': 'PORTFOLIO_UPDATES',
  'account.flowed': 'PORTFOLIO_UPDATES',
  'portfolio.valued': 'PORTFOLIO_UPDATES',
  'rebalance.checked': 'PORTFOLIO_UPDATES',
  'rebalance.planned': 'PORTFOLIO_UPDATES',
  'rebalance.tradeExecuted': 'PORTFOLIO_UPDATES',
  'rebalance.completed': 'PORTFOLIO_UPDATES',
  'rebalance.cancelled': 'PORTFOLIO_UPDATES',
  'system.started': 'SYSTEM_EVENTS',
  'system.recovered': 'SYSTEM_EVENTS',
  'system.draining': 'SYSTEM_EVENTS',
  'system.stopped': 'SYSTEM_EVENTS',
  'reconciliation.completed': 'SYSTEM_EVENTS',
  'reconciliation.failed': 'SYSTEM_EVENTS',
  'trading.paused': 'SYSTEM_EVENTS',
  'trading.resumed': 'SYSTEM_EVENTS',
  'trading.halted': 'SYSTEM_EVENTS',
  'trading.reset': 'SYSTEM_EVENTS',
  'trading.symbolHalted': 'SYSTEM_EVENTS',
  'trading.symbolReset': 'SYSTEM_EVENTS',
  'degradation.changed': 'SYSTEM_EVENTS',
  'task.late': 'SYSTEM_EVENTS',
  'task.failed': 'SYSTEM_EVENTS',
  'task.toggled': 'SYSTEM_EVENTS',
  'agent.failed': 'SYSTEM_EVENTS',
  'actor.crashed': 'SYSTEM_EVENTS',
  'actor.restarted': 'SYSTEM_EVENTS',
  'actor.gaveUp': 'SYSTEM_EVENTS',
  'actor.unhandled': 'SYSTEM_EVENTS',
  'journal.away': 'SYSTEM_EVENTS',
  'journal.back': 'SYSTEM_EVENTS',
  'leadership.lost': 'SYSTEM_EVENTS',
  'command.accepted': 'COORDINATOR_COMMANDS',
  'command.refused': 'COORDINATOR_COMMANDS',
}

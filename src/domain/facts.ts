/**
 * The facts: what happened. A dot in the name, past tense; cannot be refused. Each belongs to exactly one topic.
 *
 * Facts of orders, positions, plans and the coordinator are journaled before anyone hears them. Analyses and market
 * data are published without being journaled: what the coordinator acts on is journaled with what it heard.
 */
import { DECISION_TOPICS, type DecisionFacts } from './facts/decision.ts'
import { MARKET_TOPICS, type MarketFacts } from './facts/market.ts'
import { ORDER_TOPICS, type OrderFacts } from './facts/order.ts'
import { PORTFOLIO_TOPICS, type PortfolioFacts } from './facts/portfolio.ts'
import { POSITION_TOPICS, type PositionFacts } from './facts/position.ts'
import { SYSTEM_TOPICS, type SystemFacts } from './facts/system.ts'
import type { Topic } from './topics.ts'

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
export interface FactBodies
  extends MarketFacts,
    DecisionFacts,
    OrderFacts,
    PositionFacts,
    PortfolioFacts,
    SystemFacts {}

export type FactType = keyof FactBodies
export type FactBody<T extends FactType = FactType> = { [K in T]: { readonly type: K } & FactBodies[K] }[T]
export type Fact<T extends FactType = FactType> = FactBody<T> & FactMeta

/** A fact that a machine states; `at` is the venue's time where it has one, else when it was heard. */
export type FactDraft = FactBody & { readonly at?: number; readonly origin?: Origin }

/** The one topic of every fact. */
export const TOPIC_OF: Readonly<Record<FactType, Topic>> = {
  ...MARKET_TOPICS,
  ...DECISION_TOPICS,
  ...ORDER_TOPICS,
  ...POSITION_TOPICS,
  ...PORTFOLIO_TOPICS,
  ...SYSTEM_TOPICS,
}

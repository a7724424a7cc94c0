/** Who publishes on each topic and who hears it: the owner's table, as data. */
import { TOPICS, type Topic } from './topics.ts'

/** The long-lived actors that speak on the bus; an envelope's `source` is one of these. */
export const ACTOR_NAMES = [
  'market',
  'technical_analysis',
  'regime_detection',
  'sentiment_analysis',
  'trading_decision',
  'risk',
  'orders',
  'positions',
  'portfolio',
  'coordinator',
  'system',
  'api',
] as const
export type ActorName = (typeof ACTOR_NAMES)[number]

const AGENTS = [
  'technical_analysis',
  'regime_detection',
  'sentiment_analysis',
  'trading_decision',
  'portfolio',
] as const satisfies readonly ActorName[]

export interface TopicWiring {
  readonly publishers: readonly ActorName[]
  readonly subscribers: readonly ActorName[]
  /** The bus refuses everybody who is not among the publishers. */
  readonly exclusive: boolean
}

export const WIRING: Readonly<Record<Topic, TopicWiring>> = {
  MARKET_DATA: { publishers: ['market'], subscribers: AGENTS, exclusive: false },
  TA_SIGNALS: {
    publishers: ['technical_analysis'],
    subscribers: ['trading_decision', 'coordinator'],
    exclusive: false,
  },
  REGIME_UPDATES: {
    publishers: ['regime_detection'],
    subscribers: ['trading_decision', 'coordinator'],
    exclusive: false,
  },
  SENTIMENT_UPDATES: {
    publishers: ['sentiment_analysis'],
    subscribers: ['trading_decision', 'coordinator'],
    exclusive: false,
  },
  TRADING_SIGNALS: { publishers: ['trading_decision'], subscribers: ['coordinator', 'risk'], exclusive: true },
  // The order and position actors raise what they alone can see: a broken invariant, a missing stop.
  RISK_ALERTS: { publishers: ['risk', 'orders', 'positions'], subscribers: ['coordinator'], exclusive: false },
  EXECUTION_EVENTS: {
    publishers: ['orders', 'positions'],
    subscribers: ['coordinator', 'portfolio'],
    exclusive: true,
  },
  PORTFOLIO_UPDATES: { publishers: ['portfolio'], subscribers: ['coordinator'], exclusive: false },
  SYSTEM_EVENTS: { publishers: ACTOR_NAMES, subscribers: ACTOR_NAMES, exclusive: false },
  COORDINATOR_COMMANDS: { publishers: ['api', 'coordinator'], subscribers: ['coordinator'], exclusive: false },
}

/** The topics that the owner's table has this actor hear, in the order of the topics. */
export const topicsHeardBy = (actor: ActorName): readonly Topic[] =>
  TOPICS.filter((topic) => WIRING[topic].subscribers.includes(actor))

/** The ten bus topics and who may publish and hear each: the owner's table, as data. */

export const TOPICS = [
  'MARKET_DATA',
  'TA_SIGNALS',
  'REGIME_UPDATES',
  'SENTIMENT_UPDATES',
  'TRADING_SIGNALS',
  'RISK_ALERTS',
  'EXECUTION_EVENTS',
  'PORTFOLIO_UPDATES',
  'SYSTEM_EVENTS',
  'COORDINATOR_COMMANDS',
] as const
export type Topic = (typeof TOPICS)[number]

export const PRIORITIES = ['LOW', 'NORMAL', 'HIGH', 'URGENT'] as const
export type Priority = (typeof PRIORITIES)[number]

/** What each topic is for delivery: how long a message lives, and what a full queue does. */
export interface TopicRules {
  readonly priority: Priority
  readonly ttlSeconds: number
  /** `coalesce`: the newest per (type, symbol) replaces the older; `keep`: never dropped. */
  readonly overflow: 'coalesce' | 'keep'
}

export const TOPIC_RULES: Readonly<Record<Topic, TopicRules>> = {
  MARKET_DATA: { priority: 'LOW', ttlSeconds: 300, overflow: 'coalesce' },
  TA_SIGNALS: { priority: 'NORMAL', ttlSeconds: 300, overflow: 'coalesce' },
  REGIME_UPDATES: { priority: 'NORMAL', ttlSeconds: 900, overflow: 'coalesce' },
  SENTIMENT_UPDATES: { priority: 'NORMAL', ttlSeconds: 3900, overflow: 'coalesce' },
  TRADING_SIGNALS: { priority: 'HIGH', ttlSeconds: 300, overflow: 'keep' },
  RISK_ALERTS: { priority: 'URGENT', ttlSeconds: 300, overflow: 'keep' },
  EXECUTION_EVENTS: { priority: 'URGENT', ttlSeconds: 300, overflow: 'keep' },
  PORTFOLIO_UPDATES: { priority: 'NORMAL', ttlSeconds: 4200, overflow: 'keep' },
  SYSTEM_EVENTS: { priority: 'HIGH', ttlSeconds: 300, overflow: 'keep' },
  COORDINATOR_COMMANDS: { priority: 'URGENT', ttlSeconds: 300, overflow: 'keep' },
}

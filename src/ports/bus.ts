/** The message bus: publish and subscribe by topic, with priorities, time to live, bounded queues and dead letters. */
import type { Fact, FactType } from '../domain/facts.ts'
import type { Priority, Topic } from '../domain/topics.ts'

/** The payload is the fact; the envelope is how it travels. Frozen. */
export interface Envelope<T extends FactType = FactType> {
  readonly id: string
  /** Milliseconds UTC. */
  readonly timestamp: number
  readonly topic: Topic
  readonly source: string
  readonly priority: Priority
  readonly payload: Fact<T>
  readonly correlationId: string
  readonly causationId: string | null
  readonly symbol?: string
  readonly ttlSeconds: number
}

export interface PublishOptions {
  readonly priority?: Priority
  readonly ttlSeconds?: number
}

/** A handler may return a promise; its subscriber's queue waits for it, nobody else does. */
export type Handler = (envelope: Envelope) => undefined | void | Promise<void>
export type Filter = (envelope: Envelope) => boolean

export interface LatestQuery {
  readonly source?: string
  readonly symbol?: string
  readonly type?: FactType
  readonly maxAgeMs?: number
}

export interface DeadLetter {
  readonly envelope: Envelope
  readonly subscriberId: string | null
  readonly reason: 'unroutable' | 'handler-failed' | 'expired' | 'overflow'
  readonly problem: string
  readonly at: number
}

export interface TopicStatistics {
  readonly published: number
  readonly delivered: number
  readonly coalesced: number
  readonly expired: number
  readonly failed: number
}

export interface BusStatistics {
  readonly topics: Readonly<Record<Topic, TopicStatistics>>
  readonly subscribers: readonly {
    readonly subscriberId: string
    readonly topic: Topic
    readonly queued: number
    readonly delivered: number
    readonly failed: number
  }[]
  readonly deadLetters: number
  readonly queued: number
}

export interface Bus {
  /**
   * Publishes on the fact's own topic and returns the number of deliveries it was queued for.
   * @throws BusError for an unknown fact type, an empty source or a TTL ≤ 0.
   */
  publish(source: string, fact: Fact, options?: PublishOptions): number
  /** Replaces an earlier subscription of the same subscriber and topic. */
  subscribe(subscriberId: string, topic: Topic, handler: Handler, filter?: Filter): void
  /** Ends one, or all, of a subscriber's subscriptions; returns how many. */
  unsubscribe(subscriberId: string, topic?: Topic): number
  /** The newest message of the topic that has not expired and fits the query; null when there is none. */
  getLatest(topic: Topic, query?: LatestQuery): Envelope | null
  /** Oldest first; expired messages are skipped. */
  getHistory(topic: Topic, query?: LatestQuery & { readonly limit?: number }): readonly Envelope[]
  /** Newest last; bounded. */
  deadLetters(): readonly DeadLetter[]
  /** One consistent snapshot. */
  statistics(): BusStatistics
  /** Messages queued or being handled: 0 means quiet. */
  readonly busy: number
}

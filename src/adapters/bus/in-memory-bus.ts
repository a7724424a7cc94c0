/** The message bus of one process. Delivery is synchronous and deterministic: a publish returns when all is served. */
import { type Fact, TOPIC_OF } from '../../domain/facts.ts'
import { TOPIC_RULES, TOPICS, type Topic } from '../../domain/topics.ts'
import { WIRING } from '../../domain/wiring.ts'
import type {
  Bus,
  BusStatistics,
  DeadLetter,
  Envelope,
  Filter,
  Handler,
  LatestQuery,
  PublishOptions,
  TopicStatistics,
} from '../../ports/bus.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { BusError } from './bus-error.ts'
import { DeadLetters, problemOf } from './dead-letters.ts'
import { Dispatcher } from './dispatcher.ts'
import { type Posted, RANK, symbolOf } from './posted.ts'
import { noCounts, Subscription, type TopicCounts } from './subscription.ts'
import { TopicHistory } from './topic-history.ts'

export interface InMemoryBusOptions {
  readonly clock: Clock
  /** Hears of failing subscribers and of queues over their bound. */
  readonly log?: Log
  /** Messages remembered per topic; 1,000 unless told. */
  readonly historyLimit?: number
  /** Messages queued per subscription before the topic's overflow rule applies; 1,000 unless told. */
  readonly queueLimit?: number
  /** Dead letters remembered; 1,000 unless told. */
  readonly deadLetterLimit?: number
}

export interface InMemoryBusStatistics extends BusStatistics {
  /** Messages queued beyond a bound on topics that never drop. */
  readonly overflowed: Readonly<Record<Topic, number>>
}

export interface InMemoryBus extends Bus {
  statistics(): InMemoryBusStatistics
}

interface Channel {
  readonly topic: Topic
  /** The only sources allowed; null where everybody may publish. */
  readonly publishers: ReadonlySet<string> | null
  readonly counts: TopicCounts
  readonly history: TopicHistory
  /** In order of subscription; replaced, never changed, so that a publish under way goes on with those it began with. */
  subscriptions: readonly Subscription[]
}

const DEFAULT_LIMIT = 1_000

const openChannel = (topic: Topic, historyLimit: number): Channel => ({
  topic,
  publishers: WIRING[topic].exclusive ? new Set(WIRING[topic].publishers) : null,
  counts: noCounts(),
  history: new TopicHistory(historyLimit),
  subscriptions: [],
})

function checkedLimit(name: string, limit: number = DEFAULT_LIMIT): number {
  if (Number.isInteger(limit) && limit > 0) return limit
  throw new BusError('bad-limit', `${name} must be a whole number above 0, not ${limit}`)
}

function sealed(source: string, channel: Channel, fact: Fact, options: PublishOptions, timestamp: number): Envelope {
  const rules = TOPIC_RULES[channel.topic]
  const ttlSeconds = options.ttlSeconds ?? rules.ttlSeconds
  if (!(ttlSeconds > 0 && ttlSeconds < Number.POSITIVE_INFINITY)) {
    throw new BusError('bad-ttl', `${fact.type}: a time to live of ${ttlSeconds} s is not above 0`)
  }
  const symbol = symbolOf(fact)
  return Object.freeze({
    id: fact.id,
    timestamp,
    topic: channel.topic,
    source,
    priority: options.priority ?? rules.priority,
    payload: Object.freeze(fact),
    correlationId: fact.correlationId,
    causationId: fact.causedBy,
    ...(symbol === undefined ? {} : { symbol }),
    ttlSeconds,
  })
}

const DEFAULTS: PublishOptions = {}
const ANY: LatestQuery = {}

/** The channel of every fact type; a map, so that no inherited property name passes for a type. */
function byFactType(channels: ReadonlyMap<Topic, Channel>): ReadonlyMap<string, Channel> {
  const byType = new Map<string, Channel>()
  for (const [type, topic] of Object.entries(TOPIC_OF)) {
    const channel = channels.get(topic)
    if (channel !== undefined) byType.set(type, channel)
  }
  return byType
}

class SynchronousBus implements InMemoryBus {
  readonly #clock: Clock
  readonly #letters: DeadLetters
  readonly #dispatcher: Dispatcher
  readonly #channels: ReadonlyMap<Topic, Channel>
  readonly #channelOfType: ReadonlyMap<string, Channel>
  #published = 0
  #subscribed = 0

  constructor(options: InMemoryBusOptions) {
    const historyLimit = checkedLimit('historyLimit', options.historyLimit)
    const queueLimit = checkedLimit('queueLimit', options.queueLimit)
    this.#clock = options.clock
    this.#letters = new DeadLetters(options.clock, checkedLimit('deadLetterLimit', options.deadLetterLimit))
    this.#dispatcher = new Dispatcher(options.clock, this.#letters, options.log ?? null, queueLimit)
    this.#channels = new Map(TOPICS.map((topic) => [topic, openChannel(topic, historyLimit)]))
    this.#channelOfType = byFactType(this.#channels)
  }

  get busy(): number {
    return this.#dispatcher.busy
  }

  publish(source: string, fact: Fact, options: PublishOptions = DEFAULTS): number {
    const channel = this.#accepting(source, fact)
    const now = this.#clock.now()
    const envelope = sealed(source, channel, fact, options, now)
    this.#published += 1
    const posted: Posted = {
      envelope,
      sequence: this.#published,
      rank: RANK[envelope.priority],
      expiresAt: now + envelope.ttlSeconds * 1_000,
    }
    channel.counts.published += 1
    channel.history.add(posted, now)
    if (channel.subscriptions.length === 0) this.#letters.add('unroutable', 'nobody subscribes to it', envelope, null)
    let deliveries = 0
    for (const subscription of channel.subscriptions) {
      if (this.#isWanted(subscription, posted) && this.#dispatcher.enqueue(subscription, posted)) deliveries += 1
    }
    this.#dispatcher.drain()
    return deliveries
  }

  /** What is queued for the subscriber stays queued when its handler is replaced. @throws BusError as `publish` does. */
  subscribe(subscriberId: string, topic: Topic, handler: Handler, filter?: Filter): void {
    const channel = this.#channelOf(topic)
    if (subscriberId.trim() === '') throw new BusError('empty-subscriber', `${topic}: the subscriber's name is empty`)
    const earlier = channel.subscriptions.find((known) => known.subscriberId === subscriberId)
    if (earlier !== undefined) {
      earlier.handler = handler
      earlier.filter = filter
      this.#dispatcher.renew(earlier)
      return
    }
    const subscription = new Subscription(subscriberId, topic, this.#subscribed, channel.counts, handler)
    subscription.filter = filter
    this.#subscribed += 1
    channel.subscriptions = [...channel.subscriptions, subscription]
  }

  unsubscribe(subscriberId: string, topic?: Topic): number {
    let ended = 0
    for (const channel of topic === undefined ? this.#channels.values() : [this.#channelOf(topic)]) {
      const leaving = channel.subscriptions.find((known) => known.subscriberId === subscriberId)
      if (leaving === undefined) continue
      channel.subscriptions = channel.subscriptions.filter((known) => known !== leaving)
      this.#dispatcher.remove(leaving)
      ended += 1
    }
    return ended
  }

  getLatest(topic: Topic, query: LatestQuery = ANY): Envelope | null {
    return this.#channelOf(topic).history.latest(query, this.#clock.now())
  }

  getHistory(topic: Topic, query: LatestQuery & { readonly limit?: number } = ANY): readonly Envelope[] {
    return this.#channelOf(topic).history.list(query, this.#clock.now())
  }

  deadLetters(): readonly DeadLetter[] {
    return this.#letters.list()
  }

  statistics(): InMemoryBusStatistics {
    return snapshotOf([...this.#channels.values()], this.#letters.total, this.#dispatcher.queued)
  }

  #channelOf(topic: Topic): Channel {
    const channel = this.#channels.get(topic)
    if (channel === undefined) throw new BusError('unknown-topic', `there is no topic ${JSON.stringify(topic)}`)
    return channel
  }

  #accepting(source: string, fact: Fact): Channel {
    const channel = this.#channelOfType.get(fact.type)
    if (channel === undefined) throw new BusError('unknown-type', `there is no fact ${JSON.stringify(fact.type)}`)
    if (source.trim() === '') throw new BusError('empty-source', `${fact.type}: the source is empty`)
    if (channel.publishers !== null && !channel.publishers.has(source)) {
      throw new BusError('not-a-publisher', `${fact.type}: ${source} may not publish on ${channel.topic}`)
    }
    return channel
  }

  #isWanted(subscription: Subscription, posted: Posted): boolean {
    if (subscription.filter === undefined) return true
    try {
      return subscription.filter(posted.envelope)
    } catch (thrown) {
      this.#dispatcher.fail(subscription, posted, `in its filter: ${problemOf(thrown)}`)
      return false
    }
  }
}

/**
 * A bus whose envelope takes the fact's id, so that `causedBy` names a message. A message is alive as long as its age is
 * at most its time to live. Errors of handlers and filters become dead letters and never reach the publisher.
 * @throws BusError for a limit that is not a whole number above 0.
 */
export const inMemoryBus = (options: InMemoryBusOptions): InMemoryBus => new SynchronousBus(options)

const topicRecord = <V>(channels: readonly Channel[], read: (channel: Channel) => V): Record<Topic, V> =>
  Object.fromEntries(channels.map((channel) => [channel.topic, read(channel)])) as Record<Topic, V>

const topicStatistics = ({ counts }: Channel): TopicStatistics => ({
  published: counts.published,
  delivered: counts.delivered,
  coalesced: counts.coalesced,
  expired: counts.expired,
  failed: counts.failed,
})

function snapshotOf(channels: readonly Channel[], deadLetters: number, queued: number): InMemoryBusStatistics {
  return {
    topics: topicRecord(channels, topicStatistics),
    overflowed: topicRecord(channels, ({ counts }) => counts.overflowed),
    subscribers: channels.flatMap((channel) =>
      channel.subscriptions.map(({ subscriberId, topic, queued: waiting, delivered, failed }) => ({
        subscriberId,
        topic,
        queued: waiting,
        delivered,
        failed,
      })),
    ),
    deadLetters,
    queued,
  }
}

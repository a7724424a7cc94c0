/** Serves the queues: most urgent first, then in order of publication, then in order of subscription. */
import { TOPIC_RULES } from '../../domain/topics.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { type DeadLetters, problemOf } from './dead-letters.ts'
import type { Posted } from './posted.ts'
import { NOT_READY, type Run, type Subscription } from './subscription.ts'

/** Whether `a` is served before `b`; both have something queued. */
function isBefore(a: Subscription, b: Subscription): boolean {
  const first = a.front
  const other = b.front
  if (first === undefined || other === undefined) return first !== undefined
  if (first.rank !== other.rank) return first.rank < other.rank
  if (first.sequence !== other.sequence) return first.sequence < other.sequence
  return a.order < b.order
}

export class Dispatcher {
  readonly #clock: Clock
  readonly #letters: DeadLetters
  readonly #log: Log | null
  readonly #queueLimit: number
  /** Subscriptions that have something queued and wait for no asynchronous run. */
  readonly #ready: Subscription[] = []
  #draining = false
  #queued = 0
  #handling = 0

  constructor(clock: Clock, letters: DeadLetters, log: Log | null, queueLimit: number) {
    this.#clock = clock
    this.#letters = letters
    this.#log = log
    this.#queueLimit = queueLimit
  }

  get queued(): number {
    return this.#queued
  }

  /** Queued or being handled. */
  get busy(): number {
    return this.#queued + this.#handling
  }

  /** False for a subscription that has left. */
  enqueue(subscription: Subscription, posted: Posted): boolean {
    if (!subscription.active) return false
    if (subscription.queued >= this.#queueLimit && this.#coalesced(subscription, posted)) return true
    subscription.push(posted)
    this.#queued += 1
    this.#list(subscription)
    return true
  }

  /** Serves until nothing can be served; called from inside a handler it returns at once and the caller's drain goes on. */
  drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      for (let next = this.#next(); next !== null; next = this.#next()) this.#serve(next)
    } finally {
      this.#draining = false
    }
  }

  /** Lets the queue go on with a new handler; a run of the old one is no longer waited for. */
  renew(subscription: Subscription): void {
    this.#abandonRun(subscription)
    if (subscription.queued > 0) this.#list(subscription)
    this.drain()
  }

  /** Forgets what is queued for one who leaves. */
  remove(subscription: Subscription): void {
    this.#abandonRun(subscription)
    subscription.active = false
    while (subscription.takeFirst() !== undefined) this.#queued -= 1
    this.#unlist(subscription)
  }

  /** Counts a delivery as failed and keeps the message with the reason. */
  fail(subscription: Subscription, posted: Posted, problem: string): void {
    subscription.failed += 1
    subscription.counts.failed += 1
    this.#letters.add('handler-failed', problem, posted.envelope, subscription.subscriberId)
    const { topic, payload, id } = posted.envelope
    const fields = { subscriber: subscription.subscriberId, topic, type: payload.type, id, problem }
    this.#log?.error('a bus subscriber failed', fields)
  }

  /** What a full queue does, by topic; true when the message has taken an older one's place. */
  #coalesced(subscription: Subscription, posted: Posted): boolean {
    const { subscriberId, topic, counts } = subscription
    if (TOPIC_RULES[topic].overflow === 'keep') {
      counts.overflowed += 1
      // Once for every bound's worth, so that a queue that nobody empties is heard of and does not flood the log.
      if (subscription.queued % this.#queueLimit === 0) {
        this.#log?.warn('a bus queue is over its bound', {
          subscriber: subscriberId,
          topic,
          queued: subscription.queued,
        })
      }
      return false
    }
    if (subscription.coalesce(posted)) {
      counts.coalesced += 1
      return true
    }
    const dropped = subscription.takeLeastUrgent()
    if (dropped !== undefined) {
      this.#queued -= 1
      const problem = `the queue holds ${this.#queueLimit} messages, none of which the new one supersedes`
      this.#letters.add('overflow', problem, dropped.envelope, subscriberId)
    }
    return false
  }

  #next(): Subscription | null {
    const only = this.#ready[0]
    if (only === undefined) return null
    if (this.#ready.length === 1) return only
    let best: Subscription | null = null
    for (const subscription of this.#ready) {
      if (best === null || isBefore(subscription, best)) best = subscription
    }
    return best
  }

  #serve(subscription: Subscription): void {
    const posted = subscription.takeFirst()
    if (subscription.queued === 0) this.#unlist(subscription)
    if (posted === undefined) return
    this.#queued -= 1
    if (this.#clock.now() <= posted.expiresAt) {
      this.#handle(subscription, posted)
      return
    }
    subscription.counts.expired += 1
    const problem = `it lives ${posted.envelope.ttlSeconds} s and waited longer`
    this.#letters.add('expired', problem, posted.envelope, subscription.subscriberId)
  }

  #handle(subscription: Subscription, posted: Posted): void {
    const generation = subscription.generation
    this.#handling += 1
    let pending: undefined | void | Promise<void>
    try {
      pending = subscription.handler(posted.envelope)
    } catch (thrown) {
      this.#handling -= 1
      this.fail(subscription, posted, problemOf(thrown))
      return
    }
    if (pending instanceof Promise) this.#await(subscription, posted, generation, pending)
    else {
      this.#handling -= 1
      this.#succeed(subscription)
    }
  }

  /** Holds the subscriber's queue until its handler is done, unless the handler has left or been replaced meanwhile. */
  #await(subscription: Subscription, posted: Posted, generation: number, pending: Promise<void>): void {
    const run: Run = { startedBy: subscription }
    if (subscription.generation === generation) {
      subscription.running = run
      this.#unlist(subscription)
    } else this.#handling -= 1
    pending.then(
      () => {
        this.#succeed(subscription)
        this.#goOn(subscription, run)
      },
      (thrown: unknown) => {
        this.fail(subscription, posted, problemOf(thrown))
        this.#goOn(subscription, run)
      },
    )
  }

  #succeed(subscription: Subscription): void {
    subscription.delivered += 1
    subscription.counts.delivered += 1
  }

  #goOn(subscription: Subscription, run: Run): void {
    if (subscription.running !== run) return
    subscription.running = null
    this.#handling -= 1
    if (subscription.queued > 0) this.#list(subscription)
    this.drain()
  }

  #abandonRun(subscription: Subscription): void {
    subscription.generation += 1
    if (subscription.running === null) return
    subscription.running = null
    this.#handling -= 1
  }

  #list(subscription: Subscription): void {
    if (subscription.readyAt !== NOT_READY || subscription.running !== null) return
    subscription.readyAt = this.#ready.length
    this.#ready.push(subscription)
  }

  #unlist(subscription: Subscription): void {
    if (subscription.readyAt === NOT_READY) return
    const last = this.#ready.pop()
    if (last !== undefined && last !== subscription) {
      this.#ready[subscription.readyAt] = last
      last.readyAt = subscription.readyAt
    }
    subscription.readyAt = NOT_READY
  }
}

/** One subscriber of one topic: its handler and the queue in front of it. */
import type { Topic } from '../../domain/topics.ts'
import type { Filter, Handler } from '../../ports/bus.ts'
import { Fifo } from './fifo.ts'
import { type Posted, RANKS, supersedes } from './posted.ts'

/** What has happened on one topic since the start. */
export interface TopicCounts {
  published: number
  delivered: number
  coalesced: number
  expired: number
  failed: number
  /** Queued beyond a subscriber's bound on a topic whose messages are never dropped. */
  overflowed: number
}

export const noCounts = (): TopicCounts => ({
  published: 0,
  delivered: 0,
  coalesced: 0,
  expired: 0,
  failed: 0,
  overflowed: 0,
})

/** Stands for one asynchronous run of a handler. */
export interface Run {
  readonly startedBy: Subscription
}

export const NOT_READY = -1

export class Subscription {
  readonly subscriberId: string
  readonly topic: Topic
  /** Order of subscription, over all topics. */
  readonly order: number
  readonly counts: TopicCounts
  handler: Handler
  filter: Filter | undefined
  /** Raised when the handler is replaced or leaves: a run begun before no longer holds the queue. */
  generation = 0
  /** While this run lasts, the queue waits. */
  running: Run | null = null
  /** False once it has left. */
  active = true
  /** Its place among those that the dispatcher may serve. */
  readyAt = NOT_READY
  queued = 0
  /** What it is to be given next: the most urgent, then the oldest. */
  front: Posted | undefined
  delivered = 0
  failed = 0
  readonly #lanes: readonly Fifo<Posted>[] = Array.from({ length: RANKS }, () => new Fifo<Posted>())

  constructor(subscriberId: string, topic: Topic, order: number, counts: TopicCounts, handler: Handler) {
    this.subscriberId = subscriberId
    this.topic = topic
    this.order = order
    this.counts = counts
    this.handler = handler
  }

  push(posted: Posted): void {
    this.#lanes[posted.rank]?.push(posted)
    this.queued += 1
    if (this.front === undefined || posted.rank < this.front.rank) this.front = posted
  }

  takeFirst(): Posted | undefined {
    for (const lane of this.#lanes) if (lane.size > 0) return this.#taken(lane.shift())
    return undefined
  }

  /** Takes the oldest of the least urgent. */
  takeLeastUrgent(): Posted | undefined {
    for (let rank = RANKS - 1; rank >= 0; rank -= 1) {
      const lane = this.#lanes[rank]
      if (lane !== undefined && lane.size > 0) return this.#taken(lane.shift())
    }
    return undefined
  }

  /** Puts `posted` in the place of the newest queued message that it supersedes; false when there is none. */
  coalesce(posted: Posted): boolean {
    for (let rank = 0; rank < RANKS; rank += 1) {
      const lane = this.#lanes[rank]
      if (lane === undefined) continue
      for (let place = lane.size - 1; place >= 0; place -= 1) {
        const older = lane.at(place)
        if (older === undefined || !supersedes(posted.envelope, older.envelope)) continue
        if (rank === posted.rank) lane.replaceAt(place, posted)
        else {
          lane.removeAt(place)
          this.#lanes[posted.rank]?.push(posted)
        }
        this.#findFront()
        return true
      }
    }
    return false
  }

  #taken(posted: Posted | undefined): Posted | undefined {
    if (posted !== undefined) this.queued -= 1
    this.#findFront()
    return posted
  }

  #findFront(): void {
    this.front = undefined
    if (this.queued === 0) return
    for (const lane of this.#lanes) {
      if (lane.size === 0) continue
      this.front = lane.at(0)
      return
    }
  }
}

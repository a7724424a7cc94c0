/**
 * The one queue in front of the venue. Calls leave by rank (exits, cancels and look-ups, amendments, entries, reads), first
 * in first out within a rank and pair, as soon as our own buckets and the venue's counters let them.
 */

import type { Pair } from '../src/domain/ids.ts'
import {
  afterCount,
  afterRateRefusal,
  type CallCost,
  freshPacing,
  type PacingRules,
  PRIORITIES,
  readyAt,
  refunded,
  spent,
} from '../src/domain/pacing.ts'
import type { Clock, Timer } from '../src/ports/clock.ts'
import type { VenueAnswer } from '../src/ports/exchange.ts'

/** Known not to have left. */
export type Refused = Extract<VenueAnswer<never>, { kind: 'refused' }>

export interface PacedCall extends CallCost {
  /** Milliseconds UTC: what has not left by then is refused here and not sent. */
  readonly deadlineAt?: number
  /** Points that its answer shows not to have been used. */
  readonly refund?: (given: VenueAnswer<unknown>) => number
  /** Asked when it is about to leave, for what it waited through. */
  readonly forbidden?: () => Refused | null
}

export interface Pacing {
  /** Calls `send` when it is this call's turn; at once where nothing is in the way. Resolves with its answer. */
  ask<T>(call: PacedCall, send: () => Promise<VenueAnswer<T>>): Promise<VenueAnswer<T>>
  /** The venue's own count of a pair's counter. */
  heard(symbol: Pair, points: number): void
  readonly waiting: number
  /** Nothing leaves any more; what waits is answered as refused. */
  stop(): void
}

interface Waiting {
  readonly call: PacedCall
  readonly askedAt: number
  readonly send: () => void
  readonly refuse: (refusal: Refused) => void
}

/** A read that has waited so long goes before entries: the picture must not be starved by those who trade on it. */
const PATIENCE_MS = 10_000
/** An amendment of a stop that has waited so long may use what is kept for exits: what is held must not stay without it. */
const AMEND_PATIENCE_MS = 5_000

const refused = (code: Refused['code'], message: string): Refused => ({ kind: 'refused', code, message })
const TOO_LATE = refused('deadline', 'its deadline passed while it waited for its turn; it was not sent')
const NEVER = refused('rate', 'it alone is more than the venue allows')
const STOPPED = refused('outage', 'the process is stopping; it was not sent')

/** A call that hangs holds up the next one for so long: an exit never waits for the end of somebody else's timeout. */
const HOLD_MS = 1_000

export interface PacingParts {
  readonly clock: Clock
  readonly rules: PacingRules
  /** Calls that change orders on their way at once, those left out that hang; null for any number. */
  readonly callsAtOnce: number | null
}

/** A call that throws instead of answering is one that failed. */
function begun<T>(send: () => Promise<T>): Promise<T> {
  try {
    return send()
  } catch (error) {
    return Promise.reject(error)
  }
}

export function createPacing({ clock, rules, callsAtOnce }: PacingParts): Pacing {
  let queue: Waiting[] = []
  let used = freshPacing(rules, clock.now())
  let changing = 0
  let timer: Timer | null = null
  let isPumping = false
  let isStopped = false

  /** What it counts as by now. */
  const costOf = ({ call, askedAt }: Waiting): CallCost =>
    call.priority === 'amend' && clock.now() >= askedAt + AMEND_PATIENCE_MS ? { ...call, priority: 'exit' } : call
  const rankOf = (one: Waiting): number => {
    const { priority } = one.call
    // Its own rank behind the exits: what it costs more than they do, they need not wait for.
    if (costOf(one).priority !== priority) return PRIORITIES.indexOf('exit') + 0.5
    const isPatient = priority !== 'read' || clock.now() < one.askedAt + PATIENCE_MS
    return isPatient ? PRIORITIES.indexOf(priority) : PRIORITIES.indexOf('entry') - 0.5
  }
  const isLaneFree = (call: CallCost): boolean => !call.changesOrders || callsAtOnce === null || changing < callsAtOnce
  /** Takes a place among the calls on their way; gives how to leave it. */
  const takeLane = (call: PacedCall): (() => void) => {
    if (!call.changesOrders || callsAtOnce === null) return () => {}
    changing += 1
    let isTaken = true
    const free = (): void => {
      if (!isTaken) return
      isTaken = false
      hold.cancel()
      changing -= 1
    }
    const hold = clock.at(clock.now() + HOLD_MS, () => {
      free()
      pump()
    })
    return free
  }
  const leave = (one: Waiting): void => {
    queue = queue.filter((other) => other !== one)
    const forbidden = one.call.forbidden?.() ?? null
    if (forbidden !== null) return one.refuse(forbidden)
    used = spent(used, rules, one.call, clock.now())
    one.send()
  }

  /** The next that may leave now. Those behind it in its rank and pair wait with it, and nothing passes an exit but cancels. */
  function next(): Waiting | null {
    const now = clock.now()
    const held = new Set<string>()
    let exitWaits = false
    for (const one of [...queue].sort((a, b) => rankOf(a) - rankOf(b))) {
      const call = costOf(one)
      const rank = rankOf(one)
      if (exitWaits && rank > PRIORITIES.indexOf('cancel')) return null
      const lane = `${rank} ${call.symbol ?? ''}`
      if (!held.has(lane) && isLaneFree(call) && readyAt(used, rules, call, now) === now) return one
      held.add(lane)
      exitWaits ||= call.priority === 'exit'
    }
    return null
  }

  function dropLate(): void {
    const now = clock.now()
    for (const one of queue.filter(({ call }) => (call.deadlineAt ?? Number.POSITIVE_INFINITY) <= now)) {
      queue = queue.filter((other) => other !== one)
      one.refuse(TOO_LATE)
    }
  }

  /** One timer, for whatever comes first: a turn, a deadline, or the end of somebody's patience. */
  function rearm(): void {
    timer?.cancel()
    timer = null
    if (queue.length === 0) return
    const now = clock.now()
    const moments = queue.flatMap((one) => [
      ...(isLaneFree(one.call) ? [readyAt(used, rules, costOf(one), now) ?? now] : []),
      ...(one.call.deadlineAt === undefined ? [] : [one.call.deadlineAt]),
      ...(one.call.priority === 'read' ? [one.askedAt + PATIENCE_MS] : []),
      ...(one.call.priority === 'amend' ? [one.askedAt + AMEND_PATIENCE_MS] : []),
    ])
    const later = moments.filter((at) => at > now)
    if (later.length > 0) timer = clock.at(Math.min(...later), pump)
  }

  function pump(): void {
    if (isPumping) return
    isPumping = true
    dropLate()
    for (let one = next(); one !== null; one = next()) leave(one)
    isPumping = false
    rearm()
  }

  /** The call on its way, and what its answer does to the queue. */
  function onItsWay<T>(call: PacedCall, send: () => Promise<VenueAnswer<T>>): Promise<VenueAnswer<T>> {
    const free = takeLane(call)
    const work = begun(send)
    const ended = (given: VenueAnswer<T> | null): void => {
      free()
      const now = clock.now()
      if (given !== null && call.refund !== undefined) used = refunded(used, call.refund(given))
      if (given?.kind === 'refused' && given.code === 'rate') used = afterRateRefusal(used, rules, call, now)
      pump()
    }
    work.then(ended, () => ended(null))
    return work
  }

  return {
    ask: <T>(call: PacedCall, send: () => Promise<VenueAnswer<T>>) => {
      if (isStopped) return Promise.resolve(STOPPED)
      if (readyAt(used, rules, call, clock.now()) === null) return Promise.resolve(NEVER)
      // A call that leaves at once is answered without a detour, so that its answer is heard in the order it came.
      let left: Promise<VenueAnswer<T>> | null = null
      let pass = (work: Promise<VenueAnswer<T>>): void => {
        left = work
      }
      const waiting: Waiting = {
        ...{ call, askedAt: clock.now(), send: () => pass(onItsWay(call, send)) },
        refuse: (refusal) => pass(Promise.resolve(refusal)),
      }
      queue.push(waiting)
      pump()
      return (
        left ??
        new Promise<VenueAnswer<T>>((resolve, reject) => {
          pass = (work) => void work.then(resolve, reject)
        })
      )
    },
    heard: (symbol, points) => {
      used = afterCount(used, rules.venue, symbol, points, clock.now())
    },
    get waiting() {
      return queue.length
    },
    stop: () => {
      isStopped = true
      timer?.cancel()
      timer = null
      const left = queue
      queue = []
      for (const one of left) one.refuse(STOPPED)
    },
  }
}

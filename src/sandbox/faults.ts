/** Faults on demand: which of them falls on which request or frame, by count or by seeded chance. */
import type { RandomSource } from '../ports/clock.ts'
import { FAULT_KINDS, type Fault, type FaultKind, type FaultMatch } from './fault-schema.ts'

/** A REST call, or a request on a socket. */
export interface FaultyRequest {
  /** AddOrder, add_order. */
  readonly method: string
  /** The pair as everybody writes it; null where the request names none. */
  readonly symbol: string | null
  /** May it be refused by a rate counter? Public calls and subscriptions are not. */
  readonly isPrivate: boolean
}

export interface RequestFate {
  readonly dropRequest: boolean
  /** Before anything is done with it. */
  readonly delayMs: number
  readonly isRateLimited: boolean
  readonly dropAnswer: boolean
  /** Of the answer. */
  readonly answerDelayMs: number
  /** HTTP status instead of the answer; null for none. */
  readonly status: number | null
}

/** What becomes of one frame on its way out. A dropped one uses up its sequence number. */
export type FrameFate =
  | { readonly kind: 'drop' | 'duplicate' | 'reorder' | 'bad-checksum' | 'silence' | 'disconnect' }
  | { readonly kind: 'delay'; readonly ms: number }

/** A fault in force. */
export interface ActiveFault {
  readonly id: number
  readonly fault: Fault
  readonly fired: number
}

interface Kept {
  readonly id: number
  readonly fault: Fault
  left: number
  skip: number
  fired: number
}

const NO_MATCH: FaultMatch = {}

const accepts = (wanted: string | readonly string[] | undefined, given: string | null): boolean =>
  wanted === undefined || (given !== null && (typeof wanted === 'string' ? wanted === given : wanted.includes(given)))

export class Faults {
  readonly #random: RandomSource
  /** Called when a `mode` fault fires: the mode, and how long it lasts (null: for good). */
  readonly #onMode: (mode: Extract<Fault, { kind: 'mode' }>['mode'], forMs: number | null) => void
  #kept: Kept[] = []
  #ids = 0
  readonly #fired = new Map<FaultKind, number>(FAULT_KINDS.map((kind) => [kind, 0]))

  constructor(
    random: RandomSource,
    onMode: (mode: Extract<Fault, { kind: 'mode' }>['mode'], forMs: number | null) => void,
  ) {
    this.#random = random
    this.#onMode = onMode
  }

  /** Puts faults in force; answers their ids. */
  add(faults: readonly Fault[]): readonly number[] {
    return faults.map((fault) => {
      this.#ids += 1
      const left = fault.count ?? (fault.probability === undefined ? 1 : Number.POSITIVE_INFINITY)
      this.#kept.push({ id: this.#ids, fault, left, skip: fault.skip ?? 0, fired: 0 })
      return this.#ids
    })
  }

  /** Takes one out, or all; the counts of what fired stay. False when there was none. */
  remove(id: number | null): boolean {
    const before = this.#kept.length
    this.#kept = id === null ? [] : this.#kept.filter((kept) => kept.id !== id)
    return this.#kept.length < before
  }

  list(): readonly ActiveFault[] {
    return this.#kept.map(({ id, fault, fired }) => ({ id, fault, fired }))
  }

  /** How often each class has fired since the start. */
  fired(): Readonly<Record<FaultKind, number>> {
    return Object.fromEntries(this.#fired) as Record<FaultKind, number>
  }

  onRequest(request: FaultyRequest): RequestFate {
    const hit = (kind: FaultKind) => this.#hit(kind, (match) => isOfRequest(match, request))
    const mode = hit('mode')
    if (mode?.kind === 'mode') this.#onMode(mode.mode, mode.forMs ?? null)
    const dropRequest = hit('drop-request') !== null
    if (dropRequest) return { ...UNHARMED_REQUEST, dropRequest }
    const [delay, late] = [hit('delay'), hit('delay-answer')]
    const error = hit('server-error')
    return {
      dropRequest,
      delayMs: delay?.kind === 'delay' ? delay.delayMs : 0,
      isRateLimited: request.isPrivate && hit('rate-limit') !== null,
      dropAnswer: hit('drop-answer') !== null,
      answerDelayMs: late?.kind === 'delay-answer' ? late.delayMs : 0,
      status: error?.kind === 'server-error' ? error.status : null,
    }
  }

  /** `name` is the frame's channel (`book`) or, for answers, its method (`add_order`). Null leaves it alone. */
  onFrame = (name: string, symbol: string | null = null): FrameFate | null => {
    for (const kept of this.#kept) {
      if (!isOfFrame(kept.fault, name, symbol)) continue
      const fate = fateOf(kept.fault)
      if (fate !== null && this.#fires(kept)) return fate
    }
    return null
  }

  /** Asked at each use of a socket token. */
  spoilsToken = (): boolean => this.#hit('token-expiry', () => true) !== null

  #hit(kind: FaultKind, matches: (match: FaultMatch) => boolean): Fault | null {
    for (const kept of this.#kept)
      if (kept.fault.kind === kind && matches(kept.fault.match ?? NO_MATCH) && this.#fires(kept)) return kept.fault
    return null
  }

  /** One chance of a fault that matches. */
  #fires(kept: Kept): boolean {
    const { kind, probability } = kept.fault
    if (kept.left <= 0) return false
    if (kept.skip > 0) {
      kept.skip -= 1
      return false
    }
    if (probability !== undefined && this.#random.next() >= probability) return false
    kept.left -= 1
    kept.fired += 1
    this.#fired.set(kind, (this.#fired.get(kind) ?? 0) + 1)
    return true
  }
}

const UNHARMED_REQUEST: RequestFate = {
  ...{ dropRequest: false, delayMs: 0, isRateLimited: false, dropAnswer: false, answerDelayMs: 0, status: null },
}

const isOfRequest = (match: FaultMatch, { method, symbol }: FaultyRequest): boolean =>
  match.channel === undefined && accepts(match.method, method) && accepts(match.symbol, symbol)

/** Channels whose frames are numbered. */
const NUMBERED: readonly string[] = ['executions', 'balances']

/** Which frames a fault is about where it names none: heartbeats are no target for most. */
function isOfFrame({ kind, match = NO_MATCH }: Fault, name: string, symbol: string | null): boolean {
  if (match.method !== undefined || !accepts(match.channel, name) || !accepts(match.symbol, symbol)) return false
  if (kind === 'bad-checksum') return name === 'book'
  if (kind === 'sequence-gap') return NUMBERED.includes(name)
  if (kind === 'delay') return match.channel !== undefined
  return match.channel !== undefined || name !== 'heartbeat'
}

function fateOf(fault: Fault): FrameFate | null {
  switch (fault.kind) {
    case 'duplicate-frame':
      return { kind: 'duplicate' }
    case 'reorder-frame':
      return { kind: 'reorder' }
    case 'sequence-gap':
      return { kind: 'drop' }
    case 'bad-checksum':
      return { kind: 'bad-checksum' }
    case 'silent-socket':
      return { kind: 'silence' }
    case 'drop-socket':
      return { kind: 'disconnect' }
    case 'delay':
      return { kind: 'delay', ms: fault.delayMs }
    default:
      return null
  }
}

/**
 * The private line, for reading only: a fresh token at every connect, two subscriptions, silence watched, drops answered
 * by the same policy as the market line. A socket message carries no nonce, so nothing that changes an order goes here.
 */

import type { Flow } from '../../../domain/account-history.ts'
import {
  CONNECTION_POLICY,
  type ConnectionPolicy,
  connectsWithin,
  dropOf,
  type VenueMode,
} from '../../../domain/connection.ts'
import type { Clock, RandomSource, Timer } from '../../../ports/clock.ts'
import type { VenueAnswer } from '../../../ports/exchange.ts'
import type { Log } from '../../../ports/log.ts'
import type { Answer } from '../../kraken/control-frames.ts'
import { type Line, openLine } from '../../kraken/line.ts'
import { isUnreadable } from './answer.ts'
import { type Execution, isPrivateChannel, type PrivateFrame, readPrivateFrame } from './private-frames.ts'
import { SilenceWatch } from './silence.ts'
import { Subscriptions } from './subscriptions.ts'

export interface SessionParts {
  /** `wss://ws-auth.kraken.com/v2`, or a sandbox on loopback. */
  readonly socketUrl: string
  /** GetWebSocketsToken. */
  readonly token: () => Promise<VenueAnswer<string>>
  readonly clock: Clock
  readonly chance: RandomSource
  readonly log: Log
  readonly policy?: ConnectionPolicy
  /** True once everything is subscribed; false when reports may have been missed. */
  readonly onLine: (up: boolean, reason: string | null) => void
  readonly onMode: (mode: VenueMode) => void
  readonly onSnapshot: (rows: readonly Execution[]) => void
  readonly onExecution: (row: Execution, isLate: boolean) => void
  /** A charge for a position on margin. */
  readonly onCharge: (flow: Flow) => void
}

type Data = Extract<PrivateFrame, { kind: 'executions' | 'balances' }>

/** One attempt at a line, from its token to its end. Words of an older one are not heard. */
interface Attempt {
  line: Line | null
  subscriptions: Subscriptions | null
}

export class PrivateSession {
  readonly #parts: SessionParts
  readonly #policy: ConnectionPolicy
  #attempt: Attempt | null = null
  #timer: Timer | null = null
  #mode: VenueMode = 'online'
  /** Null before the first word of it. */
  #isUp: boolean | null = null
  #liveSinceAt: number | null = null
  #drops = 0
  #connects: readonly number[] = []
  readonly #silence: SilenceWatch
  #lastRequest = 0
  readonly #pings = new Map<number, () => void>()

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#policy = parts.policy ?? CONNECTION_POLICY
    this.#silence = new SilenceWatch({
      clock: parts.clock,
      silenceMs: this.#policy.silenceMs,
      pongMs: this.#policy.pongMs,
      ask: () => this.#send('ping', null),
      giveUp: () => this.#drop('the line fell silent', false),
    })
  }

  /** Opens the line, and opens it again whenever it drops, until `stop`. */
  start(): void {
    if (this.#attempt === null && this.#timer === null) void this.#open()
  }

  stop(): void {
    this.#letGo()
    this.#timer?.cancel()
    this.#timer = null
    this.#setUp(false, 'stopped')
  }

  get isUp(): boolean {
    return this.#isUp === true
  }

  /** Resolves when everything that the venue has sent before now was heard; at once while there is no line. */
  caughtUp(): Promise<void> {
    if (!this.isUp) return Promise.resolve()
    return new Promise((resolve) => {
      this.#pings.set(this.#send('ping', null), resolve)
    })
  }

  async #open(): Promise<void> {
    const { clock, token, socketUrl } = this.#parts
    const attempt: Attempt = { line: null, subscriptions: null }
    this.#attempt = attempt
    const now = clock.now()
    this.#connects = [...connectsWithin(this.#connects, this.#policy.windowMs, now), now]
    this.#arm(this.#policy.openMs, () => this.#drop('the line did not open in time', false))
    const answer = await token()
    if (this.#attempt !== attempt) return
    if (answer.kind !== 'done') {
      const isRefused = answer.kind === 'refused' && answer.code === 'auth'
      this.#drop(answer.kind === 'refused' ? answer.message : answer.problem, isRefused)
      return
    }
    attempt.line = openLine(socketUrl, {
      onOpen: () => this.#subscribe(attempt, answer.value),
      onText: (text) => {
        this.#silence.heard()
        this.#hear(text)
      },
      onEnd: (reason, banned) => this.#drop(reason, banned),
    })
  }

  #subscribe(attempt: Attempt, token: string): void {
    attempt.subscriptions = new Subscriptions({ token, send: (method, params) => this.#send(method, params) })
    this.#arm(this.#policy.subscribeMs, () => this.#drop('a subscription was not answered', false))
    attempt.subscriptions.askAll()
  }

  #hear(text: string): void {
    let frame: PrivateFrame
    try {
      frame = readPrivateFrame(text)
    } catch (error) {
      if (!isUnreadable(error)) throw error
      this.#parts.log.error('a private frame was left out', { problem: error.message })
      return
    }
    switch (frame.kind) {
      case 'status':
        this.#mode = frame.mode
        this.#parts.onMode(frame.mode)
        return
      case 'answer':
        this.#takeAnswer(frame)
        return
      case 'executions':
      case 'balances':
        this.#takeData(frame)
        return
      case 'heartbeat':
      case 'other':
    }
  }

  #takeAnswer({ method, requestId, channel: named, problem }: Answer): void {
    if (method === 'pong') {
      if (requestId !== null) this.#pings.get(requestId)?.()
      if (requestId !== null) this.#pings.delete(requestId)
      return
    }
    const subscriptions = this.#attempt?.subscriptions
    if (method === 'subscribe' && subscriptions !== null && subscriptions !== undefined) {
      const asked = subscriptions.channelOf(requestId)
      const channel = isPrivateChannel(named) ? named : asked
      if (channel !== null && (problem === null || /already subscribed/i.test(problem))) {
        // An answer to an older request for the same channel does not end the wait for this one.
        if (requestId === null || asked === channel) subscriptions.confirm(channel)
        if (subscriptions.isComplete) this.#live()
        return
      }
      if (problem !== null) {
        this.#drop(`a subscription was refused: ${problem}`, /permission/i.test(problem))
        return
      }
    }
    if (problem !== null) this.#parts.log.warn('the private line complains', { method, problem })
  }

  #takeData(frame: Data): void {
    const subscriptions = this.#attempt?.subscriptions
    if (subscriptions === null || subscriptions === undefined) return
    const { onSnapshot, onExecution, onCharge, log } = this.#parts
    for (const problem of frame.unreadable) log.error('a row of a private frame was left out', { problem })
    const place = subscriptions.count(frame.kind, frame.sequence)
    if (frame.kind === 'balances') {
      for (const { charge, ...row } of frame.rows)
        if (charge === null) log.info('a balance moved without a trade', { ...row })
        else onCharge(charge)
    } else if (frame.snapshot) {
      onSnapshot(frame.rows)
    } else {
      for (const row of frame.rows) onExecution(row, place === 'late')
    }
    if (place !== 'gap') return
    log.warn('frames of the private line are missing', { channel: frame.kind, sequence: frame.sequence })
    this.#setUp(false, `frames of ${frame.kind} are missing`)
    this.#arm(this.#policy.subscribeMs, () => this.#drop('a subscription was not answered', false))
    subscriptions.askAnew(frame.kind)
  }

  #live(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#liveSinceAt ??= this.#parts.clock.now()
    this.#silence.start()
    this.#setUp(true, null)
  }

  #drop(reason: string, refused: boolean): void {
    this.#letGo()
    const { clock, chance, log } = this.#parts
    const history = {
      ...{ policy: this.#policy, mode: this.#mode, liveSinceAt: this.#liveSinceAt },
      ...{ drops: this.#drops, connects: this.#connects },
    }
    const { drops, retryAt } = dropOf(history, { seenAt: clock.now(), chance: chance.next(), refused })
    this.#drops = drops
    this.#liveSinceAt = null
    log.warn('the private line dropped', { reason, retryAt: new Date(retryAt).toISOString() })
    this.#setUp(false, reason)
    this.#timer = clock.at(retryAt, () => {
      this.#timer = null
      void this.#open()
    })
  }

  /** Closes whatever is open; who waited for the line to catch up waits no longer. */
  #letGo(): void {
    this.#attempt?.line?.drop()
    this.#attempt = null
    this.#timer?.cancel()
    this.#silence.stop()
    for (const resolve of this.#pings.values()) resolve()
    this.#pings.clear()
  }

  #arm(waitMs: number, callback: () => void): void {
    const { clock } = this.#parts
    this.#timer?.cancel()
    this.#timer = clock.at(clock.now() + waitMs, callback)
  }

  #setUp(up: boolean, reason: string | null): void {
    if (up === this.#isUp) return
    this.#isUp = up
    this.#parts.onLine(up, reason)
  }

  #send(method: string, params: Readonly<Record<string, unknown>> | null): number {
    this.#lastRequest += 1
    const request = { method, ...(params === null ? {} : { params }), req_id: this.#lastRequest }
    this.#attempt?.line?.send(JSON.stringify(request))
    return this.#lastRequest
  }
}

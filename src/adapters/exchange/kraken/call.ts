/**
 * Private calls to Kraken: signed under the lease, in one lane, with a deadline, every outcome an answer.
 *
 * The lease is asked and the nonce taken at the moment of signing, so that a process that lost its account sends nothing,
 * and what it sent before is refused by Kraken itself once the successor has used a nonce of its own block.
 */
import type { Clock } from '../../../ports/clock.ts'
import type { VenueAnswer } from '../../../ports/exchange.ts'
import type { Lease, NonceSource } from '../../../ports/leadership.ts'
import type { Log } from '../../../ports/log.ts'
import { throttledUntil } from '../../kraken/errors.ts'
import type { Wire } from '../../kraken/exact-json.ts'
import { messageOf } from '../../kraken/rest-call.ts'
import { lost, readAnswer, refused } from './answer.ts'
import { Lane, type Rank } from './lane.ts'
import { signature } from './sign.ts'

export interface CallParts {
  /** `https://api.kraken.com`, or a sandbox on loopback; without a slash at the end. */
  readonly restUrl: string
  readonly apiKey: string
  /** Base64, as Kraken shows it. */
  readonly apiSecret: string
  readonly nonces: NonceSource
  /** The lease as it stands; null: nothing may be sent. */
  readonly lease: () => Lease | null
  /** Reads the lease anew: whether the account is still ours. */
  readonly stillLeading: () => Promise<boolean>
  /** Another process has taken the account. */
  readonly onLeadershipLost: (problem: string) => void
  readonly clock: Clock
  readonly log: Log
  readonly fetch: typeof fetch
}

type Refusal = Extract<VenueAnswer<never>, { kind: 'refused' }>
export type Form = Readonly<Record<string, string>>

export interface Call {
  /** As in `/0/private/<method>`. */
  readonly method: string
  readonly rank: Exclude<Rank, 'again'>
  /** Made at the moment of signing; a refusal sends nothing. */
  readonly form: Form | ((lease: Lease, now: number) => Form | Refusal)
}

const DEADLINE_MS = 5_000
/** No throttling is respected longer than this, whatever the venue's clock says. */
const LONGEST_PAUSE_MS = 60_000

const isRefusal = (made: Form | Refusal): made is Refusal => made.kind === 'refused'

export class PrivateCalls {
  readonly #parts: CallParts
  readonly #lane: Lane
  #pausedUntil = Number.NEGATIVE_INFINITY
  #isStopped = false

  constructor(parts: CallParts) {
    this.#parts = parts
    this.#lane = new Lane(parts.clock)
  }

  /** Never rejects. An invalid nonce is tried once more, with the next one, if the account is still ours. */
  async ask(call: Call): Promise<VenueAnswer<Wire>> {
    const answer = await this.#lane.run(call.rank, () => this.#send(call))
    if (!isNonceRefusal(answer)) return answer
    return (await this.#isStillOurs(call.method)) ? this.#lane.run('again', () => this.#send(call)) : answer
  }

  /** After `stop`: calls are sent again. */
  start(): void {
    this.#isStopped = false
  }

  /** Refuses what comes from now on; resolves when all that has left is answered. */
  stop(): Promise<void> {
    this.#isStopped = true
    return this.#lane.idle()
  }

  async #isStillOurs(method: string): Promise<boolean> {
    const { stillLeading, onLeadershipLost, log } = this.#parts
    try {
      if (await stillLeading()) return true
      onLeadershipLost(`Kraken refused the nonce of ${method}, and the lease is another's`)
    } catch (error) {
      log.error('the lease could not be read after a refused nonce', { method, problem: messageOf(error) })
    }
    return false
  }

  async #send(call: Call): Promise<VenueAnswer<Wire>> {
    const { lease: leaseNow, nonces, clock } = this.#parts
    if (this.#isStopped) return refused('outage', 'the exchange is stopped')
    if (call.rank === 'read' && clock.now() < this.#pausedUntil) {
      return refused('rate', `throttled until ${new Date(this.#pausedUntil).toISOString()}`)
    }
    const lease = leaseNow()
    const now = clock.now()
    if (lease === null || lease.expiresAt <= now) return refused('nonce', 'the account’s lease is not held')
    const form = typeof call.form === 'function' ? call.form(lease, now) : call.form
    if (isRefusal(form)) return form
    let nonce: number
    try {
      nonce = nonces.next()
    } catch (error) {
      return refused('nonce', messageOf(error))
    }
    return this.#post(call.method, nonce, form)
  }

  async #post(method: string, nonce: number, form: Form): Promise<VenueAnswer<Wire>> {
    const { restUrl, apiKey, apiSecret, clock, fetch } = this.#parts
    const path = `/0/private/${method}`
    const body = new URLSearchParams({ nonce: String(nonce), ...form }).toString()
    const aborted = new AbortController()
    const deadline = clock.at(clock.now() + DEADLINE_MS, () => aborted.abort())
    try {
      const response = await fetch(restUrl + path, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
          'api-key': apiKey,
          'api-sign': signature(apiSecret, { path, nonce, body }),
        },
        // A key is never carried to another address.
        redirect: 'error',
        signal: aborted.signal,
      })
      return this.#read(method, response.status, await response.text())
    } catch (error) {
      const problem = aborted.signal.aborted ? `no answer within ${DEADLINE_MS} ms` : messageOf(error)
      return this.#noted(method, lost(`${method}: ${problem}`))
    } finally {
      deadline.cancel()
    }
  }

  #read(method: string, status: number, body: string): VenueAnswer<Wire> {
    const { answer, warnings } = readAnswer(status, body)
    if (warnings.length > 0) this.#parts.log.warn('kraken warns', { method, warnings })
    if (answer.kind === 'lost') return this.#noted(method, lost(`${method}: ${answer.problem}`))
    if (answer.kind === 'refused') {
      const until = throttledUntil(answer.message)
      const latest = this.#parts.clock.now() + LONGEST_PAUSE_MS
      if (until !== null) this.#pausedUntil = Math.min(until, latest)
    }
    return this.#noted(method, answer)
  }

  #noted(method: string, answer: VenueAnswer<Wire>): VenueAnswer<Wire> {
    if (answer.kind !== 'done') {
      const { kind, ...why } = answer
      this.#parts.log.warn(`kraken call ${kind}`, { method, ...why })
    }
    return answer
  }
}

const isNonceRefusal = (answer: VenueAnswer<Wire>): boolean =>
  answer.kind === 'refused' && answer.message.startsWith('EAPI:Invalid nonce')

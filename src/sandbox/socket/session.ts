/** What one client asks, and what it is answered. */
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Faults, RequestFate } from '../faults.ts'
import { KrakenRefusal } from '../refusal.ts'
import type { SandboxVenue } from '../venue.ts'
import { Exact, fieldsOf, type Json, type JsonFields, readJsonFields } from './exact-json.ts'
import type { Line } from './line.ts'
import { type Answer, ORDER_METHODS } from './order-methods.ts'
import { requiredText, textParam } from './params.ts'
import { microTime, Stamps } from './stamps.ts'
import { PRIVATE_CHANNELS, Subscriptions } from './subscriptions.ts'

export interface SessionParts {
  readonly venue: SandboxVenue
  readonly clock: Clock
  readonly faults: Pick<Faults, 'onRequest'>
  readonly log: Log
  readonly line: Line
}

const BROKEN = 'EGeneral:Internal error'

interface Request {
  readonly method: string
  readonly params: JsonFields
  readonly requestId: Exact | undefined
  readonly heardAt: number
}

export class Session {
  readonly #parts: SessionParts
  readonly #subscriptions: Subscriptions
  /** Tokens that a private subscription was made with: they hold while the line and a private subscription do. */
  readonly #tokens = new Set<string>()

  constructor(parts: SessionParts) {
    this.#parts = parts
    const { venue, line } = parts
    const send = (frame: JsonFields, symbol: string | null): void => line.send(frame, symbol)
    this.#subscriptions = new Subscriptions({ venue, stamps: new Stamps(), send })
  }

  /** One text frame of the client. */
  hear(text: string): void {
    const { venue, line } = this.#parts
    line.heard()
    const heardAt = venue.now()
    const read = readJsonFields(text)
    if (read === null || typeof read.method !== 'string') {
      line.send({ error: 'Malformed request', ...this.#times(heardAt, false) })
      return
    }
    const requestId = read.req_id instanceof Exact ? read.req_id : undefined
    const request = { method: read.method, params: fieldsOf(read.params) ?? {}, requestId, heardAt }
    if (request.method === 'ping') this.#ping(request, read.params)
    else this.#obeyWithFaults(request)
  }

  /** The client has gone. */
  stop(): void {
    this.#subscriptions.stop()
  }

  #ping(request: Request, params: Json | undefined): void {
    if (params !== undefined && params !== null) {
      this.#answer(request, { error: "Unsupported field: 'params' for the given msg type: ping" })
      return
    }
    const { success: _success, ...times } = this.#times(request.heardAt, true)
    this.#parts.line.send({ method: 'pong', req_id: request.requestId, ...times })
  }

  #obeyWithFaults(request: Request): void {
    const { faults, line, clock } = this.#parts
    const { method, params } = request
    const symbol = typeof params.symbol === 'string' ? params.symbol : null
    const fate = faults.onRequest({ method, symbol, isPrivate: ORDER_METHODS.has(method) })
    if (fate.dropRequest) line.cut()
    else if (fate.delayMs > 0) clock.at(clock.now() + fate.delayMs, () => this.#obey(request, fate))
    else this.#obey(request, fate)
  }

  #obey(request: Request, fate: RequestFate): void {
    const { line, clock } = this.#parts
    const { method, params } = request
    if (fate.isRateLimited) {
      this.#answer(request, { error: 'EOrder:Rate limit exceeded' })
      return
    }
    const tell = this.#said(request)
    if (fate.dropAnswer) line.cut()
    else if (fate.status !== null) this.#answer(request, { error: BROKEN })
    else if (fate.answerDelayMs > 0) clock.at(clock.now() + fate.answerDelayMs, tell)
    else tell()
    if (method === 'unsubscribe' && !this.#subscriptions.hasPrivate)
      this.#tokens.delete(textParam(params, 'token') ?? '')
  }

  /** Does what is asked; the answer leaves when what is returned is called. */
  #said(request: Request): () => void {
    const { venue } = this.#parts
    const { method, params } = request
    try {
      if (method === 'subscribe' || method === 'unsubscribe') return this.#subscription(request)
      const order = ORDER_METHODS.get(method)
      if (order === undefined) throw new KrakenRefusal('Unsupported event')
      this.#checkToken(params)
      const answers = order(params, venue, request.heardAt)
      return () => {
        for (const answer of answers) this.#answer(request, answer)
      }
    } catch (error) {
      const refusal = error instanceof KrakenRefusal ? error.errors[0] : undefined
      // A bug of ours ends one request, not the venue.
      if (refusal === undefined) this.#parts.log.error('a socket request failed', { method, error })
      return () => this.#answer(request, { error: refusal ?? BROKEN })
    }
  }

  #subscription(request: Request): () => void {
    const { line } = this.#parts
    const { method, params } = request
    const channel = requiredText(params, 'channel')
    const isPrivate = PRIVATE_CHANNELS.has(channel)
    if (isPrivate) this.#checkToken(params)
    const answers =
      method === 'subscribe'
        ? this.#subscriptions.subscribe(channel, params)
        : this.#subscriptions.unsubscribe(channel, params)
    if (isPrivate && method === 'subscribe') this.#tokens.add(textParam(params, 'token') ?? '')
    return () => {
      if (method === 'subscribe' && answers.some((answer) => 'result' in answer)) line.startHeartbeat()
      for (const answer of answers) {
        if ('error' in answer) {
          this.#answer(request, { error: answer.error }, answer.symbol)
          continue
        }
        this.#answer(request, { result: answer.result }, textParam(answer.result, 'symbol'))
        answer.start()
      }
    }
  }

  #checkToken(params: JsonFields): void {
    const token = textParam(params, 'token')
    if (token === null || token === '') throw new KrakenRefusal('Token(s) not found')
    if (this.#tokens.has(token) && this.#subscriptions.hasPrivate) return
    if (!this.#parts.venue.tokenIsValid(token)) throw new KrakenRefusal('ESession:Invalid session')
  }

  #times(heardAt: number, success: boolean): JsonFields {
    return { success, time_in: microTime(heardAt), time_out: microTime(this.#parts.venue.now()) }
  }

  #answer({ method, requestId: req_id, heardAt }: Request, answer: Answer, symbol: string | null = null): void {
    const isGood = !('error' in answer)
    const times = this.#times(heardAt, isGood)
    const { line } = this.#parts
    if ('ordersCancelled' in answer)
      line.send({ method, orders_cancelled: answer.ordersCancelled, req_id, ...times }, symbol)
    else if ('error' in answer)
      line.send({ error: answer.error, method, req_id, symbol: symbol ?? undefined, ...times }, symbol)
    else line.send({ method, req_id, result: answer.result, ...times }, symbol)
  }
}

/**
 * The line between the process and the venue: everything that can go wrong with requests, answers and reports goes wrong
 * here, by the script. The venue behind it is the real matching engine.
 */
import type { SimulatedExchange } from '../../src/adapters/exchange/simulated/paper-interface.ts'
import type { Flow } from '../../src/domain/account-history.ts'
import type { Clock, RandomSource } from '../../src/ports/clock.ts'
import type { Exchange, ExecutionReport, PlaceRequest, VenueAnswer, VenueErrorClass } from '../../src/ports/exchange.ts'
import { between, chance, pick, whole } from './draw.ts'
import type { Episode, FaultScript } from './faults.ts'
import type { Life } from './life.ts'
import type { Truth } from './truth.ts'

const refused = (code: VenueErrorClass, message: string) => ({ kind: 'refused', code, message }) as const
const lost = (problem: string) => ({ kind: 'lost', problem }) as const
type Refusal = ReturnType<typeof refused>

/** How long a caller waits for an answer before it takes it for lost. */
const TIMEOUT_MS = { least: 2_000, most: 8_000 }
/** A line that breaks is noticed at once; what it had taken may be at the venue later, within the deadline it was sent with. */
const BROKEN_MS = { least: 20, most: 400 }
const OVERTAKEN_MS = { least: 300, most: 4_900 }
const LATE_MS = { least: 5_500, most: 25_000 }
const DELAYED_MS = { least: 500, most: 9_000 }
const STALE_MS = { least: 1_000, most: 15_000 }
const HELD_REPORT_MS = { least: 10, most: 4_000 }
const REFUSAL_MS = { least: 20, most: 400 }

const NO_CHANGE: readonly VenueErrorClass[] = [
  'rate',
  'nonce',
  'mode',
  'funds',
  'validation',
  'limits',
  'deadline',
  'gone',
]
/** Known to have come back before the engine was reached: the same order may be sent again. */
export const isBeforeEngine = (answer: VenueAnswer<unknown>): boolean =>
  answer.kind === 'refused' && NO_CHANGE.includes(answer.code)

export interface Attempt {
  readonly order: PlaceRequest
  readonly at: number
  readonly life: number
  /** What came back to the process; null while nothing did. */
  answer: VenueAnswer<unknown> | null
}

export interface LineParts {
  readonly venue: SimulatedExchange
  readonly clock: Clock
  readonly random: RandomSource
  readonly script: FaultScript
  readonly truth: Truth
  /** A placement leaves the process. */
  readonly onPlace: (attempt: Attempt) => void
  /** A process has read its journal back, and opens the line. */
  readonly onStart: () => void
}

type Call = 'place' | 'amend' | 'cancel' | 'lookUp' | 'openOrders' | 'balances'
const CHANGES: readonly Call[] = ['place', 'amend', 'cancel']

export class Line {
  /** Requests that leave the process, by call: what a quiet line costs the venue. */
  readonly sent: Record<Call, number> = { place: 0, amend: 0, cancel: 0, lookUp: 0, openOrders: 0, balances: 0 }
  /** When a fault last touched an order of this owner, or any question. */
  readonly touched = new Map<string, number>()
  readonly #parts: LineParts
  #life: Life | null = null
  #onReport: (report: ExecutionReport) => void = () => undefined
  #onCharge: (flow: Flow) => void = () => undefined
  #onLine: (up: boolean, reason: string | null) => void = () => undefined

  constructor(parts: LineParts) {
    this.#parts = parts
    parts.venue.onReport((report) => {
      parts.truth.hear(report)
      this.#report(report)
    })
    parts.venue.onCharge?.((flow) => {
      if (!parts.script.strikes('report-lost', `charge ${flow.flowId}`)) this.#deliver(() => this.#onCharge(flow))
    })
  }

  /** The exchange as one life of the process sees it. */
  connect(life: Life): Exchange {
    const { venue } = this.#parts
    this.#life = life
    const bent: Partial<Exchange> = {
      place: (order) => this.#place(life, order),
      amend: (change) => this.#call(life, 'amend', change.clientOrderId, () => venue.amend(change)),
      cancel: (id) => this.#call(life, 'cancel', id, () => venue.cancel(id)),
      lookUp: (id) => this.#call(life, 'lookUp', id, () => venue.lookUp(id)),
      openOrders: () => this.#call(life, 'openOrders', '', () => venue.openOrders()),
      balances: () => this.#call(life, 'balances', '', () => venue.balances()),
      onReport: (listener) => {
        this.#onReport = listener
      },
      onCharge: (listener) => {
        this.#onCharge = listener
      },
      onLine: (listener) => {
        this.#onLine = listener
      },
      start: async () => this.#parts.onStart(),
      stop: () => Promise.resolve(),
    }
    // What is not bent goes straight to the venue.
    return new Proxy(venue as Exchange, {
      get: (real, name) => {
        const own = bent[name as keyof Exchange]
        if (own !== undefined) return own
        const value: unknown = Reflect.get(real, name, real)
        return typeof value === 'function' ? value.bind(real) : value
      },
    })
  }

  /** The line drops and comes back. */
  bounce(reason: string, downMs: number): void {
    const { clock } = this.#parts
    this.#deliver(() => this.#onLine(false, reason))
    clock.at(clock.now() + downMs, () => this.#deliver(() => this.#onLine(true, null)))
  }

  async #place(life: Life, order: PlaceRequest): Promise<VenueAnswer<{ readonly venueOrderId: never }>> {
    const { truth, clock, venue } = this.#parts
    const { clientOrderId } = order
    if (life.isDead) return new Promise(() => undefined)
    truth.asked(order)
    const attempt: Attempt = { order, at: clock.now(), life: life.number, answer: null }
    this.#parts.onPlace(attempt)
    const refusal = this.#refusesOrder(order)
    const answer =
      refusal === null
        ? await this.#call(life, 'place', clientOrderId, () => venue.place(order))
        : await this.#gated(life, this.#refuse(refusal))
    attempt.answer = answer
    return answer as VenueAnswer<{ readonly venueOrderId: never }>
  }

  /** What the venue has against this one order, whoever sends it. */
  #refusesOrder({ request: { purpose, postOnly }, clientOrderId }: PlaceRequest): Refusal | null {
    const { script, random } = this.#parts
    if (script.isOn('post-only') && !postOnly) {
      script.strikes('post-only', `place ${clientOrderId}`)
      return refused('mode', 'EService:Market in post_only mode')
    }
    if (purpose !== 'stop' || !script.strikes('stop-refused', `place ${clientOrderId}`)) return null
    this.#touch(clientOrderId)
    return chance(random, 0.5)
      ? refused('funds', 'EOrder:Insufficient funds')
      : refused('validation', 'EOrder:Invalid price')
  }

  /** What the venue has against any request of this kind now. */
  #refusesCall(call: Call, what: string): Refusal | null {
    const { script, random } = this.#parts
    const strikes = (fault: Episode) => script.strikes(fault, what)
    if (call === 'lookUp' && strikes('look-up-failing')) return refused('outage', 'EService:Unavailable')
    if (call === 'balances' && strikes('balances-failing')) return refused('outage', 'EService:Busy')
    if (call !== 'balances' && strikes('rate-refused'))
      return refused('rate', pick(random, ['EAPI:Rate limit exceeded', 'EOrder:Rate limit exceeded']))
    if (strikes('nonce-refused')) return refused('nonce', 'EAPI:Invalid nonce')
    if (!CHANGES.includes(call)) return null
    if (script.isOn('maintenance') && strikes('maintenance'))
      return chance(random, 0.5)
        ? refused('outage', 'EService:Unavailable')
        : refused('mode', 'EService:Market in maintenance mode')
    if (call !== 'cancel' && script.isOn('cancel-only') && strikes('cancel-only'))
      return refused('mode', 'EService:Market in cancel_only mode')
    if (call === 'amend' && script.isOn('post-only') && strikes('post-only'))
      return refused('mode', 'EService:Market in post_only mode')
    return null
  }

  #call<T>(life: Life, call: Call, id: string, send: () => Promise<VenueAnswer<T>>): Promise<VenueAnswer<T>> {
    if (life.isDead) return new Promise(() => undefined)
    this.sent[call] += 1
    const what = `${call} ${id}`
    return this.#gated(life, this.#answered(call, id, what, send))
  }

  async #answered<T>(
    call: Call,
    id: string,
    what: string,
    send: () => Promise<VenueAnswer<T>>,
  ): Promise<VenueAnswer<T>> {
    const { script } = this.#parts
    let isStruck = false
    const strikes = (fault: Episode): boolean => {
      if (!script.strikes(fault, what)) return false
      isStruck = true
      return true
    }
    try {
      const refusal = this.#refusesCall(call, what)
      isStruck = refusal !== null
      if (refusal !== null) return await this.#refuse(refusal)
      if (strikes('request-dropped')) {
        const isOvertaken = CHANGES.includes(call) && chance(this.#parts.random, 0.5)
        if (isOvertaken) void this.#wait(OVERTAKEN_MS).then(send)
        await this.#wait(isOvertaken ? BROKEN_MS : TIMEOUT_MS)
        return lost('the request timed out')
      }
      if (strikes('request-delayed')) await this.#wait(DELAYED_MS)
      if (strikes('answer-dropped')) {
        void send()
        await this.#wait(TIMEOUT_MS)
        return lost('the line broke')
      }
      const answer = await send()
      if (call === 'openOrders' && strikes('open-orders-stale')) await this.#wait(STALE_MS)
      if (strikes('answer-late')) await this.#wait(LATE_MS)
      if (!CHANGES.includes(call) || !strikes('outage-after-accepting')) return answer
      await this.#wait(REFUSAL_MS)
      return refused('outage', 'EService:Unavailable')
    } finally {
      if (isStruck) this.#touch(id)
    }
  }

  #report(report: ExecutionReport): void {
    const { clock, random, script } = this.#parts
    const { clientOrderId: id, kind } = report
    const what = `${kind} ${id}`
    const pass = () => this.#deliver(() => this.#onReport(report))
    if (script.isOn('line-silent') && script.strikes('line-silent', what)) return this.#touch(id)
    if (script.strikes('report-lost', what)) return this.#touch(id)
    if (script.strikes('reports-reordered', what)) {
      this.#touch(id)
      clock.at(clock.now() + whole(random, HELD_REPORT_MS.least, HELD_REPORT_MS.most), () => {
        this.#touch(id)
        pass()
      })
      return
    }
    pass()
    if (script.strikes('report-duplicated', what)) clock.at(clock.now() + whole(random, 0, HELD_REPORT_MS.most), pass)
  }

  #deliver(callback: () => void): void {
    this.#life?.deliver(callback)
  }

  /** The answer reaches a process that is awake and alive, or not at all. */
  #gated<T>(life: Life, answer: Promise<T>): Promise<T> {
    return new Promise((resolve) => void answer.then((value) => life.deliver(() => resolve(value))))
  }

  async #refuse(refusal: Refusal): Promise<Refusal> {
    await this.#wait(REFUSAL_MS)
    return refusal
  }

  #wait({ least, most }: { readonly least: number; readonly most: number }): Promise<void> {
    const { clock, random } = this.#parts
    return new Promise((resolve) => void clock.at(clock.now() + Math.round(between(random, least, most)), resolve))
  }

  #touch(id: string): void {
    const { clock, truth } = this.#parts
    const owner = truth.orders.get(id as never)?.request.positionId ?? ''
    this.touched.set(owner, clock.now())
  }
}

/** The paper venue behind the exchange port: latency, promises, saving and reports around the matching engine. */
import type { Flow } from '../../../domain/account-history.ts'
import { type Candle, TIMEFRAME_MS } from '../../../domain/candle.ts'
import type { VenueOrderId } from '../../../domain/ids.ts'
import type { RandomSource, Timer } from '../../../ports/clock.ts'
import type { Exchange, ExecutionReport, VenueAnswer } from '../../../ports/exchange.ts'
import type { MarketEvent } from '../../../ports/market-feed.ts'
import { MatchingEngine } from './engine.ts'
import { ENGINE_DEFAULTS, type EngineEvent } from './engine-options.ts'
import { LATENCY_DEFAULTS, latencyOf } from './latency.ts'
import { loadState } from './loading.ts'
import { playCandles } from './missed-candles.ts'
import { Outbox } from './outbox.ts'
import type { SimulatedExchange, SimulatedExchangeOptions } from './paper-interface.ts'
import { PaperQuestions } from './paper-questions.ts'
import { amendmentOf, chargeOf, newOrderOf, reportOf } from './port-forms.ts'
import { REFUSED } from './refusals.ts'
import { Requests } from './requests.ts'
import type { VenueEvent } from './venue-events.ts'
import { seriesOf } from './venue-ids.ts'

const CHECKPOINT_MS = 10_000
/** Market events kept for a walk that does not come; then time goes on without it. */
const MOST_KEPT = 10_000

const STOPPED = { kind: 'refused', ...REFUSED.noMarket } as const

/** The venue of paper trading, replays and backtests. Calls are answered through the clock, after a drawn latency. */
export function simulatedExchange(options: SimulatedExchangeOptions): SimulatedExchange {
  return new PaperVenue(options)
}

class PaperVenue extends PaperQuestions implements SimulatedExchange {
  readonly name = 'simulated'
  readonly callsAtOnce = null
  readonly #options: SimulatedExchangeOptions
  readonly #requests: Requests
  readonly #series: RandomSource
  readonly #outbox: Outbox
  #engine: MatchingEngine
  #isRunning = false
  /** Market events that wait for the walk; null when time goes on. */
  #kept: MarketEvent[] | null = null
  #timer: Timer | null = null
  #armedFor: number | null = null
  #tell: (report: ExecutionReport) => void = () => {}
  #charge: (flow: Flow) => void = () => {}
  #line: (up: boolean, reason: string | null) => void = () => {}

  constructor(options: SimulatedExchangeOptions) {
    super(options.instruments)
    this.#options = options
    const latency = latencyOf(options.random.stream('latency'), options.latency ?? LATENCY_DEFAULTS)
    this.#requests = new Requests(options.clock, latency)
    this.#series = options.random.stream('venue-ids')
    this.#engine = this.#freshEngine()
    const { store, clock, log } = options
    this.#outbox = new Outbox({
      store,
      clock,
      log,
      state: () => this.#engine.save(),
      onTrouble: (problem) => this.#line(problem === null, problem),
    })
  }

  onReport(listener: (report: ExecutionReport) => void): void {
    this.#tell = listener
  }

  onCharge(listener: (flow: Flow) => void): void {
    this.#charge = listener
  }

  onLine(listener: (up: boolean, reason: string | null) => void): void {
    this.#line = listener
  }

  /** @throws StateError when the saved account cannot be used, and what the store throws when it cannot be read. */
  async start(): Promise<void> {
    if (this.#isRunning) return
    const { store } = this.#options
    if (store !== null) {
      const saved = await loadState(store, this.#options.clock)
      this.#engine = this.#freshEngine()
      if (saved !== null) this.#engine.restore(saved)
    }
    const at = this.#engine.now
    this.#dispatch(this.#engine.onMarket({ kind: 'line', up: false, reason: 'the venue was down', at }))
    this.#isRunning = true
    this.#kept = this.#engine.hasOpenOrders || this.#engine.nextDueAt() !== null ? [] : null
    this.#outbox.checkpoint()
    await this.#outbox.settled()
    this.#rearm()
    this.#line(true, null)
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return
    this.#isRunning = false
    this.#halt('the paper venue was stopped')
    this.#outbox.checkpoint()
    await this.#outbox.settled()
    this.#outbox.close()
    this.#line(false, 'stopped')
  }

  async reset(): Promise<void> {
    this.#halt('the paper account was reset')
    this.#engine = this.#freshEngine()
    this.#kept = null
    this.#outbox.checkpoint()
    await this.#outbox.settled()
  }

  onMarket(event: MarketEvent): void {
    if (!this.#isRunning) return
    if (this.#kept !== null) {
      this.#kept.push(event)
      if (this.#kept.length >= MOST_KEPT) this.#goOn()
      return
    }
    const events = this.#engine.onMarket(event)
    if (events.length > 0) {
      this.#dispatch(events)
      this.#rearm()
    } else if (this.#options.store !== null && this.#engine.hasOpenOrders) {
      // What is seen without consequence must not be walked again after a crash.
      if (this.#options.clock.now() - this.#outbox.savedAt >= CHECKPOINT_MS) this.#outbox.checkpoint()
    }
  }

  async walk(candles: readonly Candle[]): Promise<number> {
    const timeframe = candles[0]?.timeframe ?? '1m'
    if (candles.some((candle) => candle.timeframe !== timeframe))
      throw new TypeError('candles of several timeframes cannot be walked in one call')
    const events = playCandles(this.#engine, candles, TIMEFRAME_MS[timeframe])
    this.#dispatch(events)
    this.#outbox.checkpoint()
    this.#goOn()
    await this.#outbox.settled()
    return events.filter((event) => event.kind === 'filled').length
  }

  seenUntil(): number {
    return this.#engine.now
  }

  settled(): Promise<void> {
    return this.#outbox.settled()
  }

  place(order: Parameters<Exchange['place']>[0]): ReturnType<Exchange['place']> {
    return this.#ask(
      (at) => this.#engine.submit(newOrderOf(order), at),
      (venueOrderId) => ({ venueOrderId }),
    )
  }

  amend(order: Parameters<Exchange['amend']>[0]): ReturnType<Exchange['amend']> {
    return this.#ask(
      (at) => this.#engine.amend(amendmentOf(order), at),
      () => null,
    )
  }

  cancel(clientOrderId: Parameters<Exchange['cancel']>[0]): ReturnType<Exchange['cancel']> {
    return this.#ask(
      (at) => this.#engine.cancel(clientOrderId, at),
      () => null,
    )
  }

  validate(order: Parameters<Exchange['validate']>[0]): ReturnType<Exchange['validate']> {
    return this.#question(() => {
      const refusal = this.#engine.check(newOrderOf(order), this.#options.clock.now())
      return refusal === null ? { kind: 'done', value: null } : { kind: 'refused', ...refusal }
    })
  }

  /** The account's owner at work past the system: an order of his own, or a transfer. Takes effect at once. */
  byHand(act: (engine: MatchingEngine, at: number) => readonly EngineEvent[]): void {
    this.#advance()
    this.#dispatch(act(this.#engine, this.#options.clock.now()))
    this.#rearm()
  }

  cancelAllAfter(timeoutMs: number): ReturnType<Exchange['cancelAllAfter']> {
    if (this.#isRunning && this.#kept !== null) this.#goOn()
    return this.#question(() => {
      this.#dispatch(this.#engine.cancelAllAfter(timeoutMs, this.#options.clock.now()))
      this.#rearm()
      return { kind: 'done', value: null }
    })
  }

  #freshEngine(): MatchingEngine {
    const { instruments, startingBalances, parameters, margin } = this.#options
    return new MatchingEngine({
      instruments,
      startingBalances,
      ...(margin === undefined ? {} : { margin }),
      parameters: { ...ENGINE_DEFAULTS, ...parameters },
      series: seriesOf(this.#series),
    })
  }

  #ask<T>(send: (at: number) => number, toValue: (id: VenueOrderId) => T): Promise<VenueAnswer<T>> {
    if (!this.#isRunning) return Promise.resolve(STOPPED)
    if (this.#kept !== null) this.#goOn()
    const ticket = send(this.#requests.effectiveAt())
    this.#rearm()
    return this.#requests.answerTo(ticket, toValue)
  }

  protected read<T>(reading: (engine: MatchingEngine) => T): Promise<VenueAnswer<T>> {
    return this.#question(() => ({ kind: 'done', value: reading(this.#engine) }))
  }

  #question<T>(ask: () => VenueAnswer<T>): Promise<VenueAnswer<T>> {
    if (!this.#isRunning) return Promise.resolve(STOPPED)
    const current = (): VenueAnswer<T> => {
      this.#advance()
      return ask()
    }
    return this.#requests.question(current, (delivery) => this.#outbox.post(delivery))
  }

  /** Time goes on after a restart: what the market did meanwhile, as far as no candle has told it. */
  #goOn(): void {
    const kept = this.#kept ?? []
    this.#kept = null
    const until = this.#engine.now
    for (const event of kept) if (event.at > until) this.#dispatch(this.#engine.onMarket(event))
    this.#rearm()
  }

  #advance(): void {
    if (this.#kept !== null) return
    this.#dispatch(this.#engine.advanceTo(this.#options.clock.now()))
    this.#rearm()
  }

  /** One timer, for whatever the engine has to do next by itself. */
  #rearm(): void {
    const dueAt = this.#isRunning && this.#kept === null ? this.#engine.nextDueAt() : null
    if (dueAt === this.#armedFor) return
    this.#timer?.cancel()
    this.#armedFor = dueAt
    this.#timer =
      dueAt === null
        ? null
        : this.#options.clock.at(dueAt, () => {
            this.#armedFor = null
            this.#advance()
          })
  }

  #dispatch(events: readonly EngineEvent[]): void {
    for (const event of events) {
      if (event.kind === 'answered') {
        const answer = this.#requests.answer(event.ticket, event.outcome)
        if (answer !== null) this.#outbox.post(answer)
      } else {
        if (event.kind === 'filled') this.#logFill(event)
        const report = reportOf(event)
        if (report !== null) this.#outbox.post({ send: () => this.#report(report) })
        const charge = chargeOf(event)
        if (charge !== null) this.#outbox.post({ send: () => this.#charge(charge) })
      }
    }
  }

  #report(report: ExecutionReport): void {
    try {
      this.#tell(report)
    } catch (problem) {
      this.#options.log.error('the listener of execution reports failed', { report, problem: String(problem) })
    }
  }

  /** With the last price beside the fill's, so that the optimism of paper fills can be seen. */
  #logFill({ order, trade }: Extract<VenueEvent, { kind: 'filled' }>): void {
    const { tradeId, price, quantity, fee, liquidity, at, symbol } = trade
    const fill = { tradeId, price, quantity, fee, liquidity, at }
    const lastPrice = this.#engine.lastPrice(symbol)
    this.#options.log.debug('paper fill', { clientOrderId: order.clientOrderId, ...fill, lastPrice })
  }

  #halt(problem: string): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#armedFor = null
    this.#requests.loseAll(problem)
  }
}

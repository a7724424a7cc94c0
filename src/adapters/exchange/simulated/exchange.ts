/** The paper venue behind the exchange port: latency, promises, saving and reports around the matching engine. */
import { type Candle, TIMEFRAME_MS } from '../../../domain/candle.ts'
import type { VenueOrderId } from '../../../domain/ids.ts'
import type { Instrument } from '../../../domain/instrument.ts'
import type { Numeric } from '../../../domain/units.ts'
import type { Clock, RandomSource, Timer } from '../../../ports/clock.ts'
import type { Exchange, ExecutionReport, VenueAnswer } from '../../../ports/exchange.ts'
import type { Log } from '../../../ports/log.ts'
import type { MarketEvent } from '../../../ports/market-feed.ts'
import type { VenueStore } from '../../../ports/venue-store.ts'
import { ENGINE_DEFAULTS, type EngineEvent, type EngineParameters, MatchingEngine } from './engine.ts'
import { LATENCY_DEFAULTS, type LatencyParameters, latencyOf } from './latency.ts'
import { loadState } from './loading.ts'
import { playCandles } from './missed-candles.ts'
import { Outbox } from './outbox.ts'
import { REFUSED } from './refusals.ts'
import { Requests } from './requests.ts'
import { seriesOf } from './venue-ids.ts'
import { newOrderOf, venueOrderOf, venueOrderRowOf } from './venue-order.ts'

export interface SimulatedExchangeOptions {
  readonly clock: Clock
  readonly random: RandomSource
  readonly log: Log
  readonly instruments: readonly Instrument[]
  /** Total per asset code; for a fresh account only, a saved one has its own. */
  readonly startingBalances: Readonly<Record<string, Numeric>>
  /** Null keeps everything in memory: replays, backtests. */
  readonly store: VenueStore | null
  readonly parameters?: Partial<EngineParameters>
  readonly latency?: LatencyParameters
}

export interface SimulatedExchange extends Exchange {
  /** What the market did, in time order. Ignored before `start` and after `stop`; kept until `walk` where it is due. */
  onMarket(event: MarketEvent): void
  /**
   * After a restart: plays missed closed candles (of one timeframe, from `seenUntil()` on, none where none can be had) to
   * the resting orders. A restarted venue with orders stands still in time until this is called, or until the first
   * order, amendment or cancellation. Resolves with the number of fills once their reports have left.
   */
  walk(candles: readonly Candle[]): Promise<number>
  /** The account afresh: no orders, the starting balances. Resolves when that is saved. */
  reset(): Promise<void>
  /** Up to when the venue has seen the market: missed candles begin here. Milliseconds UTC; 0 before anything. */
  seenUntil(): number
  /** Resolves when everything is saved and has left, or saving fails. */
  settled(): Promise<void>
}

const CHECKPOINT_MS = 10_000
/** Market events kept for a walk that does not come; then time goes on without it. */
const MOST_KEPT = 10_000

const STOPPED = { kind: 'refused', ...REFUSED.noMarket } as const

/** The venue of paper trading, replays and backtests. Calls are answered through the clock, after a drawn latency. */
export function simulatedExchange(options: SimulatedExchangeOptions): SimulatedExchange {
  return new PaperVenue(options)
}

class PaperVenue implements SimulatedExchange {
  readonly name = 'simulated'
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
  #line: (up: boolean, reason: string | null) => void = () => {}

  constructor(options: SimulatedExchangeOptions) {
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
      (at) => this.#engine.amend(order, at),
      () => null,
    )
  }

  cancel(clientOrderId: Parameters<Exchange['cancel']>[0]): ReturnType<Exchange['cancel']> {
    return this.#ask(
      (at) => this.#engine.cancel(clientOrderId, at),
      () => null,
    )
  }

  lookUp(clientOrderId: Parameters<Exchange['lookUp']>[0]): ReturnType<Exchange['lookUp']> {
    return this.#read(() => {
      const row = this.#engine.find(clientOrderId)
      return row === null ? null : venueOrderOf(row)
    })
  }

  openOrders(): ReturnType<Exchange['openOrders']> {
    return this.#read(() => this.#engine.openOrders().map(venueOrderRowOf))
  }

  balances(): ReturnType<Exchange['balances']> {
    return this.#read(() => this.#engine.balances())
  }

  instruments(): ReturnType<Exchange['instruments']> {
    return this.#read(() => this.#options.instruments)
  }

  #freshEngine(): MatchingEngine {
    const { instruments, startingBalances, parameters } = this.#options
    return new MatchingEngine({
      instruments,
      startingBalances,
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

  #read<T>(read: () => T): Promise<VenueAnswer<T>> {
    if (!this.#isRunning) return Promise.resolve(STOPPED)
    const current = (): T => {
      this.#advance()
      return read()
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
        this.#outbox.post({ send: () => this.#report(event) })
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
  #logFill({ clientOrderId, fill }: Extract<ExecutionReport, { kind: 'filled' }>): void {
    const symbol = this.#engine.find(clientOrderId)?.symbol
    const lastPrice = symbol === undefined ? null : this.#engine.lastPrice(symbol)
    this.#options.log.debug('paper fill', { clientOrderId, ...fill, lastPrice })
  }

  #halt(problem: string): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#armedFor = null
    this.#requests.loseAll(problem)
  }
}

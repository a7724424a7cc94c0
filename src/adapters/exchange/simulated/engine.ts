/**
 * The matching engine of the paper venue: synchronous, without a clock, without promises, without a transport. Requests
 * wait in it until the moment they take effect; what happens comes back as events, in order. The same calls in the same
 * order give the same events, and its whole state is plain JSON.
 */
import type { Instrument } from '../../../domain/instrument.ts'
import type { Balance } from '../../../domain/portfolio.ts'
import { amount, type Numeric } from '../../../domain/units.ts'
import type { AmendRequest, ExecutionReport } from '../../../ports/exchange.ts'
import type { MarketEvent } from '../../../ports/market-feed.ts'
import { Account } from './account.ts'
import { type Command, type EngineState, readState, STATE_VERSION } from './engine-state.ts'
import { Execution } from './execution.ts'
import { Matching } from './matching.ts'
import { OrderEntry, type Outcome } from './order-entry.ts'
import { type PricingParameters, SymbolMarket } from './symbol-market.ts'
import { type IdOf, venueId } from './venue-ids.ts'
import { type NewOrder, type OrderRow, type WorkingOrder, workingOrder } from './venue-order.ts'

export interface EngineParameters extends PricingParameters {
  /** Largest share of a print's volume that our resting orders together are filled with. */
  readonly participation: Numeric
  /** Fees as shares of the cost. */
  readonly makerFee: Numeric
  readonly takerFee: Numeric
}

export const ENGINE_DEFAULTS: EngineParameters = {
  halfSpread: '0.0002',
  slippageTicks: 1,
  depthMaxAgeMs: 10_000,
  participation: '0.25',
  makerFee: '0.004',
  takerFee: '0.008',
}

export interface EngineOptions {
  readonly instruments: readonly Instrument[]
  readonly parameters: EngineParameters
  /** Total per asset code of a fresh account. */
  readonly startingBalances: Readonly<Record<string, Numeric>>
  /** Ten characters A–Z 0–9 that this venue's order and trade ids begin with. */
  readonly series: string
}

/** The answer to one request, by the ticket that asking for it gave. */
export interface Answered {
  readonly kind: 'answered'
  readonly ticket: number
  readonly outcome: Outcome
  readonly at: number
}

/** One trade in the market. */
export type Print = Omit<Extract<MarketEvent, { kind: 'trade' }>, 'kind'>

export type EngineEvent = Answered | ExecutionReport

const MINUTE_MS = 60_000
const NOTHING: readonly EngineEvent[] = Object.freeze([])

const expiryOf = (order: WorkingOrder): number => order.expiresAt ?? Number.POSITIVE_INFINITY

export class MatchingEngine {
  readonly #markets: ReadonlyMap<string, SymbolMarket>
  readonly #execution: Execution
  readonly #matching: Matching
  #events: EngineEvent[] = []
  #queue: Command[] = []
  readonly #entry: OrderEntry
  #series: string
  #now = 0
  #tickets = 0
  /** When the next request takes effect or the next order expires. */
  #dueAt = Number.POSITIVE_INFINITY

  constructor(options: EngineOptions) {
    const { instruments, parameters } = options
    this.#series = options.series
    this.#markets = new Map(instruments.map((each) => [each.symbol, new SymbolMarket(each, parameters)]))
    const idOf: IdOf = (prefix, sequence) => venueId(prefix, this.#series, sequence)
    const emit = (report: ExecutionReport): void => {
      this.#events.push(report)
    }
    this.#execution = new Execution({
      account: new Account(options.startingBalances),
      markets: this.#markets,
      rates: { maker: amount(parameters.makerFee), taker: amount(parameters.takerFee) },
      idOf,
      emit,
    })
    this.#matching = new Matching(this.#execution, amount(parameters.participation))
    this.#entry = new OrderEntry(this.#execution, this.#matching, this.#markets, idOf, emit)
  }

  /** The latest moment it has seen, milliseconds UTC; never goes back. */
  get now(): number {
    return this.#now
  }

  /** When something is to happen by itself; null when nothing waits. */
  nextDueAt(): number | null {
    return Number.isFinite(this.#dueAt) ? this.#dueAt : null
  }

  /** Asks for an order to take effect at `at`; answered under the returned ticket. */
  submit(order: NewOrder, at: number): number {
    return this.#enqueue({ kind: 'submit', order, at, ticket: this.#nextTicket() })
  }

  /** Asks for a cancellation by client (or venue) order id to take effect at `at`. */
  cancel(id: string, at: number): number {
    return this.#enqueue({ kind: 'cancel', id, at, ticket: this.#nextTicket() })
  }

  /** Asks for a change of quantity or prices to take effect at `at`; its place in the queue is kept where it may be. */
  amend(change: AmendRequest, at: number): number {
    return this.#enqueue({ kind: 'amend', change, at, ticket: this.#nextTicket() })
  }

  /** Everything due up to `at`, then stands there. Going back does nothing. */
  advanceTo(at: number): readonly EngineEvent[] {
    this.#move(at)
    return this.#flush()
  }

  /** What the market did. Candles are ignored: they tell nothing that the prints have not. */
  onMarket(event: MarketEvent): readonly EngineEvent[] {
    if (event.kind === 'trade') return this.onPrint(event)
    if (event.kind === 'candle' || event.kind === 'ended') return NOTHING
    this.#move(event.at)
    if (event.kind === 'line') {
      if (!event.up) for (const market of this.#markets.values()) market.forgetDepth()
      return this.#flush()
    }
    const market = this.#markets.get(event.symbol)
    if (market === undefined) return this.#flush()
    if (event.kind === 'quote') market.seeQuote(event)
    else market.seeBook(event)
    if (market.orders.length > 0) this.#matching.resume(market, this.#now)
    return this.#flush()
  }

  /**
   * One trade. `opens` says whether what lies between it and the print before was jumped over; where it is not given, the
   * first print of a minute is taken for an opening.
   */
  onPrint(print: Print, opens?: boolean): readonly EngineEvent[] {
    this.#move(print.at)
    const market = this.#markets.get(print.symbol)
    if (market === undefined) return this.#flush()
    const minute = Math.floor(print.at / MINUTE_MS)
    const isOpening = opens ?? market.minute !== minute
    market.minute = minute
    market.last = print.price
    market.fresh = true
    if (market.orders.length > 0 && !this.#matching.isCalm(market, print.price)) {
      const at = this.#now
      const [price, quantity] = [amount(print.price), amount(print.quantity)]
      this.#matching.resume(market, at)
      const seen = { price, quantity, side: print.side, tradedAt: print.at, at, opens: isOpening }
      this.#matching.onPrint(market, seen)
    }
    return this.#flush()
  }

  find(id: string): OrderRow | null {
    return this.#execution.find(id)
  }

  openOrders(): readonly OrderRow[] {
    return this.#execution.openRows()
  }

  /** Price of the last print; null before the first. */
  lastPrice(symbol: string): Numeric | null {
    return this.#markets.get(symbol)?.last ?? null
  }

  get hasOpenOrders(): boolean {
    return this.#execution.live.size > 0
  }

  balances(): readonly Balance[] {
    return this.#execution.account.balances()
  }

  /** The whole state as plain JSON, sharing nothing that will change. */
  save(): EngineState {
    return {
      version: STATE_VERSION,
      series: this.#series,
      now: this.#now,
      orders: this.#entry.orders,
      trades: this.#execution.trades,
      tickets: this.#tickets,
      queue: [...this.#queue],
      totals: this.#execution.account.totals(),
      open: this.#execution.openRows(),
      closed: this.#execution.closedRows(),
      markets: Object.fromEntries([...this.#markets].map(([symbol, market]) => [symbol, market.save()])),
    }
  }

  /**
   * Takes the place of a fresh engine's state. @throws StateError for a state of another version or form, and when it
   * has a live order of a pair that this venue does not list.
   */
  restore(saved: Readonly<Record<string, unknown>>): void {
    const state = readState(saved, new Set(this.#markets.keys()))
    this.#series = state.series
    this.#now = state.now
    this.#entry.orders = state.orders
    this.#tickets = state.tickets
    this.#queue = [...state.queue]
    this.#execution.trades = state.trades
    this.#execution.account = new Account(state.totals)
    for (const row of state.closed) this.#execution.keepClosed(row)
    for (const row of state.open) this.#execution.open(workingOrder(row))
    for (const [symbol, row] of Object.entries(state.markets)) this.#markets.get(symbol)?.restore(row)
    this.#rearm()
  }

  #nextTicket(): number {
    this.#tickets += 1
    return this.#tickets
  }

  #enqueue(command: Command): number {
    let index = this.#queue.length
    while (index > 0 && (this.#queue[index - 1]?.at ?? 0) > command.at) index -= 1
    this.#queue.splice(index, 0, command)
    this.#dueAt = Math.min(this.#dueAt, command.at)
    return command.ticket
  }

  #flush(): readonly EngineEvent[] {
    if (this.#events.length === 0) return NOTHING
    const events = this.#events
    this.#events = []
    return events
  }

  #rearm(): void {
    let dueAt = this.#queue[0]?.at ?? Number.POSITIVE_INFINITY
    for (const order of this.#execution.live.values()) dueAt = Math.min(dueAt, expiryOf(order))
    this.#dueAt = dueAt
  }

  /** Expiries and requests due up to `at`, in order of time; an expiry goes before a request of the same moment. */
  #move(at: number): void {
    while (this.#dueAt <= at) {
      const dueAt = this.#dueAt
      this.#now = Math.max(this.#now, dueAt)
      for (const order of [...this.#execution.live.values()])
        if (expiryOf(order) <= dueAt) this.#execution.expire(order, this.#now)
      const next = this.#queue[0]
      if (next !== undefined && next.at <= dueAt) {
        this.#queue.shift()
        this.#obey(next)
      }
      this.#rearm()
    }
    if (at > this.#now) this.#now = at
  }

  #obey(command: Command): void {
    const { ticket } = command
    const at = this.#now
    const answer = (outcome: Outcome): void => {
      this.#events.push({ kind: 'answered', ticket, outcome, at })
    }
    if (command.kind === 'submit') this.#entry.accept(command.order, command.at, at, answer)
    else if (command.kind === 'amend') this.#entry.amend(command.change, at, answer)
    else this.#entry.cancel(command.id, at, answer)
  }
}

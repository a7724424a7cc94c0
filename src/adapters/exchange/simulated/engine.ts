/**
 * The matching engine of paper trading, replays and the sandbox: synchronous, without a clock, without promises, without a transport. Requests
 * wait in it until the moment they take effect; what happens comes back as events, in order. The same calls in the same
 * order give the same events, and its whole state is plain JSON.
 */
import { type Asset, type Pair, quoteOf } from '../../../domain/ids.ts'
import type { Balance } from '../../../domain/portfolio.ts'
import { amount, type Numeric } from '../../../domain/units.ts'
import type { MarketEvent } from '../../../ports/market-feed.ts'
import { Agenda } from './agenda.ts'
import type { Selector } from './blotter.ts'
import type { EngineEvent, EngineOptions, Print } from './engine-options.ts'
import type { Command, EngineState } from './engine-state.ts'
import type { Fees } from './fee-schedule.ts'
import type { CollateralRow, PricedPosition } from './margin-terms.ts'
import { isMatching, type MarketMode } from './market-mode.ts'
import type { Amendment, Outcome } from './order-entry.ts'
import { CANCELLED, type Refusal } from './refusals.ts'
import { restoreState, savedState } from './saving.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { LedgerRow, TradeRow, VenueEvent } from './venue-events.ts'
import { type IdOf, venueId } from './venue-ids.ts'
import type { NewOrder, OrderRow } from './venue-order.ts'
import { type VenueParts, venueParts } from './venue-parts.ts'

const MINUTE_MS = 60_000
const NOTHING: readonly EngineEvent[] = Object.freeze([])

export class MatchingEngine {
  readonly #markets: VenueParts['markets']
  readonly #parts: VenueParts
  readonly #agenda: Agenda
  #events: EngineEvent[] = []
  #series: string

  constructor(options: EngineOptions) {
    this.#series = options.series
    const idOf: IdOf = (prefix, sequence) => venueId(prefix, this.#series, sequence)
    const emit = (event: VenueEvent): void => {
      this.#events.push(event)
    }
    this.#parts = venueParts(options, idOf, emit)
    const { markets, blotter, execution, entry, margin } = this.#parts
    this.#markets = markets
    this.#agenda = new Agenda(blotter, {
      expire: (order, at) => execution.expire(order, at),
      start: (order, at) => entry.start(order, at),
      get rolloverAt() {
        return margin.rolloverAt
      },
      rollOver: (at) => margin.rollOver(at),
      cancelAll: (at) => this.#cancelAll(at),
      obey: (command, at) => this.#obey(command, at),
    })
  }

  /** The latest moment it has seen, milliseconds UTC; never goes back. */
  get now(): number {
    return this.#agenda.now
  }

  /** When something is to happen by itself; null when nothing waits. */
  nextDueAt(): number | null {
    return this.#agenda.dueAt
  }

  /** Asks for an order to take effect at `at`; answered under the returned ticket. */
  submit(order: NewOrder, at: number): number {
    return this.#agenda.ask({ kind: 'submit', order, at })
  }

  /** Asks for a cancellation by the venue's order id or the client's to take effect at `at`. */
  cancel(id: string, at: number): number {
    return this.#agenda.ask({ kind: 'cancel', id, at })
  }

  /** Asks for a change of quantity or prices to take effect at `at`; its place in the queue is kept where it may be. */
  amend(change: Amendment, at: number): number {
    return this.#agenda.ask({ kind: 'amend', change, at })
  }

  /** Everything due up to `at`, then stands there. Going back does nothing. */
  advanceTo(at: number): readonly EngineEvent[] {
    this.#agenda.moveTo(at)
    return this.#flush()
  }

  /** What the market did. Candles are ignored: they tell nothing that the prints have not. */
  onMarket(event: MarketEvent): readonly EngineEvent[] {
    if (event.kind === 'trade') return this.onPrint(event)
    if (event.kind === 'candle' || event.kind === 'ended') return NOTHING
    this.#agenda.moveTo(event.at)
    if (event.kind === 'line') {
      if (!event.up) for (const market of this.#markets.values()) market.forgetDepth()
      return this.#flush()
    }
    const market = this.#markets.get(event.symbol)
    if (market === undefined) return this.#flush()
    if (event.kind === 'quote') market.seeQuote(event)
    else market.seeBook(event)
    if (market.orders.length > 0 && isMatching(this.#parts.session.mode)) {
      this.#parts.matching.resume(market, this.#agenda.now)
      this.#parts.entry.spawn(this.#agenda.now)
    }
    if (this.#parts.margin.isOn) this.#watch(market)
    return this.#flush()
  }

  /**
   * One trade. `opens` says whether what lies between it and the print before was jumped over; where it is not given, the
   * first print of a minute is taken for an opening.
   */
  onPrint(print: Print, opens?: boolean): readonly EngineEvent[] {
    this.#agenda.moveTo(print.at)
    const market = this.#markets.get(print.symbol)
    if (market === undefined) return this.#flush()
    const minute = Math.floor(print.at / MINUTE_MS)
    const isOpening = opens ?? market.minute !== minute
    market.minute = minute
    market.last = print.price
    market.fresh = true
    const isConcerned = market.orders.length > 0 && !this.#parts.matching.isCalm(market, print.price)
    if (isConcerned && isMatching(this.#parts.session.mode)) {
      const at = this.#agenda.now
      const [price, quantity] = [amount(print.price), amount(print.quantity)]
      this.#parts.matching.resume(market, at)
      const seen = { price, quantity, side: print.side, tradedAt: print.at, at, opens: isOpening }
      this.#parts.matching.onPrint(market, seen)
      this.#parts.entry.spawn(at)
    }
    if (this.#parts.margin.isOn) this.#watch(market)
    return this.#flush()
  }

  /** Would the order be taken now? Null where it would; nothing changes. */
  check(order: NewOrder, at: number): Refusal | null {
    return this.#parts.entry.check(order, at, Math.max(at, this.#agenda.now))
  }

  /** Dead-man switch: all orders are cancelled at `at + timeoutMs`, unless this is called again before; 0 disarms. */
  cancelAllAfter(timeoutMs: number, at: number): readonly EngineEvent[] {
    this.#agenda.moveTo(at)
    this.#agenda.armSwitch(timeoutMs === 0 ? null : at + timeoutMs)
    return this.#flush()
  }

  /** Adds to a balance. `value` is above zero. */
  deposit(asset: Asset, value: Numeric, at: number): readonly EngineEvent[] {
    this.#agenda.moveTo(at)
    this.#parts.ledger.transfer(asset, amount(value), this.#agenda.now)
    this.#parts.margin.replenish(asset)
    return this.#flush()
  }

  /** Takes from a balance what no order holds. @throws AccountInvariantError when that is less than `value`. */
  withdraw(asset: Asset, value: Numeric, at: number): readonly EngineEvent[] {
    this.#agenda.moveTo(at)
    this.#parts.ledger.transfer(asset, amount(value).negated(), this.#agenda.now)
    return this.#flush()
  }

  get mode(): MarketMode {
    return this.#parts.session.mode
  }

  /** Opens or closes the whole market. */
  setMode(mode: MarketMode, at: number): readonly EngineEvent[] {
    this.#agenda.moveTo(at)
    this.#parts.session.mode = mode
    return this.#flush()
  }

  /** By the venue's order id or the client's; live orders before closed ones, the newest first. */
  find(id: string): OrderRow | null {
    return this.#parts.blotter.find(id)
  }

  /** All that match, closed ones first, each oldest first. */
  findAll(selector: Selector): readonly OrderRow[] {
    return this.#parts.blotter.findAll(selector)
  }

  /** Oldest first. */
  openOrders(): readonly OrderRow[] {
    return this.#parts.blotter.openRows()
  }

  /** In the order they ended, as far as they are kept. */
  closedOrders(): readonly OrderRow[] {
    return this.#parts.blotter.closedRows()
  }

  /** Oldest first, as far as they are kept. */
  trades(): readonly TradeRow[] {
    return this.#parts.ledger.tradeRows()
  }

  /** Oldest first, as far as it is kept; the starting balances are not part of it. */
  ledger(): readonly LedgerRow[] {
    return this.#parts.ledger.rows()
  }

  /** Open positions on margin, oldest first. */
  positions(): readonly PricedPosition[] {
    return this.#parts.margin.rows()
  }

  /** What of an asset is collateral, and how much of that is free; `level` is null where no position ties any up. */
  collateral(asset: Asset): CollateralRow {
    return this.#parts.margin.collateralRow(asset)
  }

  /** Price of the last print; null before the first. */
  lastPrice(symbol: string): Numeric | null {
    return this.#markets.get(symbol)?.last ?? null
  }

  /** What a trade of this pair would cost at `at`. */
  fees(_symbol: Pair, at: number): Fees {
    return this.#parts.fees.feesAt(at)
  }

  get hasOpenOrders(): boolean {
    return this.#parts.blotter.size > 0
  }

  balances(): readonly Balance[] {
    return this.#parts.account.balances()
  }

  /** The whole state as plain JSON, sharing nothing that will change. */
  save(): EngineState {
    return savedState(this.#parts, this.#agenda, this.#series)
  }

  /**
   * Takes the place of a fresh engine's state. @throws StateError for a state of another version or form, and when it
   * has a live order of a pair that this venue does not list.
   */
  restore(saved: Readonly<Record<string, unknown>>): void {
    this.#series = restoreState(this.#parts, this.#agenda, saved)
  }

  /** Positions are closed by force where the price has eaten their margin; what was opened is due for rollovers. */
  #watch(market: SymbolMarket): void {
    const { margin, session, entry } = this.#parts
    const { symbol } = market.instrument
    if (!margin.positions.has(symbol)) return
    const quote = quoteOf(symbol)
    if (isMatching(session.mode) && margin.isBroken(quote)) entry.liquidate(quote, this.#agenda.now)
    this.#agenda.rearm()
  }

  #flush(): readonly EngineEvent[] {
    if (this.#events.length === 0) return NOTHING
    const events = this.#events
    this.#events = []
    return events
  }

  #cancelAll(at: number): void {
    for (const order of [...this.#parts.blotter.live()])
      this.#parts.execution.cancel(order, CANCELLED.deadManSwitch, at)
  }

  #obey(command: Command, at: number): void {
    const { ticket } = command
    const answer = (outcome: Outcome): void => {
      this.#events.push({ kind: 'answered', ticket, outcome, at })
    }
    if (command.kind === 'submit') this.#parts.entry.accept(command.order, command.at, at, answer)
    else if (command.kind === 'amend') this.#parts.entry.amend(command.change, command.at, at, answer)
    else this.#parts.entry.cancel(command.id, at, answer)
    this.#parts.entry.spawn(at)
  }
}

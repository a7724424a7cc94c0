/** The sandbox's one account over the one matching engine. */
import type { MatchingEngine } from '../adapters/exchange/simulated/engine.ts'
import type { MarketMode } from '../adapters/exchange/simulated/market-mode.ts'
import type { Amendment, Outcome } from '../adapters/exchange/simulated/order-entry.ts'
import type { VenueEvent } from '../adapters/exchange/simulated/venue-events.ts'
import type { NewOrder, OrderRow } from '../adapters/exchange/simulated/venue-order.ts'
import type { Asset, Pair, VenueOrderId } from '../domain/ids.ts'
import { amount, type Numeric, text } from '../domain/units.ts'
import { addPoints, agePoints, type EngineChange, fixedPoints, type TierLimits } from '../domain/venue-limits.ts'
import type { Clock, IdSource } from '../ports/clock.ts'
import type { MarketEvent } from '../ports/market-feed.ts'
import { editedOrder, editProblem } from './edited-order.ts'
import { EngineLine } from './engine-line.ts'
import type { MarketView } from './market-view.ts'
import { SANDBOX_PAIRS, type SandboxPair } from './pairs.ts'
import type { RateCounters } from './rate-counters.ts'
import { UNKNOWN_ORDER } from './refusal.ts'
import { type EngineRequest, RequestLog } from './request-log.ts'
import type { SocketTokens } from './socket-tokens.ts'
import { type SpreadRow, Spreads } from './spreads.ts'
import type {
  AccountFeesNow,
  Amended,
  Cancelled,
  CancelSelector,
  Edit,
  Edited,
  Origin,
  Placed,
  PlaceOptions,
  Refused,
  SandboxVenue,
  Switched,
} from './venue.ts'

export interface AccountParts {
  readonly engine: MatchingEngine
  readonly market: MarketView
  readonly clock: Clock
  readonly counters: RateCounters
  readonly tokens: SocketTokens
  readonly ids: IdSource
}

const RATE_EXCEEDED = 'EOrder:Rate limit exceeded'
const SECOND_MS = 1_000
/** What one order of a batch is refused for by itself: the matching engine's own checks. */
const SINGLY: readonly string[] = ['funds', 'limits']

const refused = (...errors: readonly string[]): Refused => ({ errors })
const placedOf = (outcome: Outcome): Placed =>
  'message' in outcome ? refused(outcome.message) : { venueOrderId: outcome.venueOrderId }

export class SandboxAccount implements SandboxVenue {
  readonly instruments: readonly SandboxPair[] = SANDBOX_PAIRS
  readonly market: MarketView
  readonly limits: TierLimits
  readonly #line: EngineLine
  readonly #engine: MatchingEngine
  readonly #counters: RateCounters
  readonly #tokens: SocketTokens
  readonly #ids: IdSource
  readonly #log = new RequestLog()
  readonly #spreads: Spreads
  readonly #modeListeners = new Set<(mode: MarketMode) => void>()
  /** When an order was last amended. */
  readonly #amendedAt = new Map<string, number>()

  constructor({ engine, market, clock, counters, tokens, ids }: AccountParts) {
    this.#line = new EngineLine(engine, clock)
    this.#engine = engine
    this.market = market
    this.#counters = counters
    this.#tokens = tokens
    this.#ids = ids
    this.limits = counters.limits
    this.#spreads = new Spreads(market)
    this.#line.onEvent((event) => {
      if (event.kind !== 'booked' && event.order.closedAt !== null) this.#amendedAt.delete(event.order.venueOrderId)
    })
  }

  now(): number {
    return this.#line.now()
  }

  get mode(): MarketMode {
    return this.#engine.mode
  }

  /** What the feed told: fills come before what the market shows of it. */
  hear(event: MarketEvent): void {
    this.#line.tell(this.#engine.onMarket(event))
    this.market.hear(event)
  }

  place(ask: NewOrder, { validate, origin }: PlaceOptions): Placed {
    if (validate) return this.#checked(ask)
    const charge = { fixed: addPoints(1, false), age: 0 }
    const fits = this.#counters.change(ask.symbol, charge, this.now())
    return this.#submit(ask, origin, fits ? null : refused(RATE_EXCEEDED))
  }

  placeBatch(asks: readonly NewOrder[], { validate, origin }: PlaceOptions): readonly Placed[] | Refused {
    const [first] = asks
    if (first === undefined) return []
    const charge = { fixed: addPoints(asks.length, true), age: 0 }
    if (!validate && !this.#counters.change(first.symbol, charge, this.now())) return refused(RATE_EXCEEDED)
    for (const ask of asks) {
      const refusal = this.#engine.check(ask, this.now())
      if (refusal !== null && !SINGLY.includes(refusal.code)) return refused(refusal.message)
    }
    if (validate) return asks.map((ask) => this.#checked(ask))
    return asks.map((ask) => this.#submit(ask, origin, null))
  }

  amend(change: Amendment, origin: Origin): Amended {
    const order = this.#live(change.id)
    const about = { ...origin, kind: 'amend' as const, clientOrderId: order?.clientOrderId ?? null }
    if (order === null) return this.#note(refused(UNKNOWN_ORDER), { ...about, venueOrderId: change.id, symbol: null })
    const whose = { ...about, venueOrderId: order.venueOrderId, symbol: order.symbol }
    const age = this.#charge(order, 'amend')
    if (age === null) return this.#note(refused(RATE_EXCEEDED), whose)
    const at = this.now()
    const outcome = this.#line.ask((engine) => engine.amend({ ...change, id: order.venueOrderId }, at))
    if ('message' in outcome) {
      this.#counters.giveBack(order.symbol, age, at)
      return this.#note(refused(outcome.message), whose)
    }
    this.#amendedAt.set(order.venueOrderId, at)
    return this.#note({ amendId: this.#amendId(), venueOrderId: order.venueOrderId }, whose)
  }

  edit(id: string, change: Edit, { validate, origin }: PlaceOptions): Edited {
    const original = this.#live(id)
    if (original === null) return refused(UNKNOWN_ORDER)
    const problem = editProblem(original, change)
    if (problem !== null) return refused(problem)
    const order = editedOrder(original, change)
    const at = this.now()
    const refusal = this.#engine.check({ ...order, clientOrderId: null }, at)
    // The old order's own hold may be all that is missing.
    if (refusal !== null && refusal.code !== 'funds') return refused(refusal.message)
    if (validate) return { venueOrderId: null, original, order }
    const whose = { ...origin, kind: 'edit' as const, clientOrderId: null, symbol: original.symbol }
    if (this.#charge(original, 'edit') === null)
      return this.#note(refused(RATE_EXCEEDED), { ...whose, venueOrderId: original.venueOrderId })
    const gone = this.#line.ask((engine) => engine.cancel(original.venueOrderId, at))
    const outcome = 'message' in gone ? gone : this.#line.ask((engine) => engine.submit(order, at))
    if ('message' in outcome)
      return this.#note(refused(outcome.message), { ...whose, venueOrderId: original.venueOrderId })
    const { venueOrderId } = outcome
    return this.#note({ venueOrderId, original, order }, { ...whose, venueOrderId })
  }

  cancel(selector: CancelSelector, origin: Origin): Cancelled {
    const orders = this.#selected(selector)
    if (orders.length === 0) {
      const venueOrderId = 'venueOrderId' in selector ? selector.venueOrderId : null
      const clientOrderId = 'clientOrderId' in selector ? selector.clientOrderId : null
      const about = { ...origin, kind: 'cancel' as const, symbol: null, venueOrderId, clientOrderId }
      return this.#note(refused(UNKNOWN_ORDER), about)
    }
    const outcomes = orders.map((order) => this.#cancelOne(order, origin))
    const venueOrderIds = outcomes.flatMap((outcome) => ('errors' in outcome ? [] : outcome.venueOrderIds))
    return venueOrderIds.length > 0 ? { venueOrderIds } : (outcomes[0] ?? refused(UNKNOWN_ORDER))
  }

  /** Not charged: Kraken names no points for it. */
  cancelAll(origin: Origin): Cancelled {
    const about = { ...origin, kind: 'cancel-all' as const, symbol: null, clientOrderId: null, venueOrderId: null }
    const venueOrderIds: VenueOrderId[] = []
    for (const order of this.#engine.openOrders()) {
      const outcome = this.#line.ask((engine, at) => engine.cancel(order.venueOrderId, at))
      if ('message' in outcome) return this.#note(refused(outcome.message), about)
      venueOrderIds.push(order.venueOrderId)
    }
    return this.#note({ venueOrderIds }, about)
  }

  cancelAllAfter(seconds: number, origin: Origin): Switched {
    const now = this.now()
    this.#line.tell(this.#engine.cancelAllAfter(seconds * SECOND_MS, now))
    return this.#note(
      { now, triggerAt: seconds === 0 ? null : now + seconds * SECOND_MS },
      { ...origin, kind: 'cancel-all-after', symbol: null, clientOrderId: null, venueOrderId: null },
    )
  }

  order(id: string): OrderRow | null {
    return this.#engine.find(id)
  }

  ordersOf(selector: { readonly userref: number } | { readonly clientOrderId: string }): readonly OrderRow[] {
    return this.#engine.findAll(selector)
  }

  openOrders = (): readonly OrderRow[] => this.#engine.openOrders()
  closedOrders = (): readonly OrderRow[] => this.#engine.closedOrders()
  trades = () => this.#engine.trades()
  ledger = () => this.#engine.ledger()
  balances = () => this.#engine.balances()
  positions = () => this.#engine.positions()
  fees = (symbol: Pair): AccountFeesNow => this.#engine.fees(symbol, this.now())
  spreads = (symbol: Pair): readonly SpreadRow[] => this.#spreads.of(symbol)
  rateCounter = (symbol: Pair): number => this.#counters.pair(symbol, this.now())

  onEvent(listener: (event: VenueEvent) => void): () => void {
    return this.#line.onEvent(listener)
  }

  onMode(listener: (mode: MarketMode) => void): () => void {
    this.#modeListeners.add(listener)
    return () => this.#modeListeners.delete(listener)
  }

  tokenFor = (): string => this.#tokens.issue(this.now())
  tokenIsValid = (token: string): boolean => this.#tokens.isValid(token, this.now())

  // What the admin does from outside.

  setMode(mode: MarketMode): void {
    if (mode === this.#engine.mode) return
    this.#line.tell(this.#engine.setMode(mode, this.now()))
    for (const listener of [...this.#modeListeners]) listener(mode)
  }

  /** Positive is a deposit, negative a withdrawal of what no order holds. @throws AccountInvariantError */
  transfer(of: Asset, value: Numeric): void {
    const by = amount(value)
    this.#line.tell(
      by.lt(0)
        ? this.#engine.withdraw(of, text(by.negated()), this.now())
        : this.#engine.deposit(of, text(by), this.now()),
    )
  }

  requests(): readonly EngineRequest[] {
    return this.#log.rows()
  }

  /** Nothing happens by itself any more. */
  stop(): void {
    this.#line.stop()
    this.#modeListeners.clear()
  }

  #checked(ask: NewOrder): Placed {
    const refusal = this.#engine.check(ask, this.now())
    return refusal === null ? { venueOrderId: null } : refused(refusal.message)
  }

  #submit(ask: NewOrder, origin: Origin, refusal: Refused | null): Placed {
    const placed = refusal ?? placedOf(this.#line.ask((engine, at) => engine.submit(ask, at)))
    const { symbol, clientOrderId } = ask
    const venueOrderId = 'errors' in placed ? null : placed.venueOrderId
    return this.#note(placed, { ...origin, kind: 'place', symbol, clientOrderId, venueOrderId })
  }

  #cancelOne(order: OrderRow, origin: Origin): Cancelled {
    const { symbol, clientOrderId, venueOrderId } = order
    const about = { ...origin, kind: 'cancel' as const, symbol, clientOrderId, venueOrderId }
    const age = this.#charge(order, 'cancel')
    if (age === null) return this.#note(refused(RATE_EXCEEDED), about)
    const outcome = this.#line.ask((engine, at) => engine.cancel(venueOrderId, at))
    if (!('message' in outcome)) return this.#note({ venueOrderIds: [venueOrderId] }, about)
    this.#counters.giveBack(symbol, age, this.now())
    return this.#note(refused(outcome.message), about)
  }

  /** Charges a change of the order; the part for its age, or null when it is one too many. */
  #charge(order: OrderRow, change: EngineChange): number | null {
    const now = this.now()
    const age = agePoints(change, now - (this.#amendedAt.get(order.venueOrderId) ?? order.openedAt))
    return this.#counters.change(order.symbol, { fixed: fixedPoints(change), age }, now) ? age : null
  }

  #live(id: string): OrderRow | null {
    const order = this.#engine.find(id)
    return order !== null && order.closedAt === null ? order : null
  }

  #selected(selector: CancelSelector): readonly OrderRow[] {
    if ('userref' in selector) return this.#engine.findAll(selector).filter((order) => order.closedAt === null)
    const order = this.#live('venueOrderId' in selector ? selector.venueOrderId : selector.clientOrderId)
    return order === null ? [] : [order]
  }

  #note<T extends object>(outcome: T, request: Omit<EngineRequest, 'at' | 'errors'>): T {
    const errors = 'errors' in outcome ? (outcome as unknown as Refused).errors : []
    this.#log.add({ ...request, at: this.now(), errors })
    return outcome
  }

  /** In the form of Kraken's: `T` and 5-5-6 characters. */
  #amendId(): string {
    const letters = this.#ids.next().replaceAll('-', '').toUpperCase()
    return `T${letters.slice(0, 5)}-${letters.slice(5, 10)}-${letters.slice(10, 16)}`
  }
}

/**
 * Kraken behind the exchange port, live: signed REST for everything that changes an order, the private line for reports,
 * and the lists in its stead while it is down.
 */
import type { Flow } from '../../../domain/account-history.ts'
import type { VenueMode } from '../../../domain/connection.ts'
import { type OrderId, type Pair, venueOrderId } from '../../../domain/ids.ts'
import { text } from '../../../domain/units.ts'
import type { RandomSource } from '../../../ports/clock.ts'
import type {
  AmendRequest,
  CheckRequest,
  Exchange,
  ExecutionReport,
  PlaceRequest,
  VenueAnswer,
} from '../../../ports/exchange.ts'
import { fieldsOf, numberOf, rowsOf, textOf, type Wire } from '../../kraken/exact-json.ts'
import { restCalls } from '../../kraken/rest-call.ts'
import { cancelAllAfter, readBalances, readFees, readFlows, readMarginPositions, readPermissions } from './account.ts'
import { reading, refused } from './answer.ts'
import { type CallParts, PrivateCalls } from './call.ts'
import { Executions } from './executions.ts'
import { flowsOf, HistoryPages, tradeFeesOf } from './history-pages.ts'
import { KnownFills } from './known-fills.ts'
import { Listings } from './listings.ts'
import { NamedLists } from './named-lists.ts'
import { addOrder, amendOrder } from './order-form.ts'
import { OrderLists, venueOrderOf } from './order-lists.ts'
import { Poll } from './poll.ts'
import { pointsSpent, QUESTION_POINTS } from './question-points.ts'
import { fieldsIn } from './rows.ts'
import { PrivateSession } from './session.ts'

export interface KrakenExchangeParts extends CallParts {
  /** `wss://ws-auth.kraken.com/v2`, or a sandbox on loopback. */
  readonly socketUrl: string
  /** Between two public calls, milliseconds. */
  readonly publicPaceMs: number
  /** For the spread of reconnects. */
  readonly chance: RandomSource
  /** What the engine does, first as a line opens and then whenever it changes. */
  readonly onMode?: (mode: VenueMode) => void
}

export interface KrakenExchange extends Exchange {
  /** The engine's mode by SystemStatus. */
  system(): Promise<VenueAnswer<VenueMode>>
  /** Resolves when every report that the venue has sent before now was told; at once while the line is down. */
  caughtUp(): Promise<void>
}

/**
 * The live venue. It answers before `start` too, and tells reports only after it; `start` resolves with the first word of
 * the line, up or down.
 */
export function krakenExchange(parts: KrakenExchangeParts): KrakenExchange {
  return new Kraken(parts)
}

class Kraken implements KrakenExchange {
  readonly name = 'kraken'
  /** One lane of nonces: a second call would wait for the first. */
  readonly callsAtOnce = 1
  readonly questionPoints = QUESTION_POINTS
  readonly pointsSpent = pointsSpent
  readonly #parts: KrakenExchangeParts
  readonly #calls: PrivateCalls
  readonly #listings: Listings
  readonly #lists: OrderLists
  readonly #executions: Executions
  readonly #session: PrivateSession
  readonly #poll: Poll
  readonly #named: NamedLists
  readonly #ledger: HistoryPages<Wire>
  #tell: (report: ExecutionReport) => void = () => {}
  #line: (up: boolean, reason: string | null) => void = () => {}
  #count: (symbol: Pair, points: number) => void = () => {}
  #charge: (flow: Flow) => void = () => {}
  #mode: VenueMode | null = null
  #firstWord: () => void = () => {}

  constructor(parts: KrakenExchangeParts) {
    this.#parts = parts
    const { restUrl, publicPaceMs, fetch, clock, chance, log, socketUrl } = parts
    const fills = new KnownFills()
    this.#calls = new PrivateCalls(parts)
    this.#listings = new Listings(restCalls({ baseUrl: restUrl, fetch, clock, paceMs: publicPaceMs }))
    this.#lists = new OrderLists(this.#calls, fills)
    this.#ledger = new HistoryPages(this.#calls, flowsOf)
    const fees = new HistoryPages(this.#calls, tradeFeesOf)
    this.#named = new NamedLists({ fees, listings: this.#listings, lists: this.#lists, log })
    this.#executions = new Executions({
      fills,
      tell: (report) => this.#report(report),
      count: (symbol, points) => this.#count(symbol, points),
    })
    this.#poll = new Poll({ lists: this.#lists, executions: this.#executions, clock })
    this.#session = new PrivateSession({
      ...{ socketUrl, clock, chance, log },
      token: () => this.#token(),
      onLine: (up, reason) => this.#lineIs(up, reason),
      onMode: (mode) => this.#modeIs(mode),
      onSnapshot: (rows) => this.#executions.takeSnapshot(rows),
      onExecution: (row, isLate) => this.#executions.take(row, isLate),
      onCharge: (flow) => this.#charge(flow),
    })
  }

  onReport(listener: (report: ExecutionReport) => void): void {
    this.#tell = listener
  }

  onCount(listener: (symbol: Pair, points: number) => void): void {
    this.#count = listener
  }

  onCharge(listener: (flow: Flow) => void): void {
    this.#charge = listener
  }

  onLine(listener: (up: boolean, reason: string | null) => void): void {
    this.#line = listener
  }

  async start(): Promise<void> {
    const firstWord = new Promise<void>((resolve) => {
      this.#firstWord = resolve
    })
    this.#calls.start()
    void this.#listings.names()
    this.#poll.start()
    this.#session.start()
    await firstWord
  }

  /** Sends nothing more, lets what has left be answered, closes the line. Cancels nothing. */
  async stop(): Promise<void> {
    await this.#calls.stop()
    this.#session.stop()
    this.#poll.stop()
  }

  caughtUp(): Promise<void> {
    return this.#session.caughtUp()
  }

  system(): Promise<VenueAnswer<VenueMode>> {
    return this.#listings.system()
  }

  instruments(): ReturnType<Exchange['instruments']> {
    return this.#listings.instruments()
  }

  async place(order: PlaceRequest): ReturnType<Exchange['place']> {
    const answer = await this.#add(order, false)
    if (answer.kind !== 'done') return answer
    const read = reading(answer, (result) => {
      const [txid] = rowsOf(fieldsIn(result, 'AddOrder').txid, 'txid')
      return venueOrderId(textOf(txid, 'txid'))
    })
    if (read.kind !== 'done') return read
    const { quantity, limitPrice, triggerPrice } = order.request
    this.#executions.know(read.value, order.clientOrderId, {
      quantity: text(quantity),
      ...(limitPrice === null ? {} : { limitPrice: text(limitPrice) }),
      ...(triggerPrice === null ? {} : { triggerPrice: text(triggerPrice) }),
    })
    return { kind: 'done', value: { venueOrderId: read.value } }
  }

  async validate(order: CheckRequest): ReturnType<Exchange['validate']> {
    return asNull(await this.#add(order, true))
  }

  async amend(order: AmendRequest): ReturnType<Exchange['amend']> {
    return asNull(await this.#calls.ask(amendOrder(order)))
  }

  async cancel(clientOrderId: OrderId): ReturnType<Exchange['cancel']> {
    const form = { cl_ord_id: clientOrderId }
    const answer = await this.#calls.ask({ method: 'CancelOrder', rank: 'order', form })
    const taken = reading(answer, (result) => {
      const { count, pending } = fieldsIn(result, 'CancelOrder')
      return pending === true || numberOf(count, 'count') > 0
    })
    if (taken.kind !== 'done') return taken
    return taken.value ? { kind: 'done', value: null } : refused('gone', 'EOrder:Unknown order')
  }

  async lookUp(clientOrderId: OrderId, isGlance = false): ReturnType<Exchange['lookUp']> {
    const found = await this.#lists.find(clientOrderId, (id) => this.#executions.hasEnded(id), isGlance)
    if (found.kind !== 'done') return found
    if (found.value === null) return { kind: 'done', value: null }
    this.#executions.know(found.value.row.venueOrderId, clientOrderId)
    return { kind: 'done', value: venueOrderOf(found.value) }
  }

  openOrders(): ReturnType<Exchange['openOrders']> {
    return this.#named.openOrders((id) => this.#executions.hasEnded(id))
  }

  trades(since: number): ReturnType<Exchange['trades']> {
    return this.#named.trades(since)
  }

  async balances(): ReturnType<Exchange['balances']> {
    const names = await this.#listings.names()
    return names.kind === 'done' ? readBalances(this.#calls, names.value) : names
  }

  async fees(symbols: Parameters<Exchange['fees']>[0]): ReturnType<Exchange['fees']> {
    const names = await this.#listings.names()
    return names.kind === 'done' ? readFees(this.#calls, names.value, symbols) : names
  }

  async flows(since: number): ReturnType<Exchange['flows']> {
    const names = await this.#listings.names()
    return names.kind === 'done' ? readFlows(this.#ledger, names.value, since) : names
  }

  async marginPositions(): ReturnType<Exchange['marginPositions']> {
    const names = await this.#listings.names()
    return names.kind === 'done' ? readMarginPositions(this.#calls, names.value) : names
  }

  permissions(): ReturnType<Exchange['permissions']> {
    return readPermissions(this.#calls)
  }

  cancelAllAfter(timeoutMs: number): ReturnType<Exchange['cancelAllAfter']> {
    return cancelAllAfter(this.#calls, timeoutMs)
  }

  async #add(order: CheckRequest, validate: boolean): Promise<VenueAnswer<Wire>> {
    const names = await this.#listings.names()
    // Without the table nothing has been sent.
    if (names.kind !== 'done') return refused('outage', names.kind === 'lost' ? names.problem : names.message)
    const restName = names.value.restName(order.request.symbol)
    if (restName === null) return refused('validation', 'EQuery:Unknown asset pair')
    return this.#calls.ask(addOrder(order, restName, { validate }))
  }

  async #token(): Promise<VenueAnswer<string>> {
    const answer = await this.#calls.ask({ method: 'GetWebSocketsToken', rank: 'read', form: {} })
    return reading(answer, (result) => textOf(fieldsOf(result)?.token, 'token'))
  }

  #lineIs(up: boolean, reason: string | null): void {
    if (up) this.#poll.stop()
    else this.#poll.start()
    this.#line(up, reason)
    this.#firstWord()
  }

  /** Said whenever a line opens; news only where it is another than before. */
  #modeIs(mode: VenueMode): void {
    if (mode === this.#mode) return
    this.#mode = mode
    this.#parts.log.info('kraken’s engine', { mode })
    this.#parts.onMode?.(mode)
  }

  #report(report: ExecutionReport): void {
    try {
      this.#tell(report)
    } catch (problem) {
      this.#parts.log.error('the listener of execution reports failed', { report, problem: String(problem) })
    }
  }
}

const asNull = (answer: VenueAnswer<unknown>): VenueAnswer<null> =>
  answer.kind === 'done' ? { kind: 'done', value: null } : answer

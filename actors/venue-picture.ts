/** The venue's picture of the account, asked for piece by piece, beside ours; compared as often as is needed. */
import type { Flow, OpenOnMargin, VenueTrade } from '../src/domain/account-history.ts'
import { type Asset, baseOf, type OrderId, type TradeId } from '../src/domain/ids.ts'
import { isLive, type OrderPhase, type OrderView } from '../src/domain/order.ts'
import type { Balance } from '../src/domain/portfolio.ts'
import { type Reconciliation, reconcile } from '../src/domain/reconcile.ts'
import type { VenueOrder } from '../src/domain/reports.ts'
import { amount, type Numeric, text, ZERO } from '../src/domain/units.ts'
import { pairsToValue } from '../src/domain/valuation.ts'
import type { VenueAnswer, VenueOrderRow } from '../src/ports/exchange.ts'
import { spotPositions } from './holdings.ts'
import type { House } from './house.ts'
import { searchJournal } from './reconciliation-search.ts'

/** The venue did not answer, or something else is missing: a reason to try again, and no crash. */
export class NotNowError extends Error {
  override readonly name = 'NotNowError'
}

/** What is remembered from pass to pass, for the life of the process. */
export interface PictureMemory {
  /** When a pass that found balances as expected began; null before the first. */
  explainedAt: number | null
  /** Client ids and venue ids that the journal was searched for in vain. */
  readonly strangers: Set<string>
}

const AT_REST: readonly OrderPhase[] = ['retrying', 'open', 'partiallyFilled', 'settling', 'done']
/** The venue's lists may lag behind its own balances by that much. */
const OVERLAP_MS = 10 * 60_000
/** How far back trades are asked for when nothing is known of when the balances were last understood. */
const LONGEST_MS = 7 * 86_400_000

/** Most failed orders that are looked up for the sake of trades that seem to be nobody's. */
const MOST_UNNUMBERED = 20

async function answered<T>(what: string, question: Promise<VenueAnswer<T>>): Promise<T> {
  const answer = await question
  if (answer.kind === 'done') return answer.value
  const problem = answer.kind === 'lost' ? answer.problem : `${answer.code}: ${answer.message}`
  throw new NotNowError(`${what}: ${problem}`)
}

/**
 * What belongs to the account: what the prices that we ask for can value, and what is in its books. Another coin that comes
 * while we run is left alone until a start finds it held and asks for its price.
 */
export function isOurs({ books, settings }: House): (of: Asset) => boolean {
  const watched = new Set(settings.watched)
  const held = books.totals() ?? {}
  return (of) => of in held || pairsToValue(of, watched) !== null
}

/** Base units that open spot positions hold by their fills, by asset: the venue's balances show each of those at once. */
function inPositions({ books }: House): Readonly<Record<string, Numeric>> {
  const held: Record<string, Numeric> = {}
  for (const { quantity, symbol } of spotPositions(books)) {
    const base = baseOf(symbol)
    held[base] = text(amount(held[base] ?? ZERO).plus(amount(quantity)))
  }
  return held
}

/** One look at the venue: `ask`, then `complete` once the account is open. Both throw `NotNowError`. */
export class VenuePicture {
  balances: readonly Balance[] = []
  readonly #house: House
  readonly #memory: PictureMemory
  readonly #askedAt: number
  /** What we believed before the venue was asked; an order that has moved on since makes the answer old. */
  readonly #asWeAsked: ReadonlyMap<OrderId, OrderView>
  readonly #answers = new Map<OrderId, { readonly view: OrderView | null; readonly found: VenueOrder | null }>()
  /** Ended ones that the venue named. */
  readonly #named = new Map<OrderId, OrderView>()
  readonly #counted = new Set<TradeId>()
  #open: readonly VenueOrderRow[] = []
  #flows: readonly Flow[] = []
  #trades: readonly VenueTrade[] | null = null
  #onMargin: readonly OpenOnMargin[] | null = null

  constructor(house: House, memory: PictureMemory) {
    this.#house = house
    this.#memory = memory
    this.#askedAt = house.clock.now()
    this.#asWeAsked = new Map([...house.books.orders()].map((order) => [order.orderId, order]))
  }

  /** Asks for orders, flows and balances. */
  async ask(): Promise<void> {
    const { exchange } = this.#house
    this.#open = await answered('open orders', exchange.openOrders())
    await this.#askBalances()
    await this.#nameOrders(
      this.#open.flatMap(({ clientOrderId }) => clientOrderId ?? []),
      [],
    )
  }

  /** Looks up what is left open, and asks for trades where balances differ. Only once the account is open. */
  async complete(): Promise<Reconciliation> {
    let result = await this.#lookUpAll()
    if (!result.needsTrades) return result
    const { books, clock, exchange } = this.#house
    const lately = (this.#memory.explainedAt ?? clock.now() - LONGEST_MS) - OVERLAP_MS
    const trades = await answered('trades', exchange.trades(Math.max(books.settledUntil(), lately)))
    await this.#askBalances()
    await this.#nameOrders(
      trades.flatMap(({ clientOrderId }) => clientOrderId ?? []),
      trades,
    )
    this.#trades = trades
    result = await this.#lookUpAll()
    return result
  }

  /** Flows that the venue tells and that are not booked. */
  freshFlows(): readonly Flow[] {
    const { books } = this.#house
    const ours = isOurs(this.#house)
    return this.#flows.filter(({ flowId, asset: of }) => !books.isKnownFlow(flowId) && ours(of))
  }

  /** What it says beside what we believe now. */
  compare(): Reconciliation {
    const { books, clock } = this.#house
    const present = [...books.orders()].filter((order) => isLive(order) || order.phase === 'settling')
    const named = [...this.#named.keys()].flatMap((id) => books.order(id) ?? this.#named.get(id) ?? [])
    // While an order is on its way, its fills may reach us and the venue's balances in either order.
    const isAtRest = books.liveOrders().every(({ phase }) => AT_REST.includes(phase))
    return reconcile({
      orders: [...new Map([...named, ...present].map((order) => [order.orderId, order])).values()],
      openAtVenue: this.#open.filter(({ clientOrderId: id }) => id === null || this.#isFresh(id)),
      lookUps: new Map(
        [...this.#answers].flatMap(([id, { view, found }]) => (this.#isStill(id, view) ? [[id, found] as const] : [])),
      ),
      ...{ externals: books.externals(), trades: this.#trades, counted: this.#counted, flows: this.freshFlows() },
      balances: this.balances,
      expected: isAtRest ? books.totals() : null,
      marginBook: books.marginBook(),
      openOnMargin: this.#onMargin,
      inPositions: inPositions(this.#house),
      isOurs: isOurs(this.#house),
      now: clock.now(),
    })
  }

  /** When the picture was begun. Milliseconds UTC. */
  get askedAt(): number {
    return this.#askedAt
  }

  #isStill(orderId: OrderId, view: OrderView | null): boolean {
    return this.#house.books.order(orderId) === view
  }
  #isFresh(id: OrderId): boolean {
    return !this.#answers.has(id) && this.#isStill(id, this.#asWeAsked.get(id) ?? null)
  }

  /** Flows before balances: what comes in between is a difference that the next look explains. */
  async #askBalances(): Promise<void> {
    const { books, clock, exchange, settings } = this.#house
    // All that came before balances were as expected is booked.
    const since = Math.max(books.flowsKnownUntil() ?? clock.now(), this.#memory.explainedAt ?? 0) - OVERLAP_MS
    this.#flows = await answered('flows', exchange.flows(since))
    const { limits } = settings
    if (limits.margin.enabled || books.marginLots().length > 0)
      this.#onMargin = await answered('positions on margin', exchange.marginPositions())
    this.balances = (await answered('balances', exchange.balances())).filter(({ asset: of }) => isOurs(this.#house)(of))
  }

  async #lookUpAll(): Promise<Reconciliation> {
    for (const orderId of this.compare().toLookUp) await this.#lookUp(orderId)
    return this.compare()
  }

  async #lookUp(orderId: OrderId): Promise<void> {
    const { books, exchange } = this.#house
    const view = books.order(orderId)
    this.#answers.set(orderId, { view, found: await answered(`order ${orderId}`, exchange.lookUp(orderId)) })
  }

  /**
   * Finds the orders of ours that the venue names and that have ended: in the books, else in the journal. What is found
   * nowhere belongs to somebody else.
   */
  async #nameOrders(clientIds: readonly OrderId[], trades: readonly VenueTrade[]): Promise<void> {
    const { books, journal } = this.#house
    const { strangers } = this.#memory
    const known = new Map([...books.orders()].map((order) => [order.venueOrderId, order]))
    for (const id of clientIds) this.#name(books.order(id))
    for (const { venueOrderId } of trades) this.#name(known.get(venueOrderId) ?? null)
    const foreign = new Set<string>(books.externals().map(({ venueOrderId }) => venueOrderId))
    const adoptedIds = new Set<string | null>(books.externals().map(({ clientOrderId }) => clientOrderId))
    const orderIds = new Set(
      clientIds.filter((id) => books.order(id) === null && !strangers.has(id) && !adoptedIds.has(id)),
    )
    const lost = trades.filter(({ venueOrderId: id }) => !known.has(id) && !foreign.has(id) && !strangers.has(id))
    if (orderIds.size === 0 && lost.length === 0) return
    const found = await searchJournal(journal, {
      orderIds,
      venueOrderIds: new Set(lost.map(({ venueOrderId }) => venueOrderId)),
      tradeIds: new Set(lost.map(({ fill }) => fill.tradeId)),
    })
    for (const order of found.orders) this.#name(order)
    for (const tradeId of found.counted) this.#counted.add(tradeId)
    for (const id of orderIds) if (!this.#named.has(id)) strangers.add(id)
    await this.#lookUpUnnumbered(lost)
  }

  #name(order: OrderView | null): void {
    if (order !== null) this.#named.set(order.orderId, order)
  }

  /** Orders that failed without ever having a venue's id: a trade that seems to be nobody's may be one of theirs. */
  async #lookUpUnnumbered(lost: readonly VenueTrade[]): Promise<void> {
    const numbers = new Set([...this.#named.values()].map(({ venueOrderId }) => venueOrderId))
    const symbols = lost.filter(({ venueOrderId }) => !numbers.has(venueOrderId)).map(({ symbol }) => symbol)
    if (symbols.length === 0) return
    const unnumbered = [...this.#house.books.orders()].filter(
      ({ phase, venueOrderId, request }) =>
        phase === 'done' && venueOrderId === null && symbols.includes(request.symbol),
    )
    for (const order of unnumbered.slice(-MOST_UNNUMBERED)) {
      this.#name(order)
      await this.#lookUp(order.orderId)
    }
  }
}

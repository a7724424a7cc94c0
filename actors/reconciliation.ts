/** Comparing our picture with the venue's: asks, lets the orders hear what they missed, and says what could not be explained. */
import type { OrderId, VenueOrderId } from '../src/domain/ids.ts'
import { isLive, type OrderPhase, type OrderView } from '../src/domain/order.ts'
import type { Balance } from '../src/domain/portfolio.ts'
import { type Reconciliation, reconcile } from '../src/domain/reconcile.ts'
import type { VenueOrder } from '../src/domain/reports.ts'
import { amount } from '../src/domain/units.ts'
import { freshPrices, type Marks, usdRate } from '../src/domain/valuation.ts'
import type { VenueAnswer, VenueOrderRow } from '../src/ports/exchange.ts'
import { orderAddress } from './addresses.ts'
import type { House } from './house.ts'
import { record } from './record.ts'

export type ReconciliationResult = { readonly ok: true } | { readonly ok: false; readonly problem: string }

/** Kept for the life of the process. */
export interface ReconciliationMemory {
  /** External orders that were reported before. */
  readonly adopted: Set<VenueOrderId>
  /** Differences of balances that the last pass saw while orders rested: the same once more is no race. */
  suspected: readonly string[]
}

const problemOf = (answer: Exclude<VenueAnswer<unknown>, { kind: 'done' }>): string =>
  answer.kind === 'lost' ? answer.problem : `${answer.code}: ${answer.message}`

const AT_REST: readonly OrderPhase[] = ['open', 'partiallyFilled', 'settling', 'done']

/** The venue's picture beside ours, as often as it is asked for. */
interface Comparison {
  compare(): Reconciliation
  /** Asks for one order alone. Null, or why there is no answer. */
  lookUp(orderId: OrderId): Promise<string | null>
}

/**
 * `asWeAsked` is what we believed before the venue was asked. An order that has moved on since makes the answer old: it
 * is left out and looked up, for taken as news it would undo an amendment or a fill.
 */
function comparison(
  { books, exchange }: House,
  { adopted }: ReconciliationMemory,
  asWeAsked: ReadonlyMap<OrderId, OrderView>,
  open: readonly VenueOrderRow[],
  balances: readonly Balance[],
): Comparison {
  const isStill = (orderId: OrderId, view: OrderView | null): boolean => books.order(orderId) === view
  const answers = new Map<OrderId, { readonly view: OrderView | null; readonly found: VenueOrder | null }>()
  // While an order is on its way, its fills may reach us and the venue's balances in either order.
  const expected = books.liveOrders().every(({ phase }) => AT_REST.includes(phase)) ? books.totals() : null
  return {
    compare: () =>
      reconcile({
        orders: [...books.orders()].filter((order) => isLive(order) || order.phase === 'settling'),
        openAtVenue: open.filter(
          ({ clientOrderId: id }) => id === null || (!answers.has(id) && isStill(id, asWeAsked.get(id) ?? null)),
        ),
        lookUps: new Map(
          [...answers].flatMap(([id, { view, found }]) => (isStill(id, view) ? [[id, found] as const] : [])),
        ),
        ...{ balances, expected, adopted, tolerance: {} },
      }),
    lookUp: async (orderId) => {
      const view = books.order(orderId)
      const answer = await exchange.lookUp(orderId)
      if (answer.kind !== 'done') return problemOf(answer)
      answers.set(orderId, { view, found: answer.value })
      return null
    },
  }
}

/** One pass. Never throws; what the venue does not answer is a reason to try again. */
export async function reconcileWithVenue(
  house: House,
  memory: ReconciliationMemory,
  marks: () => Marks,
): Promise<ReconciliationResult> {
  const { books, exchange } = house
  const asWeAsked = new Map([...books.orders()].map((order) => [order.orderId, order]))
  const open = await exchange.openOrders()
  if (open.kind !== 'done') return failed(house, `open orders: ${problemOf(open)}`)
  const balances = await exchange.balances()
  if (balances.kind !== 'done') return failed(house, `balances: ${problemOf(balances)}`)

  if (books.ledger() === null) {
    const problem = openAccount(house, balances.value, marks())
    if (problem !== null) return failed(house, problem)
  }
  const { compare, lookUp } = comparison(house, memory, asWeAsked, open.value, balances.value)
  for (const orderId of compare().toLookUp) {
    const problem = await lookUp(orderId)
    if (problem !== null) return failed(house, `order ${orderId}: ${problem}`)
  }
  conclude(house, memory, compare())
  return { ok: true }
}

/** Lets the orders hear what they missed; what cannot be explained halts. */
function conclude(
  { addresses, books, clock, log, state }: House,
  memory: ReconciliationMemory,
  result: Reconciliation,
): void {
  const seenAt = clock.now()
  for (const { orderId, order } of result.found)
    addresses.tell(orderAddress(orderId), { type: 'venue.found', order, origin: 'reconciled', seenAt })
  for (const orderId of result.notFound)
    addresses.tell(orderAddress(orderId), { type: 'venue.notFound', origin: 'reconciled', seenAt })
  for (const row of result.toAdopt) {
    memory.adopted.add(row.venueOrderId)
    log.warn('an order at the venue is not ours: it is left alone and watched', {
      venueOrderId: row.venueOrderId,
      symbol: row.symbol,
    })
  }
  state('system', {
    type: 'reconciliation.completed',
    matched: result.matched.length,
    missedFills: result.missedFills.length,
    adopted: result.toAdopt.length,
    unexplained: result.unexplained,
  })
  // A resting order may have been filled between the two answers: a difference counts when it is there the next time too.
  const mayBeRace = books.liveOrders().length > 0
  const isFirstSeen = (problem: string): boolean =>
    mayBeRace && result.ofBalances.includes(problem) && !memory.suspected.includes(problem)
  const proved = result.unexplained.filter((problem) => !isFirstSeen(problem))
  memory.suspected = result.ofBalances
  if (proved.length === 0) return
  const reason = `unexplained at the venue: ${proved.join('; ')}`
  addresses.tell('coordinator', { type: 'halt-trading', reason, by: 'reconciliation', seenAt })
}

function failed(house: House, problem: string): ReconciliationResult {
  house.state('system', { type: 'reconciliation.failed', problem })
  return { ok: false, problem }
}

/** The first moment of an account, written down before anything can change it. Null, or why it cannot be opened yet. */
function openAccount(house: House, balances: readonly Balance[], marks: Marks): string | null {
  const { clock, settings } = house
  const priceOf = freshPrices(marks, clock.now(), settings.limits.markMaxAgeMs)
  const unpriced = balances.filter(
    (balance) => !amount(balance.total).isZero() && usdRate(balance.asset, priceOf) === null,
  )
  if (unpriced.length > 0) return `waiting for a price of ${unpriced.map((balance) => balance.asset).join(', ')}`
  const prices = Object.fromEntries(Object.entries(marks).map(([symbol, mark]) => [symbol, mark.price]))
  record(house, 'open-account', { type: 'account.opened', balances, marks: prices })
  return null
}

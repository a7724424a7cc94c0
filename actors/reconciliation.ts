/** Comparing our picture with the venue's: asks, lets the orders hear what they missed, and says what could not be explained. */
import type { Fact } from '../src/domain/facts.ts'
import type { OrderId, VenueOrderId } from '../src/domain/ids.ts'
import { isLive } from '../src/domain/order.ts'
import type { Balance } from '../src/domain/portfolio.ts'
import { reconcile } from '../src/domain/reconcile.ts'
import type { VenueOrder } from '../src/domain/reports.ts'
import { amount } from '../src/domain/units.ts'
import { freshPrices, type Marks, usdRate } from '../src/domain/valuation.ts'
import type { VenueAnswer } from '../src/ports/exchange.ts'
import { orderAddress } from './addresses.ts'
import type { House } from './house.ts'

export type ReconciliationResult = { readonly ok: true } | { readonly ok: false; readonly problem: string }

/** External orders that were reported before; kept for the life of the process. */
export interface ReconciliationMemory {
  readonly adopted: Set<VenueOrderId>
}

const problemOf = (answer: Exclude<VenueAnswer<unknown>, { kind: 'done' }>): string =>
  answer.kind === 'lost' ? answer.problem : `${answer.code}: ${answer.message}`

/** One pass. Never throws; what the venue does not answer is a reason to try again. */
export async function reconcileWithVenue(
  house: House,
  memory: ReconciliationMemory,
  marks: () => Marks,
): Promise<ReconciliationResult> {
  const { addresses, books, clock, exchange } = house
  const open = await exchange.openOrders()
  if (open.kind !== 'done') return failed(house, `open orders: ${problemOf(open)}`)
  const balances = await exchange.balances()
  if (balances.kind !== 'done') return failed(house, `balances: ${problemOf(balances)}`)

  if (books.ledger() === null) {
    const problem = openAccount(house, balances.value, marks())
    if (problem !== null) return failed(house, problem)
  }

  const orders = [...books.orders()].filter((order) => isLive(order) || order.phase === 'settling')
  const lookUps = new Map<OrderId, VenueOrder | null>()
  const settled = books.liveOrders().length === 0
  const input = () => ({
    orders,
    openAtVenue: open.value,
    lookUps,
    balances: balances.value,
    // While orders are on their way, their fills may reach us and the venue's balances in either order.
    expected: settled ? books.totals() : null,
    tolerance: {},
    adopted: memory.adopted,
  })
  for (const orderId of reconcile(input()).toLookUp) {
    const found = await exchange.lookUp(orderId)
    if (found.kind !== 'done') return failed(house, `order ${orderId}: ${problemOf(found)}`)
    lookUps.set(orderId, found.value)
  }
  const result = reconcile(input())
  const seenAt = clock.now()
  for (const { orderId, order } of result.found)
    addresses.tell(orderAddress(orderId), { type: 'venue.found', order, origin: 'reconciled', seenAt })
  for (const orderId of result.notFound)
    addresses.tell(orderAddress(orderId), { type: 'venue.notFound', origin: 'reconciled', seenAt })
  for (const row of result.toAdopt) {
    memory.adopted.add(row.venueOrderId)
    house.log.warn('an order at the venue is not ours: it is left alone and watched', {
      venueOrderId: row.venueOrderId,
      symbol: row.symbol,
    })
  }
  house.state('system', {
    type: 'reconciliation.completed',
    matched: result.matched.length,
    missedFills: result.missedFills.length,
    adopted: result.toAdopt.length,
    unexplained: result.unexplained,
  })
  if (result.unexplained.length > 0)
    addresses.tell('coordinator', {
      type: 'halt-trading',
      reason: `unexplained at the venue: ${result.unexplained.join('; ')}`,
      by: 'reconciliation',
      seenAt,
    })
  return { ok: true }
}

function failed(house: House, problem: string): ReconciliationResult {
  house.state('system', { type: 'reconciliation.failed', problem })
  return { ok: false, problem }
}

/** The first moment of an account, written down before anything can change it. Null, or why it cannot be opened yet. */
function openAccount(
  { books, clock, ids, journal, settings }: House,
  balances: readonly Balance[],
  marks: Marks,
): string | null {
  const priceOf = freshPrices(marks, clock.now(), settings.limits.markMaxAgeMs)
  const unpriced = balances.filter(
    (balance) => !amount(balance.total).isZero() && usdRate(balance.asset, priceOf) === null,
  )
  if (unpriced.length > 0) return `waiting for a price of ${unpriced.map((balance) => balance.asset).join(', ')}`
  const at = clock.now()
  const heardId = ids.next()
  const prices = Object.fromEntries(Object.entries(marks).map(([symbol, mark]) => [symbol, mark.price]))
  const meta = { id: ids.next(), at, seenAt: at, causedBy: heardId, correlationId: heardId, origin: 'live' as const }
  const fact: Fact<'account.opened'> = { type: 'account.opened', balances, marks: prices, ...meta }
  const heard = {
    id: heardId,
    type: 'open-account',
    body: { seenAt: at },
    correlationId: heardId,
    causationId: null,
    at,
  }
  books.apply(fact)
  journal.append({ stream: 'account', heard, facts: [fact] }, () => undefined)
  return null
}

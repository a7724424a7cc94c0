/** Comparing what we believe with what the venue says: orders, fills, balances. Pure, idempotent, one pass. */
import type { OrderId, Pair, VenueOrderId } from './ids.ts'
import { type Fill, isLive, type OrderView, type Side } from './order.ts'
import type { Balance } from './portfolio.ts'
import type { VenueOrder } from './reports.ts'
import { type Amount, amount, type Numeric, sumOf, ZERO } from './units.ts'

/** An open order at the venue, ours by client id or somebody else's (null). */
export interface OpenAtVenue extends VenueOrder {
  readonly clientOrderId: OrderId | null
  readonly symbol: Pair
  readonly side: Side
}

export interface ReconcileInput {
  /** Ours: the live ones, and those that ended lately, whose late fills still count. */
  readonly orders: readonly OrderView[]
  readonly openAtVenue: readonly OpenAtVenue[]
  /** What looking up by client id found; null: in no list. Orders that were not looked up are absent. */
  readonly lookUps: ReadonlyMap<OrderId, VenueOrder | null>
  readonly balances: readonly Balance[]
  /** Balances by our own reckoning, before the fills that this pass finds; null when there is none yet. */
  readonly expected: Readonly<Record<string, Numeric>> | null
  /** Differences up to this many units are rounding; by asset, 0 where absent. */
  readonly tolerance: Readonly<Record<string, Numeric>>
  /** External orders that were adopted before. */
  readonly adopted: ReadonlySet<VenueOrderId>
}

export interface MissedFill {
  readonly orderId: OrderId
  readonly symbol: Pair
  readonly side: Side
  readonly fill: Fill
}

export interface Reconciliation {
  /** Orders that stand at the venue as we believe. */
  readonly matched: readonly OrderId[]
  /** Orders whose actor must hear what the venue knows. */
  readonly found: readonly { readonly orderId: OrderId; readonly order: VenueOrder }[]
  /** Live orders that are in no list of the venue. */
  readonly notFound: readonly OrderId[]
  /** Orders to look up by client id before anything can be said of them. */
  readonly toLookUp: readonly OrderId[]
  readonly missedFills: readonly MissedFill[]
  /** Orders at the venue that are not ours. */
  readonly toAdopt: readonly OpenAtVenue[]
  readonly unexplained: readonly string[]
  /** Those of the unexplained that are differences of balances. */
  readonly ofBalances: readonly string[]
}

const VENUE_STATUS: Readonly<Record<string, VenueOrder['status']>> = {
  FILLED: 'filled',
  CANCELLED: 'cancelled',
  EXPIRED: 'expired',
}

const quantityOf = (fills: readonly Fill[]): Amount => sumOf(fills.map((fill) => amount(fill.quantity)))
const sameNumber = (a: Numeric | null, b: Numeric | null): boolean =>
  a === null || b === null ? a === b : amount(a).eq(amount(b))

/** Fills of the venue that we do not have, each once. */
function newFills(ours: OrderView, theirs: VenueOrder): Fill[] {
  const known = new Set<string>(ours.fills.map((fill) => fill.tradeId))
  return theirs.fills.filter((fill) => {
    if (known.has(fill.tradeId)) return false
    known.add(fill.tradeId)
    return true
  })
}

/** Whether the venue's order is as we believe: a state that fits, the same quantity and prices, no fill we lack. */
function agrees(ours: OrderView, theirs: VenueOrder): boolean {
  const isOpen = theirs.status === 'open' || theirs.status === 'pending'
  const fits = isLive(ours) ? isOpen && ours.status !== 'PENDING' : VENUE_STATUS[ours.status] === theirs.status
  const same =
    sameNumber(ours.quantity, theirs.quantity) &&
    sameNumber(ours.limitPrice, theirs.limitPrice) &&
    sameNumber(ours.triggerPrice, theirs.triggerPrice)
  return fits && (same || !isLive(ours))
}

interface Pass {
  readonly matched: OrderId[]
  readonly found: { orderId: OrderId; order: VenueOrder }[]
  readonly notFound: OrderId[]
  readonly toLookUp: OrderId[]
  readonly missedFills: MissedFill[]
  readonly unexplained: string[]
}

function compare(ours: OrderView, row: OpenAtVenue | undefined, input: ReconcileInput, pass: Pass): void {
  const { orderId } = ours
  const lookedUp = input.lookUps.get(orderId)
  const theirs = lookedUp ?? row
  if (theirs === undefined) {
    if (!isLive(ours)) return
    if (lookedUp === null) pass.notFound.push(orderId)
    else pass.toLookUp.push(orderId)
    return
  }
  const fills = newFills(ours, theirs)
  const known = quantityOf(ours.fills).plus(quantityOf(fills))
  const claimed = amount(theirs.filled)
  for (const fill of fills)
    pass.missedFills.push({ orderId, symbol: ours.request.symbol, side: ours.request.side, fill })
  if (claimed.gt(known)) {
    if (lookedUp === undefined) pass.toLookUp.push(orderId)
    else pass.unexplained.push(`${orderId}: venue filled ${claimed}, its trades come to ${known}`)
  } else if (known.gt(claimed)) {
    pass.unexplained.push(`${orderId}: we have fills of ${known}, venue filled ${claimed}`)
  }
  const isOpen = theirs.status === 'open' || theirs.status === 'pending'
  if (!isLive(ours) && isOpen) pass.unexplained.push(`${orderId}: ${ours.status} here, ${theirs.status} at the venue`)
  if (fills.length > 0 || !agrees(ours, theirs)) pass.found.push({ orderId, order: theirs })
  else if (claimed.eq(known)) pass.matched.push(orderId)
}

/** What the missed fills do to balances, by asset. */
function effectOf(missed: readonly MissedFill[]): Map<string, Amount> {
  const effect = new Map<string, Amount>()
  const add = (of: string, change: Amount) => effect.set(of, (effect.get(of) ?? ZERO).plus(change))
  for (const { symbol, side, fill } of missed) {
    const [base = '', quote = ''] = symbol.split('/')
    const cost = amount(fill.price).times(amount(fill.quantity))
    add(base, side === 'buy' ? amount(fill.quantity) : amount(fill.quantity).negated())
    add(quote, (side === 'buy' ? cost.negated() : cost).minus(amount(fill.fee)))
  }
  return effect
}

function balanceProblems(input: ReconcileInput, missed: readonly MissedFill[]): string[] {
  if (input.expected === null) return []
  const effect = effectOf(missed)
  const theirs = new Map<string, Amount>(input.balances.map((one) => [one.asset, amount(one.total)]))
  const assets = [...new Set([...Object.keys(input.expected), ...theirs.keys(), ...effect.keys()])].sort()
  return assets.flatMap((of) => {
    const expected = amount(input.expected?.[of] ?? ZERO).plus(effect.get(of) ?? ZERO)
    const actual = theirs.get(of) ?? ZERO
    const isClose = actual
      .minus(expected)
      .abs()
      .lte(amount(input.tolerance[of] ?? ZERO))
    return isClose ? [] : [`${of}: venue has ${actual}, we expect ${expected}`]
  })
}

/**
 * One pass. Once its missed fills are counted, its found orders heard and its external orders adopted, a second pass
 * over the same venue finds nothing to do; what is unexplained stays so until a person or the venue explains it.
 * Balances are only judged when no order is left to look up.
 */
export function reconcile(input: ReconcileInput): Reconciliation {
  const pass: Pass = { matched: [], found: [], notFound: [], toLookUp: [], missedFills: [], unexplained: [] }
  const ours = new Set<OrderId>(input.orders.map((order) => order.orderId))
  const rows = new Map<OrderId, OpenAtVenue>()
  const toAdopt: OpenAtVenue[] = []
  for (const row of input.openAtVenue) {
    if (row.clientOrderId !== null && ours.has(row.clientOrderId)) rows.set(row.clientOrderId, row)
    else if (!input.adopted.has(row.venueOrderId)) toAdopt.push(row)
  }
  for (const order of input.orders) compare(order, rows.get(order.orderId), input, pass)
  const ofBalances = pass.toLookUp.length === 0 ? balanceProblems(input, pass.missedFills) : []
  return { ...pass, unexplained: [...pass.unexplained, ...ofBalances], ofBalances, toAdopt }
}

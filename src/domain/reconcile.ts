/** Comparing what we believe with what the venue says: orders, fills, balances. Pure, idempotent, one pass. */
import type { VenueTrade } from './account-history.ts'
import type { OrderId, Pair, TradeId, VenueOrderId } from './ids.ts'
import { type Fill, isLive, type OrderPhase, type OrderView, type Side } from './order.ts'
import {
  type AccountInput,
  balanceProblems,
  type ExternalStep,
  externalSteps,
  holdingsProblems,
  marginProblems,
  type OpenAtVenue,
  onMargin,
  type Problem,
} from './reconcile-account.ts'
import type { VenueOrder } from './reports.ts'
import { type Amount, amount, maxOf, type Numeric, sumOf, text } from './units.ts'

export interface ReconcileInput extends AccountInput {
  /** Ours: live, ended lately, and every one that a row or a trade of the venue names. */
  readonly orders: readonly OrderView[]
  readonly openAtVenue: readonly OpenAtVenue[]
  /** What looking up by client id found; null: in no list. Orders that were not looked up are absent. */
  readonly lookUps: ReadonlyMap<OrderId, VenueOrder | null>
}

export interface MissedFill {
  readonly orderId: OrderId
  readonly symbol: Pair
  readonly side: Side
  /** 1 is spot. */
  readonly leverage: number
  readonly fill: Fill
}

/** A fill of an order whose actor has left: nobody else will count it. */
export interface LateFill {
  readonly order: OrderView
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
  readonly lateFills: readonly LateFill[]
  /** Ours, ended here and still standing there: nobody looks after them. */
  readonly astray: readonly OrderId[]
  /** Trades of orders that are not ours, which closed what our positions had open on margin: a liquidation, or a hand. */
  readonly takings: readonly VenueTrade[]
  /** What happened to orders that are not ours, in order. */
  readonly externals: readonly ExternalStep[]
  /** Balances differ: the account's trades have to be asked for before anything can be said of that. */
  readonly needsTrades: boolean
  /** False while orders on their way forbid a comparison of balances. */
  readonly judgedBalances: boolean
  readonly problems: readonly Problem[]
}

const VENUE_STATUS: Readonly<Record<string, VenueOrder['status']>> = {
  FILLED: 'filled',
  CANCELLED: 'cancelled',
  EXPIRED: 'expired',
}
/** Its first answer is under way: whatever the venue lists of it comes from there. */
const ON_ITS_WAY: readonly OrderPhase[] = ['intended', 'submitting', 'retrying']

const quantityOf = (fills: readonly Fill[]): Amount => sumOf(fills.map((fill) => amount(fill.quantity)))
const sameNumber = (a: Numeric | null, b: Numeric | null): boolean =>
  a === null || b === null ? a === b : amount(a).eq(amount(b))

/** Those of `theirs` that we do not have, each once. */
function newFills(ours: readonly Fill[], theirs: readonly Fill[]): Fill[] {
  const known = new Set<TradeId>(ours.map((fill) => fill.tradeId))
  return theirs.filter((fill) => {
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
  readonly lateFills: LateFill[]
  readonly astray: OrderId[]
  readonly problems: Problem[]
}

const problemOf = ({ orderId, request: { symbol } }: OrderView, problem: string): Problem => ({
  ...{ kind: 'order', subject: orderId, symbol, problem: `${orderId}: ${problem}` },
})

/** The venue's order with what its trades add to it. */
function withTrades(theirs: VenueOrder, trades: readonly Fill[]): VenueOrder {
  const more = newFills(theirs.fills, trades)
  if (more.length === 0) return theirs
  const fills = [...theirs.fills, ...more]
  return { ...theirs, fills, filled: text(maxOf(amount(theirs.filled), quantityOf(fills))) }
}

/** What the venue says of one order of ours. */
interface Theirs {
  readonly row: OpenAtVenue | undefined
  /** Undefined where it was not looked up. */
  readonly lookedUp: VenueOrder | null | undefined
  readonly trades: readonly Fill[]
}

/** An order whose actor has left: late fills are counted for it, and it must not stand at the venue. */
function compareSettled(ours: OrderView, { row, lookedUp, trades }: Theirs, pass: Pass): void {
  const fills = newFills(ours.fills, [...(row?.fills ?? []), ...(lookedUp?.fills ?? []), ...trades])
  for (const fill of fills) pass.lateFills.push({ order: ours, fill })
  if (row === undefined) return
  pass.astray.push(ours.orderId)
  pass.problems.push(problemOf(ours, `${ours.status} here, ${row.status} at the venue`))
}

function compare(ours: OrderView, { row, lookedUp, trades }: Theirs, pass: Pass): void {
  const { orderId } = ours
  const told = lookedUp ?? row
  if (told === undefined) {
    if (lookedUp === null && isLive(ours)) pass.notFound.push(orderId)
    if (lookedUp === undefined && (isLive(ours) || newFills(ours.fills, trades).length > 0)) pass.toLookUp.push(orderId)
    return
  }
  const theirs = withTrades(told, trades)
  const fills = newFills(ours.fills, theirs.fills)
  const known = quantityOf(ours.fills).plus(quantityOf(fills))
  const claimed = amount(theirs.filled)
  const { symbol, side, leverage } = ours.request
  for (const fill of fills) pass.missedFills.push({ orderId, symbol, side, leverage, fill })
  if (claimed.gt(known)) {
    if (lookedUp === undefined) pass.toLookUp.push(orderId)
    else pass.problems.push(problemOf(ours, `venue filled ${claimed}, its trades come to ${known}`))
  } else if (known.gt(claimed)) {
    pass.problems.push(problemOf(ours, `we have fills of ${known}, venue filled ${claimed}`))
  }
  const isOpen = theirs.status === 'open' || theirs.status === 'pending'
  if (!isLive(ours) && isOpen) {
    if (lookedUp === undefined) pass.toLookUp.push(orderId)
    else pass.astray.push(orderId)
    pass.problems.push(problemOf(ours, `${ours.status} here, ${theirs.status} at the venue`))
  }
  if (fills.length > 0 || !agrees(ours, theirs)) pass.found.push({ orderId, order: theirs })
  else if (claimed.eq(known)) pass.matched.push(orderId)
}

const byTime = (a: VenueTrade, b: VenueTrade): number =>
  a.fill.at - b.fill.at || (a.fill.tradeId < b.fill.tradeId ? -1 : 1)

/** Whose a trade is, by the venue's id or the client's. */
function ownersOf(input: ReconcileInput): (trade: VenueTrade) => OrderId | null {
  const byVenueId = new Map<VenueOrderId, OrderId>()
  const ours = new Set<OrderId>()
  for (const { orderId, venueOrderId } of input.orders) {
    ours.add(orderId)
    const known = venueOrderId ?? input.lookUps.get(orderId)?.venueOrderId ?? null
    if (known !== null) byVenueId.set(known, orderId)
  }
  for (const { clientOrderId, venueOrderId } of input.openAtVenue)
    if (clientOrderId !== null && ours.has(clientOrderId)) byVenueId.set(venueOrderId, clientOrderId)
  return ({ clientOrderId, venueOrderId }) =>
    clientOrderId !== null && ours.has(clientOrderId) ? clientOrderId : (byVenueId.get(venueOrderId) ?? null)
}

/**
 * One pass. Once its missed fills are counted, its found orders heard and what happened to external orders and flows
 * booked, a second pass over the same venue finds nothing to do; a problem stays one until a person or the venue explains
 * it. Balances are only judged when no order is left to look up.
 */
export function reconcile(input: ReconcileInput): Reconciliation {
  const pass: Pass = {
    ...{ matched: [], found: [], notFound: [], toLookUp: [] },
    ...{ missedFills: [], lateFills: [], astray: [], problems: [] },
  }
  const ours = new Map<OrderId, OrderView>(input.orders.map((order) => [order.orderId, order]))
  const rows = new Map<OrderId, OpenAtVenue>()
  const strangers: OpenAtVenue[] = []
  for (const row of input.openAtVenue) {
    if (row.clientOrderId !== null && ours.has(row.clientOrderId)) rows.set(row.clientOrderId, row)
    else strangers.push(row)
  }
  const ownerOf = ownersOf(input)
  const tradesOfOurs = new Map<OrderId, Fill[]>()
  const tradesOfOthers: VenueTrade[] = []
  for (const trade of [...(input.trades ?? [])].sort(byTime)) {
    if (input.counted.has(trade.fill.tradeId)) continue
    const owner = ownerOf(trade)
    if (owner === null) tradesOfOthers.push(trade)
    else tradesOfOurs.set(owner, [...(tradesOfOurs.get(owner) ?? []), trade.fill])
  }
  for (const order of [...ours.values()].sort((a, b) => (a.orderId < b.orderId ? -1 : 1))) {
    if (ON_ITS_WAY.includes(order.phase)) continue
    const { orderId } = order
    const lookedUp = input.lookUps.get(orderId)
    const theirs = { row: rows.get(orderId), lookedUp, trades: tradesOfOurs.get(orderId) ?? [] }
    if (order.phase === 'done') compareSettled(order, theirs, pass)
    else compare(order, theirs, pass)
  }
  const judgedBalances = pass.toLookUp.length === 0 && input.expected !== null
  const late = pass.lateFills.map(({ order: { orderId, request }, fill }) => ({ ...request, orderId, fill }))
  // While orders are on their way, a trade that seems to be nobody's may be one of theirs.
  const others = judgedBalances ? tradesOfOthers : []
  const counted = { fills: [...pass.missedFills, ...late], rows: strangers }
  const { moves, takings, lots } = onMargin(input, { ...counted, trades: others })
  const seen = { ...counted, trades: others.filter((trade) => !takings.includes(trade)), marginMoves: moves }
  const ofBalances = judgedBalances ? [...balanceProblems(input, seen), ...marginProblems(input, lots)] : []
  const needsTrades = ofBalances.length > 0 && input.trades === null
  const isQuiet =
    takings.length === 0 && pass.missedFills.length === 0 && pass.lateFills.length === 0 && pass.found.length === 0
  return {
    ...pass,
    ...{ needsTrades, judgedBalances, takings },
    externals: externalSteps(input, seen, judgedBalances && !needsTrades),
    problems: [...pass.problems, ...ofBalances, ...(judgedBalances && isQuiet ? holdingsProblems(input) : [])],
  }
}

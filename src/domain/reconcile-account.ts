/** The account's side of a comparison with the venue: balances, flows, orders that are not ours, what positions hold. */
import type { Flow, OpenOnMargin, VenueTrade } from './account-history.ts'
import { type ExternalOrder, isEnded, type Move, movesOf } from './external-order.ts'
import { type Asset, asset, type OrderId, type Pair, quoteOf, type TradeId } from './ids.ts'
import { afterTrade, closable, isOnMargin, type MarginBook, type MarginLot } from './margin-lots.ts'
import type { Fill, Side } from './order.ts'
import type { Balance } from './portfolio.ts'
import type { VenueOrder } from './reports.ts'
import { type Amount, amount, maxOf, minOf, type Numeric, sumOf, text, ZERO } from './units.ts'

/** An open order at the venue, ours by client id or somebody else's (null). */
export interface OpenAtVenue extends VenueOrder {
  readonly clientOrderId: OrderId | null
  readonly symbol: Pair
  readonly side: Side
  readonly type: string
  readonly openedAt: number
}

export interface AccountInput {
  /** Orders that are not ours, as we last saw them. */
  readonly externals: readonly ExternalOrder[]
  /** Executions since our picture last explained the balances; null while they were not asked for. */
  readonly trades: readonly VenueTrade[] | null
  /** Executions that were counted before, of orders that are not at hand. */
  readonly counted: ReadonlySet<TradeId>
  /** Flows that are not booked yet. */
  readonly flows: readonly Flow[]
  readonly balances: readonly Balance[]
  /** Balances by our own reckoning, before what this pass finds; null while nothing can be said of them. */
  readonly expected: Readonly<Record<string, Numeric>> | null
  /** What is open on margin by our own reckoning, likewise. */
  readonly marginBook: MarginBook
  /** What is open on margin by the venue's word; null where it was not asked, as there is only spot. */
  readonly openOnMargin: readonly OpenOnMargin[] | null
  /** Base units that open positions hold, by asset. */
  readonly inPositions: Readonly<Record<string, Numeric>>
  /** What belongs to the account; other balances are none of its business. */
  readonly isOurs: (of: Asset) => boolean
  readonly now: number
}

/** Something that cannot be explained, and the symbol or the asset that it concerns. */
export type Problem =
  | { readonly kind: 'order' | 'margin'; readonly subject: string; readonly symbol: Pair; readonly problem: string }
  | {
      readonly kind: 'balance' | 'holdings'
      readonly subject: Asset
      /** What the venue has more than we expect. */
      readonly difference: Numeric
      readonly problem: string
    }

/** What happened to an order that is not ours. `external` is the order as it was right after. */
export type ExternalStep =
  | { readonly kind: 'found' | 'changed' | 'ended'; readonly external: ExternalOrder }
  | { readonly kind: 'filled'; readonly external: ExternalOrder; readonly trade: VenueTrade }

/** What the pass found, apart from our orders' own state. */
interface Fresh {
  /** Of our orders, and not counted before. */
  readonly fills: readonly {
    readonly symbol: Pair
    readonly side: Side
    readonly leverage: number
    readonly fill: Fill
  }[]
  /** Open orders that are not ours. */
  readonly rows: readonly OpenAtVenue[]
  /** Executions that are not of our orders and were not counted before, oldest first. */
  readonly trades: readonly VenueTrade[]
}
interface Seen extends Fresh {
  /** What all of it on margin did to the quote, takings included. */
  readonly marginMoves: readonly Move[]
}

const isCounted = ({ externals }: AccountInput, { venueOrderId, fill }: VenueTrade): boolean =>
  externals.some(
    (one) => one.venueOrderId === venueOrderId && one.fills.some(({ tradeId }) => tradeId === fill.tradeId),
  )

const movesOfAll = (input: AccountInput, { fills, trades, marginMoves }: Seen): readonly Move[] => [
  ...fills
    .filter((missed) => !isOnMargin(missed))
    .flatMap((missed) => movesOf({ ...missed, feeAsset: quoteOf(missed.symbol) })),
  ...trades.filter((trade) => !isCounted(input, trade)).flatMap(movesOf),
  ...marginMoves,
  ...input.flows,
]

/**
 * What this pass found on margin, netted as the venue nets it, in the order in which it was traded: what it did to the
 * quote, and which trades of others closed what our positions had open. What others open is theirs.
 */
export function onMargin(
  input: AccountInput,
  { fills, trades }: Pick<Fresh, 'fills' | 'trades'>,
): { readonly moves: readonly Move[]; readonly takings: readonly VenueTrade[]; readonly lots: readonly MarginLot[] } {
  const ours = fills.filter(isOnMargin).map((one) => ({ ...one, taking: null }))
  const theirs = trades
    .filter((trade) => isOnMargin(trade) && !isCounted(input, trade))
    .map((trade) => ({ ...trade, taking: trade }))
  let book = input.marginBook
  const moves: Move[] = []
  const takings: VenueTrade[] = []
  for (const { taking, ...one } of [...ours, ...theirs].sort((a, b) => a.fill.at - b.fill.at)) {
    const most = closable(book.lots, one)
    if (taking !== null && most.isZero()) continue
    const quantity = taking === null ? one.fill.quantity : text(minOf(amount(one.fill.quantity), most))
    const after = afterTrade(book, { ...one, fill: { ...one.fill, quantity } })
    book = after.book
    moves.push({ asset: quoteOf(one.symbol), amount: text(after.profit.minus(amount(one.fill.fee))) })
    if (taking !== null) takings.push(taking)
  }
  return { moves, takings, lots: book.lots }
}

/** Base units by pair, a short's below zero. */
function netOf(open: readonly OpenOnMargin[]): ReadonlyMap<Pair, Amount> {
  const net = new Map<Pair, Amount>()
  for (const { symbol, side, quantity } of open)
    net.set(symbol, (net.get(symbol) ?? ZERO).plus(amount(quantity).times(side === 'long' ? 1 : -1)))
  return net
}

/** Pairs of which more, less or another side is open on margin than our fills come to: a hand was there, or a fill is missing. */
export function marginProblems({ openOnMargin }: AccountInput, lots: readonly MarginLot[]): Problem[] {
  if (openOnMargin === null) return []
  const [theirs, ours] = [netOf(openOnMargin), netOf(lots)]
  return [...new Set([...theirs.keys(), ...ours.keys()])].sort().flatMap((symbol): Problem[] => {
    const actual = theirs.get(symbol) ?? ZERO
    const wanted = ours.get(symbol) ?? ZERO
    if (actual.eq(wanted)) return []
    const problem = `${symbol} on margin: venue has ${actual}, we expect ${wanted}`
    return [{ kind: 'margin', subject: symbol, symbol, problem }]
  })
}

/** Balances that are not what we expect once everything that this pass found is booked. */
export function balanceProblems(input: AccountInput, seen: Seen): Problem[] {
  const expected = new Map<string, Amount>(
    Object.entries(input.expected ?? {}).map(([of, total]) => [of, amount(total)]),
  )
  for (const move of movesOfAll(input, seen))
    expected.set(move.asset, (expected.get(move.asset) ?? ZERO).plus(amount(move.amount)))
  const theirs = new Map<string, Amount>(input.balances.map((one) => [one.asset, amount(one.total)]))
  const names = [...new Set([...expected.keys(), ...theirs.keys()])].map(asset).filter(input.isOurs).sort()
  return names.flatMap((subject): Problem[] => {
    const wanted = expected.get(subject) ?? ZERO
    const actual = theirs.get(subject) ?? ZERO
    const difference = text(actual.minus(wanted))
    if (difference === '0') return []
    const problem = `${subject}: venue has ${actual}, we expect ${wanted}`
    return [{ kind: 'balance', subject, difference, problem }]
  })
}

/** Positions that hold more than the venue has: an exit for all of it could not be filled. */
export function holdingsProblems({ inPositions, balances }: AccountInput): Problem[] {
  return Object.entries(inPositions).flatMap(([of, held]): Problem[] => {
    const total = amount(balances.find((one) => one.asset === of)?.total ?? ZERO)
    if (total.gte(amount(held))) return []
    const problem = `${of}: positions hold ${held}, the venue has ${total}`
    return [{ kind: 'holdings', subject: asset(of), difference: text(total.minus(amount(held))), problem }]
  })
}

const fromRow = (row: OpenAtVenue, now: number): ExternalOrder => {
  const { venueOrderId, clientOrderId, symbol, side, type, quantity, limitPrice, triggerPrice, filled, openedAt } = row
  const status = amount(filled).isZero() ? 'OPEN' : 'PARTIALLY_FILLED'
  return {
    ...{ venueOrderId, clientOrderId, symbol, side, type, quantity, limitPrice, triggerPrice, status, filled },
    ...{ fills: [], openedAt, updatedAt: now },
  }
}

/** An order that was never seen open: all that is known of it are its executions. */
const fromTrades = (first: VenueTrade, trades: readonly VenueTrade[], now: number): ExternalOrder => {
  const { venueOrderId, clientOrderId, symbol, side, orderType } = first
  const quantity = text(sumOf(trades.map((trade) => amount(trade.fill.quantity))))
  return {
    ...{ venueOrderId, clientOrderId, symbol, side, type: orderType, quantity, limitPrice: null, triggerPrice: null },
    ...{ status: 'OPEN', filled: '0', fills: [], openedAt: first.fill.at, updatedAt: now },
  }
}

const TERMS = ['quantity', 'limitPrice', 'triggerPrice', 'status', 'filled'] as const
const isSame = (a: ExternalOrder, b: ExternalOrder): boolean => TERMS.every((term) => a[term] === b[term])

/** The order with its trades counted; its `filled` is the venue's word where that is more. */
function countTrades(
  order: ExternalOrder,
  trades: readonly VenueTrade[],
  now: number,
  steps: ExternalStep[],
): ExternalOrder {
  let current = order
  for (const trade of trades) {
    const fills = [...current.fills, trade.fill]
    const counted = sumOf(fills.map((fill) => amount(fill.quantity)))
    const filled = text(maxOf(amount(current.filled), counted))
    current = { ...current, fills, filled, status: 'PARTIALLY_FILLED', updatedAt: now }
    steps.push({ kind: 'filled', external: current, trade })
  }
  return current
}

const byVenueId = (a: Pick<ExternalOrder, 'venueOrderId'>, b: Pick<ExternalOrder, 'venueOrderId'>): number =>
  a.venueOrderId < b.venueOrderId ? -1 : 1

const ended = (order: ExternalOrder, now: number): ExternalOrder => ({
  ...order,
  status: amount(order.filled).gte(amount(order.quantity)) ? 'FILLED' : 'CANCELLED',
  updatedAt: now,
})

/**
 * What happened to orders that are not ours. Those that are no longer open have ended, but that is only said once the
 * balances were understood (`isUnderstood`): until then nobody knows whether trades of theirs are still to come.
 */
export function externalSteps(input: AccountInput, { rows, trades }: Seen, isUnderstood: boolean): ExternalStep[] {
  const { externals, now } = input
  const steps: ExternalStep[] = []
  const fresh = trades.filter((trade) => !isCounted(input, trade))
  const of = (id: string): VenueTrade[] => fresh.filter((trade) => trade.venueOrderId === id)
  const open = new Set<string>()
  for (const row of [...rows].sort(byVenueId)) {
    open.add(row.venueOrderId)
    const known = externals.find((one) => one.venueOrderId === row.venueOrderId)
    const seen = fromRow(row, now)
    if (known === undefined) steps.push({ kind: 'found', external: seen })
    const counted = countTrades(known ?? seen, of(row.venueOrderId), now, steps)
    const present = { ...seen, fills: counted.fills }
    if (known !== undefined && !isSame(counted, present)) steps.push({ kind: 'changed', external: present })
  }
  if (!isUnderstood) return steps
  for (const known of externals.filter((one) => !open.has(one.venueOrderId)).sort(byVenueId)) {
    const mine = of(known.venueOrderId)
    if (isEnded(known) && mine.length === 0) continue
    steps.push({ kind: 'ended', external: ended(countTrades(known, mine, now, steps), now) })
  }
  const gone = fresh.filter(
    (trade) => !open.has(trade.venueOrderId) && !externals.some(({ venueOrderId: id }) => id === trade.venueOrderId),
  )
  for (const id of [...new Set(gone.map((trade) => trade.venueOrderId))].sort()) {
    const mine = of(id)
    const [first] = mine
    if (first === undefined) continue
    const found = fromTrades(first, mine, now)
    steps.push({ kind: 'found', external: found })
    steps.push({ kind: 'ended', external: ended(countTrades(found, mine, now, steps), now) })
  }
  return steps
}

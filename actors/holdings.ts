/** What positions and the core book hold by the fills in the books, and what their live orders may still take of it. */
import { protectedAmounts } from '../src/domain/hodl.ts'
import { baseOf, type PositionId } from '../src/domain/ids.ts'
import { isLive, type OrderRequest, type OrderView } from '../src/domain/order.ts'
import { addsRisk, type BirthPlace } from '../src/domain/order-birth.ts'
import { asFilled, heldQuantity, holdingsOf, type PositionView } from '../src/domain/position.ts'
import { type HeldPosition, type LiveExit, ocoGroupOf } from '../src/domain/risk-reduction.ts'
import { type Amount, amount, maxOf, type Numeric, sumOf, text, ZERO } from '../src/domain/units.ts'
import { isSpot } from '../src/domain/valuation.ts'
import type { Books } from './books.ts'

export interface Holdings {
  /** Entered less exited; below zero where more was sold. Null for a position without an entry. */
  heldBy(position: PositionId): HeldPosition | null
  /** Exits that may still fill. */
  liveExits(position: PositionId): readonly LiveExit[]
  /** What must be known where an order is born. */
  birthPlace(request: OrderRequest): BirthPlace
}

const remainingOf = (order: OrderView): Amount => maxOf(amount(order.quantity).minus(amount(order.filled)), ZERO)

/** What positions hold of coins, as the balances have it: all else is the core book's. */
export const spotPositions = (books: Pick<Books, 'openPositions' | 'ordersOf'>): readonly PositionView[] =>
  books
    .openPositions()
    .filter(isSpot)
    .map((position) => asFilled(position, books.ordersOf(position.positionId)))

/**
 * `unwritten` are requests of orders that are not in the books yet: they count from their birth on. `configured` are amounts
 * that no trade of the core book may touch, beside those of the hodl bags' ledger.
 */
export function createHoldings(
  books: Books,
  unwritten: () => readonly OrderRequest[],
  configured: Readonly<Record<string, Numeric>>,
): Holdings {
  const heldBy: Holdings['heldBy'] = (position) => {
    const orders = books.ordersOf(position)
    const entry = orders.find(({ request }) => request.purpose === 'entry')
    if (entry === undefined) return null
    const side = entry.request.side === 'buy' ? 'long' : 'short'
    return { side, quantity: text(heldQuantity(holdingsOf(orders))) }
  }
  const liveExits: Holdings['liveExits'] = (position) => [
    ...books
      .ordersOf(position)
      .filter((order) => !addsRisk(order.request) && isLive(order))
      .map((order) => ({
        ...{ key: order.request.key, remaining: text(remainingOf(order)), unknown: order.phase === 'unknown' },
        ...{ purpose: order.request.purpose, ocoGroup: ocoGroupOf(order.request) },
      })),
    ...unwritten()
      .filter((request) => request.positionId === position && !addsRisk(request))
      .map((request) => ({
        ...{ key: request.key, remaining: request.quantity, unknown: false },
        ...{ purpose: request.purpose, ocoGroup: ocoGroupOf(request) },
      })),
  ]
  /** All of a base asset, less what positions and hodl bags hold of it and what live sells of the core book will take. */
  const coreBase = ({ symbol }: OrderRequest): Numeric | null => {
    const totals = books.totals()
    if (totals === null) return null
    const base = baseOf(symbol)
    const inPositions = spotPositions(books)
      .filter(({ symbol: of }) => baseOf(of) === base)
      .map(({ quantity }) => amount(quantity))
    const sellsIt = ({ book, side, symbol: of }: OrderRequest) =>
      book === 'core' && side === 'sell' && baseOf(of) === base
    const promised = [
      ...books
        .liveOrders()
        .filter(({ request }) => sellsIt(request))
        .map(remainingOf),
      ...unwritten()
        .filter(sellsIt)
        .map(({ quantity }) => amount(quantity)),
    ]
    return text(
      amount(totals[base] ?? ZERO)
        .minus(sumOf(inPositions))
        .minus(sumOf(promised))
        .minus(amount(protectedAmounts(configured, books.hodl())[base] ?? ZERO)),
    )
  }
  return {
    heldBy,
    liveExits,
    birthPlace: (request) => ({
      held: request.positionId === null ? null : heldBy(request.positionId),
      liveExits: request.positionId === null ? [] : liveExits(request.positionId),
      coreBase: request.book === 'core' && request.side === 'sell' ? coreBase(request) : null,
      isUnknownOnSymbol: books
        .liveOrders()
        .some((order) => order.phase === 'unknown' && order.request.symbol === request.symbol),
    }),
  }
}

/** A position as the outside sees it, and its profit and loss. */
import type { Pair, PositionId } from './ids.ts'
import type { OrderView } from './order.ts'
import type { TrailingStop } from './trailing.ts'
import { type Amount, amount, type Money, maxOf, money, type Numeric, type Price, text, ZERO } from './units.ts'

export type PositionSide = 'long' | 'short'
export type PositionPhase = 'opening' | 'protecting' | 'protected' | 'closing' | 'emergencyExit' | 'closed'
export type CloseReason =
  | 'stop_loss'
  | 'take_profit'
  | 'trailing_stop'
  | 'signal'
  | 'api'
  | 'breaker'
  | 'unprotected'
  | 'liquidated'
  | 'entry_unfilled'
  | 'dust'

/** The whole of a position at one moment; carried by every position fact. */
export interface PositionView {
  readonly positionId: PositionId
  readonly symbol: Pair
  readonly side: PositionSide
  /** All but closed are open. */
  readonly status: 'open' | 'closed'
  readonly phase: PositionPhase
  readonly leverage: number
  /** Exchange volume held now, base units. */
  readonly quantity: Numeric
  /** Volume-weighted average of the entry fills; 0 before the first. */
  readonly entryPrice: Numeric
  /** Volume-weighted average of the exit fills; 0 before the first. */
  readonly exitPrice: Numeric
  readonly stopLoss: Numeric
  readonly takeProfit: Numeric | null
  /** Null where its stop stands still. */
  readonly trailing: TrailingStop | null
  /** Σ sells − Σ buys of what has been closed, before fees. */
  readonly realisedGross: Numeric
  readonly fees: Numeric
  /**
   * Opening and rollover fees of margin, quote units; 0 on spot. In a fact, what the position had heard of by then: the account is
   * charged, and its books know first. Whatever is shown outside takes theirs.
   */
  readonly financing: Numeric
  readonly closeReason: CloseReason | null
  readonly openedAt: number
  readonly updatedAt: number
  readonly closedAt: number | null
}

/** What a position's orders add up to. All amounts positive, in base or quote units. */
export interface Holdings {
  readonly entered: Amount
  readonly entryCost: Amount
  readonly exited: Amount
  readonly exitCost: Amount
  readonly fees: Amount
}

/** Adds up the fills of a position's orders: the one source of its quantity, prices and fees. */
export function holdingsOf(orders: Iterable<OrderView>): Holdings {
  let entered: Amount = ZERO
  let entryCost: Amount = ZERO
  let exited: Amount = ZERO
  let exitCost: Amount = ZERO
  let fees: Amount = ZERO
  for (const order of orders) {
    fees = fees.plus(amount(order.fees))
    if (order.request.purpose === 'entry') {
      entered = entered.plus(amount(order.filled))
      entryCost = entryCost.plus(amount(order.cost))
    } else {
      exited = exited.plus(amount(order.filled))
      exitCost = exitCost.plus(amount(order.cost))
    }
  }
  return { entered, entryCost, exited, exitCost, fees }
}

/** Base units still held. */
export const heldQuantity = (holdings: Holdings): Amount => holdings.entered.minus(holdings.exited)

export const averagePrice = (cost: Amount, quantity: Amount): Amount => (quantity.isZero() ? ZERO : cost.div(quantity))

/**
 * An open position with what its orders have filled by now: from a fill until it has written down that it heard of it, its
 * own figures lag behind. Of the two the larger counts, so that nothing at stake is overlooked.
 */
export function withFills(position: PositionView, orders: readonly OrderView[]): PositionView {
  const filled = orders.filter((order) => order.filled !== '0')
  const [first] = filled
  // The usual case, at no cost: everything entered is held, and it knows.
  if (first === undefined || (filled.length === 1 && first.filled === position.quantity)) return position
  const holdings = holdingsOf(filled)
  const held = heldQuantity(holdings)
  if (held.lte(amount(position.quantity))) return position
  return { ...position, quantity: text(held), entryPrice: text(averagePrice(holdings.entryCost, holdings.entered)) }
}

/** An open position with exactly what its orders have filled by now, as the balances have it: for what is not its own. */
export function asFilled(position: PositionView, orders: readonly OrderView[]): PositionView {
  const filled = orders.filter((order) => order.filled !== '0')
  if (filled.length === 1 && filled[0]?.filled === position.quantity) return position
  return { ...position, quantity: text(maxOf(heldQuantity(holdingsOf(filled)), ZERO)) }
}

/** Gross profit of the closed part: its exit value against the average entry, signed by side. */
export function realisedGross(side: PositionSide, holdings: Holdings): Money {
  const entry = averagePrice(holdings.entryCost, holdings.entered)
  const cost = entry.times(holdings.exited)
  return money(side === 'long' ? holdings.exitCost.minus(cost) : cost.minus(holdings.exitCost))
}

/** What a position has brought: gross less its fees and the venue's charges. Quote units. */
export const realisedNet = ({
  realisedGross: gross,
  fees,
  financing,
}: Pick<PositionView, 'realisedGross' | 'fees' | 'financing'>): Numeric =>
  text(amount(gross).minus(amount(fees)).minus(amount(financing)))

/**
 * Unrealised profit of what is still held, before fees: (mark − entry) × volume, signed by side.
 * `quantity` is the exchange volume, so the owner's `(current − entry) × size × leverage` is the same number.
 */
export function unrealisedGross(position: PositionView, mark: Price): Money {
  const move = mark.minus(amount(position.entryPrice))
  return money((position.side === 'long' ? move : move.negated()).times(amount(position.quantity)))
}

/**
 * Percent P&L is the return on margin: gross ÷ (volume × entry ÷ leverage) × 100; null where there is no entry yet.
 */
export function returnOnMarginPct(position: PositionView, gross: Money): Numeric | null {
  const margin = amount(position.quantity).times(amount(position.entryPrice)).div(position.leverage)
  return margin.isZero() ? null : text(gross.div(margin).times(100))
}

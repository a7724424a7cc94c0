/** Takes requests in: checks them against Kraken's rules and the account, and hands what passes to matching. */
import { type Asset, quoteOf, type VenueOrderId, venueOrderId } from '../../../domain/ids.ts'
import { type Amount, amount, type Numeric, text, ZERO_TEXT } from '../../../domain/units.ts'
import type { Blotter } from './blotter.ts'
import { closeProblem, closingOrderOf } from './closing-orders.ts'
import type { Execution } from './execution.ts'
import type { FeeSchedule } from './fee-schedule.ts'
import { holdPriceOf, isOnMargin } from './holds.ts'
import type { MarginDesk } from './margin-desk.ts'
import { liquidationsOf, marginProblem } from './margin-orders.ts'
import { modeProblem, type Session } from './market-mode.ts'
import type { Matching } from './matching.ts'
import { type Checked, checkNumbers, checkOrder, displayProblem, isRefusal, isTrailing } from './order-rules.ts'
import { CANCELLED, REFUSED, type Refusal } from './refusals.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { IdOf } from './venue-ids.ts'
import { type NewOrder, type OrderRow, parsed, rowOf, type WorkingOrder, workingOrder } from './venue-order.ts'

/** Taken, with the venue's order id, or refused. */
export type Outcome = { readonly venueOrderId: VenueOrderId } | Refusal
type Answer = (outcome: Outcome) => void

/** New terms of an order by the venue's id or the client's; what is left out stays. */
export interface Amendment {
  readonly id: string
  readonly quantity?: Numeric
  readonly limitPrice?: Numeric
  readonly triggerPrice?: Numeric
  readonly displayQuantity?: Numeric
  readonly postOnly?: boolean
  /** It is refused when it takes effect later than this, milliseconds UTC; null for no limit. */
  readonly deadlineAt?: number | null
}

interface EntryParts {
  readonly blotter: Blotter
  readonly execution: Execution
  readonly fees: FeeSchedule
  readonly margin: MarginDesk
  readonly matching: Matching
  readonly session: Session
  readonly markets: ReadonlyMap<string, SymbolMarket>
  readonly idOf: IdOf
  /** Live orders that a pair may have; null for any number. */
  readonly maxOpenOrders: number | null
}

const NOT_YET = {
  reason: null,
  filled: ZERO_TEXT,
  cost: ZERO_TEXT,
  fee: ZERO_TEXT,
  averagePrice: ZERO_TEXT,
  fills: [],
  triggered: false,
  amended: false,
  closes: ZERO_TEXT,
  liquidated: false,
  refId: null,
  queueAhead: null,
  holdPrice: null,
  closedAt: null,
} as const

interface Admitted {
  readonly working: WorkingOrder
  readonly market: SymbolMarket
}

export class OrderEntry {
  /** Orders accepted so far. */
  orders = 0
  readonly #parts: EntryParts

  constructor(parts: EntryParts) {
    this.#parts = parts
  }

  /** Would the order be taken? Nothing changes. `effectiveAt` is what its deadline is held against. */
  check(order: NewOrder, effectiveAt: number, at: number): Refusal | null {
    const admitted = this.#admit(order, effectiveAt, at)
    return 'message' in admitted ? admitted : null
  }

  /** `effectiveAt` is when the request reached the book, which its deadline is held against. */
  accept(order: NewOrder, effectiveAt: number, at: number, answer: Answer): void {
    const admitted = this.#admit(order, effectiveAt, at)
    if ('message' in admitted) {
      answer(admitted)
      return
    }
    answer({ venueOrderId: admitted.working.venueOrderId })
    this.#take(admitted, at)
  }

  /** Places the closing orders of the fills since this was last called; one that may not be is told as cancelled. */
  spawn(at: number): void {
    for (const spawn of this.#parts.execution.takeSpawning()) {
      const { primary } = spawn
      if (primary.close === null) continue
      const order = closingOrderOf(spawn, primary.close)
      const admitted = this.#admit(order, at, at)
      if (!('message' in admitted)) {
        admitted.working.refId = primary.venueOrderId
        this.#take(admitted, at)
      } else this.#turnAway(order, primary, admitted, at)
    }
  }

  #turnAway(order: NewOrder, primary: WorkingOrder, refusal: Refusal, at: number): void {
    const { quantity, limitPrice, triggerPrice } = order
    const asked = { quantity: amount(quantity), limitPrice: parsed(limitPrice), triggerPrice: parsed(triggerPrice) }
    const working = workingOrder(this.#rowFor(order, asked, null, at))
    this.orders = working.sequence
    working.refId = primary.venueOrderId
    const reason = refusal.message.slice(refusal.message.indexOf(':') + 1)
    this.#parts.execution.turnAway(working, reason, at)
  }

  #take({ working, market }: Admitted, at: number): void {
    const { execution, matching } = this.#parts
    this.orders = working.sequence
    execution.open(working, market)
    execution.tell(working.isPending ? 'pending' : 'opened', working, at)
    if (working.type === 'settle-position') execution.settlePosition(working, market, at)
    else if (!working.isPending) matching.begin(working, market, at)
  }

  /** A scheduled order's time has come. */
  start(order: WorkingOrder, at: number): void {
    const market = this.#parts.markets.get(order.symbol)
    if (market === undefined) return
    const { execution, matching } = this.#parts
    if (execution.start(order, market, at)) matching.begin(order, market, at)
    this.spawn(at)
  }

  cancel(id: string, at: number, answer: Answer): void {
    if (this.#parts.session.mode === 'maintenance') {
      answer(REFUSED.maintenance)
      return
    }
    const order = this.#parts.blotter.working(id)
    answer(order === undefined ? REFUSED.unknownOrder : { venueOrderId: order.venueOrderId })
    if (order !== undefined) this.#parts.execution.cancel(order, CANCELLED.byUser, at)
  }

  /** Keeps the order's ids and fills, and its place in the queue where the price stays and the quantity does not grow. */
  amend(change: Amendment, effectiveAt: number, at: number, answer: Answer): void {
    const { blotter, execution, markets } = this.#parts
    const order = blotter.working(change.id)
    const market = order === undefined ? undefined : markets.get(order.symbol)
    if (order === undefined || market === undefined) {
      answer(REFUSED.unknownOrder)
      return
    }
    const isLate = change.deadlineAt !== undefined && change.deadlineAt !== null && effectiveAt > change.deadlineAt
    const amended = isLate
      ? REFUSED.deadline
      : (modeProblem(this.#parts.session.mode, order) ?? amendedOrder(order, change, market, at))
    if ('message' in amended) {
      answer(amended)
    } else if (amended.quantity.lte(order.filled)) {
      answer({ venueOrderId: order.venueOrderId })
      execution.cancel(order, CANCELLED.amendedBelowFilled, at)
    } else if (execution.isPayable(amended, market)) {
      answer({ venueOrderId: order.venueOrderId })
      this.#change(order, amended, market, at)
    } else {
      answer(unpayable(order))
    }
  }

  #admit(order: NewOrder, effectiveAt: number, at: number): Admitted | Refusal {
    const { blotter, execution, margin, markets } = this.#parts
    const checked = checkOrder(order, markets.get(order.symbol), effectiveAt, margin.isOn)
    if (!('market' in checked)) return checked
    const closedFor = modeProblem(this.#parts.session.mode, order)
    if (closedFor !== null) return closedFor
    if (order.clientOrderId !== null && blotter.hasClientId(order.clientOrderId)) return REFUSED.duplicateClientId
    const { market, numbers } = checked
    const problem = closeProblem(order, market)
    if (problem !== null) return problem
    const { maxOpenOrders } = this.#parts
    if (maxOpenOrders !== null && blotter.countOf(order.symbol) >= maxOpenOrders) return REFUSED.orderLimit
    if (order.type === 'market' && market.takerPrice(order.side, numbers.quantity, at) === null) return REFUSED.noMarket
    const working = workingOrder(this.#rowFor(order, numbers, market, at))
    working.holdPrice = holdPriceOf(working, market, at)
    const refused = isOnMargin(working) ? marginProblem(working, margin) : null
    if (refused !== null) return refused
    return execution.isPayable(working, market) ? { working, market } : unpayable(working)
  }

  /** Closes everything in this collateral by force: first the orders on margin go, then the positions. */
  liquidate(quote: Asset, at: number): void {
    const { blotter, execution, margin, markets } = this.#parts
    const live = [...blotter.live()].filter((order) => isOnMargin(order) && quoteOf(order.symbol) === quote)
    const underWay = live.filter((order) => order.liquidated).map((order) => order.symbol)
    for (const order of live) if (!order.liquidated) execution.cancel(order, CANCELLED.liquidation, at)
    for (const forced of liquidationsOf(margin.positions, quote)) {
      const market = markets.get(forced.symbol)
      if (market === undefined || underWay.includes(forced.symbol)) continue
      const numbers = { quantity: amount(forced.quantity), limitPrice: null, triggerPrice: null }
      const working = workingOrder(this.#rowFor(forced, numbers, market, at))
      working.liquidated = true
      this.#take({ working, market }, at)
    }
  }

  #change(order: WorkingOrder, amended: WorkingOrder, market: SymbolMarket, at: number): void {
    const { execution, matching } = this.#parts
    const { quantity, limitPrice, triggerPrice } = order
    Object.assign(order, amended)
    execution.hold(order, market)
    execution.tell('amended', order, at)
    if (order.isPending) return
    if (!isSame(limitPrice, order.limitPrice) || !isSame(triggerPrice, order.triggerPrice)) {
      order.restsSince = at
      matching.begin(order, market, at)
      return
    }
    if (order.quantity.gt(quantity) && order.limitPrice !== null)
      order.queueAhead = market.queueAhead(order.side, order.limitPrice, at)
    execution.display(order)
  }

  /** An order on margin also holds the fee of opening a position. */
  #holdRateOf(order: NewOrder, at: number): Numeric {
    const { fees, margin } = this.#parts
    const rate = fees.holdRateAt(at)
    return isOnMargin(order) ? text(margin.openingFee.plus(rate)) : rate
  }

  #rowFor(order: NewOrder, numbers: Checked, market: SymbolMarket | null, at: number): OrderRow {
    const sequence = this.orders + 1
    const { deadlineAt: _deadlineAt, ...asked } = order
    const best = isTrailing(order.type) ? (market?.last ?? null) : null
    return {
      ...asked,
      ...NOT_YET,
      quantity: text(numbers.quantity),
      limitPrice: numbers.limitPrice === null ? null : text(numbers.limitPrice),
      triggerPrice: numbers.triggerPrice === null ? null : text(numbers.triggerPrice),
      trailing: best === null ? null : order.trailing,
      limitOffset: order.type === 'trailing-stop-limit' ? order.limitOffset : null,
      expiresAt: order.timeInForce === 'GTD' ? order.expiresAt : null,
      status: order.startsAt !== null && order.startsAt > at ? 'pending' : 'open',
      venueOrderId: venueOrderId(this.#parts.idOf('O', sequence)),
      sequence,
      holdRate: this.#holdRateOf(order, at),
      held: ZERO_TEXT,
      displayed: null,
      best,
      openedAt: at,
      restsSince: at,
    }
  }
}

const unpayable = (order: WorkingOrder): Refusal => (isOnMargin(order) ? REFUSED.margin : REFUSED.funds)
const isSame = (a: Amount | null, b: Amount | null): boolean => (a === null || b === null ? a === b : a.eq(b))

/** The order as it would be; a refusal where Kraken would not have it so. */
function amendedOrder(
  order: WorkingOrder,
  change: Amendment,
  market: SymbolMarket,
  at: number,
): WorkingOrder | Refusal {
  if (order.type === 'market') return REFUSED.orderType
  if (change.limitPrice !== undefined && order.limitPrice === null) return REFUSED.limitMissing
  if (change.triggerPrice !== undefined && (order.triggerPrice === null || order.triggered))
    return REFUSED.triggerMissing
  // The venue moves it.
  if (change.triggerPrice !== undefined && isTrailing(order.type)) return REFUSED.triggerMissing
  const postOnly = change.postOnly ?? order.postOnly
  if (postOnly && order.type !== 'limit') return REFUSED.flags
  const row = rowOf(order)
  const numbers = checkNumbers(
    {
      type: order.type,
      quantity: change.quantity ?? row.quantity,
      quantityInQuote: order.quantityInQuote,
      limitPrice: change.limitPrice ?? row.limitPrice,
      triggerPrice: change.triggerPrice ?? row.triggerPrice,
    },
    market,
    order.holdPrice ?? (market.last === null ? null : amount(market.last)),
  )
  if (isRefusal(numbers)) return numbers
  const displayQuantity = change.displayQuantity ?? order.displayQuantity
  const problem = displayProblem({ type: order.type, quantity: text(numbers.quantity), displayQuantity }, market)
  if (problem !== null) return problem
  const amended: WorkingOrder = { ...order, ...numbers, displayQuantity, postOnly, amended: true }
  amended.holdPrice = holdPriceOf(amended, market, at)
  const limit = change.limitPrice === undefined ? null : numbers.limitPrice
  return limit !== null && postOnly && market.crosses(order.side, limit, at, null) ? REFUSED.postOnly : amended
}

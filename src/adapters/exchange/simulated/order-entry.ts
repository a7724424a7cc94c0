/** Takes requests in: checks them against Kraken's rules and the account, and hands what passes to matching. */
import { type VenueOrderId, venueOrderId } from '../../../domain/ids.ts'
import { type Amount, amount, type Numeric, text, ZERO_TEXT } from '../../../domain/units.ts'
import type { Blotter } from './blotter.ts'
import type { Execution } from './execution.ts'
import { type MarketMode, modeProblem } from './market-mode.ts'
import type { Matching } from './matching.ts'
import { checkNumbers, checkOrder, hasLimit, hasTrigger, isRefusal } from './order-rules.ts'
import { CANCELLED, REFUSED, type Refusal } from './refusals.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { IdOf } from './venue-ids.ts'
import { type NewOrder, type OrderRow, rowOf, type WorkingOrder, workingOrder } from './venue-order.ts'

/** Taken, with the venue's order id, or refused. */
export type Outcome = { readonly venueOrderId: VenueOrderId } | Refusal
type Answer = (outcome: Outcome) => void

/** New terms of an order by the venue's id or the client's; what is left out stays. */
export interface Amendment {
  readonly id: string
  readonly quantity?: Numeric
  readonly limitPrice?: Numeric
  readonly triggerPrice?: Numeric
  readonly postOnly?: boolean
  /** It is refused when it takes effect later than this, milliseconds UTC; null for no limit. */
  readonly deadlineAt?: number | null
}

interface EntryParts {
  readonly blotter: Blotter
  readonly execution: Execution
  readonly matching: Matching
  readonly markets: ReadonlyMap<string, SymbolMarket>
  readonly idOf: IdOf
}

const NOT_YET = {
  status: 'open',
  reason: null,
  filled: ZERO_TEXT,
  cost: ZERO_TEXT,
  fee: ZERO_TEXT,
  averagePrice: ZERO_TEXT,
  fills: [],
  triggered: false,
  amended: false,
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
  mode: MarketMode = 'online'
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
    const { working, market } = admitted
    const { execution, matching } = this.#parts
    this.orders = working.sequence
    execution.open(working)
    answer({ venueOrderId: working.venueOrderId })
    execution.tell('opened', working, at)
    matching.begin(working, market, at)
  }

  cancel(id: string, at: number, answer: Answer): void {
    if (this.mode === 'maintenance') {
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
      : (modeProblem(this.mode, order) ?? amendedOrder(order, change, market, at))
    if ('message' in amended) {
      answer(amended)
    } else if (amended.quantity.lte(order.filled)) {
      answer({ venueOrderId: order.venueOrderId })
      execution.cancel(order, CANCELLED.amendedBelowFilled, at)
    } else if (execution.isPayable(amended)) {
      answer({ venueOrderId: order.venueOrderId })
      this.#change(order, amended, market, at)
    } else {
      answer(REFUSED.funds)
    }
  }

  #admit(order: NewOrder, effectiveAt: number, at: number): Admitted | Refusal {
    const { blotter, execution, markets } = this.#parts
    const checked = checkOrder(order, markets.get(order.symbol), effectiveAt)
    if (!('market' in checked)) return checked
    const closedFor = modeProblem(this.mode, order)
    if (closedFor !== null) return closedFor
    if (order.clientOrderId !== null && blotter.hasClientId(order.clientOrderId)) return REFUSED.duplicateClientId
    const { market, numbers } = checked
    if (order.type === 'market' && market.takerPrice(order.side, numbers.quantity, at) === null) return REFUSED.noMarket
    const working = workingOrder(this.#rowFor(order, at))
    working.holdPrice = holdPriceOf(working, market, at)
    return execution.isPayable(working) ? { working, market } : REFUSED.funds
  }

  #change(order: WorkingOrder, amended: WorkingOrder, market: SymbolMarket, at: number): void {
    const { execution, matching } = this.#parts
    const { quantity, limitPrice, triggerPrice } = order
    Object.assign(order, amended)
    execution.hold(order)
    execution.tell('amended', order, at)
    if (!isSame(limitPrice, order.limitPrice) || !isSame(triggerPrice, order.triggerPrice)) {
      order.restsSince = at
      matching.begin(order, market, at)
    } else if (order.quantity.gt(quantity) && order.limitPrice !== null) {
      order.queueAhead = market.queueAhead(order.side, order.limitPrice, at)
    }
  }

  #rowFor(order: NewOrder, at: number): OrderRow {
    const sequence = this.orders + 1
    const { deadlineAt: _deadlineAt, ...asked } = order
    return {
      ...asked,
      ...NOT_YET,
      quantity: text(order.quantity),
      limitPrice: hasLimit(order.type) && order.limitPrice !== null ? text(order.limitPrice) : null,
      triggerPrice: hasTrigger(order.type) && order.triggerPrice !== null ? text(order.triggerPrice) : null,
      expiresAt: order.timeInForce === 'GTD' ? order.expiresAt : null,
      venueOrderId: venueOrderId(this.#parts.idOf('O', sequence)),
      sequence,
      openedAt: at,
      restsSince: at,
    }
  }
}

const isSame = (a: Amount | null, b: Amount | null): boolean => (a === null || b === null ? a === b : a.eq(b))

/** A buy holds for its limit, else for what its trigger is expected to fill at, else for what the market asks now. */
function holdPriceOf(order: WorkingOrder, market: SymbolMarket, at: number): Amount | null {
  if (order.side === 'sell') return null
  if (order.limitPrice !== null) return order.limitPrice
  if (order.triggerPrice !== null) return market.worsened('buy', order.triggerPrice)
  return market.takerPrice('buy', order.quantity, at)
}

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
  const postOnly = change.postOnly ?? order.postOnly
  if (postOnly && order.type !== 'limit') return REFUSED.flags
  const row = rowOf(order)
  const numbers = checkNumbers(
    {
      type: order.type,
      quantity: change.quantity ?? row.quantity,
      limitPrice: change.limitPrice ?? row.limitPrice,
      triggerPrice: change.triggerPrice ?? row.triggerPrice,
    },
    market,
    order.holdPrice ?? (market.last === null ? null : amount(market.last)),
  )
  if (isRefusal(numbers)) return numbers
  const amended: WorkingOrder = { ...order, ...numbers, postOnly, amended: true }
  amended.holdPrice = holdPriceOf(amended, market, at)
  const limit = change.limitPrice === undefined ? null : numbers.limitPrice
  return limit !== null && postOnly && market.crosses(order.side, limit, at, null) ? REFUSED.postOnly : amended
}

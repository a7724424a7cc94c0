/** Takes requests in: checks them against Kraken's rules and the account, and hands what passes to matching. */
import { type VenueOrderId, venueOrderId } from '../../../domain/ids.ts'
import { type Amount, amount, text, ZERO_TEXT } from '../../../domain/units.ts'
import type { AmendRequest, ExecutionReport } from '../../../ports/exchange.ts'
import type { Execution } from './execution.ts'
import type { Matching } from './matching.ts'
import { checkNumbers, checkOrder, hasLimit, hasTrigger, isRefusal } from './order-rules.ts'
import { CANCELLED, REFUSED, type Refusal } from './refusals.ts'
import type { SymbolMarket } from './symbol-market.ts'
import type { IdOf } from './venue-ids.ts'
import { type NewOrder, type OrderRow, type WorkingOrder, workingOrder, written } from './venue-order.ts'

/** Taken, with the venue's order id, or refused. */
export type Outcome = { readonly venueOrderId: VenueOrderId } | Refusal
type Answer = (outcome: Outcome) => void

const NOT_YET = { status: 'open', reason: null, filled: ZERO_TEXT, fills: [], triggered: false } as const

export class OrderEntry {
  /** Orders accepted so far. */
  orders = 0
  readonly #execution: Execution
  readonly #matching: Matching
  readonly #markets: ReadonlyMap<string, SymbolMarket>
  readonly #idOf: IdOf
  readonly #emit: (report: ExecutionReport) => void

  constructor(
    execution: Execution,
    matching: Matching,
    markets: ReadonlyMap<string, SymbolMarket>,
    idOf: IdOf,
    emit: (report: ExecutionReport) => void,
  ) {
    this.#execution = execution
    this.#matching = matching
    this.#markets = markets
    this.#idOf = idOf
    this.#emit = emit
  }

  /** `effectiveAt` is when the request reached the book, which its deadline is held against. */
  accept(order: NewOrder, effectiveAt: number, at: number, answer: Answer): void {
    const admitted = this.#admit(order, effectiveAt, at)
    if ('message' in admitted) {
      answer(admitted)
      return
    }
    const { working, market } = admitted
    this.orders = working.sequence
    this.#execution.open(working)
    const { clientOrderId, venueOrderId } = working
    answer({ venueOrderId })
    this.#emit({ kind: 'opened', clientOrderId, venueOrderId, at })
    this.#matching.begin(working, market, at)
  }

  cancel(id: string, at: number, answer: Answer): void {
    const order = this.#execution.working(id)
    answer(order === undefined ? REFUSED.unknownOrder : { venueOrderId: order.venueOrderId })
    if (order !== undefined) this.#execution.cancel(order, CANCELLED.byUser, at)
  }

  /** Keeps the order's ids and fills, and its place in the queue where the price stays and the quantity does not grow. */
  amend(change: AmendRequest, at: number, answer: Answer): void {
    const order = this.#execution.working(change.clientOrderId)
    const market = order === undefined ? undefined : this.#markets.get(order.symbol)
    if (order === undefined || market === undefined) {
      answer(REFUSED.unknownOrder)
      return
    }
    const amended = amendedOrder(order, change, market, at)
    if ('message' in amended) {
      answer(amended)
    } else if (amended.quantity.lte(order.filled)) {
      answer({ venueOrderId: order.venueOrderId })
      this.#execution.cancel(order, CANCELLED.amendedBelowFilled, at)
    } else if (this.#execution.isPayable(amended)) {
      answer({ venueOrderId: order.venueOrderId })
      this.#change(order, amended, market, at)
    } else {
      answer(REFUSED.funds)
    }
  }

  #admit(
    order: NewOrder,
    effectiveAt: number,
    at: number,
  ): { readonly working: WorkingOrder; readonly market: SymbolMarket } | Refusal {
    const checked = checkOrder(order, this.#markets.get(order.symbol), effectiveAt)
    if (!('market' in checked)) return checked
    if (this.#execution.live.has(order.clientOrderId)) return REFUSED.duplicateClientId
    const { market, numbers } = checked
    if (order.type === 'market' && market.takerPrice(order.side, numbers.quantity, at) === null) return REFUSED.noMarket
    const working = workingOrder(this.#rowFor(order, at))
    working.holdPrice = holdPriceOf(working, market, at)
    return this.#execution.isPayable(working) ? { working, market } : REFUSED.funds
  }

  #change(order: WorkingOrder, amended: WorkingOrder, market: SymbolMarket, at: number): void {
    const { quantity, limitPrice, triggerPrice } = order
    Object.assign(order, amended)
    this.#execution.hold(order)
    this.#emit({
      kind: 'amended',
      clientOrderId: order.clientOrderId,
      quantity: text(order.quantity),
      limitPrice: written(order.limitPrice),
      triggerPrice: written(order.triggerPrice),
      at,
    })
    if (!isSame(limitPrice, order.limitPrice) || !isSame(triggerPrice, order.triggerPrice)) {
      order.restsSince = at
      this.#matching.begin(order, market, at)
    } else if (order.quantity.gt(quantity) && order.limitPrice !== null) {
      order.queueAhead = market.queueAhead(order.side, order.limitPrice, at)
    }
  }

  #rowFor(order: NewOrder, at: number): OrderRow {
    const sequence = this.orders + 1
    const { deadlineAt: _deadlineAt, leverage: _leverage, ...asked } = order
    return {
      ...asked,
      ...NOT_YET,
      quantity: text(order.quantity),
      limitPrice: hasLimit(order.type) && order.limitPrice !== null ? text(order.limitPrice) : null,
      triggerPrice: hasTrigger(order.type) && order.triggerPrice !== null ? text(order.triggerPrice) : null,
      expiresAt: order.timeInForce === 'GTD' ? order.expiresAt : null,
      venueOrderId: venueOrderId(this.#idOf('O', sequence)),
      sequence,
      queueAhead: null,
      holdPrice: null,
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
  change: AmendRequest,
  market: SymbolMarket,
  at: number,
): WorkingOrder | Refusal {
  if (order.type === 'market') return REFUSED.orderType
  if (change.limitPrice !== undefined && order.limitPrice === null) return REFUSED.limitMissing
  if (change.triggerPrice !== undefined && (order.triggerPrice === null || order.triggered))
    return REFUSED.triggerMissing
  const numbers = checkNumbers(
    {
      type: order.type,
      quantity: change.quantity ?? text(order.quantity),
      limitPrice: change.limitPrice ?? written(order.limitPrice),
      triggerPrice: change.triggerPrice ?? written(order.triggerPrice),
    },
    market,
    order.holdPrice ?? (market.last === null ? null : amount(market.last)),
  )
  if (isRefusal(numbers)) return numbers
  const amended: WorkingOrder = { ...order, ...numbers }
  amended.holdPrice = holdPriceOf(amended, market, at)
  const limit = change.limitPrice === undefined ? null : numbers.limitPrice
  return limit !== null && order.postOnly && market.crosses(order.side, limit, at, null) ? REFUSED.postOnly : amended
}

/**
 * What really happened at the venue, told by its own reports before the line can lose them. The system's picture is held
 * against this; nothing of the system's own code has a part in it but the arithmetic.
 */
import { type OrderId, type Pair, type PositionId, quoteOf } from '../../src/domain/ids.ts'
import { BUILT_IN_INSTRUMENTS } from '../../src/domain/instrument.ts'
import type { Fill, OrderRequest, Side } from '../../src/domain/order.ts'
import { type Amount, amount, maxOf, minOf, type Numeric, sumOf, text, ZERO } from '../../src/domain/units.ts'
import type { ExecutionReport, PlaceRequest } from '../../src/ports/exchange.ts'
import { isOnMargin, TrueLots } from './lots.ts'

/** An order that was asked for, and what became of it. */
export interface TrueOrder {
  readonly clientOrderId: OrderId
  readonly request: OrderRequest
  /** How often the venue opened an order under this client id. */
  opened: number
  isLive: boolean
  quantity: Amount
  filled: Amount
  triggerPrice: Numeric | null
  readonly fills: Map<string, Fill>
}

/** A trade by which the venue closed by force what was open on margin. */
export interface ForcedTrade extends Fill {
  readonly symbol: Pair
  readonly side: Side
}

/** What of a forced trade was one position's. */
interface Seizure {
  readonly trade: ForcedTrade
  readonly quantity: Amount
}

/** What a position holds, by the fills at the venue alone. */
export interface TruePosition {
  readonly positionId: PositionId
  readonly symbol: Pair
  readonly orders: TrueOrder[]
  /** What of it the venue closed by force. */
  readonly seized: Seizure[]
}

const remaining = (order: TrueOrder): Amount => order.quantity.minus(order.filled)

export class Truth {
  readonly orders = new Map<OrderId, TrueOrder>()
  readonly positions = new Map<PositionId, TruePosition>()
  /** Positions with an order alive or something held: those whose invariants can break. */
  readonly active = new Set<PositionId>()
  /** Orders that are open at the venue. */
  readonly live = new Set<TrueOrder>()
  /** What all fills on margin leave open. */
  readonly #lots = new TrueLots()
  readonly totals = new Map<string, Amount>()
  /** Trades by which the venue closed by force. */
  readonly forced = new Map<string, ForcedTrade>()
  /** Moves whenever anything happened. */
  version = 0
  /** Hears of every execution as it happens. */
  onFill: (order: TrueOrder) => void = () => undefined
  /** Hears of every order as the venue opens or amends it. */
  onTerms: (order: TrueOrder) => void = () => undefined

  constructor(balances: Readonly<Record<string, Numeric>>) {
    for (const [asset, total] of Object.entries(balances)) this.totals.set(asset, amount(total))
  }

  /** An order leaves for the venue. */
  asked({ clientOrderId, request }: PlaceRequest): TrueOrder {
    const known = this.orders.get(clientOrderId)
    if (known !== undefined) return known
    const order: TrueOrder = {
      ...{ clientOrderId, request, opened: 0, isLive: false, fills: new Map() },
      ...{ quantity: amount(request.quantity), filled: ZERO, triggerPrice: request.triggerPrice },
    }
    this.orders.set(clientOrderId, order)
    const { positionId, symbol } = request
    if (positionId === null) return order
    const position = this.positions.get(positionId) ?? { positionId, symbol, orders: [], seized: [] }
    position.orders.push(order)
    this.positions.set(positionId, position)
    this.active.add(positionId)
    return order
  }

  hear(report: ExecutionReport): void {
    const order = this.orders.get(report.clientOrderId)
    if (order === undefined) throw new Error(`the venue reports of ${report.clientOrderId}, which nobody asked for`)
    this.version += 1
    switch (report.kind) {
      case 'opened':
        order.opened += 1
        order.isLive = true
        this.live.add(order)
        return this.onTerms(order)
      case 'filled':
        return this.#fill(order, report.fill)
      case 'amended':
        order.quantity = amount(report.quantity)
        order.triggerPrice = report.triggerPrice
        return this.onTerms(order)
      case 'cancelled':
      case 'expired':
        this.#end(order)
    }
  }

  /** Base units that a position holds. */
  held({ orders, seized }: TruePosition): Amount {
    return sumOf([
      ...orders.map(({ request, filled }) => (request.purpose === 'entry' ? filled : filled.negated())),
      ...seized.map(({ quantity }) => quantity.negated()),
    ])
  }

  /** The venue closed by force: what came first goes first. */
  seize(trade: ForcedTrade): void {
    this.forced.set(trade.tradeId, trade)
    this.version += 1
    this.#move(quoteOf(trade.symbol), this.#lots.trade(trade, trade).minus(amount(trade.fee)))
    let rest = amount(trade.quantity)
    for (const position of this.positions.values()) {
      const side = entrySide(position)
      if (position.symbol !== trade.symbol || side === null || side === trade.side) continue
      const quantity = minOf(rest, this.held(position))
      if (quantity.lte(0)) continue
      position.seized.push({ trade, quantity })
      rest = rest.minus(quantity)
    }
  }

  /**
   * What its exits that live could still sell. A stop and a target that rest as a pair count once, and for no more than is
   * held: after a fill of one the other is too large until it has shrunk, and the venue lets it only reduce.
   */
  exiting(position: TruePosition): Amount {
    const pair = this.#pair(position)
    const isPair = position.orders.some(({ request }) => request.purpose === 'target')
    return this.#left(position, ['exit']).plus(isPair ? minOf(pair, this.held(position)) : pair)
  }

  /** By how much they come to more than is held, where the larger leg of a pair counts with all that it could sell. */
  excess(position: TruePosition): Amount {
    return this.#left(position, ['exit']).plus(this.#pair(position)).minus(this.held(position))
  }

  #pair(position: TruePosition): Amount {
    return maxOf(this.#left(position, ['stop']), this.#left(position, ['target']))
  }

  /** What of it is protected, or being sold: a target alone is no protection. */
  covered(position: TruePosition): Amount {
    return this.#left(position, ['stop', 'exit'])
  }

  /** Base units that its live orders of these purposes may still execute. */
  #left({ orders }: TruePosition, purposes: readonly OrderRequest['purpose'][]): Amount {
    return sumOf(orders.filter((one) => one.isLive && purposes.includes(one.request.purpose)).map(remaining))
  }

  /** Base units that all fills on margin leave open of a pair: above zero long, below it short. */
  openOnMargin(symbol: Pair): Amount {
    return this.#lots.open(symbol)
  }

  isEntryLive({ orders }: TruePosition): boolean {
    return orders.some((order) => order.isLive && order.request.purpose === 'entry')
  }

  /** Forgets to look at positions that are over. */
  retire(position: TruePosition): void {
    if (position.orders.some(({ isLive }) => isLive) || !this.held(position).isZero()) return
    this.active.delete(position.positionId)
  }

  #end(order: TrueOrder): void {
    order.isLive = false
    this.live.delete(order)
  }

  #fill(order: TrueOrder, fill: Fill): void {
    if (order.fills.has(fill.tradeId)) throw new Error(`the venue filled ${fill.tradeId} twice`)
    order.fills.set(fill.tradeId, fill)
    order.filled = order.filled.plus(amount(fill.quantity))
    if (order.filled.gte(order.quantity)) this.#end(order)
    const { symbol, side, positionId } = order.request
    if (positionId !== null) this.active.add(positionId)
    if (isOnMargin(order.request)) {
      this.#move(quoteOf(symbol), this.#lots.trade(order.request, fill).minus(amount(fill.fee)))
      return this.onFill(order)
    }
    const [base = '', quote = ''] = symbol.split('/')
    const cost = amount(fill.price).times(amount(fill.quantity))
    this.#move(base, signed(side, amount(fill.quantity)))
    this.#move(quote, signed(side, cost).negated().minus(amount(fill.fee)))
    this.onFill(order)
  }

  #move(asset: string, by: Amount): void {
    this.totals.set(asset, (this.totals.get(asset) ?? ZERO).plus(by))
  }
}

export const isMargin = ({ orders }: TruePosition): boolean => orders.some(({ request }) => isOnMargin(request))
/** The side of what it opened on margin; null where it opened nothing there. */
export const entrySide = (position: TruePosition): Side | null =>
  isMargin(position) ? (position.orders.find(({ request }) => request.purpose === 'entry')?.request.side ?? null) : null

const signed = (side: Side, size: Amount): Amount => (side === 'buy' ? size : size.negated())

/** Too little for the venue to take an order of, at this price. */
export function isDust(symbol: Pair, size: Amount, price: Amount): boolean {
  const instrument = BUILT_IN_INSTRUMENTS.find((one) => one.symbol === symbol)
  if (instrument === undefined) throw new Error(`${symbol} is not listed`)
  return size.lt(amount(instrument.orderMin)) || size.times(price).lt(amount(instrument.costMin))
}

export const shown = (value: Amount): string => text(value)

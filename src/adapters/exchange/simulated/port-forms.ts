/** The engine's orders and events in the forms of the exchange port, and back. */

import type { Flow, OpenOnMargin, VenueTrade } from '../../../domain/account-history.ts'
import { type OrderId, orderId, type Pair, tradeId } from '../../../domain/ids.ts'
import { selfTradeOf } from '../../../domain/order.ts'
import type { VenueOrder } from '../../../domain/reports.ts'
import { amount, text } from '../../../domain/units.ts'
import type {
  AccountFees,
  AmendRequest,
  CheckRequest,
  ExecutionReport,
  VenueOrderRow,
} from '../../../ports/exchange.ts'
import type { MatchingEngine } from './engine.ts'
import type { Amendment } from './order-entry.ts'
import type { LedgerRow, VenueEvent } from './venue-events.ts'
import type { NewOrder, OrderRow } from './venue-order.ts'

/** The engine's order out of the port's request; what the venue has no use for is left behind. */
export const newOrderOf = ({ clientOrderId, request, deadlineAt }: CheckRequest): NewOrder => {
  const { symbol, side, type, quantity, limitPrice, triggerPrice } = request
  const { timeInForce, expiresAt, postOnly, leverage } = request
  return {
    ...{ clientOrderId, userref: null, symbol, side, type, quantity, quantityInQuote: false },
    ...{
      limitPrice,
      triggerPrice,
      trailing: request.trailing ?? null,
      limitOffset: null,
      displayQuantity: null,
      trigger: 'last',
    },
    ...{ timeInForce, startsAt: null, expiresAt, postOnly, leverage, feeIn: 'quote', selfTrade: selfTradeOf(request) },
    // Kraken knows it for margin alone; on spot our own desk sees to it.
    reduceOnly: request.reduceOnly && leverage > 1,
    close: null,
    deadlineAt,
  }
}

export const amendmentOf = ({ clientOrderId, ...change }: AmendRequest): Amendment => ({ ...change, id: clientOrderId })

/** What a look-up answers. */
export const venueOrderOf = (row: OrderRow): VenueOrder => ({
  venueOrderId: row.venueOrderId,
  status: row.status,
  quantity: row.quantity,
  limitPrice: row.limitPrice,
  triggerPrice: row.triggerPrice,
  filled: row.filled,
  fills: row.fills,
  reason: row.reason,
})

const clientIdOf = (row: OrderRow): OrderId | null => (row.clientOrderId === null ? null : orderId(row.clientOrderId))

export const venueOrderRowOf = (row: OrderRow): VenueOrderRow => ({
  ...venueOrderOf(row),
  clientOrderId: clientIdOf(row),
  symbol: row.symbol,
  side: row.side,
  type: row.type,
  openedAt: row.openedAt,
})

/** What the port tells of an event; null where it tells nothing, as of orders without a client id. */
export function reportOf(event: VenueEvent): ExecutionReport | null {
  if (event.kind === 'booked') return null
  const { order, at } = event
  const { venueOrderId, quantity, limitPrice, triggerPrice } = order
  const clientOrderId = clientIdOf(order)
  if (clientOrderId === null) return null
  switch (event.kind) {
    case 'opened':
      return { kind: 'opened', clientOrderId, venueOrderId, at }
    case 'filled': {
      const fill = order.fills.at(-1)
      return fill === undefined ? null : { kind: 'filled', clientOrderId, venueOrderId, fill, at }
    }
    case 'cancelled':
      return { kind: 'cancelled', clientOrderId, reason: event.reason, filled: order.filled, at }
    case 'expired':
      return { kind: 'expired', clientOrderId, filled: order.filled, at }
    case 'amended':
      return { kind: 'amended', clientOrderId, quantity, limitPrice, triggerPrice, at }
    case 'pending':
    case 'triggered':
    case 'restated':
      return null
  }
}

/** The pair's fees as they are now. */
export function feesOf(engine: MatchingEngine, symbol: Pair): AccountFees {
  const { maker, taker } = engine.fees(symbol, engine.now)
  return { maker, taker }
}

/** The charge that an event tells of; null for every other. */
export const chargeOf = (event: VenueEvent): Flow | null =>
  event.kind === 'booked' && event.entry.kind === 'rollover' ? flowOf(event.entry) : null

const OF_TRADES: readonly LedgerRow['kind'][] = ['trade', 'margin', 'settled']

/** The ledger's entries later than `since` that are no trades. */
export const flowsOf = (entries: readonly LedgerRow[], since: number): readonly Flow[] =>
  entries.filter((entry) => !OF_TRADES.includes(entry.kind) && entry.at > since).map(flowOf)

/** The trades later than `since`, with the client ids of orders that the engine still knows. */
export const tradesOf = (engine: MatchingEngine, since: number): readonly VenueTrade[] =>
  engine
    .trades()
    .filter((trade) => trade.at > since)
    .map(({ tradeId: id, price, quantity, fee, liquidity, at, ...trade }) => {
      const { venueOrderId, symbol, side, type, leverage, feeAsset } = trade
      const row = engine.find(venueOrderId)
      const fill = { tradeId: id, price, quantity, fee, liquidity, at }
      return {
        ...{ venueOrderId, symbol, side, orderType: type, leverage, feeAsset, fill },
        clientOrderId: row && clientIdOf(row),
      }
    })

/** What is open on margin, one row a pair. */
export function openOnMargin(engine: MatchingEngine): readonly OpenOnMargin[] {
  const open = new Map<Pair, OpenOnMargin>()
  for (const { symbol, side, quantity, closed } of engine.positions()) {
    const before = open.get(symbol)?.quantity ?? '0'
    const held = amount(quantity).minus(closed).plus(before)
    open.set(symbol, { symbol, side: side === 'buy' ? 'long' : 'short', quantity: text(held) })
  }
  return [...open.values()]
}

const flowOf = ({ ledgerId, refId, kind, asset, amount: moved, fee, at }: LedgerRow): Flow => ({
  flowId: ledgerId,
  kind: kind === 'deposit' || kind === 'withdrawal' ? kind : kind === 'rollover' ? 'financing' : 'other',
  ...(kind === 'rollover' ? { tradeId: tradeId(refId) } : {}),
  asset,
  amount: text(amount(moved).minus(fee)),
  fee,
  at,
})

/** The private methods that read orders, trades and the ledger. */
import type { TradeRow } from '../../adapters/exchange/simulated/venue-events.ts'
import type { OrderRow } from '../../adapters/exchange/simulated/venue-order.ts'
import { amount, sumOf, text } from '../../domain/units.ts'
import { findAsset } from '../pairs.ts'
import { invalidArgument, KrakenRefusal, UNKNOWN_ASSET } from '../refusal.ts'
import type { SandboxVenue } from '../venue.ts'
import { type Fields, flagField, listField, requiredText, textField } from './fields.ts'
import type { PrivateMethod } from './method.ts'
import { clientIdField, userrefField } from './order-fields.ts'
import { byId, paged } from './paging.ts'
import { openPositions } from './positions.ts'
import { ledgerRow, orderRow, tradeRow } from './rows.ts'

const ORDERS_AT_MOST = 50
const ROWS_AT_MOST = 20
const ORDER_ID = /^O[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{6}$/

const orderIdOf = (order: OrderRow): string => order.venueOrderId
const tradeIdOf = (trade: TradeRow): string => trade.tradeId

/** Those of one client id or number, where the request names one. */
function asked(fields: Fields, orders: readonly OrderRow[]): readonly OrderRow[] {
  const [clientOrderId, userref] = [clientIdField(fields), userrefField(fields)]
  return orders.filter(
    (order) =>
      (clientOrderId === null || order.clientOrderId === clientOrderId) &&
      (userref === null || order.userref === userref),
  )
}

const openOrders: PrivateMethod = (fields, { venue }) => {
  const withTrades = flagField(fields, 'trades')
  const open = asked(fields, venue.openOrders()).toReversed()
  return { open: byId(open, orderIdOf, (order) => orderRow(order, withTrades)) }
}

const closedOrders: PrivateMethod = (fields, { venue }) => {
  const withTrades = flagField(fields, 'trades')
  const by = textField(fields, 'closetime') ?? 'both'
  if (!['open', 'close', 'both'].includes(by)) throw invalidArgument('closetime')
  const timeOf = (order: OrderRow): number => (by === 'open' ? order.openedAt : (order.closedAt ?? order.openedAt))
  const { rows, count } = paged(fields, asked(fields, venue.closedOrders()), { idOf: orderIdOf, timeOf })
  return {
    closed: byId(rows, orderIdOf, (order) => orderRow(order, withTrades)),
    ...(count === null ? {} : { count }),
  }
}

/** By the venue's ids alone; a client number narrows it down. */
const queryOrders: PrivateMethod = (fields, { venue }) => {
  const ids = listField(fields, 'txid')
  if (ids.length === 0) throw invalidArgument('txid')
  if (ids.length > ORDERS_AT_MOST) throw invalidArgument('txid')
  const found = ids.map((id) => {
    const order = ORDER_ID.test(id) ? venue.order(id) : null
    if (order === null) throw new KrakenRefusal('EOrder:Invalid order')
    return order
  })
  const withTrades = flagField(fields, 'trades')
  return byId(asked(fields, found), orderIdOf, (order) => orderRow(order, withTrades))
}

/** What one taker order took at one moment, as one trade: under the id of the first. */
function consolidated(trades: readonly TradeRow[]): readonly TradeRow[] {
  const rows: TradeRow[] = []
  for (const trade of trades) {
    const before = rows.at(-1)
    const isSame =
      before?.venueOrderId === trade.venueOrderId &&
      before.at === trade.at &&
      before.liquidity === 'taker' &&
      trade.liquidity === 'taker'
    if (before === undefined || !isSame) rows.push(trade)
    else rows[rows.length - 1] = joined(before, trade)
  }
  return rows
}

function joined(first: TradeRow, second: TradeRow): TradeRow {
  const sum = (part: 'quantity' | 'cost' | 'fee' | 'margin') => sumOf([amount(first[part]), amount(second[part])])
  const [quantity, cost] = [sum('quantity'), sum('cost')]
  return {
    ...first,
    quantity: text(quantity),
    cost: text(cost),
    fee: text(sum('fee')),
    margin: text(sum('margin')),
    price: text(cost.div(quantity)),
    ledgers: [...first.ledgers, ...second.ledgers],
  }
}

/** Which trades `type` lets through: a position bears the id of the trade that opened it. */
function tradeFilter(fields: Fields, venue: SandboxVenue): (trade: TradeRow) => boolean {
  const isOpen = new Set<string>(venue.positions().map(({ positionId }) => positionId))
  switch (textField(fields, 'type') ?? 'all') {
    case 'all':
      return () => true
    case 'no position':
      return ({ positionId }) => positionId === null
    case 'any position':
      return ({ positionId }) => positionId !== null
    case 'closed position':
      return ({ positionId, tradeId }) => positionId === tradeId && !isOpen.has(tradeId)
    case 'closing position':
      return ({ positionId, tradeId }) => positionId !== null && positionId !== tradeId
    default:
      throw invalidArgument('type')
  }
}

const tradesHistory: PrivateMethod = (fields, { venue }) => {
  const all = venue.trades().filter(tradeFilter(fields, venue))
  const trades = flagField(fields, 'consolidate_taker', true) ? consolidated(all) : all
  const { rows, count } = paged(fields, trades, { idOf: tradeIdOf, timeOf: (trade) => trade.at })
  return { trades: byId(rows, tradeIdOf, tradeRow), ...(count === null ? {} : { count }) }
}

const queryTrades: PrivateMethod = (fields, { venue }) => {
  const ids = listField(fields, 'txid')
  if (ids.length === 0 || ids.length > ROWS_AT_MOST) throw invalidArgument('txid')
  const trades = venue.trades()
  const found = ids.map((id) => {
    const trade = trades.find((each) => each.tradeId === id)
    if (trade === undefined) throw new KrakenRefusal('EOrder:Unknown trade')
    return trade
  })
  return byId(found, tradeIdOf, tradeRow)
}

const ledgers: PrivateMethod = (fields, { venue }) => {
  const wanted = listField(fields, 'asset').filter((name) => name !== 'all')
  const assets = wanted.map((name) => {
    const found = findAsset(name)
    if (found === null) throw new KrakenRefusal(UNKNOWN_ASSET)
    return found.asset
  })
  const kind = textField(fields, 'type') ?? 'all'
  const entries = venue
    .ledger()
    .filter((entry) => (assets.length === 0 || assets.includes(entry.asset)) && (kind === 'all' || entry.kind === kind))
  const { rows, count } = paged(fields, entries, { idOf: (entry) => entry.ledgerId, timeOf: (entry) => entry.at })
  return { ledger: byId(rows, (entry) => entry.ledgerId, ledgerRow), ...(count === null ? {} : { count }) }
}

const queryLedgers: PrivateMethod = (fields, { venue }) => {
  requiredText(fields, 'id')
  const ids = listField(fields, 'id')
  if (ids.length > ROWS_AT_MOST) throw invalidArgument('id')
  const found = venue.ledger().filter((entry) => ids.includes(entry.ledgerId))
  return byId(found, (entry) => entry.ledgerId, ledgerRow)
}

export const ORDERS_DATA: Readonly<Record<string, PrivateMethod>> = {
  OpenOrders: openOrders,
  ClosedOrders: closedOrders,
  QueryOrders: queryOrders,
  TradesHistory: tradesHistory,
  QueryTrades: queryTrades,
  OpenPositions: openPositions,
  Ledgers: ledgers,
  QueryLedgers: queryLedgers,
}

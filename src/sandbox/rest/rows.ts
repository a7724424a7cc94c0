/** Orders, trades and ledger entries as Kraken's REST writes them: amounts are text, times are seconds. */
import type { LedgerRow, TradeRow } from '../../adapters/exchange/simulated/venue-events.ts'
import type { OrderRow } from '../../adapters/exchange/simulated/venue-order.ts'
import { amount, type Numeric } from '../../domain/units.ts'
import { closeText, decimal, describedPrices, orderText } from '../order-text.ts'
import { assetNamed, pairOf, type SandboxPair } from '../pairs.ts'

/** Seconds since 1970, with what there is of their parts. */
export const seconds = (at: number): number => at / 1000

const STATUS: Readonly<Record<OrderRow['status'], string>> = {
  pending: 'pending',
  open: 'open',
  filled: 'closed',
  cancelled: 'canceled',
  expired: 'expired',
}

/** What became of the order, between commas. */
function miscOf({ status, filled, triggered, triggerPrice, amended, liquidated }: OrderRow): string {
  const isPartial = (status === 'cancelled' || status === 'expired') && !amount(filled).isZero()
  const marks = [
    ...(triggered && triggerPrice !== null ? ['touched'] : []),
    ...(liquidated ? ['liquidated'] : []),
    ...(isPartial ? ['partial'] : []),
    ...(amended ? ['amended'] : []),
  ]
  return marks.join(',')
}

function flagsOf({ postOnly, quantityInQuote, feeIn }: OrderRow): string {
  return [...(postOnly ? ['post'] : []), feeIn === 'base' ? 'fcib' : 'fciq', ...(quantityInQuote ? ['viqc'] : [])].join(
    ',',
  )
}

const hasTrigger = ({ type }: OrderRow): boolean => /^(stop-loss|take-profit|trailing-stop)/.test(type)

/** The description that AddOrder answers with, and every row repeats. */
export function describedOrder(order: OrderRow, pair: SandboxPair): Readonly<Record<string, unknown>> {
  const [price, price2] = describedPrices(order, pair)
  return {
    ...{ pair: pair.altname, aclass: 'forex', type: order.side, ordertype: order.type, price, price2 },
    leverage: order.leverage > 1 ? `${order.leverage}:1` : 'none',
    order: orderText(order, pair),
    close: closeText(order.close, pair),
  }
}

/** One order; `withTrades` adds the ids of its trades. */
export function orderRow(order: OrderRow, withTrades: boolean): Readonly<Record<string, unknown>> {
  const pair = pairOf(order.symbol)
  const money = (value: Numeric): string => decimal(value, pair.costDecimals)
  const isOver = order.closedAt !== null
  return {
    refid: order.refId,
    userref: order.userref ?? 0,
    ...(order.clientOrderId === null ? {} : { cl_ord_id: order.clientOrderId }),
    status: STATUS[order.status],
    ...(isOver ? { reason: order.reason } : {}),
    opentm: seconds(order.openedAt),
    ...(isOver ? { closetm: seconds(order.closedAt ?? 0) } : {}),
    starttm: order.startsAt === null ? 0 : seconds(order.startsAt),
    expiretm: order.expiresAt === null ? 0 : seconds(order.expiresAt),
    descr: describedOrder(order, pair),
    vol: decimal(order.quantity, pair.lotDecimals),
    vol_exec: decimal(order.filled, pair.lotDecimals),
    cost: money(order.cost),
    fee: money(order.fee),
    price: money(order.averagePrice),
    stopprice: money(hasTrigger(order) ? (order.triggerPrice ?? '0') : '0'),
    limitprice: money(hasTrigger(order) && order.triggered ? (order.limitPrice ?? '0') : '0'),
    ...(hasTrigger(order) ? { trigger: order.trigger } : {}),
    misc: miscOf(order),
    oflags: flagsOf(order),
    ...(order.reduceOnly ? { reduce_only: true } : {}),
    ...(withTrades && order.fills.length > 0 ? { trades: order.fills.map((fill) => fill.tradeId) } : {}),
  }
}

/** Kraken counts trades: ours are counted by the last part of their id. */
const tradeNumber = (id: string): number => Number.parseInt(id.split('-')[2] ?? '0', 36)

export function tradeRow(trade: TradeRow): Readonly<Record<string, unknown>> {
  const pair = pairOf(trade.symbol)
  const money = (value: Numeric): string => decimal(value, pair.costDecimals)
  return {
    ordertxid: trade.venueOrderId,
    postxid: trade.positionId ?? trade.tradeId,
    pair: pair.id,
    aclass: 'forex',
    time: seconds(trade.at),
    type: trade.side,
    ordertype: trade.type,
    price: money(trade.price),
    cost: money(trade.cost),
    fee: money(trade.fee),
    vol: decimal(trade.quantity, pair.lotDecimals),
    margin: money(trade.margin),
    leverage: trade.leverage > 1 ? String(trade.leverage) : '0',
    misc: '',
    trade_id: tradeNumber(trade.tradeId),
    maker: trade.liquidity === 'maker',
    ledgers: trade.ledgers,
  }
}

export function ledgerRow(entry: LedgerRow): Readonly<Record<string, unknown>> {
  const asset = assetNamed(entry.asset)
  const money = (value: Numeric): string => decimal(value, asset.decimals)
  return {
    refid: entry.refId,
    time: seconds(entry.at),
    type: entry.kind,
    subtype: '',
    aclass: 'currency',
    asset: asset.id,
    amount: money(entry.amount),
    fee: money(entry.fee),
    balance: money(entry.balance),
  }
}

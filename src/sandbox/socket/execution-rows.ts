/** Rows of the executions channel. Updates are sparse: a client merges them by order id. */
import type { TradeRow } from '../../adapters/exchange/simulated/venue-events.ts'
import type { NewOrder, OrderRow, PriceOffset } from '../../adapters/exchange/simulated/venue-order.ts'
import { type Asset, quoteOf } from '../../domain/ids.ts'
import { amount, type Numeric, text } from '../../domain/units.ts'
import { written } from '../market/written.ts'
import type { MarketView } from '../market-view.ts'
import type { SandboxPair } from '../pairs.ts'
import { exact, type JsonFields } from './exact-json.ts'
import { microTime } from './stamps.ts'

export interface RowParts {
  readonly pair: SandboxPair
  readonly market: MarketView
}

/** Fields that every row has: which order, when, and in which state. */
interface About {
  readonly execType: string
  readonly status: string
  readonly timestamp: string
}

const USD_DECIMALS = 4
const TIMES = { GTC: 'GTC', IOC: 'IOC', GTD: 'GTD', FOK: 'FOK' } as const

/** Kraken's word for the order's state; pending until it works. */
export function statusOf(order: OrderRow): string {
  switch (order.status) {
    case 'pending':
      return 'pending_new'
    case 'open':
      return amount(order.filled).isZero() ? 'new' : 'partially_filled'
    case 'filled':
      return 'filled'
    case 'cancelled':
      return 'canceled'
    case 'expired':
      return 'expired'
  }
}

/** What a fee in that asset is worth in dollars at the last prices; USDT counts as a dollar. */
function usdOf(fee: Numeric, of: Asset, market: MarketView, pairs: RowParts): Numeric {
  if (of === 'USD' || of === 'USDT') return fee
  const priced = [`${of}/USD`, `${of}/USDT`].map((symbol) => market.last(symbol as typeof pairs.pair.symbol))
  const price = priced.find((each) => each !== null) ?? null
  return price === null ? '0' : text(amount(fee).times(price))
}

const ids = (order: OrderRow): JsonFields => ({
  order_id: order.venueOrderId,
  cl_ord_id: order.clientOrderId ?? undefined,
  // Kraken writes zero where the client gave none.
  order_userref: order.userref ?? 0,
})

/** What has been executed of it so far. */
export function totals(order: OrderRow, parts: RowParts): JsonFields {
  const { priceDecimals, lotDecimals, costDecimals } = parts.pair
  const fee = usdOf(order.fee, quoteOf(order.symbol), parts.market, parts)
  return {
    cum_qty: exact(written(order.filled, lotDecimals)),
    cum_cost: exact(written(order.cost, costDecimals)),
    avg_price: exact(written(order.averagePrice, priceDecimals)),
    fee_usd_equiv: exact(written(fee, USD_DECIMALS)),
  }
}

const head = (order: OrderRow, { execType, status, timestamp }: About): JsonFields => ({
  ...{ timestamp, order_status: status, exec_type: execType },
  ...ids(order),
})

const isTriggered = ({ type }: OrderRow): boolean => /^(stop-loss|take-profit|trailing-stop)/.test(type)

const offsetRow = ({ offset, isPercent }: PriceOffset) => ({ value: exact(offset), type: isPercent ? 'pct' : 'quote' })

/** What sets a triggered order off, as it stands. */
function triggersOf(order: OrderRow, { pair, market }: RowParts): JsonFields | undefined {
  if (!isTriggered(order)) return undefined
  const { priceDecimals } = pair
  const trailing = order.trailing === null ? null : offsetRow(order.trailing)
  const trigger = order.triggerPrice === null ? undefined : exact(written(order.triggerPrice, priceDecimals))
  const last = order.triggered ? market.last(order.symbol) : null
  return {
    reference: order.trigger,
    price: trailing?.value ?? trigger,
    price_type: trailing?.type ?? 'static',
    actual_price: trailing === null ? undefined : trigger,
    peak_price: order.best === null ? undefined : exact(written(order.best, priceDecimals)),
    status: order.triggered ? 'triggered' : 'untriggered',
    last_price: last === null ? undefined : exact(written(last, priceDecimals)),
  }
}

/** Limit price and trigger, with the fields that newer ones replace. */
function prices(order: OrderRow, parts: RowParts): JsonFields {
  const { priceDecimals } = parts.pair
  const triggers = triggersOf(order, parts)
  const { limitPrice, limitOffset } = order
  const limit =
    limitOffset !== null
      ? { limit_price_type: offsetRow(limitOffset).type, limit_price: offsetRow(limitOffset).value }
      : limitPrice !== null
        ? { limit_price_type: 'static', limit_price: exact(written(limitPrice, priceDecimals)) }
        : {}
  return {
    ...limit,
    triggers,
    // The older field: where the trigger lies now, also of one that follows the price.
    stop_price: exact(written(triggers === undefined ? '0' : (order.triggerPrice ?? '0'), priceDecimals)),
    trigger: triggers === undefined ? undefined : order.trigger,
  }
}

function contingentOf(close: NonNullable<NewOrder['close']>, { priceDecimals }: SandboxPair): JsonFields {
  const price = (value: Numeric | null) => (value === null ? undefined : exact(written(value, priceDecimals)))
  const trailing = close.trailing === null ? null : offsetRow(close.trailing)
  return {
    order_type: close.type,
    trigger_price: trailing?.value ?? price(close.triggerPrice),
    trigger_price_type: trailing?.type ?? (close.triggerPrice === null ? undefined : 'static'),
    limit_price: price(close.limitPrice),
    limit_price_type: close.limitPrice === null ? undefined : 'static',
  }
}

/** An iceberg's tip. */
const displayOf = ({ displayQuantity }: OrderRow, { pair }: RowParts) =>
  displayQuantity === null ? undefined : exact(written(displayQuantity, pair.lotDecimals))

/** The whole order: what a snapshot says, and an order's first row. */
export function wholeRow(order: OrderRow, parts: RowParts, about: About): JsonFields {
  const { pair } = parts
  const { lotDecimals, costDecimals } = pair
  const { cum_qty, cum_cost, avg_price, fee_usd_equiv } = totals(order, parts)
  const size = order.quantityInQuote
    ? { cash_order_qty: exact(written(order.quantity, costDecimals)) }
    : { order_qty: exact(written(order.quantity, lotDecimals)) }
  return {
    ...head(order, about),
    ...{ symbol: order.symbol, side: order.side, order_type: order.type },
    ...{ ...size, cum_qty, cum_cost, avg_price, fee_usd_equiv },
    ...prices(order, parts),
    ...{ time_in_force: TIMES[order.timeInForce], fee_ccy_pref: order.feeIn === 'base' ? 'fcib' : 'fciq' },
    display_qty: displayOf(order, parts),
    effective_time: order.startsAt === null ? undefined : microTime(order.startsAt),
    expire_time: order.expiresAt === null ? undefined : microTime(order.expiresAt),
    post_only: order.postOnly || undefined,
    reduce_only: order.reduceOnly || undefined,
    margin: order.leverage > 1 || undefined,
    ord_ref_id: order.refId ?? undefined,
    amended: order.amended || undefined,
    contingent: order.close === null ? undefined : contingentOf(order.close, pair),
  }
}

/** An order that works now: its ids and state. */
export const newRow = (order: OrderRow, about: About): JsonFields => head(order, about)

/** Trades count from 1: the last part of their id, in base 36. */
export const tradeNumber = (tradeId: string): number => Number.parseInt(tradeId.slice(tradeId.lastIndexOf('-') + 1), 36)

/** One fill. `order`: null where it is not known any more. */
export function fillRow(trade: TradeRow, order: OrderRow | null, parts: RowParts, status: string): JsonFields {
  const { priceDecimals, lotDecimals, costDecimals, quote, base } = parts.pair
  const fee = usdOf(trade.fee, trade.feeAsset, parts.market, parts)
  const feeDecimals = trade.feeAsset === base.asset ? base.decimals : Math.max(quote.decimals, costDecimals)
  return {
    ...(order === null ? { order_id: trade.venueOrderId, order_userref: 0 } : ids(order)),
    ...{ exec_id: trade.tradeId, exec_type: 'trade', trade_id: tradeNumber(trade.tradeId) },
    ...{ symbol: trade.symbol, side: trade.side, order_type: trade.type, order_status: status },
    last_qty: exact(written(trade.quantity, lotDecimals)),
    last_price: exact(written(trade.price, priceDecimals)),
    liquidity_ind: trade.liquidity === 'maker' ? 'm' : 't',
    cost: exact(written(trade.cost, costDecimals)),
    fee_usd_equiv: exact(written(fee, USD_DECIMALS)),
    fees: [{ asset: trade.feeAsset, qty: exact(written(trade.fee, feeDecimals)) }],
    margin_borrow: trade.leverage > 1 || undefined,
    timestamp: microTime(trade.at),
  }
}

/** Filled, canceled or expired: the sums, and why. */
export function endRow(order: OrderRow, parts: RowParts, about: About, reason: string | null): JsonFields {
  const why = reason === null ? {} : { cancel_reason: reason, reason }
  return { ...head(order, about), ...totals(order, parts), ...why }
}

/** New terms, by the client (amended) or by the venue (restated). */
export function changedRow(order: OrderRow, parts: RowParts, about: About, reason: string): JsonFields {
  const { limit_price, limit_price_type, triggers, stop_price } = prices(order, parts)
  return {
    ...head(order, about),
    ...{ amended: true, reason },
    cum_qty: exact(written(order.filled, parts.pair.lotDecimals)),
    order_qty: exact(written(order.quantity, parts.pair.lotDecimals)),
    display_qty: displayOf(order, parts),
    ...{ limit_price, limit_price_type, triggers, stop_price },
  }
}

/** An iceberg shows its next part. */
export const refillRow = (order: OrderRow, parts: RowParts, about: About): JsonFields => ({
  ...head(order, about),
  display_qty: displayOf(order, parts),
  display_qty_remain: exact(written(order.displayed ?? '0', parts.pair.lotDecimals)),
})

/** Its trigger was reached. */
export const triggeredRow = (order: OrderRow, parts: RowParts, about: About): JsonFields => ({
  ...head(order, about),
  triggers: triggersOf(order, parts),
})

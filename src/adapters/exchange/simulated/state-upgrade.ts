/** The first saved form, which knew orders by client id and neither trades nor ledger, made into the second. */
import { type Pair, quoteOf, type VenueOrderId } from '../../../domain/ids.ts'
import type { Fill, OrderType, Side } from '../../../domain/order.ts'
import { amount, type Numeric, sumOf, text } from '../../../domain/units.ts'
import type { Command, EngineState } from './engine-state.ts'
import type { MarketRow } from './symbol-market.ts'
import type { TradeRow } from './venue-events.ts'
import type { NewOrder, OrderRow } from './venue-order.ts'

/** What an order said of itself. */
interface FirstOrder {
  readonly clientOrderId: string
  readonly symbol: Pair
  readonly side: Side
  readonly type: OrderType
  readonly quantity: Numeric
  readonly limitPrice: Numeric | null
  readonly triggerPrice: Numeric | null
  readonly timeInForce: 'GTC' | 'IOC' | 'GTD'
  readonly expiresAt: number | null
  readonly postOnly: boolean
}

interface FirstRow extends FirstOrder {
  readonly venueOrderId: VenueOrderId
  readonly sequence: number
  readonly status: 'open' | 'filled' | 'cancelled' | 'expired'
  readonly reason: string | null
  readonly filled: Numeric
  readonly fills: readonly Fill[]
  readonly triggered: boolean
  readonly queueAhead: Numeric | null
  readonly holdPrice: Numeric | null
  readonly openedAt: number
  readonly restsSince: number
}

interface FirstChange {
  readonly clientOrderId: string
  readonly quantity?: Numeric
  readonly limitPrice?: Numeric
  readonly triggerPrice?: Numeric
}

type FirstCommand = { readonly ticket: number; readonly at: number } & (
  | {
      readonly kind: 'submit'
      readonly order: FirstOrder & { readonly leverage: number; readonly deadlineAt: number | null }
    }
  | { readonly kind: 'cancel'; readonly id: string }
  | { readonly kind: 'amend'; readonly change: FirstChange }
)

export type FirstState = {
  readonly series: string
  readonly now: number
  readonly orders: number
  readonly trades: number
  readonly tickets: number
  readonly queue: readonly FirstCommand[]
  readonly totals: Readonly<Record<string, Numeric>>
  readonly open: readonly FirstRow[]
  readonly closed: readonly FirstRow[]
  readonly markets: Readonly<Record<string, MarketRow>>
}

/** What no order of the first form had. */
const PLAIN = {
  userref: null,
  quantityInQuote: false,
  trailing: null,
  limitOffset: null,
  displayQuantity: null,
  trigger: 'last',
  startsAt: null,
  reduceOnly: false,
  leverage: 1,
  feeIn: 'quote',
  selfTrade: 'cancel-newest',
  close: null,
} as const satisfies Partial<NewOrder>

const costOf = ({ price, quantity }: Fill) => amount(price).times(quantity)

function rowOf(first: FirstRow, now: number, holdRate: Numeric): OrderRow {
  const cost = sumOf(first.fills.map(costOf))
  const closedAt = first.status === 'open' ? null : (first.fills.at(-1)?.at ?? now)
  return {
    ...first,
    ...PLAIN,
    cost: text(cost),
    fee: text(sumOf(first.fills.map((fill) => amount(fill.fee)))),
    averagePrice: cost.isZero() ? '0' : text(cost.div(first.filled).toDecimalPlaces(10)),
    amended: false,
    closes: '0',
    liquidated: false,
    refId: null,
    holdRate,
    held: first.status === 'open' ? null : '0',
    displayed: null,
    best: null,
    closedAt,
  }
}

const tradesOf = (order: OrderRow): TradeRow[] =>
  order.fills.map((fill) => ({
    ...fill,
    venueOrderId: order.venueOrderId,
    positionId: null,
    symbol: order.symbol,
    side: order.side,
    type: order.type,
    cost: text(costOf(fill)),
    feeAsset: quoteOf(order.symbol),
    leverage: 1,
    margin: '0',
    ledgers: [],
  }))

function commandOf(first: FirstCommand): Command {
  if (first.kind === 'submit') return { ...first, order: { ...PLAIN, ...first.order } }
  if (first.kind === 'cancel') return first
  const { clientOrderId, ...change } = first.change
  return { ...first, change: { ...change, id: clientOrderId } }
}

/**
 * When a closed order ended was not kept: its last fill stands in, else the time of saving. `holdRate` is the rate of fees
 * that holds are taken at.
 */
export function upgraded(first: FirstState, holdRate: Numeric): EngineState {
  const open = first.open.map((row) => rowOf(row, first.now, holdRate))
  const closed = first.closed.map((row) => rowOf(row, first.now, holdRate))
  const trades = [...closed, ...open].flatMap(tradesOf).sort((a, b) => (a.tradeId < b.tradeId ? -1 : 1))
  const { series, now, totals, markets } = first
  return {
    ...{ version: 2, series, now, totals, markets, open, closed, trades },
    numbered: { orders: first.orders, trades: first.trades, ledger: 0, tickets: first.tickets },
    mode: 'online',
    cancelAllAt: null,
    queue: first.queue.map(commandOf),
    ledger: [],
    positions: [],
    reserved: {},
    volumes: [],
  }
}

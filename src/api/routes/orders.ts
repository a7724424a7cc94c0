/** Orders, newest first; the open ones unless asked otherwise. */
import { z } from 'zod'
import { baseOf, orderId, quoteOf } from '../../domain/ids.ts'
import { isLive, type OrderStatus, type OrderView } from '../../domain/order.ts'
import { averagePriceOf, feeAssetOf, netProceedsOf, type OrderRecord } from '../../domain/order-record.ts'
import { isoTime } from '../../domain/utc.ts'
import type { FillFilter } from '../../ports/order-history.ts'
import { type Column, figure, words } from '../csv.ts'
import { ProblemError } from '../errors.ts'
import { answer } from '../json.ts'
import { csvAnswer, formatOf, listAnswer, listParameters } from '../listing.ts'
import { filterOf, filterParameters, pageOf, readQuery, wordParameter } from '../query.ts'
import type { Route, RouteParts } from './route.ts'

const CLOSED = ['FILLED', 'CANCELLED', 'EXPIRED', 'ERROR'] as const satisfies readonly OrderStatus[]
/** `open` is every order that lives, so the state of that name is not asked for alone. */
const STATUSES = ['open', 'closed', 'all', 'PENDING', 'PARTIALLY_FILLED', ...CLOSED] as const

const filters = z.object({
  status: wordParameter(STATUSES).default('open'),
  ...filterParameters,
  ...listParameters,
})
type StatusFilter = z.output<typeof filters>['status']

const timeOf = (at: number | null): string | null => (at === null ? null : isoTime(at))

const proceedsOf = ({ request: { symbol, side }, cost, fees }: OrderRecord): string =>
  netProceedsOf(symbol, side, cost, fees, feeAssetOf(symbol))

/** Somebody else's order may have paid its fees in any asset: each of its fills says which. */
const ownOnly =
  (of: (order: OrderRecord) => string) =>
  (order: OrderRecord): string | null =>
    order.request.purpose === 'external' ? null : of(order)

const COLUMNS: readonly Column<OrderRecord>[] = [
  figure('created_at', ({ createdAt }) => isoTime(createdAt)),
  figure('closed_at', ({ closedAt }) => timeOf(closedAt)),
  words('order_id', ({ orderId: id }) => id),
  words('venue_order_id', ({ venueOrderId }) => venueOrderId),
  words('symbol', ({ request }) => request.symbol),
  words('base_asset', ({ request }) => baseOf(request.symbol)),
  words('quote_asset', ({ request }) => quoteOf(request.symbol)),
  words('side', ({ request }) => request.side),
  words('type', ({ request }) => request.type),
  words('status', ({ status }) => status),
  figure('quantity', ({ quantity }) => quantity),
  figure('filled', ({ filled }) => filled),
  figure('limit_price', ({ limitPrice }) => limitPrice),
  figure('trigger_price', ({ triggerPrice }) => triggerPrice),
  figure('average_price', averagePriceOf),
  figure('cost', ({ cost }) => cost),
  figure(
    'fee',
    ownOnly(({ fees }) => fees),
  ),
  words(
    'fee_asset',
    ownOnly(({ request }) => feeAssetOf(request.symbol)),
  ),
  figure('net_proceeds', ownOnly(proceedsOf)),
  words('intent', ({ request }) => request.intent),
  words('purpose', ({ request }) => request.purpose),
  words('book', ({ request }) => request.book),
  words('position_id', ({ request }) => request.positionId),
  words('plan_id', ({ request }) => request.planId),
  words('reason', ({ reason }) => reason),
]
const LISTED = { name: 'orders', columns: COLUMNS }

/** States that only the past has; null for every state. */
function pastStatuses(status: StatusFilter): readonly OrderStatus[] | null {
  if (status === 'all') return null
  return status === 'closed' ? CLOSED : CLOSED.filter((one) => one === status)
}

const fits = ({ request, createdAt }: OrderView, { symbol, side, book, from, to }: FillFilter): boolean =>
  (symbol === null || request.symbol === symbol) &&
  (side === null || request.side === side) &&
  (book === null || request.book === book) &&
  (from === null || createdAt >= from) &&
  (to === null || createdAt < to)

const newestFirst = (a: OrderView, b: OrderView): number =>
  b.createdAt - a.createdAt || (a.orderId < b.orderId ? 1 : -1)

/** Orders that live are told from memory, also while the database is away. */
const openOrders = (orders: readonly OrderView[], status: StatusFilter, filter: FillFilter): readonly OrderRecord[] =>
  orders
    .filter((order) => isLive(order) && (status === 'open' || order.status === status) && fits(order, filter))
    .toSorted(newestFirst)
    .map((order) => ({ ...order, closedAt: null }))

const detailFilters = z.object({ format: listParameters.format })

export const orderRoutes = ({ readModels, history }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/orders',
    answer: (context) => {
      const query = readQuery(context, filters)
      const filter = filterOf(query)
      const statuses = pastStatuses(query.status)
      const isPast = statuses === null || statuses.length > 0
      return listAnswer(context, query, {
        ...LISTED,
        page: async (ask) =>
          isPast
            ? history.orders({ ...filter, statuses }, ask)
            : pageOf(openOrders(readModels.orders.current(), query.status, filter), (order) => order.orderId, ask),
      })
    },
  },
  {
    path: '/api/v1/orders/:id',
    answer: async (context) => {
      const format = formatOf(context, readQuery(context, detailFilters).format)
      const id = context.req.param('id') ?? ''
      const story = await history.order(orderId(id))
      if (story === null) throw new ProblemError('not-found', `there is no order ${id}`)
      const { order, fills, statusLog } = story
      return format === 'csv' ? csvAnswer(context, LISTED, [order]) : answer(context, { ...order, fills, statusLog })
    },
  },
]

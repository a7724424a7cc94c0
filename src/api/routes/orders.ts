/** Orders, newest first; the live ones unless asked otherwise. */
import { z } from 'zod'
import { isLive, type OrderStatus, type OrderView } from '../../domain/order.ts'
import { ProblemError } from '../errors.ts'
import { answer } from '../json.ts'
import { pageOf, pageParameters, readQuery, symbolParameter, wordParameter } from '../query.ts'
import type { Route, RouteParts } from './route.ts'

const STATUSES = [
  'PENDING',
  'OPEN',
  'PARTIALLY_FILLED',
  'FILLED',
  'CANCELLED',
  'EXPIRED',
  'ERROR',
] as const satisfies readonly OrderStatus[]

const filters = z.object({
  status: wordParameter(['live', 'final', 'all', ...STATUSES]).default('live'),
  symbol: symbolParameter.optional(),
  ...pageParameters,
})
type StatusFilter = z.output<typeof filters>['status']

function hasStatus(order: OrderView, status: StatusFilter): boolean {
  if (status === 'all') return true
  if (status === 'live' || status === 'final') return isLive(order) === (status === 'live')
  return order.status === status
}

const newestFirst = (a: OrderView, b: OrderView): number =>
  b.createdAt - a.createdAt || (a.orderId < b.orderId ? 1 : -1)

export const orderRoutes = ({ readModels }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/orders',
    answer: (context) => {
      const { status, symbol, ...page } = readQuery(context, filters)
      const found = readModels.orders
        .current()
        .filter((order) => hasStatus(order, status))
        .filter((order) => symbol === undefined || order.request.symbol === symbol)
        .toSorted(newestFirst)
      const { rows, nextCursor } = pageOf(found, (order) => order.orderId, page)
      return answer(context, { orders: rows, total: found.length, nextCursor })
    },
  },
  {
    path: '/api/v1/orders/:id',
    answer: (context) => {
      const id = context.req.param('id')
      const found = readModels.orders.current().find((order) => order.orderId === id)
      if (found === undefined) throw new ProblemError('not-found', `there is no order ${id}`)
      return answer(context, found)
    },
  },
]

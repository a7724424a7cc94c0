/** Rebalance plans, the trades that they schedule, and those that were made. */
import { z } from 'zod'
import type { RebalanceRecord, ScheduledTrade } from '../../domain/money-record.ts'
import { isoTime } from '../../domain/utc.ts'
import { type Column, figure, words } from '../csv.ts'
import { answer } from '../json.ts'
import { listAnswer, listParameters } from '../listing.ts'
import {
  pageAskOf,
  pageParameters,
  readQuery,
  spanOf,
  spanParameters,
  symbolParameter,
  wordParameter,
} from '../query.ts'
import type { Route, RouteParts } from './route.ts'

const planFilters = z.object({ ...spanParameters, ...pageParameters })
const madeFilters = z.object({ ...spanParameters, ...listParameters })
const tradeFilters = z.object({
  status: wordParameter(['scheduled', 'working', 'executed', 'dropped']).optional(),
  symbol: symbolParameter.optional(),
  ...madeFilters.shape,
})

const TRADE_COLUMNS: readonly Column<ScheduledTrade>[] = [
  figure('due_at', ({ dueAt }) => isoTime(dueAt)),
  words('plan_id', ({ planId }) => planId),
  figure('batch', ({ batch }) => String(batch)),
  words('symbol', ({ symbol }) => symbol),
  words('side', ({ side }) => side),
  figure('quantity', ({ quantity }) => quantity),
  figure('value_usd', ({ valueUsd }) => valueUsd),
  figure('filled', ({ filled }) => filled),
  words('status', ({ status }) => status),
  words('order_id', ({ orderId }) => orderId),
]

const MADE_COLUMNS: readonly Column<RebalanceRecord>[] = [
  figure('time', ({ at }) => isoTime(at)),
  words('plan_id', ({ planId }) => planId),
  figure('batch', ({ batch }) => String(batch)),
  words('symbol', ({ symbol }) => symbol),
  words('side', ({ side }) => side),
  figure('quantity', ({ quantity }) => quantity),
  figure('cost', ({ cost }) => cost),
  figure('fees', ({ fees }) => fees),
  words('execution_strategy', ({ executionStrategy }) => executionStrategy),
  words('order_id', ({ orderId }) => orderId),
]

export const rebalanceRoutes = ({ money }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/portfolio/rebalances',
    answer: async (context) => {
      const query = readQuery(context, planFilters)
      const { rows, nextCursor } = await money.plans(spanOf(query), pageAskOf(query))
      return answer(context, { plans: rows, nextCursor })
    },
  },
  {
    path: '/api/v1/portfolio/rebalances/trades',
    answer: (context) => {
      const query = readQuery(context, madeFilters)
      const span = spanOf(query)
      return listAnswer(context, query, {
        ...{ name: 'trades', columns: MADE_COLUMNS },
        page: (ask) => money.rebalances(span, ask),
      })
    },
  },
  {
    path: '/api/v1/portfolio/scheduled-trades',
    answer: (context) => {
      const query = readQuery(context, tradeFilters)
      const filter = { status: query.status ?? null, symbol: query.symbol ?? null, ...spanOf(query) }
      return listAnswer(context, query, {
        ...{ name: 'trades', columns: TRADE_COLUMNS },
        page: (ask) => money.scheduledTrades(filter, ask),
      })
    },
  },
]

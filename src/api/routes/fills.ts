/** Every execution, newest first: what was bought and sold, at what price and fee. */
import { z } from 'zod'
import { baseOf, quoteOf } from '../../domain/ids.ts'
import type { FillRecord } from '../../domain/order-record.ts'
import { isoTime } from '../../domain/utc.ts'
import { type Column, figure, words } from '../csv.ts'
import { listAnswer, listParameters } from '../listing.ts'
import { filterOf, filterParameters, readQuery } from '../query.ts'
import type { Route, RouteParts } from './route.ts'

const COLUMNS: readonly Column<FillRecord>[] = [
  figure('time', ({ at }) => isoTime(at)),
  words('trade_id', ({ tradeId }) => tradeId),
  words('order_id', ({ orderId }) => orderId),
  words('venue_order_id', ({ venueOrderId }) => venueOrderId),
  words('symbol', ({ symbol }) => symbol),
  words('base_asset', ({ symbol }) => baseOf(symbol)),
  words('quote_asset', ({ symbol }) => quoteOf(symbol)),
  words('side', ({ side }) => side),
  figure('price', ({ price }) => price),
  figure('quantity', ({ quantity }) => quantity),
  figure('cost', ({ cost }) => cost),
  figure('fee', ({ fee }) => fee),
  words('fee_asset', ({ feeAsset }) => feeAsset),
  figure('net_proceeds', ({ netProceeds }) => netProceeds),
  words('liquidity', ({ liquidity }) => liquidity),
  words('book', ({ book }) => book),
  words('purpose', ({ purpose }) => purpose),
  words('position_id', ({ positionId }) => positionId),
  words('plan_id', ({ planId }) => planId),
  words('origin', ({ origin }) => origin),
]

const filters = z.object({ ...filterParameters, ...listParameters })

export const fillRoutes = ({ history }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/fills',
    answer: (context) => {
      const query = readQuery(context, filters)
      const filter = filterOf(query)
      return listAnswer(context, query, {
        ...{ name: 'fills', columns: COLUMNS },
        page: (ask) => history.fills(filter, ask),
      })
    },
  },
]

/** Positions, newest first; all of them unless filtered. */
import { z } from 'zod'
import type { PositionView } from '../../domain/position.ts'
import { ProblemError } from '../errors.ts'
import { answer } from '../json.ts'
import { pageAskOf, pageOf, pageParameters, readQuery, symbolParameter, wordParameter } from '../query.ts'
import type { Route, RouteParts } from './route.ts'

const filters = z.object({
  status: wordParameter(['open', 'closed', 'all']).default('all'),
  symbol: symbolParameter.optional(),
  ...pageParameters,
})

const newestFirst = (a: PositionView, b: PositionView): number =>
  b.openedAt - a.openedAt || (a.positionId < b.positionId ? 1 : -1)

export const positionRoutes = ({ readModels }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/positions',
    answer: (context) => {
      const { status, symbol, ...page } = readQuery(context, filters)
      const found = readModels.positions
        .current()
        .filter((position) => status === 'all' || position.status === status)
        .filter((position) => symbol === undefined || position.symbol === symbol)
        .toSorted(newestFirst)
      const { rows, nextCursor } = pageOf(found, (position) => position.positionId, pageAskOf(page))
      return answer(context, { positions: rows, total: found.length, nextCursor })
    },
  },
  {
    path: '/api/v1/positions/:id',
    answer: (context) => {
      const id = context.req.param('id')
      const found = readModels.positions.current().find((position) => position.positionId === id)
      if (found === undefined) throw new ProblemError('not-found', `there is no position ${id}`)
      return answer(context, found)
    },
  },
]

/** What the risk engine remembers, and how it came to. */
import { z } from 'zod'
import { answer } from '../json.ts'
import { pageAskOf, pageParameters, readQuery, spanOf, spanParameters } from '../query.ts'
import type { Route, RouteParts } from './route.ts'

const filters = z.object({ ...spanParameters, ...pageParameters })

export const riskRoutes = ({ money }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/risk/history',
    answer: async (context) => {
      const query = readQuery(context, filters)
      const { rows, nextCursor } = await money.riskChanges(spanOf(query), pageAskOf(query))
      return answer(context, { changes: rows, nextCursor })
    },
  },
]

/** The core book against its targets, balances and the account's statement. */
import { ProblemError } from '../errors.ts'
import { answer } from '../json.ts'
import type { Route, RouteParts } from './route.ts'

const RETRY_AFTER_SECONDS = '5'

export const portfolioRoutes = ({ readModels }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/portfolio/allocation',
    answer: (context) => {
      const allocation = readModels.allocation.current()
      if (allocation !== null) return answer(context, allocation)
      throw new ProblemError('no-allocation', 'the account has not been valued yet', {
        headers: { 'retry-after': RETRY_AFTER_SECONDS },
      })
    },
  },
]

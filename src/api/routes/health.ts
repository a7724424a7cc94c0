/** Whether the process answers, and whether it is ready to trade. */
import { ProblemError } from '../errors.ts'
import { answer } from '../json.ts'
import type { Route, RouteParts } from './route.ts'

export const healthRoutes = ({ desk }: RouteParts): readonly Route[] => [
  { path: '/health/live', answer: (context) => answer(context, { status: 'live' }) },
  {
    path: '/health/ready',
    answer: (context) => {
      const { ready, state, mode, notReadyBecause } = desk.system()
      if (ready) return answer(context, { status: 'ready', state, mode })
      const detail = notReadyBecause.length === 0 ? `the system is ${state}` : notReadyBecause.join('; ')
      throw new ProblemError('not-ready', detail, { members: { state, reasons: notReadyBecause } })
    },
  },
]

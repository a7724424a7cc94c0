/** What the coordinator is doing and allows, and the system that it runs in: mode, feed, database, agents. */
import { answer } from '../json.ts'
import type { Route, RouteParts } from './route.ts'

export const coordinatorRoutes = ({ desk, readModels }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/coordinator/status',
    answer: (context) => answer(context, { ...readModels.coordinator.current(), system: desk.system() }),
  },
]

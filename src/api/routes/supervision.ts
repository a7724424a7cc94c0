/** The supervision tree: who runs, how often each was restarted, and why last. */
import type { ActorNode } from '../../ports/desk.ts'
import { answer } from '../json.ts'
import type { Route, RouteParts } from './route.ts'

/** An actor may have died with a stack trace in its message: only the first line leaves the house. */
const shown = (node: ActorNode): ActorNode => ({
  ...node,
  lastError: node.lastError?.split('\n', 1)[0] ?? null,
  children: node.children.map(shown),
})

export const supervisionRoutes = ({ desk }: RouteParts): readonly Route[] => [
  { path: '/api/v1/supervision', answer: (context) => answer(context, shown(desk.supervision())) },
]

/** The HTTP API: routes, the guards around them, and the errors that leave. */
import { Hono, type MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { Clock, IdSource } from '../ports/clock.ts'
import type { Desk } from '../ports/desk.ts'
import type { Log } from '../ports/log.ts'
import type { MoneyHistory } from '../ports/money-history.ts'
import type { OrderHistory } from '../ports/order-history.ts'
import { answerThrown, notFound, ProblemError, problemAnswer } from './errors.ts'
import { isLoopbackHost } from './loopback.ts'
import type { ReadModels } from './read-models.ts'
import { coordinatorRoutes } from './routes/coordinator.ts'
import { fillRoutes } from './routes/fills.ts'
import { healthRoutes } from './routes/health.ts'
import { hodlRoutes } from './routes/hodl.ts'
import { orderRoutes } from './routes/orders.ts'
import { portfolioRoutes } from './routes/portfolio.ts'
import { positionRoutes } from './routes/positions.ts'
import { rebalanceRoutes } from './routes/rebalances.ts'
import { riskRoutes } from './routes/risk.ts'
import type { Route, RouteParts } from './routes/route.ts'
import { supervisionRoutes } from './routes/supervision.ts'

const ANSWER_DEADLINE_MS = 45_000
const ALLOWED = 'GET, HEAD'

export interface ApiParts {
  readonly desk: Desk
  readonly readModels: ReadModels
  readonly history: OrderHistory
  readonly money: MoneyHistory
  /** For the answer's deadline: in a replay the real one, since callers wait in real time. */
  readonly clock: Clock
  /** Names internal errors; never the source that trading draws from, whose sequence would move. */
  readonly ids: IdSource
  readonly log: Log
}

const routesOf = (parts: RouteParts): readonly Route[] => [
  ...healthRoutes(parts),
  ...coordinatorRoutes(parts),
  ...positionRoutes(parts),
  ...orderRoutes(parts),
  ...fillRoutes(parts),
  ...portfolioRoutes(parts),
  ...rebalanceRoutes(parts),
  ...hodlRoutes(parts),
  ...riskRoutes(parts),
  ...supervisionRoutes(parts),
]

/** Nothing here is a page: nothing may load, frame, cache or guess the type of an answer. */
const headers = secureHeaders({
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  strictTransportSecurity: false,
  xFrameOptions: 'DENY',
})

const neverCached: MiddlewareHandler = async (context, next) => {
  await next()
  context.header('cache-control', 'no-store')
}

/**
 * A page of somebody else's whose name was rebound to 127.0.0.1 sends its own name as Host: without this check the
 * browser would let it read our answers.
 */
const loopbackNamesOnly: MiddlewareHandler = async (context, next) => {
  const host = context.req.header('host') ?? new URL(context.req.url).host
  if (!isLoopbackHost(host)) throw new ProblemError('foreign-host', 'ask for localhost, 127.0.0.1 or [::1]')
  await next()
}

/** 504 for an answer that is not there in time; what a late one throws is still logged by `onError`. */
const inTime =
  (clock: Clock): MiddlewareHandler =>
  async (context, next) => {
    const { promise: late, resolve } = Promise.withResolvers<'late'>()
    const timer = clock.at(clock.now() + ANSWER_DEADLINE_MS, () => resolve('late'))
    try {
      const outcome = await Promise.race([next(), late])
      if (outcome !== 'late') return
      const detail = `no answer within ${ANSWER_DEADLINE_MS / 1_000} s`
      return problemAnswer(context, new ProblemError('timed-out', detail))
    } finally {
      timer.cancel()
    }
  }

/** The app; `app.request(path)` serves tests, `serveApi` a socket. Everything under it is read-only. */
export function createApi({ desk, readModels, history, money, clock, ids, log }: ApiParts): Hono {
  const app = new Hono()
  app.onError(answerThrown(log, ids))
  app.notFound(notFound)
  app.use(headers, neverCached, loopbackNamesOnly, inTime(clock))
  for (const { path, answer } of routesOf({ desk, readModels, history, money })) {
    app.get(path, answer)
    app.all(path, () => {
      throw new ProblemError('method-not-allowed', `only ${ALLOWED} are answered here`, { headers: { allow: ALLOWED } })
    })
  }
  return app
}

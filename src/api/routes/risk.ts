/** The trading book against its limits, what the risk engine remembers, and how it came to. */
import { z } from 'zod'
import type { LatchedBreaker, RiskRecord } from '../../domain/breakers.ts'
import { isoTime } from '../../domain/utc.ts'
import { answer } from '../json.ts'
import { pageAskOf, pageParameters, readQuery, spanOf, spanParameters } from '../query.ts'
import type { Route, RouteParts } from './route.ts'

const filters = z.object({ ...spanParameters, ...pageParameters })

const withEnd = (breaker: LatchedBreaker) => ({
  ...breaker,
  until: breaker.until === null ? null : isoTime(breaker.until),
})
const isoBySymbol = (until: Readonly<Record<string, number>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(until).map(([symbol, at]) => [symbol, isoTime(at)]))

/** The times that are not named as such, as ISO text too. */
const shown = (risk: RiskRecord) => ({
  ...risk,
  ...{ cooldownUntil: isoBySymbol(risk.cooldownUntil), breakers: risk.breakers.map(withEnd) },
})

export const riskRoutes = ({ desk, money }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/risk',
    answer: (context) => {
      const { risk, breakers, cooldowns, ...now } = desk.risk()
      const times = { breakers: breakers.map(withEnd), cooldowns: isoBySymbol(cooldowns) }
      return answer(context, { ...now, ...times, risk: shown(risk) })
    },
  },
  {
    path: '/api/v1/risk/history',
    answer: async (context) => {
      const query = readQuery(context, filters)
      const { rows, nextCursor } = await money.riskChanges(spanOf(query), pageAskOf(query))
      return answer(context, { changes: rows.map(({ at, risk }) => ({ at, risk: shown(risk) })), nextCursor })
    },
  },
]

/** The trading book against its limits, what the risk engine remembers, and how it came to. */
import { z } from 'zod'
import type { RiskRecord } from '../../domain/breakers.ts'
import { isoTime } from '../../domain/utc.ts'
import { answer } from '../json.ts'
import { pageAskOf, pageParameters, readQuery, spanOf, spanParameters } from '../query.ts'
import type { Route, RouteParts } from './route.ts'

const filters = z.object({ ...spanParameters, ...pageParameters })

const isoBySymbol = (until: Readonly<Record<string, number>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(until).map(([symbol, at]) => [symbol, isoTime(at)]))

/** The times that are named by their symbol, as ISO text too. */
const shown = (risk: RiskRecord) => ({ ...risk, cooldownUntil: isoBySymbol(risk.cooldownUntil) })

export const riskRoutes = ({ desk, money }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/risk',
    answer: (context) => {
      const { risk, cooldowns, ...now } = desk.risk()
      return answer(context, { ...now, cooldowns: isoBySymbol(cooldowns), risk: shown(risk) })
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

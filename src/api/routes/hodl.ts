/** Hodl bags: what is never traded, what profits have bought of it, and how it came to be. */
import { z } from 'zod'
import { asset } from '../../domain/ids.ts'
import { amount, sumOf, text } from '../../domain/units.ts'
import { answer } from '../json.ts'
import { pageAskOf, pageParameters, readQuery, spanOf, spanParameters } from '../query.ts'
import type { Route, RouteParts } from './route.ts'

const filters = z.object({ ...spanParameters, ...pageParameters })

export const hodlRoutes = ({ desk, money }: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/portfolio/hodl',
    answer: async (context) => {
      const query = readQuery(context, filters)
      const [book, changes] = await Promise.all([money.hodl(), money.hodlChanges(spanOf(query), pageAskOf(query))])
      const configured = desk.configuredHodl()
      const assets = new Set([...Object.keys(configured), ...(book?.bags ?? []).map((bag) => bag.asset)])
      const bags = [...assets].sort().map((name) => {
        const bag = book?.bags.find((one) => one.asset === asset(name))
        const [always, bought] = [configured[name] ?? '0', bag?.quantity ?? '0']
        return {
          ...{ asset: name, configured: always, quantity: bought },
          protected: text(sumOf([amount(always), amount(bought)])),
          ...{ pendingUsd: bag?.pendingUsd ?? '0', spentUsd: bag?.spentUsd ?? '0' },
        }
      })
      const { highUsd, updatedAt } = book ?? { highUsd: '0', updatedAt: null }
      return answer(context, { highUsd, updatedAt, bags, changes: changes.rows, nextCursor: changes.nextCursor })
    },
  },
]

/** The core book against its targets, balances and the account's statement, now and minute by minute. */
import { z } from 'zod'
import type { PortfolioSnapshot } from '../../domain/money-snapshot.ts'
import { isoTime } from '../../domain/utc.ts'
import { type Column, figure } from '../csv.ts'
import { ProblemError } from '../errors.ts'
import { answer } from '../json.ts'
import { listAnswer, listParameters } from '../listing.ts'
import { readQuery, spanOf, spanParameters } from '../query.ts'
import { looksOf } from '../recent-looks.ts'
import type { Route, RouteParts } from './route.ts'

const RETRY_AFTER_SECONDS = '5'

const filters = z.object({ ...spanParameters, ...listParameters })

const COLUMNS: readonly Column<PortfolioSnapshot>[] = [
  figure('time', ({ at }) => isoTime(at)),
  figure('equity', ({ equity }) => equity),
  figure('core_equity', ({ coreEquity }) => coreEquity),
  figure('trading_exposure', ({ tradingExposure }) => tradingExposure),
  figure('max_deviation_pct', ({ maxDeviationPct }) => maxDeviationPct),
  figure('trading_net', ({ ledger }) => ledger.tradingNet),
  figure('rebalancing_fees', ({ ledger }) => ledger.rebalancingFees),
  figure('revaluation', ({ ledger }) => ledger.revaluation),
  figure('flows', ({ ledger }) => ledger.flows),
]

export const portfolioRoutes = ({ desk, money, readModels }: RouteParts): readonly Route[] => [
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
  {
    path: '/api/v1/portfolio/history',
    answer: (context) => {
      const query = readQuery(context, filters)
      const span = spanOf(query)
      return listAnswer(context, query, {
        ...{ name: 'snapshots', columns: COLUMNS },
        page: (ask) =>
          looksOf(context, { span, ask, memory: desk.portfolioSnapshots() }, (...given) =>
            money.portfolioSnapshots(...given),
          ),
      })
    },
  },
]

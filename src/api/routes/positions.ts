/** Positions, newest first: open ones with what they are worth now, closed ones as they ended, and looks at each. */
import type { Context } from 'hono'
import { z } from 'zod'
import { type PositionId, positionId } from '../../domain/ids.ts'
import type { PositionSnapshot } from '../../domain/money-snapshot.ts'
import { type PositionView, realisedNet } from '../../domain/position.ts'
import { isoTime } from '../../domain/utc.ts'
import type { Desk, PositionStatus } from '../../ports/desk.ts'
import type { PositionFilter } from '../../ports/money-history.ts'
import type { PageAsk } from '../../ports/order-history.ts'
import { type Column, figure, words } from '../csv.ts'
import { ProblemError } from '../errors.ts'
import { answer } from '../json.ts'
import { listAnswer, listParameters } from '../listing.ts'
import { pageOf, readQuery, spanOf, spanParameters, symbolParameter, wordParameter } from '../query.ts'
import { looksOf } from '../recent-looks.ts'
import type { Route, RouteParts } from './route.ts'

const filters = z.object({
  status: wordParameter(['open', 'closed', 'all']).default('all'),
  symbol: symbolParameter.optional(),
  ...spanParameters,
  ...listParameters,
})
const lookFilters = z.object({ ...spanParameters, ...listParameters })

const COLUMNS: readonly Column<PositionStatus>[] = [
  figure('opened_at', ({ openedAt }) => isoTime(openedAt)),
  figure('closed_at', ({ closedAt }) => (closedAt === null ? null : isoTime(closedAt))),
  words('position_id', (one) => one.positionId),
  words('symbol', ({ symbol }) => symbol),
  words('side', ({ side }) => side),
  words('status', ({ status }) => status),
  words('phase', ({ phase }) => phase),
  figure('leverage', ({ leverage }) => String(leverage)),
  figure('quantity', ({ quantity }) => quantity),
  figure('entry_price', ({ entryPrice }) => entryPrice),
  figure('exit_price', ({ exitPrice }) => exitPrice),
  figure('stop_loss', ({ stopLoss }) => stopLoss),
  figure('take_profit', ({ takeProfit }) => takeProfit),
  figure('realised_gross', ({ realisedGross }) => realisedGross),
  figure('fees', ({ fees }) => fees),
  figure('financing', ({ financing }) => financing),
  figure('realised_net', (one) => one.realisedNet),
  figure('unrealised_gross', ({ unrealisedPnl }) => unrealisedPnl),
  words('close_reason', ({ closeReason }) => closeReason),
]

const LOOK_COLUMNS: readonly Column<PositionSnapshot>[] = [
  figure('time', ({ at }) => isoTime(at)),
  words('symbol', ({ symbol }) => symbol),
  figure('mark', ({ mark }) => mark),
  figure('quantity', ({ quantity }) => quantity),
  figure('stop_loss', ({ stopLoss }) => stopLoss),
  figure('realised_gross', ({ realisedGross }) => realisedGross),
  figure('unrealised_gross', ({ unrealisedGross }) => unrealisedGross),
  figure('fees', ({ fees }) => fees),
  figure('financing', ({ financing }) => financing),
  figure('return_on_margin_pct', ({ returnOnMarginPct }) => returnOnMarginPct),
]

const newestFirst = (a: PositionView, b: PositionView): number =>
  b.openedAt - a.openedAt || (a.positionId < b.positionId ? 1 : -1)

const fits = (one: PositionView, { symbol, from, to }: Omit<PositionFilter, 'status'>): boolean =>
  (symbol === null || one.symbol === symbol) &&
  (from === null || one.openedAt >= from) &&
  (to === null || one.openedAt < to)

/** One that is no longer marked. */
const asRead = (view: PositionView): PositionStatus => ({
  ...view,
  ...{ mark: null, unrealisedPnl: null, unrealisedPnlPct: null, realisedNet: realisedNet(view) },
})

const missing = (id: string): ProblemError => new ProblemError('not-found', `there is no position ${id}`)

/** Open ones are told from memory, with what they are worth now, also while the database is away. */
const openIn = (desk: Desk): readonly PositionStatus[] => desk.positions({ status: 'open' })

async function listed({ desk, money }: RouteParts, filter: PositionFilter, ask: PageAsk) {
  const open = openIn(desk)
  if (filter.status === 'open') {
    const found = open.filter((one) => fits(one, filter)).toSorted(newestFirst)
    return pageOf(found, (one) => one.positionId, ask)
  }
  const { rows, nextCursor } = await money.positions(filter, ask)
  const worthNow = (view: PositionView): PositionStatus =>
    open.find((one) => one.positionId === view.positionId) ?? asRead(view)
  return { rows: rows.map(worthNow), nextCursor }
}

/** One position with its orders, oldest first, and the last look at it; null for an id that is none. */
async function toldOf({ desk, money, readModels }: RouteParts, id: PositionId): Promise<object | null> {
  const open = openIn(desk).find((one) => one.positionId === id)
  if (open === undefined) {
    const story = await money.position(id)
    if (story === null) return null
    const { position, ...more } = story
    return { ...asRead(position), ...more }
  }
  const orders = readModels.orders.current().filter(({ request }) => request.positionId === id)
  return {
    ...open,
    orderIds: orders.toSorted((a, b) => a.createdAt - b.createdAt).map(({ orderId }) => orderId),
    latestSnapshot: desk.positionSnapshots(id).at(-1) ?? null,
  }
}

const idIn = (context: Context): PositionId => positionId(context.req.param('id') ?? '')

export const positionRoutes = (parts: RouteParts): readonly Route[] => [
  {
    path: '/api/v1/positions',
    answer: (context) => {
      const query = readQuery(context, filters)
      const status = query.status === 'all' ? null : query.status
      const filter = { status, symbol: query.symbol ?? null, ...spanOf(query) }
      return listAnswer(context, query, {
        ...{ name: 'positions', columns: COLUMNS },
        page: (ask) => listed(parts, filter, ask),
      })
    },
  },
  { path: '/api/v1/positions/exposure', answer: (context) => answer(context, parts.desk.exposure()) },
  {
    path: '/api/v1/positions/:id',
    answer: async (context) => {
      const told = await toldOf(parts, idIn(context))
      if (told === null) throw missing(idIn(context))
      return answer(context, told)
    },
  },
  {
    path: '/api/v1/positions/:id/snapshots',
    answer: (context) => {
      const { desk, money } = parts
      const query = readQuery(context, lookFilters)
      const [id, span] = [idIn(context), spanOf(query)]
      return listAnswer(context, query, {
        ...{ name: 'snapshots', columns: LOOK_COLUMNS },
        page: async (ask) => {
          const from = { span, ask, memory: desk.positionSnapshots(id) }
          const page = await looksOf(context, from, (...given) => money.positionSnapshots(id, ...given))
          if (page.rows.length === 0 && (await toldOf(parts, id)) === null) throw missing(id)
          return page
        },
      })
    },
  },
]

/** Positions, plans, hodl bags, risk and snapshots read back from their tables. */
import type { RiskRecord } from '../../domain/breakers.ts'
import type { HodlBag } from '../../domain/hodl.ts'
import type { OrderId, PositionId } from '../../domain/ids.ts'
import type { HodlChange, HodlRecord, RebalanceRecord, RiskChange, ScheduledTrade } from '../../domain/money-record.ts'
import type { PortfolioSnapshot, PositionSnapshot } from '../../domain/money-snapshot.ts'
import type { PlanView } from '../../domain/portfolio.ts'
import type { PositionView } from '../../domain/position.ts'
import { text } from '../../domain/units.ts'
import type { MoneyHistory, PositionFilter, PositionStory, Span, TradeFilter } from '../../ports/money-history.ts'
import { type HistoryPage, type PageAsk, UnknownCursorError } from '../../ports/order-history.ts'
import { EXECUTION } from './execution-tables.ts'
import { canonical, type HistoryOptions, HistoryReader, moment, ms, pageOf } from './history-reader.ts'
import { MONEY } from './money-tables.ts'

/** The place of a row in its list; with it goes on the page after it. */
interface Placed {
  readonly placeAt: number
  readonly placeName: string
}

interface ListOf {
  readonly table: string
  readonly columns: string
  /** What the list is ordered by, and what tells rows of one moment apart: text. */
  readonly time: string
  readonly name: string
  /** More conditions, from `$7` on. */
  readonly more?: string
}

/** $1 account, $2 from, $3 to, $4 and $5 time and name of the row before, $6 rows; what is null is no bound. */
const listSql = ({ table, columns, time, name, more = '' }: ListOf): string => `
select ${columns}, ${ms(time)} as "placeAt", ${name} as "placeName" from ${table} r
where r.account = $1 and ${time} >= coalesce(${moment('$2')}, '-infinity')
  and ${time} < coalesce(${moment('$3')}, 'infinity')
  and (${time}, ${name}) < (coalesce(${moment('$4')}, 'infinity'), coalesce($5, ''))${more}
order by ${time} desc, ${name} desc limit $6`

/** A place in the journal as text that sorts like the number. */
const POS = `lpad(r.pos::text, 16, '0') collate "C"`

/** What it was charged for by the venue is told apart from it, and also after its end. */
const POSITION = `r.view::text as body, (
  select coalesce(sum(c.amount), 0) from position_charges c where c.account = r.account and c.position_id = r.position_id
)::text as financing`

const POSITIONS = listSql({
  ...{ table: 'positions', columns: POSITION, time: 'r.opened_at', name: 'r.position_id collate "C"' },
  more: ' and ($7::text is null or r.status = $7) and ($8::text is null or r.symbol = $8)',
})
const ONE_POSITION = `select ${POSITION} from positions r where r.account = $1 and r.position_id = $2`
const ITS_ORDERS = `
select r.order_id as "orderId" from orders r where r.account = $1 and r.position_id = $2 order by r.created_at, r.order_id`

const POSITION_SNAPSHOTS = listSql({
  table: 'position_snapshots',
  columns: `r.position_id as "positionId", r.symbol, ${ms('r.at')} as at, r.mark::text, r.quantity::text,
    r.stop_loss::text as "stopLoss", r.realised_gross::text as "realisedGross",
    r.unrealised_gross::text as "unrealisedGross", r.fees::text, r.financing::text,
    r.return_on_margin_pct::text as "returnOnMarginPct"`,
  ...{ time: 'r.at', name: "''::text", more: ' and r.position_id = $7' },
})
const PORTFOLIO_SNAPSHOTS = listSql({
  table: 'portfolio_snapshots',
  columns: `${ms('r.at')} as at, r.equity::text, r.core_equity::text as "coreEquity",
    r.trading_exposure::text as "tradingExposure", r.max_deviation_pct::text as "maxDeviationPct",
    json_build_object('holdings', r.holdings, 'balances', r.balances, 'ledger', r.ledger)::text as body`,
  ...{ time: 'r.at', name: "''::text" },
})

const PLANS = listSql({
  ...{ table: 'rebalance_plans', columns: 'r.plan::text as body', time: 'r.planned_at' },
  name: 'r.plan_id collate "C"',
})
const SCHEDULED_TRADES = listSql({
  table: 'scheduled_trades',
  columns: `r.plan_id as "planId", r.batch, r.symbol, r.side, r.key, r.quantity::text, r.value_usd::text as "valueUsd",
    r.filled::text, r.status, r.order_id as "orderId", ${ms('r.due_at')} as "dueAt", ${ms('r.updated_at')} as "updatedAt"`,
  ...{ time: 'r.due_at', name: 'r.key collate "C"' },
  more: ' and ($7::text is null or r.status = $7) and ($8::text is null or r.symbol = $8)',
})
const REBALANCES = listSql({
  table: 'rebalancing_history',
  columns: `${ms('r.at')} as at, r.plan_id as "planId", r.batch, r.symbol, r.side, r.quantity::text, r.cost::text,
    r.fees::text, r.execution_strategy as "executionStrategy", r.used_fallback_strategy as "usedFallbackStrategy",
    r.order_id as "orderId"`,
  ...{ time: 'r.at', name: POS },
})

const HODL = `
select r.asset, r.quantity::text, r.pending_usd::text as "pendingUsd", r.spent_usd::text as "spentUsd",
  r.high_usd::text as "highUsd", ${ms('r.updated_at')} as "updatedAt"
from hodl_bags r where r.account = $1 order by r.pos desc, r.asset`
const HODL_CHANGES = listSql({
  table: 'hodl_bag_history',
  columns: `${ms('r.at')} as at, r.asset, r.kind, r.quantity::text, r.value_usd::text as "valueUsd", r.fees::text,
    r.pending_usd::text as "pendingUsd", r.order_id as "orderId", r.position_id as "positionId"`,
  ...{ time: 'r.at', name: `(lpad(r.pos::text, 16, '0') || r.asset) collate "C"` },
})

const RISK_CHANGES = listSql({
  ...{ table: 'risk_state_history', columns: `${ms('r.at')} as at, r.record::text as body` },
  ...{ time: 'r.at', name: POS },
})

type Body = { readonly body: string }
const stated = <T>({ body }: Body): T => JSON.parse(body) as T

type PositionRow = Body & { readonly financing: string }
const positionOf = (row: PositionRow): PositionView => ({
  ...stated<PositionView>(row),
  financing: text(row.financing),
})

const positionSnapshotOf = ({
  placeAt: _at,
  placeName: _name,
  ...row
}: PositionSnapshot & Placed): PositionSnapshot => ({
  ...row,
  ...{ mark: text(row.mark), quantity: text(row.quantity), stopLoss: text(row.stopLoss), fees: text(row.fees) },
  ...{ realisedGross: text(row.realisedGross), unrealisedGross: text(row.unrealisedGross) },
  ...{ financing: text(row.financing), returnOnMarginPct: canonical(row.returnOnMarginPct) },
})

type PortfolioRow = Omit<PortfolioSnapshot, 'holdings' | 'balances' | 'ledger'> & Body & Placed
const portfolioSnapshotOf = (row: PortfolioRow): PortfolioSnapshot => ({
  ...{ at: row.at, equity: text(row.equity), coreEquity: text(row.coreEquity) },
  ...{ tradingExposure: text(row.tradingExposure), maxDeviationPct: text(row.maxDeviationPct) },
  ...stated<Pick<PortfolioSnapshot, 'holdings' | 'balances' | 'ledger'>>(row),
})

const tradeOf = ({ placeAt: _at, placeName: _name, ...row }: ScheduledTrade & Placed): ScheduledTrade => ({
  ...row,
  ...{ quantity: text(row.quantity), valueUsd: text(row.valueUsd), filled: text(row.filled) },
})

const rebalanceOf = ({ placeAt: _at, placeName: _name, ...row }: RebalanceRecord & Placed): RebalanceRecord => ({
  ...row,
  ...{ quantity: text(row.quantity), cost: text(row.cost), fees: text(row.fees) },
})

const changeOf = ({ placeAt: _at, placeName: _name, ...row }: HodlChange & Placed): HodlChange => ({
  ...row,
  ...{ quantity: text(row.quantity), valueUsd: text(row.valueUsd), fees: text(row.fees) },
  pendingUsd: text(row.pendingUsd),
})

const CURSOR = /^(\d{1,15})\.(.{0,200})$/s

/** Time and name of the row that a page ended with. */
function placeOf(cursor: string | null): readonly [number | null, string | null] {
  if (cursor === null) return [null, null]
  const [, at, name] = CURSOR.exec(cursor) ?? []
  if (at === undefined || name === undefined) throw new UnknownCursorError(cursor)
  return [Number(at), name]
}

export class PostgresMoneyHistory implements MoneyHistory {
  readonly #facts: HistoryReader
  /** Snapshots do not come from the journal: nothing can lag behind it. */
  readonly #looks: HistoryReader

  constructor(options: HistoryOptions) {
    this.#facts = new HistoryReader(options, [MONEY, EXECUTION])
    this.#looks = new HistoryReader(options, [])
  }

  positions({ status, symbol, ...span }: PositionFilter, page: PageAsk): Promise<HistoryPage<PositionView>> {
    return this.#list(this.#facts, POSITIONS, span, page, positionOf, [status, symbol])
  }

  position(positionId: PositionId): Promise<PositionStory | null> {
    return this.#facts.inTime(async () => {
      const [found] = await this.#facts.ask<PositionRow>(ONE_POSITION, [positionId])
      if (found === undefined) return null
      const orders = await this.#facts.ask<{ orderId: OrderId }>(ITS_ORDERS, [positionId])
      const newest = [null, null, null, null, 1, positionId]
      const [latest] = await this.#facts.ask<PositionSnapshot & Placed>(POSITION_SNAPSHOTS, newest)
      return {
        position: positionOf(found),
        orderIds: orders.map(({ orderId }) => orderId),
        latestSnapshot: latest === undefined ? null : positionSnapshotOf(latest),
      }
    })
  }

  positionSnapshots(positionId: PositionId, span: Span, page: PageAsk): Promise<HistoryPage<PositionSnapshot>> {
    return this.#list(this.#looks, POSITION_SNAPSHOTS, span, page, positionSnapshotOf, [positionId])
  }

  portfolioSnapshots(span: Span, page: PageAsk): Promise<HistoryPage<PortfolioSnapshot>> {
    return this.#list(this.#looks, PORTFOLIO_SNAPSHOTS, span, page, portfolioSnapshotOf)
  }

  plans(span: Span, page: PageAsk): Promise<HistoryPage<PlanView>> {
    return this.#list<Body, PlanView>(this.#facts, PLANS, span, page, stated)
  }

  scheduledTrades({ status, symbol, ...span }: TradeFilter, page: PageAsk): Promise<HistoryPage<ScheduledTrade>> {
    return this.#list(this.#facts, SCHEDULED_TRADES, span, page, tradeOf, [status, symbol])
  }

  rebalances(span: Span, page: PageAsk): Promise<HistoryPage<RebalanceRecord>> {
    return this.#list(this.#facts, REBALANCES, span, page, rebalanceOf)
  }

  hodl(): Promise<HodlRecord | null> {
    return this.#facts.inTime(async () => {
      const bags = await this.#facts.ask<HodlBag & Pick<HodlRecord, 'highUsd' | 'updatedAt'>>(HODL)
      const [newest] = bags
      if (newest === undefined) return null
      return {
        ...{ highUsd: text(newest.highUsd), updatedAt: newest.updatedAt },
        bags: bags.map(({ asset, quantity, pendingUsd, spentUsd }) => ({
          ...{ asset, quantity: text(quantity), pendingUsd: text(pendingUsd), spentUsd: text(spentUsd) },
        })),
      }
    })
  }

  hodlChanges(span: Span, page: PageAsk): Promise<HistoryPage<HodlChange>> {
    return this.#list(this.#facts, HODL_CHANGES, span, page, changeOf)
  }

  riskChanges(span: Span, page: PageAsk): Promise<HistoryPage<RiskChange>> {
    const changeAt = (row: Body & { readonly at: number }): RiskChange => ({
      at: row.at,
      risk: stated<RiskRecord>(row),
    })
    return this.#list(this.#facts, RISK_CHANGES, span, page, changeAt)
  }

  /** One row more than asked for, which tells whether there is another page. */
  async #list<Row, T>(
    reader: HistoryReader,
    statement: string,
    { from, to }: Span,
    page: PageAsk,
    recordOf: (row: Row & Placed) => T,
    more: readonly unknown[] = [],
  ): Promise<HistoryPage<T>> {
    const times = [from, to].map((at) => (at === null ? null : Math.ceil(at)))
    const parameters = [...times, ...placeOf(page.cursor), page.limit + 1, ...more]
    return reader.inTime(async () => {
      const found = await reader.ask<Row & Placed>(statement, parameters)
      return pageOf(found, page, ({ placeAt, placeName }) => `${placeAt}.${placeName}`, recordOf)
    })
  }
}

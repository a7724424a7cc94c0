/** Snapshots of positions and of the account in the database. */
import type { Look, PortfolioSnapshot, PositionSnapshot } from '../../domain/money-snapshot.ts'
import type { SnapshotStore } from '../../ports/snapshot-store.ts'
import { at } from './projection.ts'
import type { Sql } from './sql.ts'

const GROUP_LOOKS = 500

/** One statement, so one transaction. Rows that are there already are those of an answer that was lost. */
const SAVE = `
with positions_then as (
  insert into position_snapshots (account, position_id, at, symbol, mark, quantity, stop_loss, realised_gross,
    unrealised_gross, fees, financing, return_on_margin_pct)
  select $1, r.position_id, ${at('r.at')}, r.symbol, r.mark, r.quantity, r.stop_loss, r.realised_gross,
    r.unrealised_gross, r.fees, r.financing, r.return_on_margin_pct
  from json_to_recordset($2::json) as r(position_id text, at bigint, symbol text, mark numeric, quantity numeric,
    stop_loss numeric, realised_gross numeric, unrealised_gross numeric, fees numeric, financing numeric,
    return_on_margin_pct numeric)
  on conflict do nothing
)
insert into portfolio_snapshots (account, at, equity, core_equity, trading_exposure, max_deviation_pct, holdings, balances,
  ledger, stale_marks)
select $1, ${at('r.at')}, r.equity, r.core_equity, r.trading_exposure, r.max_deviation_pct, r.holdings, r.balances,
  r.ledger, '[]'
from json_to_recordset($3::json) as r(at bigint, equity numeric, core_equity numeric, trading_exposure numeric,
  max_deviation_pct numeric, holdings json, balances json, ledger json)
on conflict do nothing`

const positionRow = (one: PositionSnapshot) => ({
  ...{ position_id: one.positionId, at: Math.trunc(one.at), symbol: one.symbol, mark: one.mark },
  ...{ quantity: one.quantity, stop_loss: one.stopLoss, realised_gross: one.realisedGross, fees: one.fees },
  ...{ unrealised_gross: one.unrealisedGross, financing: one.financing },
  return_on_margin_pct: one.returnOnMarginPct,
})

const portfolioRow = (one: PortfolioSnapshot) => ({
  ...{ at: Math.trunc(one.at), equity: one.equity, core_equity: one.coreEquity, holdings: one.holdings },
  ...{ trading_exposure: one.tradingExposure, max_deviation_pct: one.maxDeviationPct },
  ...{ balances: one.balances, ledger: one.ledger },
})

export class PostgresSnapshotStore implements SnapshotStore {
  readonly #sql: Sql
  readonly #account: string

  constructor(sql: Sql, account: string) {
    this.#sql = sql
    this.#account = account
  }

  /** In groups, each of them one transaction. @throws DatabaseFailedError */
  async save(looks: readonly Look[]): Promise<void> {
    for (let from = 0; from < looks.length; from += GROUP_LOOKS) {
      const group = looks.slice(from, from + GROUP_LOOKS)
      const positions = group.flatMap((look) => look.positions.map(positionRow))
      const portfolio = group.flatMap((look) => (look.portfolio === null ? [] : [portfolioRow(look.portfolio)]))
      await this.#sql.query(SAVE, [this.#account, JSON.stringify(positions), JSON.stringify(portfolio)])
    }
  }
}

/** What the journal's facts say once, and what the tables say of them. */
import { isDeepStrictEqual } from 'node:util'
import type { BreakerName, RiskRecord } from '../../src/domain/breakers.ts'
import type { PlanView } from '../../src/domain/portfolio.ts'
import type { PositionView } from '../../src/domain/position.ts'
import type { Arena } from './arena.ts'

type Sql = Arena['sql']

const BREAKER_FACTS = `
select type, (extract(epoch from at) * 1000)::float8 as at, body->>'breaker' as breaker, body->'until' as until
from journal where kind = 'fact' and type in ('risk.breakerTripped', 'risk.breakerLifted') order by pos`
/** No story reduces a position more than once. */
const REDUCED = `
select body->'position'->>'positionId' as id, type, count(*)::int as times from journal
where kind = 'fact' and type in ('position.reducing', 'position.reduced', 'position.closing', 'position.closed')
group by 1, 2 having count(*) > 1`

interface BreakerRow {
  readonly type: string
  readonly at: number
  readonly breaker: BreakerName
  readonly until: number | null
}

/** What may happen once and was told again. */
export async function toldTwice(sql: Sql): Promise<string[]> {
  const latched = new Map<BreakerName, number | null>()
  const breakers = (await sql.query<BreakerRow>(BREAKER_FACTS)).flatMap(({ type, at, breaker, until }) => {
    const standing = latched.get(breaker)
    const stands = standing !== undefined && (standing === null || at < standing)
    if (type === 'risk.breakerLifted') latched.delete(breaker)
    else latched.set(breaker, until)
    return type === 'risk.breakerTripped' && stands ? [`${breaker} tripped while it stood`] : []
  })
  const reduced = await sql.query<{ readonly id: string; readonly type: string; readonly times: number }>(REDUCED)
  return [...breakers, ...reduced.map(({ id, type, times }) => `${type} of ${id} ${times} times`)]
}

const lastOf = (what: string, id: string): string => `
select distinct on (${id}) ${id} as id, body->'${what}' as value from journal
where kind = 'fact' and body->'${what}' is not null and ${id} is not null order by ${id}, pos desc`
const TOLD = {
  positions: lastOf('position', `body->'position'->>'positionId'`),
  plans: lastOf('plan', `body->'plan'->>'planId'`),
  risk: `select 'risk' as id, body->'risk' as value from journal where type = 'risk.stateChanged' order by pos desc limit 1`,
} as const
const WRITTEN = {
  positions: 'select position_id as id, view as value from positions',
  plans: 'select plan_id as id, plan as value from rebalance_plans',
  risk: `select 'risk' as id, record as value from risk_state`,
} as const
const TRADES = `
select plan_id as "planId", key, filled::text, quantity::text, status, order_id as "orderId" from scheduled_trades`

interface Row<T> {
  readonly id: string
  readonly value: T
}
type Trade = Pick<PlanView['trades'][number], 'key' | 'filled' | 'quantity' | 'status' | 'orderId'>

/** Tables that are not what the last fact of each position, plan and risk says. */
export async function otherTables(sql: Sql): Promise<string[]> {
  const compared = async <T>(table: keyof typeof TOLD): Promise<string[]> => {
    const written = new Map((await sql.query<Row<T>>(WRITTEN[table])).map(({ id, value }) => [id, value]))
    const told = new Map((await sql.query<Row<T>>(TOLD[table])).map(({ id, value }) => [id, value]))
    return [...new Set([...told.keys(), ...written.keys()])].flatMap((id) => {
      const [is, should] = [written.get(id), told.get(id)]
      return isDeepStrictEqual(is, should)
        ? []
        : [`${table} ${id} is written as ${JSON.stringify(is)}, told as ${JSON.stringify(should)}`]
    })
  }
  return [
    ...(await compared<PositionView>('positions')),
    ...(await compared<PlanView>('plans')),
    ...(await compared<RiskRecord>('risk')),
    ...(await otherTrades(sql)),
  ]
}

async function otherTrades(sql: Sql): Promise<string[]> {
  const written = await sql.query<Trade & { readonly planId: string }>(TRADES)
  const plain = ({ key, filled, quantity, status, orderId }: Trade): string =>
    JSON.stringify([key, Number(filled), Number(quantity), status, orderId])
  return (await sql.query<Row<PlanView>>(TOLD.plans)).flatMap(({ id, value }) => {
    const is = written.filter(({ planId }) => planId === id).map(plain)
    const should = value.trades.map(plain)
    return isDeepStrictEqual(is.sort(), should.sort()) ? [] : [`trades of plan ${id} are ${is}, told as ${should}`]
  })
}

/** What the journal's facts say once, and what the tables say of them. */
import { isDeepStrictEqual } from 'node:util'
import type { BreakerName, RiskRecord } from '../../src/domain/breakers.ts'
import type { HodlBag, HodlBook } from '../../src/domain/hodl.ts'
import type { PlanView } from '../../src/domain/portfolio.ts'
import type { PositionView } from '../../src/domain/position.ts'
import { type Amount, amount, type Numeric, sumOf, text } from '../../src/domain/units.ts'
import type { Arena } from './arena.ts'

type Sql = Arena['sql']

const BREAKER_FACTS = `
select type, (extract(epoch from at) * 1000)::float8 as at, body->>'breaker' as breaker, body->'until' as until
from journal where kind = 'fact' and type in ('risk.breakerTripped', 'risk.breakerLifted') order by pos`
/** No story reduces a position more than once; what could not be sold is given up, and told so, before it is tried again. */
const REDUCED = `
select coalesce(body->'position'->>'positionId', body->>'positionId') as id,
  json_agg(json_build_array(type, body->>'reason') order by pos) as told from journal where kind = 'fact' and type in
    ('position.reducing', 'position.reduced', 'position.denied', 'position.closed') group by 1`

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
  const reductions = await sql.query<{ readonly id: string; readonly told: readonly (readonly [string, string])[] }>(
    REDUCED,
  )
  return [...breakers, ...reductions.flatMap(({ id, told }) => twice(id, told))]
}

function twice(id: string, told: readonly (readonly [type: string, reason: string])[]): string[] {
  const times = (type: string): number => told.filter(([one]) => one === type).length
  const isAgain = times('position.reducing') - times('position.denied') > 1
  const isTwice = times('position.reduced') > 1 || times('position.closed') > 1
  return isAgain || isTwice ? [`${id}: ${JSON.stringify(told)}`] : []
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

const ACCRUED = `select body->>'amountUsd' as usd from journal where type = 'hodl.accrued'`
const BOUGHT = `
select body->>'asset' as asset, body->>'quantity' as quantity, body->>'valueUsd' as usd, body->>'fees' as fees,
  body->>'orderId' is not null as ordered from journal where type = 'hodl.bought'`
const PURCHASES = `
select distinct on (body->'fill'->>'tradeId') split_part(body->'order'->'request'->>'symbol', '/', 1) as asset,
  body->'fill'->>'quantity' as quantity
from journal where kind = 'fact' and type in ('order.filled', 'order.partiallyFilled', 'order.filledLate')
  and body->'order'->'request'->>'purpose' = 'hodl'`
const LEDGER = `select body->'hodl' as hodl from journal where body->'hodl' is not null order by pos desc limit 1`
const BAGS = `
select asset, quantity::text, pending_usd::text as "pendingUsd", spent_usd::text as "spentUsd",
  high_usd::text as "highUsd" from hodl_bags`

interface Bought {
  readonly asset: string
  readonly quantity: Numeric
  readonly usd: Numeric
  readonly fees: Numeric
  readonly ordered: boolean
}

/** Bags that are not what was set aside, bought and filled; each purchase counts once. */
export async function wrongBags(sql: Sql): Promise<string[]> {
  const [ledger] = await sql.query<{ readonly hodl: HodlBook }>(LEDGER)
  const written = await sql.query<HodlBag & { readonly highUsd: Numeric }>(BAGS)
  if (ledger === undefined) return written.length === 0 ? [] : ['bags are written that no fact told of']
  const { bags, highUsd } = ledger.hodl
  const accrued = sumOf((await sql.query<{ readonly usd: Numeric }>(ACCRUED)).map(({ usd }) => amount(usd)))
  const bought = await sql.query<Bought>(BOUGHT)
  const filled = await sql.query<Pick<Bought, 'asset' | 'quantity'>>(PURCHASES)
  const quantityOf = (rows: readonly Pick<Bought, 'asset' | 'quantity'>[], of: string): Amount =>
    sumOf(rows.filter(({ asset }) => asset === of).map(({ quantity }) => amount(quantity)))
  const kept = sumOf(bags.flatMap(({ pendingUsd, spentUsd }) => [amount(pendingUsd), amount(spentUsd)]))
  const paid = sumOf(bought.flatMap(({ usd, fees }) => [amount(usd), amount(fees)]))
  const spent = sumOf(bags.map(({ spentUsd }) => amount(spentUsd)))
  const ordered = bought.filter((one) => one.ordered)
  return [
    ...unequal('pending and spent of all bags, and what was set aside', kept, accrued),
    ...unequal('spent, and what purchases cost', spent, paid),
    ...bags.flatMap((bag) => {
      const row = written.find(({ asset }) => asset === bag.asset)
      const same = (one: Numeric, other: Numeric | undefined, what: string): string[] =>
        unequal(`${what} of the ${bag.asset} bag, and its row`, amount(one), amount(other ?? '-1'))
      return [
        ...unequal(`the ${bag.asset} bag, and what was bought`, amount(bag.quantity), quantityOf(bought, bag.asset)),
        ...unequal(`${bag.asset} bought, and filled`, quantityOf(ordered, bag.asset), quantityOf(filled, bag.asset)),
        ...same(bag.quantity, row?.quantity, 'quantity'),
        ...same(bag.pendingUsd, row?.pendingUsd, 'pending'),
        ...same(bag.spentUsd, row?.spentUsd, 'spent'),
        ...same(highUsd, row?.highUsd, 'high'),
      ]
    }),
  ]
}

const unequal = (what: string, one: Amount, other: Amount): string[] =>
  one.eq(other) ? [] : [`${what}: ${text(one)} and ${text(other)}`]

/** A trade as the tax office will see it: what is exported adds up to what the books, the statement and the venue say. */
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seededIds, seededRandom } from '../../src/adapters/chance/seeded.ts'
import { realClock } from '../../src/adapters/clock/real.ts'
import { type Database, openDatabase } from '../../src/adapters/persistence/database.ts'
import { PostgresJournal } from '../../src/adapters/persistence/postgres-journal.ts'
import { LEASE_MS, PostgresLeadership } from '../../src/adapters/persistence/postgres-leadership.ts'
import { PostgresMoneyHistory } from '../../src/adapters/persistence/postgres-money-history.ts'
import { PostgresOrderHistory } from '../../src/adapters/persistence/postgres-order-history.ts'
import { createApi } from '../../src/api/app.ts'
import { createReadModels } from '../../src/api/read-models.ts'
import { amount, type Numeric, sumOf, text } from '../../src/domain/units.ts'
import type { Desk } from '../../src/ports/desk.ts'
import type { Log } from '../../src/ports/log.ts'
import { BTC, SECOND, World } from '../support/whole-system.ts'

const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
const SLOW_MS = 120_000
type Row = Readonly<Record<string, string>>

const sum = (rows: readonly Row[], column: string): Numeric => text(sumOf(rows.map((row) => amount(row[column] ?? ''))))

let database: Database
beforeAll(async () => {
  database = await openDatabase({ dataDir: 'memory://', log: silent, clock: realClock() })
}, SLOW_MS)
afterAll(() => database.close())

/** The API over a system and what a database remembers of an account. */
function exportsOf(world: World, account: string) {
  const clock = realClock()
  const { desk } = world.system
  const past = { sql: database.sql, account, clock, deadlineMs: 5_000 }
  const [history, money] = [new PostgresOrderHistory(past), new PostgresMoneyHistory(past)]
  const readModels = createReadModels({ desk: desk as Desk, bus: world.bus, clock: world.clock, log: silent })
  const ids = seededIds(seededRandom('errors'))
  const app = createApi({ desk, readModels, history, money, clock, ids, log: silent })
  return async (path: string): Promise<readonly Row[]> => {
    const response = await app.request(path, { headers: { accept: 'text/csv' } })
    expect(response.status).toBe(200)
    return parse(await response.text(), { columns: true })
  }
}

async function bootOn(world: World, account: string): Promise<void> {
  const leadership = new PostgresLeadership({
    ...{ sql: database.sql, clock: world.clock, account, holder: 'story', incarnation: 'story' },
  })
  const lease = await leadership.take()
  if (lease === null) throw new Error('no lease')
  const journal = await PostgresJournal.open({ sql: database.sql, lease, clock: world.clock, log: silent })
  await world.bootReady({ journal, epoch: lease.epoch })
}

it('a trade is exported as its orders and fills, which add up to its result, once each also after a restart', {
  timeout: SLOW_MS,
}, async () => {
  const [world, account] = [new World(), 'a trade']
  await bootOn(world, account)
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990')
  await world.until(() => world.is('protected'), 'a protected position')
  world.print(BTC, '48990')
  await world.until(() => world.is('closed'), 'a closed position')
  await world.pass(70 * SECOND)

  const position = world.position()
  const net = text(amount(position.realisedGross).minus(amount(position.fees)))
  const exported = exportsOf(world, account)
  const fills = await exported('/api/v1/fills')
  const orders = await exported('/api/v1/orders?status=closed')
  expect(fills.map(({ side, purpose }) => `${side} ${purpose}`)).toEqual(['sell stop', 'buy entry'])
  expect(orders.map(({ purpose, status }) => `${purpose} ${status}`)).toEqual(['stop FILLED', 'entry FILLED'])
  expect(new Set(fills.map((fill) => fill.position_id))).toEqual(new Set([position.positionId]))
  for (const rows of [fills, orders]) {
    expect(sum(rows, 'fee')).toBe(position.fees)
    expect(sum(rows, 'net_proceeds')).toBe(net)
  }
  const positions = await exported('/api/v1/positions?status=closed')
  expect(positions).toMatchObject([{ position_id: position.positionId, close_reason: 'stop_loss', realised_net: net }])
  expect(world.system.house.books.statistics()).toMatchObject({ feesPaid: sum(fills, 'fee'), pnlNet: net })
  expect(world.system.figures().ledger(await world.venueBalances())?.tradingNet).toBe(net)

  world.kill()
  await world.pass(LEASE_MS + SECOND)
  await bootOn(world, account)
  const again = exportsOf(world, account)
  expect(await again('/api/v1/fills')).toEqual(fills)
  expect(await again('/api/v1/orders?status=all')).toEqual(orders)
  expect(await again('/api/v1/positions')).toEqual(positions)
})

it('an order that was cancelled in part is exported with what was filled of it', { timeout: SLOW_MS }, async () => {
  const [world, account] = [new World(), 'in part']
  await bootOn(world, account)
  world.signal()
  await world.until(() => world.order('entry')?.status === 'OPEN', 'an entry at the venue')
  world.print(BTC, '49990', '0.06')
  await world.until(() => world.order('entry')?.status === 'PARTIALLY_FILLED', 'a part of it')
  world.command({ type: 'pause-trading', reason: 'user', by: 'trader' })
  await world.until(() => world.order('entry')?.status === 'CANCELLED', 'its end')
  const exported = exportsOf(world, account)
  const [order] = await exported('/api/v1/orders?status=cancelled')
  const fills = await exported('/api/v1/fills?side=buy')
  expect(order).toMatchObject({ purpose: 'entry', status: 'CANCELLED', filled: sum(fills, 'quantity') })
  expect(amount(order?.filled ?? '0').gt(0)).toBe(true)
  expect(order?.fee).toBe(sum(fills, 'fee'))
  expect((await exported('/api/v1/orders')).map(({ purpose }) => purpose)).toEqual(['stop'])
})

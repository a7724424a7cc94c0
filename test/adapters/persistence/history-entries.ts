/** Orders' lives in a database, for the contracts of what is projected and of what is read back. */
import { expect } from 'vitest'
import { simulatedClock } from '../../../src/adapters/clock/simulated.ts'
import { PostgresOrderHistory } from '../../../src/adapters/persistence/postgres-order-history.ts'
import type { Sql } from '../../../src/adapters/persistence/sql.ts'
import { pair, planId } from '../../../src/domain/ids.ts'
import type { JournalEntry } from '../../../src/ports/journal.ts'
import type { FillFilter, OrderFilter, OrderHistory } from '../../../src/ports/order-history.ts'
import { requestOf } from '../../domain/order-builders.ts'
import { cancelledLife, fillAt, filledLife } from '../../support/order-lives.ts'
import { freshAccount, openJournal } from './database-journal.contract.ts'
import { T0 } from './entries.ts'

export const XRP = pair('XRP/BTC')
export const ANY_FILL: FillFilter = { symbol: null, side: null, book: null, from: null, to: null }
export const ANY: OrderFilter = { ...ANY_FILL, statuses: null }
export const FIRST = { limit: 100, cursor: null }

export const historyOf = (sql: Sql, account: string): OrderHistory =>
  new PostgresOrderHistory({ sql, account, clock: simulatedClock(T0), deadlineMs: 5_000 })

/** A buy in two fills at once, a cancelled stop, and a rebalancing sale whose fill was found later. */
export function threeLives(): readonly JournalEntry[] {
  const buy = requestOf({ quantity: '0.3', limitPrice: '40000.1' })
  const stop = requestOf({ key: 'p1/stop/1', side: 'sell', type: 'stop-loss', purpose: 'stop', triggerPrice: '39000' })
  const rebalance = requestOf({
    ...{ key: 'plan/1', symbol: XRP, side: 'sell', quantity: '7', limitPrice: '0.00001234', purpose: 'rebalance' },
    ...{ book: 'core', positionId: null, planId: planId('plan') },
  })
  const fills = [fillAt('t1', '40000.1', '0.1', '32.00008', T0 + 1_003), fillAt('t2', '40000', '0.2', '64', T0 + 1_004)]
  const sold = [fillAt('t3', '0.00001234', '7', '0.0000003456', T0 + 5_000)]
  return [
    ...filledLife({ id: 'buy', request: buy, at: T0 + 1_000, fills }),
    ...cancelledLife({ id: 'stop', request: { ...stop, quantity: '0.3', limitPrice: null }, at: T0 + 2_000 }),
    ...filledLife({ id: 'sale', request: rebalance, at: T0 + 3_000, fills: sold, origin: 'reconciled' }),
  ]
}

export const manyLives = (count: number, name = 'many'): readonly JournalEntry[] =>
  Array.from({ length: count }, (_, index) => {
    const id = `${name}${index}`
    const fills = [fillAt(`${id}a`, '10', '0.4', '0.1', T0 + index), fillAt(`${id}b`, '11', '0.6', '0.1', T0 + index)]
    return filledLife({ id, request: requestOf(), at: T0 + 10_000 + index, fills })
  }).flat()

/** The entries in the journal of an account of their own, every one of them durable. */
export async function written(sql: Sql, given: readonly JournalEntry[], account = freshAccount()) {
  const opened = await openJournal(sql, account)
  for (const entry of given) opened.journal.append(entry, () => null)
  await opened.journal.settled()
  expect(opened.journal.health()).toEqual({ state: 'durable' })
  return { ...opened, account, history: historyOf(sql, account) }
}

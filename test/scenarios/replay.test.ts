/** Two recorded days of a crash, replayed: the same input gives the same journal, and the statement closes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { realClock } from '../../src/adapters/clock/real.ts'
import { openDatabase } from '../../src/adapters/persistence/database.ts'
import { journalHash } from '../../src/adapters/persistence/journal-digest.ts'
import { storedRows } from '../../src/adapters/persistence/journal-table.ts'
import { PostgresOrderHistory } from '../../src/adapters/persistence/postgres-order-history.ts'
import { runReplay } from '../../src/assembly/replay.ts'
import { pair } from '../../src/domain/ids.ts'
import { type ReplaySummary, STATEMENT_PARTS, summaryToTheCent } from '../../src/domain/replay-summary.ts'
import { amount, sumOf, text } from '../../src/domain/units.ts'
import type { Log } from '../../src/ports/log.ts'
import { marketData } from '../support/market-data.ts'

const SLOW_MS = 120_000
const silent: Log = { debug: () => null, info: () => null, warn: () => null, error: () => null }
const config = loadConfig({ dir: resolve(import.meta.dirname, '../../config'), env: {} })
const source = marketData('candles')
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'triplegain-scenario-'))
  folders.push(folder)
  return folder
}

const replay = (over: { seed?: string; dataDir?: string | null } = {}): Promise<ReplaySummary> =>
  runReplay({
    config,
    source: source ?? '',
    venue: 'binance',
    symbols: [pair('BTC/USDT'), pair('XRP/USDT')],
    from: Date.UTC(2021, 4, 18),
    to: Date.UTC(2021, 4, 20),
    speed: 'max',
    seed: over.seed ?? 'triplegain',
    dataDir: over.dataDir ?? null,
    log: silent,
  })

/** What the folder's database holds: its journal row by row, and the orders and fills that are read from it. */
async function kept(dataDir: string) {
  const clock = realClock()
  const database = await openDatabase({ dataDir: join(dataDir, 'database'), log: silent, clock })
  const { sql } = database
  try {
    let rows = 0
    for await (const _ of storedRows(sql, 'replay')) rows += 1
    const history = new PostgresOrderHistory({ sql, account: 'replay', clock, deadlineMs: 5_000 })
    const any = { symbol: null, side: null, book: null, from: null, to: null }
    return {
      journal: { rows, hash: await journalHash(storedRows(sql, 'replay')) },
      fills: (await history.fills(any, { limit: 10_000, cursor: null })).rows,
      orders: (await history.orders({ ...any, statuses: null }, { limit: 10_000, cursor: null })).rows,
    }
  } finally {
    await database.close()
  }
}

const unless = source === null ? ' (skipped: no market data)' : ''
describe.skipIf(source === null)(`two days in May 2021${unless}`, { timeout: SLOW_MS }, () => {
  let first: ReplaySummary
  let second: ReplaySummary
  let found: Awaited<ReturnType<typeof kept>>
  beforeAll(async () => {
    const dataDir = freshFolder()
    first = await replay()
    second = await replay({ dataDir })
    found = await kept(dataDir)
  }, SLOW_MS)

  it('replayed twice give the same journal, row by row, in memory and on disk', () => {
    const { seconds: _one, ...told } = first
    const { seconds: _other, ...toldAgain } = second
    expect(toldAgain).toEqual(told)
    expect(found.journal).toEqual({ rows: first.journalEvents, hash: first.journalHash })
    process.stdout.write(`${JSON.stringify({ journalHash: first.journalHash, seconds: first.seconds })}\n`)
  })

  it('close the statement, with nothing naked and nothing restarted', () => {
    expect(first.unprotectedSeconds).toBe(0)
    expect(first.restarts).toBe(0)
    expect(first.candles).toBe(2 * 2 * 1440)
    const cents = summaryToTheCent(first)
    expect(sumOf(STATEMENT_PARTS.map((part) => amount(cents[part]))).toString()).toBe(cents.equityEnd)
    expect(
      amount(first.equityEnd)
        .minus(sumOf(STATEMENT_PARTS.map((part) => amount(first[part]))))
        .toString(),
    ).toBe('0')
  })

  it('leave a folder that remembers every fill: fees and results are those of the summary', () => {
    const { fills, orders } = found
    const fees = (of: typeof fills) => text(sumOf(of.map(({ fee }) => amount(fee))))
    expect(fills.length).toBeGreaterThan(0)
    expect(fees(fills)).toBe(second.feesPaid)
    expect(text(amount(fees(fills.filter(({ book }) => book === 'core'))).negated())).toBe(second.rebalancingFees)
    expect(new Set(fills.map(({ tradeId }) => tradeId)).size).toBe(fills.length)
    for (const [status, count] of Object.entries(second.orders))
      expect(orders.filter((order) => order.status === status).length).toBe(count)
  })

  it('are another journal under another seed', async () => {
    expect((await replay({ seed: 'another' })).journalHash).not.toBe(first.journalHash)
  })
})

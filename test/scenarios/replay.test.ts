/** Two recorded days of a crash, replayed: the same input gives the same journal, and the statement closes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { realClock } from '../../src/adapters/clock/real.ts'
import { openDatabase } from '../../src/adapters/persistence/database.ts'
import { journalHash } from '../../src/adapters/persistence/journal-digest.ts'
import { storedRows } from '../../src/adapters/persistence/journal-table.ts'
import { runReplay } from '../../src/assembly/replay.ts'
import { pair } from '../../src/domain/ids.ts'
import { type ReplaySummary, STATEMENT_PARTS, summaryToTheCent } from '../../src/domain/replay-summary.ts'
import { amount, sumOf } from '../../src/domain/units.ts'
import type { Log } from '../../src/ports/log.ts'
import { marketData } from '../support/market-data.ts'

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

const replay = (over: { seed?: string; dataDir?: string | null; to?: number } = {}): Promise<ReplaySummary> =>
  runReplay({
    config,
    source: source ?? '',
    venue: 'binance',
    symbols: [pair('BTC/USDT'), pair('XRP/USDT')],
    from: Date.UTC(2021, 4, 18),
    to: over.to ?? Date.UTC(2021, 4, 20),
    speed: 'max',
    seed: over.seed ?? 'triplegain',
    dataDir: over.dataDir ?? null,
    log: silent,
  })

/** What the folder's database holds, row by row. */
async function kept(dataDir: string): Promise<{ readonly rows: number; readonly hash: string }> {
  const database = await openDatabase({ dataDir: join(dataDir, 'database'), log: silent, clock: realClock() })
  try {
    let rows = 0
    for await (const _ of storedRows(database.sql, 'replay')) rows += 1
    return { rows, hash: await journalHash(storedRows(database.sql, 'replay')) }
  } finally {
    await database.close()
  }
}

const unless = source === null ? ' (skipped: no market data)' : ''
describe.skipIf(source === null)(`two days in May 2021${unless}`, { timeout: 120_000 }, () => {
  it('replayed twice give the same journal, row by row, in memory and on disk', async () => {
    const dataDir = freshFolder()
    const [first, second] = [await replay(), await replay({ dataDir })]
    const { seconds: _one, ...told } = first
    const { seconds: _other, ...toldAgain } = second
    expect(toldAgain).toEqual(told)
    expect(await kept(dataDir)).toEqual({ rows: first.journalEvents, hash: first.journalHash })
    process.stdout.write(`${JSON.stringify({ journalHash: first.journalHash, seconds: first.seconds })}\n`)

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

  it('are another journal under another seed', async () => {
    const to = Date.UTC(2021, 4, 18, 6)
    const [one, other] = [await replay({ to }), await replay({ to, seed: 'another' })]
    expect(other.journalHash).not.toBe(one.journalHash)
  })
})

/** The same process on a real PostgreSQL: starts, trades, stops, and resumes with the same account. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { bench, get, isFact } from './process.ts'

const { triplegain, run, folder, cleanUp } = bench()
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(async () => {
  cleanUp()
  await server?.close()
}, 60_000)

/** The owner's configuration, except that the portfolio is looked at right after the start. */
function hurriedConfig(): string {
  const config = folder()
  const source = resolve(import.meta.dirname, '../../config')
  cpSync(source, config, { recursive: true, filter: (path) => !path.endsWith('.ts') })
  const file = join(config, 'orchestration.yaml')
  const given = readFileSync(file, 'utf8')
  const hurried = given.replace('first_run_after_seconds: 60', 'first_run_after_seconds: 1')
  expect(hurried).not.toBe(given)
  writeFileSync(file, hurried)
  return config
}

/** The trade ids of what `triplegain fills --csv` prints. */
async function tradesAt(url: string): Promise<readonly string[]> {
  const { code, out } = await run(['fills', '--csv', '--url', url])
  expect(code).toBe(0)
  const [header, ...rows] = out.map((line) => line.split(','))
  expect(header?.slice(0, 2)).toEqual(['time', 'trade_id'])
  return rows.map(([, tradeId]) => tradeId ?? '')
}

it('trades, stops, resumes, and refuses another account in its database', { timeout: 120_000 }, async () => {
  const DATABASE_URL = await server.freshDatabase('e2e')
  const [dataDir, config] = [folder(), hurriedConfig()]
  const args = ['run', '--feed', 'simulated', '--port', '0', '--data-dir', dataDir, '--config', config, '--json']
  const first = triplegain(args, { DATABASE_URL })
  const { url } = await first.ready()
  await first.logged(isFact('rebalance.planned'))
  const fill = await first.logged(({ msg }) => msg === 'order.partiallyFilled' || msg === 'order.filled')
  expect(fill.book ?? 'core').toBe('core')
  expect(await get(url, '/health/ready')).toMatchObject({ status: 200 })
  const known = (await get(url, '/api/v1/fills')).body as { readonly fills: readonly { readonly tradeId: string }[] }
  expect(known.fills.length).toBeGreaterThan(0)
  first.signal('SIGINT')
  expect(await first.ended).toBe(0)
  expect(first.said.join()).not.toContain('only-for-tests')

  const again = triplegain(args, { DATABASE_URL })
  const resumed = await again.ready()
  await again.logged(isFact('reconciliation.completed'))
  expect(again.log.find(isFact('system.started'))).toMatchObject({ epoch: 2 })
  expect(again.log.find(isFact('reconciliation.completed'))).toMatchObject({ unexplained: [] })
  const { body } = await get(resumed.url, '/api/v1/orders?status=all')
  // What rested was taken back at the stop, unless it had been filled by then.
  const ended = expect.objectContaining({ status: expect.stringMatching(/^(?:CANCELLED|FILLED)$/) })
  expect(body).toMatchObject({ orders: expect.arrayContaining([ended]) })
  const remembered = await tradesAt(resumed.url)
  expect(new Set(remembered).size).toBe(remembered.length)
  expect(remembered).toEqual(expect.arrayContaining(known.fills.map(({ tradeId }) => tradeId)))
  expect(await get(resumed.url, '/api/v1/coordinator/status')).toMatchObject({ body: { state: 'RUNNING' } })
  const stranger = await run([...args.slice(0, 5), '--data-dir', folder()], { DATABASE_URL })
  expect(stranger.code).toBe(1)
  expect(stranger.said).toEqual([expect.stringMatching(/^triplegain: the database holds the paper session/)])
  again.signal('SIGINT')
  expect(await again.ended).toBe(0)
})

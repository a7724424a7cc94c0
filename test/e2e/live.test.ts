/** Real money's way, without money: the process trades live against a sandbox in a process of its own. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { liveEnvironment, USUAL_EXECUTION, writeFiles } from '../support/live-config.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { bench, get, isFact } from './process.ts'

interface Address {
  readonly rest: string
  readonly ws: string
  readonly apiKey: string
  readonly apiSecret: string
  readonly admin: string
}

const { triplegain, run, folder, cleanUp } = bench()
let server: PostgresServer
let sandbox: Address
beforeAll(async () => {
  server = await startPostgres()
  const venue = triplegain(['sandbox', '--json', '--seed', 'e2e', '--balances', 'BTC=1,USDT=50000,XRP=1000'])
  sandbox = (await venue.ready()) as unknown as Address
}, 60_000)
afterAll(async () => {
  cleanUp()
  await server?.close()
}, 60_000)

/** Live, and the portfolio is looked at right after the start. */
const liveConfig = (): string =>
  writeFiles(folder(), {
    execution: USUAL_EXECUTION,
    orchestration: 'coordinator:\n  schedules:\n    portfolio_check: {first_run_after_seconds: 1}\n',
  })

it('trades live, says so, and is the only one on its account', { timeout: 180_000 }, async () => {
  const env = liveEnvironment(sandbox, await server.freshDatabase('live'))
  const config = liveConfig()
  const args = ['run', '--port', '0', '--config', config, '--json', '--data-dir']
  const first = triplegain([...args, folder()], env)
  const { url } = await first.ready()
  await first.logged(isFact('rebalance.planned'))
  await first.logged(({ msg }) => msg === 'order.opened' || msg === 'order.filled')
  expect(await get(url, '/health/ready')).toMatchObject({ status: 200 })
  expect(JSON.parse(first.out.find((line) => line.startsWith('{')) ?? '{}')).toMatchObject({
    mode: 'live',
    feed: { name: 'kraken', fallback: false },
  })
  const state = (await get(sandbox.admin, '/state')).body as { readonly requests: readonly { readonly kind: string }[] }
  expect(state.requests.some(({ kind }) => kind === 'place')).toBe(true)

  const second = await run([...args, folder()], env)
  expect(second.code).toBe(3)
  expect(second.said).toEqual([
    expect.stringMatching(/^triplegain: another process holds the account kraken:[0-9a-f]{32}/),
  ])
  expect(await get(url, '/health/ready')).toMatchObject({ status: 200 })
  first.signal('SIGINT')
  expect(await first.ended).toBe(0)
  const everything = [...first.said, ...first.log.map((line) => JSON.stringify(line))].join('\n')
  for (const secret of [sandbox.apiKey, sandbox.apiSecret, 'only-for-tests']) expect(everything).not.toContain(secret)
})

it('does not begin with a key that may withdraw, without consent, or on another feed', {
  timeout: 60_000,
}, async () => {
  const env = liveEnvironment(sandbox, await server.freshDatabase('refused'))
  const config = liveConfig()
  const args = ['run', '--port', '0', '--config', config, '--data-dir']
  const response = await fetch(`${sandbox.admin}/keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ permissions: ['query-funds', 'modify-trades', 'withdraw-funds'] }),
  })
  const dangerous = (await response.json()) as Pick<Address, 'apiKey' | 'apiSecret'>
  const refused = await run([...args, folder()], liveEnvironment({ ...sandbox, ...dangerous }, env.DATABASE_URL ?? ''))
  expect(refused.code).toBe(1)
  expect(refused.said.join()).toContain('this key may withdraw')

  const { TRIPLEGAIN_LIVE: _consent, ...unconfirmed } = env
  const unasked = await run([...args, folder()], unconfirmed)
  expect(unasked.code).toBe(2)
  expect(unasked.said.join()).toContain('TRIPLEGAIN_LIVE')
  const otherwise = await run([...args, folder(), '--feed', 'simulated'], env)
  expect(otherwise.code).toBe(1)
  expect(otherwise.said.join()).toContain('live trading takes its prices from Kraken alone')
})

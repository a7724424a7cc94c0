/** Two takeovers of the campaign that `npm run test:fencing` runs at length. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { runTakeovers } from './takeovers.ts'

const SLOW_MS = 240_000
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
}, SLOW_MS)
afterAll(() => server?.close(), SLOW_MS)

it('a leader that wakes after a takeover sends nothing that the venue takes, and steps down', {
  timeout: SLOW_MS,
}, async () => {
  const { takeovers, problems } = await runTakeovers(server, { count: 2, nonces: 'block', seed: 'test' })
  expect(takeovers.map(({ late, ended }) => ({ late, ended }))).toEqual([
    { late: [], ended: '3' },
    { late: [], ended: '3' },
  ])
  expect(problems).toEqual([])
})

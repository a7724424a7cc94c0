/** Some cases of the crash matrix; `npm run test:crash` runs all. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { Arena } from './arena.ts'
import { comeBack, runCase } from './matrix.ts'
import type { Moment } from './steps.ts'
import { STORIES } from './stories.ts'

const SLOW_MS = 240_000
let server: PostgresServer
let arena: Arena
beforeAll(async () => {
  server = await startPostgres()
  arena = await Arena.open(server, 'crash_cases')
  await comeBack(arena)
}, SLOW_MS)
afterAll(async () => {
  await arena?.close()
  await server?.close()
}, SLOW_MS)

it.each<[Moment, string]>([
  ['before', 'order/entry venue.filled > order.partiallyFilled'],
  ['after', 'order/exit place-order > order.intended'],
])('killed %s "%s", it comes back with nothing lost, doubled or naked', { timeout: SLOW_MS }, async (moment, step) => {
  const [story] = STORIES
  if (story === undefined) throw new Error('there are no stories')
  expect(await runCase(arena, { story, told: null, death: { step, moment } })).toEqual([])
})

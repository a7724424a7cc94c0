/**
 * `npm run test:crash [-- --json] [--workers N] [--only text]`: the whole crash matrix. The last line of standard output
 * is `{steps, cases, failures, seconds}`; the exit code is 1 when a case failed, or when fewer steps were found than are
 * checked in.
 */
import { parseArgs } from 'node:util'
import { realClock } from '../../src/adapters/clock/real.ts'
import { startPostgres } from '../support/postgres.ts'
import { Arena } from './arena.ts'
import { type Case, casesOf, comeBack, type Failure, findSteps, runCase, titleOf } from './matrix.ts'
import { STEPS_CHECKED_IN } from './steps.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    workers: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const clock = realClock()
const startedAt = clock.now()
const server = await startPostgres()
const failures: Failure[] = []
let steps = 0
let done = 0

/** Takes cases one after the other, in an arena that goes from one to the next as long as nothing fails in it. */
async function work(name: string, waiting: Case[], total: number): Promise<void> {
  let arena: Arena | null = null
  for (let next = waiting.shift(), opened = 0; next !== undefined; next = waiting.shift()) {
    let problems: readonly string[]
    try {
      if (arena === null) {
        opened += 1
        arena = await Arena.open(server, `${name}_${opened}`, () => undefined)
        await comeBack(arena)
      }
      problems = await runCase(arena, next)
    } catch (error) {
      problems = [error instanceof Error ? error.message : String(error)]
    }
    done += 1
    if (!values.json) say(`${done}/${total} ${problems.length === 0 ? 'ok' : 'FAILED'} ${titleOf(next)}`)
    if (problems.length === 0) continue
    failures.push({ of: next, problems })
    process.stderr.write(`FAILED ${titleOf(next)}\n${problems.join('\n')}\n`)
    await arena?.close()
    arena = null
  }
  await arena?.close()
}

try {
  const found = await findSteps(server)
  steps = found.size
  const cases = casesOf(found).filter((one) => titleOf(one).includes(values.only))
  const waiting = [...cases]
  if (!values.json) say(`${steps} steps, ${cases.length} cases`)
  const workers = Array.from({ length: Number(values.workers) }, (_, index) => `worker_${index + 1}`)
  await Promise.all(workers.map((name) => work(name, waiting, cases.length)))
  if (steps < STEPS_CHECKED_IN)
    process.stderr.write(`only ${steps} steps were found: ${STEPS_CHECKED_IN} are checked in\n`)
} finally {
  await server.close()
}
const seconds = Math.round((clock.now() - startedAt) / 1000)
say(JSON.stringify({ steps, cases: done, failures: failures.length, seconds }))
process.exitCode = failures.length > 0 || steps < STEPS_CHECKED_IN ? 1 : 0

/**
 * `npm run test:crash [-- --json] [--workers N] [--story text] [--only pattern] [--list]`: the whole crash matrix; or of the
 * stories with this text in their names, the cases whose titles match; run, or only listed. The last line of
 * standard output is `{steps, cases, unreached, failures, seconds}`: how many cases never came to their step, and how many
 * that did were not what they should be; the exit code is 1 when a case failed, or when fewer steps were
 * found than are checked in (of all stories).
 */
import { parseArgs } from 'node:util'
import { realClock } from '../../src/adapters/clock/real.ts'
import { startPostgres } from '../support/postgres.ts'
import { Arenas, type Case, casesOf, type Failure, findSteps, runCase, titleOf, UNREACHED } from './matrix.ts'
import { STEPS_CHECKED_IN } from './steps.ts'
import { STORIES } from './stories.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    workers: { type: 'string', default: '3' },
    story: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const clock = realClock()
const startedAt = clock.now()
const server = await startPostgres()
const failures: Failure[] = []
const isWhole = values.story === ''
let steps = 0
let done = 0
let unreached = 0

/** Takes cases one after the other, in an arena that goes from one to the next as long as nothing fails in it. */
async function work(name: string, waiting: Case[], total: number): Promise<void> {
  const arenas = new Arenas(server, name)
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    let problems: readonly string[]
    try {
      problems = await runCase(await arenas.for(next.story), next)
    } catch (error) {
      problems = [error instanceof Error ? error.message : String(error)]
    }
    done += 1
    const isUnreached = problems.length === 1 && problems[0] === UNREACHED
    const outcome = problems.length === 0 ? 'ok' : isUnreached ? 'unreached' : 'FAILED'
    if (!values.json) say(`${done}/${total} ${outcome} ${titleOf(next)}`)
    if (problems.length === 0) continue
    await arenas.close()
    if (isUnreached) unreached += 1
    else {
      failures.push({ of: next, problems })
      process.stderr.write(`FAILED ${titleOf(next)}\n${problems.join('\n')}\n`)
    }
  }
  await arenas.close()
}

try {
  const stories = STORIES.filter(({ name }) => name.includes(values.story))
  const found = await findSteps(server, stories)
  steps = found.size
  const cases = casesOf(found).filter((one) => new RegExp(values.only).test(titleOf(one)))
  // Those of one ground after the other: fewer arenas are opened.
  const waiting = Object.values(Object.groupBy(cases, ({ story }) => story.ground)).flat()
  if (!values.json) say(`${steps} steps, ${cases.length} cases`)
  if (values.list) for (const one of waiting.splice(0)) say(titleOf(one))
  const workers = Array.from({ length: Number(values.workers) }, (_, index) => `worker_${index + 1}`)
  await Promise.all(workers.map((name) => work(name, waiting, cases.length)))
  if (isWhole && steps < STEPS_CHECKED_IN)
    process.stderr.write(`only ${steps} steps were found: ${STEPS_CHECKED_IN} are checked in\n`)
} finally {
  await server.close()
}
const seconds = Math.round((clock.now() - startedAt) / 1000)
say(JSON.stringify({ steps, cases: done, unreached, failures: failures.length, seconds }))
process.exitCode = failures.length > 0 || (isWhole && steps < STEPS_CHECKED_IN) ? 1 : 0

/**
 * `npm run test:soak [-- --runs N] [--seed S] [--workers W] [--json]`: a live process trades against a sandbox, seed by
 * seed, in trouble, and is asked to end. The last line of standard output is `{runs, failures, seconds, seed}`; `--json`
 * keeps the rest of it away. One seed again: `--runs 1 --seed S`.
 */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { realClock } from '../../src/adapters/clock/real.ts'
import { startPostgres } from '../support/postgres.ts'
import { type RunResult, runSeed } from './soak.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const [runs, seed] = [Number(values.runs), Number(values.seed)]
const clock = realClock()
const startedAt = clock.now()
const server = await startPostgres()
const told = new Map<string, number>()
let next = seed
let failures = 0

const LINES_TOLD = 25

function tell(of: number, { plan, problems, said, told: facts }: RunResult): void {
  for (const [msg, count] of Object.entries(facts)) told.set(msg, (told.get(msg) ?? 0) + count)
  const drawn = JSON.stringify(plan)
  if (!values.json) say(`${of} ${problems.length === 0 ? 'ok' : 'FAILED'} ${drawn}`)
  if (problems.length === 0) return
  failures += 1
  const whole = join(tmpdir(), `triplegain-soak-${of}.log`)
  writeFileSync(whole, `${said.join('\n')}\n`)
  const lines = [
    ...[`FAILED seed ${of} ${drawn}`, ...problems, ...said.slice(-LINES_TOLD).map((line) => `  | ${line}`)],
    ...[`  all of it: ${whole}`, `  again: npm run test:soak -- --runs 1 --seed ${of}`],
  ]
  process.stderr.write(`${lines.join('\n')}\n`)
}

async function work(): Promise<void> {
  while (next < seed + runs) {
    const of = next
    next += 1
    tell(of, await runSeed(server, of))
  }
}

try {
  await Promise.all(Array.from({ length: Number(values.workers) }, work))
} finally {
  await server.close()
}
if (!values.json)
  for (const [msg, count] of [...told].sort(([one], [other]) => (one < other ? -1 : 1)))
    say(`${String(count).padStart(8)}  ${msg}`)
const seconds = Math.round((clock.now() - startedAt) / 1000)
say(JSON.stringify({ runs, failures, seconds, seed }))
process.exitCode = failures > 0 ? 1 : 0

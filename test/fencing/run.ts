/**
 * `npm run test:fencing [-- --takeovers 25] [--nonces clock] [--seed S] [--json]`: the last line of standard output is
 * `{takeovers, nonces, late, failures, seconds}`. With nonces of the clock, which fence nothing, it is meant to fail.
 */
import { parseArgs } from 'node:util'
import { realClock } from '../../src/adapters/clock/real.ts'
import { startPostgres } from '../support/postgres.ts'
import { runTakeovers } from './takeovers.ts'

const { values } = parseArgs({
  options: {
    takeovers: { type: 'string', default: '25' },
    nonces: { type: 'string', default: 'block' },
    seed: { type: 'string', default: 'fencing' },
    json: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const clock = realClock()
const startedAt = clock.now()
const server = await startPostgres()
try {
  const nonces = values.nonces === 'clock' ? 'clock' : 'block'
  const { takeovers, problems } = await runTakeovers(server, {
    ...{ count: Number(values.takeovers), nonces, seed: values.seed },
    onTakeover: ({ at, ended, late }) => {
      if (!values.json)
        say(`stood still: ${at}; ended with ${ended}; ${late.length} orders came late ${late.join(', ')}`)
    },
  })
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  const late = takeovers.filter((one) => one.late.length > 0).length
  const failures = takeovers.filter((one) => one.late.length > 0 || one.ended !== '3').length + problems.length
  const seconds = Math.round((clock.now() - startedAt) / 1000)
  say(JSON.stringify({ takeovers: takeovers.length, nonces, late, failures, seconds }))
  process.exitCode = failures > 0 ? 1 : 0
} finally {
  await server.close()
}

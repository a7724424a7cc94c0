/** `npm run test:sim`: walks many seeds and says what they found. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { FAULT_CLASSES } from './faults.ts'
import { walkAll } from './pool.ts'
import { isSabotage, SABOTAGES } from './sabotage.ts'
import { type WalkResult, walk } from './walk.ts'

const HOUR = 3_600_000
const say = (line: string): void => void process.stdout.write(`${line}\n`)

function wholeNumber(name: string, given: string): number {
  const value = Number(given)
  if (Number.isInteger(value) && value >= 0) return value
  throw new Error(`--${name} takes a whole number, not ${given}`)
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      sabotage: { type: 'string' },
      workers: { type: 'string', default: String(availableParallelism()) },
      /** One seed, told from its beginning. */
      story: { type: 'boolean', default: false },
      /** Also how often each kind of fact was told, and in how many seeds. */
      facts: { type: 'boolean', default: false },
    },
  })
  const { sabotage = null } = values
  if (sabotage !== null && !isSabotage(sabotage))
    throw new Error(`--sabotage takes one of ${Object.keys(SABOTAGES).join(', ')}, not ${sabotage}`)
  return {
    seeds: wholeNumber('seeds', values.seeds),
    from: wholeNumber('from', values.from),
    workers: Math.max(1, wholeNumber('workers', values.workers)),
    ...{ json: values.json, story: values.story, facts: values.facts, sabotage },
  }
}

function tellFailure({ seed, failure }: WalkResult, sabotage: string | null): void {
  if (failure === null) return
  say(`seed ${seed} broke "${failure.invariant}" at step ${failure.step}, ${new Date(failure.at).toISOString()}`)
  say(`  ${failure.detail}`)
  for (const line of failure.tail) say(`  | ${line}`)
  const again = sabotage === null ? '' : ` --sabotage ${sabotage}`
  say(`  again: npm run test:sim -- --seeds 1 --from ${seed}${again}    (--story tells it from its beginning)`)
}

async function run(): Promise<number> {
  const { seeds, from, json, sabotage, workers, story, facts } = readArguments()
  if (story) {
    const result = await walk({ seed: from, sabotage, verbose: true })
    for (const line of result.story) say(line)
    tellFailure({ ...result, failure: result.failure && { ...result.failure, tail: [] } }, sabotage)
    return result.failure === null ? 0 : 1
  }
  const faults = Object.fromEntries(FAULT_CLASSES.map((name) => [name, 0]))
  const told = new Map<string, { count: number; seeds: number }>()
  const startedAt = performance.now()
  let walked = 0
  let simulatedMs = 0
  let failures = 0
  const looks = { position: 0, portfolio: 0 }
  const showsProgress = !json && process.stderr.isTTY
  await walkAll({
    ...{ from, seeds, sabotage, workers },
    onResult: (result) => {
      walked += 1
      simulatedMs += result.simulatedMs
      looks.position += result.looks.position
      looks.portfolio += result.looks.portfolio
      for (const name of FAULT_CLASSES) faults[name] = (faults[name] ?? 0) + result.faults[name]
      for (const [kind, count] of Object.entries(result.told)) {
        const known = told.get(kind) ?? { count: 0, seeds: 0 }
        told.set(kind, { count: known.count + count, seeds: known.seeds + 1 })
      }
      if (result.failure !== null) failures += 1
      tellFailure(result, sabotage)
      if (showsProgress) process.stderr.write(`\r${walked} of ${seeds} seeds, ${failures} failures `)
    },
  })
  if (showsProgress) process.stderr.write('\n')
  const simulatedHours = Math.round(simulatedMs / HOUR)
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  if (facts)
    for (const [kind, { count, seeds: of }] of [...told].sort(([one], [other]) => (one < other ? -1 : 1)))
      say(`${String(count).padStart(8)}  ${kind} (${of} seeds)`)
  if (json) {
    say(JSON.stringify({ seeds: walked, simulatedHours, faults, looks, failures, seconds }))
  } else {
    for (const [name, count] of Object.entries(faults)) say(`${String(count).padStart(8)}  ${name}`)
    say(
      `${String(looks.position).padStart(8)}  looks at positions\n${String(looks.portfolio).padStart(8)}  looks at the account`,
    )
    say(`${walked} seeds, ${simulatedHours} simulated hours, ${failures} failures, ${seconds} s`)
  }
  return failures === 0 ? 0 : 1
}

try {
  process.exitCode = await run()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}

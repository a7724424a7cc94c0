/** `triplegain status`: what a running process is doing and allows. */
import type { Command } from 'commander'
import { z } from 'zod'
import { type AskArguments, addAskOptions, ask, baseUrl } from './ask.ts'
import { breakersShape, endOf, standing } from './breakers.ts'
import type { CliParts } from './parts.ts'
import { shortTime, table } from './table.ts'

const shape = z.looseObject({
  state: z.string(),
  pauseReasons: z.array(z.string()),
  haltReason: z.string().nullable(),
  haltedSymbols: z.record(z.string(), z.string()),
  degradation: z.string(),
  failures: z.record(z.string(), z.number()),
  reconciliation: z.string(),
  breakers: breakersShape,
  mayOpenRisk: z.boolean(),
  tasks: z.array(
    z.looseObject({
      task: z.string(),
      enabled: z.boolean(),
      intervalSeconds: z.number(),
      lastRunAt: z.string().nullable(),
      nextRunAt: z.string().nullable(),
      runs: z.number(),
      failures: z.number(),
    }),
  ),
  system: z.looseObject({
    mode: z.string(),
    state: z.string(),
    ready: z.boolean(),
    notReadyBecause: z.array(z.string()),
    feed: z.looseObject({ name: z.string(), fallback: z.boolean(), reason: z.string().nullable() }),
    database: z.looseObject({ driver: z.string(), state: z.string() }),
    agents: z.looseObject({ mode: z.string() }),
    startedAt: z.string(),
  }),
})
type Status = z.output<typeof shape>

const because = (reasons: readonly string[]): string => (reasons.length === 0 ? '' : `: ${reasons.join('; ')}`)

/** A breaker that pauses gives its name as the reason, and ends that pause itself; any other is a person's. */
function pauseText(reason: string, breakers: Status['breakers']): string {
  const breaker = breakers.find(({ name }) => name === reason)
  return `${reason} until ${breaker === undefined ? '`resume`' : endOf(breaker)}`
}

function stateText({ state, pauseReasons, haltReason, breakers, mayOpenRisk }: Status): string {
  const reasons = haltReason === null ? pauseReasons.map((one) => pauseText(one, breakers)) : [haltReason]
  return `${state}${because(reasons)}, ${mayOpenRisk ? 'may open risk' : 'opens nothing'}`
}

function statusLines(status: Status): readonly string[] {
  const { system, failures, tasks } = status
  const counted = Object.entries(failures).filter(([, count]) => count > 0)
  const feed = system.feed.fallback
    ? `${system.feed.name} (FALLBACK${because([system.feed.reason ?? 'no reason'])})`
    : system.feed.name
  return [
    ...table([
      ['trading', stateText(status)],
      ['system', `${system.state}, ${system.ready ? 'ready' : `not ready${because(system.notReadyBecause)}`}`],
      ['since', shortTime(system.startedAt)],
      ['mode', system.mode],
      ['feed', feed],
      ['database', `${system.database.driver}, ${system.database.state}`],
      ['agents', system.agents.mode],
      ['degradation', `${status.degradation}${because(counted.map(([cause, count]) => `${cause} ${count}`))}`],
      ['reconciliation', status.reconciliation],
      ...status.breakers.map((one) => [`breaker ${one.name}`, standing(one)]),
      ...Object.entries(status.haltedSymbols).map(([symbol, reason]) => [`${symbol} halted`, reason]),
    ]),
    '',
    ...table(
      [
        ['task', 'every', 'runs', 'failures', 'last', 'next'],
        ...tasks.map((one) => [
          one.task,
          one.enabled ? `${one.intervalSeconds} s` : 'off',
          String(one.runs),
          String(one.failures),
          shortTime(one.lastRunAt),
          shortTime(one.nextRunAt),
        ]),
      ],
      [1, 2, 3],
    ),
  ]
}

export function addStatus(program: Command, parts: CliParts): void {
  addAskOptions(program.command('status').description('what a running process is doing and allows')).action(
    async (given: AskArguments, command: Command) => {
      const status = await ask(parts, baseUrl(command, given), '/api/v1/coordinator/status', shape)
      if (given.json) parts.out(JSON.stringify(status))
      else for (const line of statusLines(status)) parts.out(line)
    },
  )
}

/** `triplegain status`: what a running process is doing and allows. */
import type { Command } from 'commander'
import { z } from 'zod'
import { type AskArguments, addAskOptions, ask, baseUrl } from './ask.ts'
import type { CliParts } from './parts.ts'
import { shortTime, table } from './table.ts'
import { because, standingRows, tradingRow, tradingShape } from './trading.ts'

const shape = z.looseObject({
  ...tradingShape.shape,
  degradation: z.string(),
  failures: z.record(z.string(), z.number()),
  reconciliation: z.string(),
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

function statusLines(status: Status): readonly string[] {
  const { system, failures, tasks } = status
  const counted = Object.entries(failures).filter(([, count]) => count > 0)
  const feed = system.feed.fallback
    ? `${system.feed.name} (FALLBACK${because([system.feed.reason ?? 'no reason'])})`
    : system.feed.name
  return [
    ...table([
      tradingRow(status),
      ['system', `${system.state}, ${system.ready ? 'ready' : `not ready${because(system.notReadyBecause)}`}`],
      ['since', shortTime(system.startedAt)],
      ['mode', system.mode],
      ['feed', feed],
      ['database', `${system.database.driver}, ${system.database.state}`],
      ['agents', system.agents.mode],
      ['degradation', `${status.degradation}${because(counted.map(([cause, count]) => `${cause} ${count}`))}`],
      ['reconciliation', status.reconciliation],
      ...standingRows(status),
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

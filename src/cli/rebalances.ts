/** `triplegain rebalances`: plans and what became of their trades. */
import type { Command } from 'commander'
import { z } from 'zod'
import { type AskArguments, addAskOptions, ask, baseUrl } from './ask.ts'
import type { CliParts } from './parts.ts'
import { shortTime, table } from './table.ts'

const trade = {
  ...{ symbol: z.string(), side: z.string(), quantity: z.string(), valueUsd: z.string(), batch: z.number() },
  ...{ dueAt: z.string(), status: z.string(), filled: z.string() },
}
const shape = z.looseObject({
  plans: z.array(
    z.looseObject({
      ...{ planId: z.string(), status: z.string(), executionStrategy: z.string(), plannedAt: z.string() },
      trades: z.array(z.looseObject(trade)),
    }),
  ),
})

export function addRebalances(program: Command, parts: CliParts): void {
  addAskOptions(program.command('rebalances').description('rebalance plans and their trades, newest first')).action(
    async (given: AskArguments, command: Command) => {
      const answer = await ask(parts, baseUrl(command, given), '/api/v1/portfolio/rebalances', shape)
      if (given.json) return parts.out(JSON.stringify(answer))
      if (answer.plans.length === 0) parts.out('no plans')
      for (const { planId, status, executionStrategy, plannedAt, trades } of answer.plans) {
        parts.out(`${shortTime(plannedAt)}  ${status}  ${executionStrategy}  ${planId}`)
        const rows = trades.map((one) => [
          ...['', shortTime(one.dueAt), String(one.batch), one.symbol, one.side],
          ...[one.quantity, one.filled, one.valueUsd, one.status],
        ])
        const head = ['', 'due', 'batch', 'symbol', 'side', 'quantity', 'filled', 'USD', 'status']
        for (const line of table([head, ...rows], [5, 6, 7])) parts.out(line)
      }
    },
  )
}

/** `triplegain hodl`: what is set aside for good. */
import type { Command } from 'commander'
import { z } from 'zod'
import { type AskArguments, addAskOptions, ask, baseUrl } from './ask.ts'
import type { CliParts } from './parts.ts'
import { table } from './table.ts'

const bag = {
  ...{ asset: z.string(), configured: z.string(), quantity: z.string(), protected: z.string() },
  ...{ pendingUsd: z.string(), spentUsd: z.string() },
}
const shape = z.looseObject({ highUsd: z.string(), bags: z.array(z.looseObject(bag)) })

export function addHodl(program: Command, parts: CliParts): void {
  addAskOptions(
    program.command('hodl').description('hodl bags: what is never traded, and what waits to be bought'),
  ).action(async (given: AskArguments, command: Command) => {
    const answer = await ask(parts, baseUrl(command, given), '/api/v1/portfolio/hodl', shape)
    if (given.json) return parts.out(JSON.stringify(answer))
    const head = ['asset', 'protected', 'configured', 'bought', 'spent USD', 'pending USD']
    const rows = answer.bags.map((one) => [
      ...[one.asset, one.protected, one.configured, one.quantity, one.spentUsd, one.pendingUsd],
    ])
    for (const line of table([head, ...rows], [1, 2, 3, 4, 5])) parts.out(line)
    parts.out(`more is set aside above ${answer.highUsd} USD of realised profit`)
  })
}

/** `triplegain positions`: the positions of a running process. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { Pair } from '../domain/ids.ts'
import { symbolArgument } from './arguments.ts'
import { type AskArguments, addAskOptions, ask, baseUrl, queryOf } from './ask.ts'
import type { CliParts } from './parts.ts'
import { shortTime, table } from './table.ts'

const shape = z.looseObject({
  positions: z.array(
    z.looseObject({
      positionId: z.string(),
      symbol: z.string(),
      side: z.string(),
      phase: z.string(),
      quantity: z.string(),
      entryPrice: z.string(),
      stopLoss: z.string(),
      takeProfit: z.string().nullable(),
      realisedGross: z.string(),
      fees: z.string(),
      closeReason: z.string().nullable(),
      openedAt: z.string(),
    }),
  ),
  total: z.number(),
})
type Answer = z.output<typeof shape>

interface PositionsArguments extends AskArguments {
  readonly status?: string
  readonly symbol?: Pair
}

function positionLines({ positions, total }: Answer): readonly string[] {
  if (positions.length === 0) return ['no positions']
  const head = ['opened', 'symbol', 'side', 'quantity', 'entry', 'stop', 'target', 'gross', 'fees', 'phase', 'position']
  const rows = positions.map((position) => [
    shortTime(position.openedAt),
    position.symbol,
    position.side,
    position.quantity,
    position.entryPrice,
    position.stopLoss,
    position.takeProfit ?? '–',
    position.realisedGross,
    position.fees,
    position.closeReason === null ? position.phase : `${position.phase} (${position.closeReason})`,
    position.positionId,
  ])
  const lines = table([head, ...rows], [3, 4, 5, 6, 7, 8])
  return positions.length === total ? lines : [...lines, `the newest ${positions.length} of ${total}`]
}

export function addPositions(program: Command, parts: CliParts): void {
  addAskOptions(program.command('positions').description('positions of a running process, newest first'))
    .option('--status <status>', 'open, closed or all (default: open)', 'open')
    .option('--symbol <pair>', 'of one pair only', symbolArgument)
    .action(async (given: PositionsArguments, command: Command) => {
      const path = `/api/v1/positions${queryOf({ status: given.status, symbol: given.symbol })}`
      const answer = await ask(parts, baseUrl(command, given), path, shape)
      if (given.json) parts.out(JSON.stringify(answer))
      else for (const line of positionLines(answer)) parts.out(line)
    })
}

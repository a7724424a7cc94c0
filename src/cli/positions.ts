/** `triplegain positions`: the positions of a running process. */
import type { Command } from 'commander'
import { z } from 'zod'
import { ask, baseUrl } from './ask.ts'
import {
  addSpanOptions,
  addStatusOptions,
  type ListArguments,
  listPath,
  olderLines,
  printCsv,
  refuseTwoForms,
  type StatusArguments,
  statusOf,
} from './listing.ts'
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
      realisedNet: z.string(),
      closeReason: z.string().nullable(),
      openedAt: z.string(),
    }),
  ),
  nextCursor: z.string().nullable(),
})
type Answer = z.output<typeof shape>

interface PositionsArguments extends ListArguments, StatusArguments {}

function positionLines({ positions, nextCursor }: Answer): readonly string[] {
  if (positions.length === 0) return ['no positions']
  const head = [
    'opened',
    'symbol',
    'side',
    'quantity',
    'entry',
    'stop',
    'target',
    'gross',
    'fees',
    'net',
    'phase',
    'position',
  ]
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
    position.realisedNet,
    position.closeReason === null ? position.phase : `${position.phase} (${position.closeReason})`,
    position.positionId,
  ])
  return [...table([head, ...rows], [3, 4, 5, 6, 7, 8, 9]), ...olderLines(nextCursor, positions.length)]
}

export function addPositions(program: Command, parts: CliParts): void {
  const command = program.command('positions').description('positions of a running process, newest first')
  addStatusOptions(addSpanOptions(command, 'opened'), 'open, closed or all').action(
    async (given: PositionsArguments, asked: Command) => {
      refuseTwoForms(asked, given)
      const base = baseUrl(asked, given)
      const path = listPath('positions', given, { status: statusOf(asked, given) ?? 'open' })
      if (given.csv) return printCsv(parts, base, path)
      const answer = await ask(parts, base, path, shape)
      if (given.json) parts.out(JSON.stringify(answer))
      else for (const line of positionLines(answer)) parts.out(line)
    },
  )
}

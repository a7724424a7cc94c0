/** `triplegain fills`: what was bought and sold, at what price and fee. */
import type { Command } from 'commander'
import { z } from 'zod'
import { ask, baseUrl } from './ask.ts'
import { addListOptions, type ListArguments, listPath, olderLines, printCsv, refuseTwoForms } from './listing.ts'
import type { CliParts } from './parts.ts'
import { shortTime, table } from './table.ts'

const shape = z.looseObject({
  fills: z.array(
    z.looseObject({
      at: z.string(),
      symbol: z.string(),
      side: z.string(),
      purpose: z.string(),
      quantity: z.string(),
      price: z.string(),
      cost: z.string(),
      fee: z.string(),
      feeAsset: z.string(),
      liquidity: z.string(),
      tradeId: z.string(),
    }),
  ),
  nextCursor: z.string().nullable(),
})
type Answer = z.output<typeof shape>

function fillLines({ fills, nextCursor }: Answer): readonly string[] {
  if (fills.length === 0) return ['no fills']
  const head = ['time', 'symbol', 'side', 'for', 'quantity', 'price', 'cost', 'fee', 'in', 'as', 'trade']
  const rows = fills.map((fill) => [
    shortTime(fill.at),
    fill.symbol,
    fill.side,
    fill.purpose,
    fill.quantity,
    fill.price,
    fill.cost,
    fill.fee,
    fill.feeAsset,
    fill.liquidity,
    fill.tradeId,
  ])
  return [...table([head, ...rows], [4, 5, 6, 7]), ...olderLines(nextCursor, fills.length)]
}

export function addFills(program: Command, parts: CliParts): void {
  const command = program.command('fills').description('executions of a running process, newest first')
  addListOptions(command, 'filled').action(async (given: ListArguments, asked: Command) => {
    refuseTwoForms(asked, given)
    const [base, path] = [baseUrl(asked, given), listPath('fills', given)]
    if (given.csv) return printCsv(parts, base, path)
    const answer = await ask(parts, base, path, shape)
    if (given.json) parts.out(JSON.stringify(answer))
    else for (const line of fillLines(answer)) parts.out(line)
  })
}

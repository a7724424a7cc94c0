/** `triplegain halt`, `reset`, `pause`, `resume` and `flatten`: by way of the data folder, so that they work with the API down too. */
import type { Command } from 'commander'
import { REQUESTS, type Request } from '../domain/commands.ts'
import { textArgument } from './arguments.ts'
import { CliError, type CliParts } from './parts.ts'
import { table } from './table.ts'
import { standingRows, tradingRow, tradingShape } from './trading.ts'

interface FolderArguments {
  readonly dataDir?: string
}

const DESCRIPTIONS: Readonly<Record<Request, string>> = {
  halt: 'stop opening anything, now and after restarts; stops and exits go on',
  reset: 'lead out of HALTED again, once you know why it was, and acknowledge the breakers that tripped',
  pause: 'act on no signal until `resume`; stops, exits and analyses go on',
  resume: 'take your pause back; the pause of a daily loss ends by itself',
}

/** Says what came of it. @throws CliError when it was refused, or nobody answered. */
async function request(parts: CliParts, asked: Request, dataDir: string | null): Promise<void> {
  const outcome = await parts.ask(asked, dataDir)
  switch (outcome.kind) {
    case 'left':
      return parts.out(`no process works in ${outcome.folder}: it is heard at the next start`)
    case 'unanswered':
      throw new CliError(`the process of ${outcome.folder} did not answer: \`status\` and its log say what came of it`)
    case 'answered': {
      const trading = tradingShape.safeParse(outcome.trading)
      if (!trading.success) throw new CliError(`the process of ${outcome.folder} is of another version`)
      for (const line of table([tradingRow(trading.data), ...standingRows(trading.data)])) parts.out(line)
      if (outcome.refused !== null) throw new CliError(`refused: ${outcome.refused}`)
    }
  }
}

export function addHalt(program: Command, parts: CliParts): void {
  for (const one of REQUESTS)
    program
      .command(one)
      .description(DESCRIPTIONS[one])
      .option('--data-dir <folder>', 'folder of the running process', textArgument)
      .action(({ dataDir }: FolderArguments) => request(parts, one, dataDir ?? null))
  program
    .command('flatten')
    .description('halt, and sell at market what all positions hold; core holdings stay')
    .option('--data-dir <folder>', 'folder of the running process', textArgument)
    .requiredOption('--yes', 'that you mean it')
    .action(({ dataDir }: FolderArguments) => {
      parts.out(parts.flatten(dataDir ?? null))
    })
}
